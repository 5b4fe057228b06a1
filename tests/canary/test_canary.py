"""A secret goes through a whole life, and is looked for everywhere: only the job's own process and files have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary import search
from tests.canary.lifecycle import TELL, VALUE, Life, job, live, own_files
from tests.consent.attacks.wire import Attacker, Stdio, outcome
from tests.hub_process import clear, short_home
from tests.mcp_session import environment

pytestmark = pytest.mark.promise("S11")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A life without a hole, lived once for all the places that are searched."""
    with short_home() as home:
        lived = Life(home, tmp_path_factory.mktemp("traces") / "traces.jsonl")
        try:
            live(lived, lambda: search.in_files(home, [VALUE], own_files(home)))
            yield lived
        finally:
            clear(home)


def test_the_job_did_tell_its_secret_in_every_way(life: Life) -> None:
    """Without this the rest would prove nothing."""
    own = search.in_files(life.home, [VALUE], [])
    for form in search.forms(VALUE):
        assert any(found.startswith(f"{form} in hub/") for found in own), form
    assert any("leak.json" in found for found in own)


def test_no_frame_of_the_protocol_holds_it_in_either_direction(life: Life) -> None:
    assert len(life.frames) > 80
    assert search.in_frames(life.frames, VALUE) == []


def test_what_was_masked_says_whose_it_was(life: Life) -> None:
    assert any(b"CANARY_KEY" in frame and b"***" in frame for frame in life.frames)


def test_no_file_of_the_state_folder_holds_it(life: Life) -> None:
    """The databases and their logs, the record, the questions, the results that were saved, caches, the hub's own log."""
    names = {Path(name).name for name in search.names_below(life.home)}
    assert {"consent.sqlite3", "hub.sqlite3", "audit.jsonl", "hub.log", "leak.txt"} <= names
    assert search.in_files(life.home, [VALUE], own_files(life.home)) == []


def test_no_file_held_it_while_a_job_was_running(life: Life) -> None:
    assert life.while_running == []


def test_saved_results_are_there_and_masked(life: Life) -> None:
    saved = sorted((life.home / "results").rglob("leak.*"))
    assert len(saved) >= 3
    assert all(b"***CANARY_KEY***" in path.read_bytes() for path in saved)
    (binary, *_) = [path for path in saved if path.suffix == ".bin"]
    assert binary.read_bytes().startswith(bytes(range(256)))


def test_our_log_does_not_hold_it_at_its_most_talkative(life: Life) -> None:
    said = b"".join(life.errors)
    assert b"DEBUG" in said
    assert search.in_bytes(said, VALUE) == []


def test_no_trace_holds_it(life: Life) -> None:
    traces = life.traces.read_bytes()
    assert traces.count(b"tools/call") > 20
    assert search.in_bytes(traces, VALUE) == []


def test_a_value_in_an_argument_is_refused_and_comes_back_through_no_door(life: Life) -> None:
    line = life.process()
    client = Attacker(line, "modern")
    arguments = [
        job(f"print({VALUE!r})"), job("", env={"AA": VALUE}), job("", name=VALUE), job("", secrets=[VALUE]),
        job("", secrets=[f"CANARY_KEY={VALUE}"]), job("", files={"a": VALUE}), job("", labels={"a": VALUE}),
        job("", image=VALUE), job("", **{VALUE: "x"}), job("", timeout=VALUE), job("", flavor=VALUE),
        job("", namespace=VALUE), job("", volumes=[VALUE]), job("", python=VALUE), job("", packages=[VALUE]),
    ]  # fmt: skip
    replies = [client.call("submit_job", given) for given in arguments]
    replies.append(client.call("fetch_results", {"job_id": VALUE}))
    replies.append(client.call("plan_secrets", {"secrets": [VALUE]}))
    replies.append(client.call(VALUE, {}))
    line.close()
    assert search.in_frames([json.dumps(reply).encode() for reply in replies], VALUE) == []
    assert {outcome(reply) for reply in replies} <= {"secret_in_argument", "bad_argument", "unknown_argument", "-32602"}
    assert search.in_bytes(b"".join(line.errors), VALUE) == []
    assert search.in_bytes(life.traces.read_bytes(), VALUE) == []
    assert search.in_files(life.home, [VALUE], own_files(life.home)) == []


@pytest.mark.parametrize("holes", [["replies"], ["files", "traces", "stderr"]], ids=" ".join)
def test_a_hole_in_any_door_is_found(life: Life, tmp_path: Path, holes: list[str]) -> None:
    """The same search, after the same call, through a server whose masking was taken away at some doors only."""
    holed = Life(life.home, tmp_path / "traces.jsonl", " ".join(holes))
    line: Stdio = holed.process()
    client = Attacker(line, "modern", name="hole")
    question = client.ask("submit_job", job(TELL, name=f"hole-{holes[0]}"))
    done = client.tick_all(question)["result"]["structuredContent"]["id"]
    client.call("job_status", {"job_id": done, "wait_seconds": 20})
    client.call("fetch_results", {"job_id": done})
    holed.keep(line)
    audit = life.home / "audit.jsonl"
    found = {
        "replies": search.in_frames(holed.frames, VALUE),
        "files": search.in_files(life.home, [VALUE], own_files(life.home)),
        "traces": search.in_bytes(holed.traces.read_bytes(), VALUE),
        "stderr": search.in_bytes(b"".join(holed.errors), VALUE),
    }
    audit.write_bytes(
        b"".join(line for line in audit.read_bytes().splitlines(True) if not search.in_bytes(line, VALUE))
    )
    assert [door for door, places in found.items() if places] == holes


def test_the_environment_of_the_server_is_the_only_way_in(life: Life) -> None:
    """A server that was started without the value does not have it from anywhere."""
    env = environment(life.home)
    line = Stdio(env)
    reply = Attacker(line, "modern").call("submit_job", job(TELL))
    line.close()
    assert outcome(reply) == "secret_unavailable"
