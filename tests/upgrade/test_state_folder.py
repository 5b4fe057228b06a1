"""A state folder that version 0.1 left opens in today's: its question, jobs, results, schedule and record.

`state-0.1.tar.xz` was written by that version: a finished job with an input and a result, one with a secret, a yearly
schedule with a secret, a question that waits, and the record of all of it.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import tarfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from consent.audit import Audit
from tests.consent.attacks.person import at_a_terminal
from tests.mcp_session import SERVER, Person, data, environment, over_stdio

pytestmark = pytest.mark.anyio

JOB = "local/6b064dfab81525711efead45"
WITH_SECRET = "local/6b064dfba615b4788e3c3967"
SCHEDULE = "local/6b064dfcdcc66c32d66921e6"
QUESTION = "b8fa02fc"
WAITING = {
    "image": "python:3.12", "command": ["sh", "-c", "echo asked before"], "secrets": ["MY_API_KEY"], "name": "waiting",
}  # fmt: skip


@pytest.fixture
def env(own_home: Path) -> dict[str, str]:
    """The old folder, in which the question was put a moment ago and no run is due."""
    with tarfile.open(Path(__file__).with_name("state-0.1.tar.xz")) as old:
        old.extractall(own_home, filter="data")
    with closing(sqlite3.connect(own_home / "consent.sqlite3")) as db, db:
        db.execute("UPDATE approvals SET asked_at = ?, expires_at = ?", (time.time(), time.time() + 600))
    with closing(sqlite3.connect(own_home / "hub" / "hub.sqlite3")) as db, db:
        db.execute("UPDATE schedules SET next_ms = ?", (int(time.time() + 86_400) * 1000,))
    return environment(own_home, MY_API_KEY="quartz-5521-tango-value")


def listed(env: dict[str, str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*SERVER, "approve", "--json"], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


async def test_the_question_that_waits_is_listed_and_can_be_answered(env: dict[str, str]) -> None:
    assert [one["id"] for one in listed(env)] == [QUESTION]
    seen = at_a_terminal(env, "approve", QUESTION, types=["y", "y"])
    assert (seen.status, "Approved" in seen.text) == (0, True), seen.text
    assert listed(env) == []
    person = Person()
    async with over_stdio(env, person=person) as client:  # No process can prove that it was the one that asked.
        assert data(await client.call_tool("submit_job", WAITING))["id"]
    assert len(person.questions) == 1


async def test_jobs_are_listed_and_their_results_are_there(env: dict[str, str]) -> None:
    async with over_stdio(env) as client:
        jobs = data(await client.call_tool("job_status", {}))["jobs"]
        assert {f"{one['namespace']}/{one['id']}" for one in jobs} == {JOB, WITH_SECRET}
        found = data(await client.call_tool("fetch_results", {"job_id": JOB}))
        assert (found["succeeded"], found["log"]["lines"]) == (True, ["hello from before"])
        assert [(one["path"], one["json"]) for one in found["artifacts"]] == [("r.json", {"a": 1})]
        secret = data(await client.call_tool("fetch_results", {"job_id": WITH_SECRET}))
        assert (secret["succeeded"], secret["log"]["lines"]) == (True, ["24"])


async def test_the_schedule_runs_with_its_secret_after_its_question(env: dict[str, str]) -> None:
    person = Person()
    async with over_stdio(env, person=person) as client:
        shown = data(await client.call_tool("manage_schedule", {"action": "list"}))["schedules"]
        assert [(one["id"], one["schedule"]) for one in shown] == [(SCHEDULE.split("/")[1], "0 3 1 1 *")]
        made = data(await client.call_tool("manage_schedule", {"scheduled_job_id": SCHEDULE, "action": "trigger"}))
        assert len(person.questions) == 1
        job = made["job"]
        waited = {"job_id": job, "wait_seconds": 40}
        assert data(await client.call_tool("job_status", waited))["succeeded"]
        log = data(await client.call_tool("fetch_results", {"job_id": job}))["log"]["lines"]
    assert log == ["scheduled run"]


async def test_the_record_goes_on_where_it_ended(env: dict[str, str], own_home: Path) -> None:
    record = Audit(own_home / "audit.jsonl")
    before = len(list(record.entries()))
    async with over_stdio(env) as client:
        data(await client.call_tool("submit_job", {"image": "python:3.12", "command": ["true"]}))
    entries = list(record.entries())
    assert len(entries) > before > 0
    assert all(one["intact"] for one in entries)
