"""Cancelling, running again and labelling; what reuses stored secrets asks the person first."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.mcp_session import MODES, Person, data, environment, error, http_server, over_http
from tests.tools.waiting import IMAGE, VALUE, ended, fetch, run, submit, until

pytestmark = pytest.mark.anyio

PROVE = (
    "import hashlib, os, time; print(hashlib.sha256(os.environ.get('MY_API_KEY', '').encode()).hexdigest(), flush=True); "
    "time.sleep(60)"
)
PROOF = hashlib.sha256(VALUE.encode()).hexdigest()
SECRET_JOB: dict[str, Any] = {"image": IMAGE, "command": ["python3", "-c", PROVE], "secrets": ["MY_API_KEY"]}


async def manage(client: Any, job_id: str, action: str, **more: Any) -> dict[str, Any]:
    return data(await client.call_tool("manage_job", {"job_id": job_id, "action": action, **more}))


async def running_with_secret(client: Any) -> dict[str, Any]:
    """A job that was given a secret, while it runs."""
    return await until(client, data(await client.call_tool("submit_job", SECRET_JOB))["id"], "RUNNING")


async def count(client: Any) -> int:
    return len(data(await client.call_tool("job_status", {"limit": 50}))["jobs"])


async def test_a_cancelled_job_ends_and_asks_nobody(url: str) -> None:
    person = Person()
    async with over_http(url, person=person) as client:
        job = await submit(client, "sleep 60")
        await until(client, job["id"], "RUNNING")
        assert (await manage(client, job["id"], "cancel"))["id"] == job["id"]
        status = await ended(client, job["id"])
    assert (status["stage"], status["succeeded"]) == ("CANCELED", False)
    assert person.questions == []


async def test_cancelling_what_has_ended_does_nothing_and_says_so(url: str) -> None:
    async with over_http(url) as client:
        job = await run(client, "true")
        reply = await manage(client, job["id"], "cancel")
    assert (reply["stage"], reply["message"]) == ("COMPLETED", "It had ended already; nothing was done.")


async def test_labels_are_replaced_and_the_workspace_is_still_found(url: str) -> None:
    async with over_http(url) as client:
        job = await run(client, 'echo x > "$HF_JOB_WORKSPACE/out.txt"', labels={"old": "1"})
        assert (await manage(client, job["id"], "label", labels={"new": "2"}))["labels"] == {"new": "2"}
        assert (await fetch(client, job["id"]))["artifacts"][0]["path"] == "out.txt"
        missing = error(await client.call_tool("manage_job", {"job_id": job["id"], "action": "label"}))
    assert (missing["code"], missing["field"]) == ("bad_argument", "labels")


async def test_a_label_that_holds_a_secret_is_refused(url: str) -> None:
    async with over_http(url) as client:
        job = await run(client, "true")
        arguments = {"job_id": job["id"], "action": "label", "labels": {"note": VALUE}}
        refused = error(await client.call_tool("manage_job", arguments))
    assert refused["code"] == "secret_in_argument"
    assert VALUE not in str(refused)


async def test_running_again_without_secrets_asks_nobody(url: str) -> None:
    person = Person()
    async with over_http(url, person=person) as client:
        first = await run(client, "echo again")
        second = await manage(client, first["id"], "rerun")
        assert second["id"] != first["id"]
        await ended(client, second["id"])
        assert (await fetch(client, second["id"]))["log"]["lines"] == ["again"]
    assert person.questions == []


@pytest.mark.parametrize("mode", MODES)
async def test_running_again_with_stored_secrets_asks_and_then_has_them(url: str, mode: str) -> None:
    person = Person()
    async with over_http(url, mode=mode, person=person) as client:
        first = await running_with_secret(client)
        second = await manage(client, first["id"], "rerun")
        await until(client, second["id"], "RUNNING")
        with anyio.fail_after(20):
            while (await fetch(client, second["id"]))["log"]["lines"] != [PROOF]:
                pass
        for job in (first, second):
            await manage(client, job["id"], "cancel")
    assert len(person.questions) == 2
    assert "MY_API_KEY" in person.questions[1].message


@pytest.mark.parametrize(
    ("person", "code"),
    [(Person(action="decline"), "consent_declined"), (Person(ticks=lambda _: []), "consent_not_given")],
    ids=["declined", "accepted unticked"],
)
async def test_a_no_runs_nothing_again(url: str, person: Person, code: str) -> None:
    async with over_http(url, person=Person()) as client:
        first = await running_with_secret(client)
    async with over_http(url, person=person) as client:
        before = await count(client)
        refused = error(await client.call_tool("manage_job", {"job_id": first["id"], "action": "rerun"}))
        assert await count(client) == before
        await manage(client, first["id"], "cancel")
    assert refused["code"] == code


async def test_a_client_that_cannot_ask_runs_nothing_again(url: str) -> None:
    async with over_http(url, person=Person()) as client:
        first = await running_with_secret(client)
    async with over_http(url) as client:
        before = await count(client)
        reply = await manage(client, first["id"], "rerun")
        assert await count(client) == before
        await manage(client, first["id"], "cancel")
    assert (reply["stage"], reply["approval"]["status"]) == (None, "pending")
    assert "id" not in reply


async def test_a_job_that_has_just_ended_is_run_again_with_its_secrets_after_a_yes(url: str) -> None:
    person = Person()
    async with over_http(url, person=person) as client:
        first = await running_with_secret(client)
        await manage(client, first["id"], "cancel")
        await ended(client, first["id"])
        again = await manage(client, first["id"], "rerun")
        await until(client, again["id"], "RUNNING")
        log = data(await client.call_tool("fetch_results", {"job_id": again["id"]}))["log"]["lines"]
        await manage(client, again["id"], "cancel")
    assert len(person.questions) == 2
    assert PROOF in log


LEAVES = """
import os, pathlib, sys, uuid
os.chdir(os.environ["HF_JOB_WORKSPACE"])
given = pathlib.Path("given.txt").read_text()
pathlib.Path("left.txt").write_text(f"{given} {os.environ['JOB_ID']}")
"""


@pytest.mark.parametrize("mode", MODES)
async def test_a_run_keeps_its_results_when_it_is_run_again_and_again(url: str, mode: str) -> None:
    person = Person()
    given = {"files": {"given.txt": "given", "leave.py": LEAVES}, "labels": {"team": "vision"}, "attempts": 2}
    async with over_http(url, mode=mode, person=person) as client:
        runs = [await run(client, "python3", "/workspace/leave.py", **given)]
        for _ in range(2):
            again = await manage(client, runs[-1]["id"], "rerun")
            assert runs[-1]["id"] in again["message"]
            assert again["labels"] == {"team": "vision"}
            runs.append(await ended(client, again["id"]))
        left = [await fetch(client, one["id"]) for one in runs]
    assert [one["succeeded"] for one in runs] == [True] * 3
    assert len({one["workspace"] for one in left}) == 3
    for one, told in zip(runs, left, strict=True):
        assert [(file["path"], file["text"]) for file in told["artifacts"]] == [("left.txt", f"given {one['id']}")]
        assert "note" not in told
    assert person.questions == []


async def test_further_folders_are_kept_listed_and_answered_from_and_a_rerun_has_its_own(url: str) -> None:
    answer = {
        "messages": [{"role": "assistant", "content": [{"type": "text", "text": "42"}], "stop_reason": "endTurn"}]
    }
    words = (
        f"echo $JOB_ID > /output/a.txt; mkdir -p /data/out/deep; echo '{json.dumps(answer)}' > /data/out/deep/r.json"
    )
    async with over_http(url) as client:
        first = await run(client, words, outputs=["/output", "/data/out/"])
        second = await ended(client, (await manage(client, first["id"], "rerun"))["id"])
        left = [await fetch(client, one["id"], artifacts=["*", "**/*"]) for one in (first, second)]
    for one, told in zip((first, second), left, strict=True):
        files = {file["path"]: file for file in told["artifacts"]}
        assert set(files) == {"data/out/deep/r.json", "output/a.txt"}
        assert files["output/a.txt"]["text"].strip() == one["id"]
        assert told["answer"]["text"] == "42"


async def test_a_run_that_only_the_hub_can_repeat_says_so_and_so_do_both_results(home: Path, url: str) -> None:
    """A secret that this server has no value of any more is attached by the hub alone, which copies the job as it is."""
    person = Person()
    write = "echo $JOB_ID > $HF_JOB_WORKSPACE/left.txt; sleep 0.2"
    given = {"image": IMAGE, "command": ["sh", "-c", write], "secrets": ["MY_API_KEY"]}
    async with over_http(url, person=person) as client:
        first = data(await client.call_tool("submit_job", given))
        await ended(client, first["id"])
        assert "note" not in await fetch(client, first["id"])
        with http_server(environment(home)) as another:  # Which has no MY_API_KEY.
            async with over_http(another, person=person) as other:
                second = await manage(other, first["id"], "rerun")
        await ended(client, second["id"])
        left = [await fetch(client, one) for one in (first["id"], second["id"])]
    assert "No value is here for MY_API_KEY" in second["message"]
    assert "overwrite" in second["message"]
    assert second["id"] in left[0]["note"]
    assert "UTC" in left[0]["note"]
    assert first["id"] in left[1]["note"]
    assert "stored secret" in person.questions[-1].message


async def test_run_one_of_a_schedule_is_read_right_after_run_two(url: str) -> None:
    made = {"image": IMAGE, "command": ["sh", "-c", "echo $JOB_ID > left.txt"], "schedule": "@yearly"}
    async with over_http(url) as client:
        schedule = data(await client.call_tool("schedule_job", made))["id"]
        trigger = {"scheduled_job_id": schedule, "action": "trigger"}
        runs = []
        for _ in range(2):
            runs.append(data(await client.call_tool("manage_schedule", trigger))["job"].rpartition("/")[2])
            await ended(client, runs[-1])
        runs.append((await manage(client, runs[0], "rerun"))["id"])
        await ended(client, runs[-1])
        left = [await fetch(client, one) for one in runs]
        await client.call_tool("manage_schedule", {**trigger, "action": "delete"})
    assert [told["artifacts"][0]["text"].strip() for told in left] == runs
    assert not any("note" in told for told in left)


async def test_a_job_is_run_again_with_another_timeout_and_the_question_says_so(url: str) -> None:
    person = Person()
    async with over_http(url, person=person) as client:
        first = data(await client.call_tool("submit_job", {**SECRET_JOB, "command": ["sleep", "60"], "timeout": 1}))
        assert (await ended(client, first["id"]))["stage"] == "ERROR"
        second = await manage(client, first["id"], "rerun", timeout="47m")
        await until(client, second["id"], "RUNNING")
        again = await manage(client, second["id"], "rerun")
        for job in (second, again):
            await manage(client, job["id"], "cancel")
    told = [question.message for question in person.questions]
    assert "at most 1s" in told[0]
    assert "at most 47m" in told[1]
    assert "at most 47m" in told[2], "the timeout of a rerun is its own"


@pytest.mark.parametrize(
    "given",
    [{"action": "cancel", "timeout": "5m"}, {"action": "rerun", "timeout": "soon"}, {"action": "rerun", "timeout": 0}],
)
async def test_a_timeout_that_means_nothing_is_refused_and_nothing_is_done(url: str, given: dict[str, Any]) -> None:
    async with over_http(url, person=Person()) as client:
        job = await submit(client, "sleep 60")
        before = await count(client)
        refused = error(await client.call_tool("manage_job", {"job_id": job["id"], **given}))
        assert (refused["code"], refused["field"]) == ("bad_argument", "timeout")
        assert await count(client) == before
        assert data(await client.call_tool("job_status", {"job_id": job["id"]}))["finished"] is False
        await manage(client, job["id"], "cancel")
