"""Looking after schedules; each run has a workspace of its own, and using stored secrets again asks the person."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from mcp.client import Client

from tests.mcp_session import Person, data, error, over_http
from tests.tools.waiting import IMAGE, VALUE, ended, fetch

pytestmark = pytest.mark.anyio

PROVE = "import hashlib, os; print(hashlib.sha256(os.environ.get('MY_API_KEY', '').encode()).hexdigest())"
PROOF = hashlib.sha256(VALUE.encode()).hexdigest()


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
async def client(url: str, person: Person) -> AsyncIterator[Client]:
    async with over_http(url, person=person) as connected:
        yield connected
        for schedule in (await manage(connected, "list"))["schedules"]:
            await manage(connected, "delete", scheduled_job_id=schedule["id"])


async def manage(client: Client, action: str, **more: Any) -> dict[str, Any]:
    return data(await client.call_tool("manage_schedule", {"action": action, **more}))


async def make(client: Client, line: str = "true", **more: Any) -> dict[str, Any]:
    asked = {"schedule": "@daily", "image": IMAGE, "command": ["sh", "-c", line], **more}
    return data(await client.call_tool("schedule_job", asked))


async def test_a_schedule_is_listed_with_its_next_runs(client: Client) -> None:
    made = await make(client, schedule="0 9 * * 1", name="weekly", labels={"team": "stars"})
    await make(client)
    assert len((await manage(client, "list"))["schedules"]) == 2
    (view,) = (await manage(client, "list", labels={"team": "stars"}))["schedules"]
    assert (view["id"], view["schedule"], view["name"]) == (made["id"], "0 9 * * 1", "weekly")
    assert view["next_runs"] == made["next_runs"]
    assert all(moment.endswith("09:00 UTC") for moment in view["next_runs"])


async def test_suspended_nothing_runs_next_and_resumed_it_does(client: Client, person: Person) -> None:
    where = {"scheduled_job_id": (await make(client))["id"]}
    (suspended,) = (await manage(client, "suspend", **where))["schedules"]
    assert suspended["suspend"] is True
    assert "next_runs" not in suspended
    (resumed,) = (await manage(client, "resume", **where))["schedules"]
    assert "suspend" not in resumed
    assert len(resumed["next_runs"]) == 3
    assert person.questions == []


async def test_triggered_it_runs_now_in_a_workspace_of_its_own(client: Client) -> None:
    made = await make(client, 'cat given.txt; echo "$JOB_ID" > mine.txt', files={"given.txt": "as given"})
    seen = []
    for _ in range(2):
        run = await manage(client, "trigger", scheduled_job_id=made["id"])
        assert run["job"] in run["next"]
        await ended(client, run["job"])
        reply = await fetch(client, run["job"])
        assert reply["log"]["lines"] == ["as given"]
        (file,) = reply["artifacts"]
        seen.append((run["job"].partition("/")[2], file["text"].strip()))
    assert seen[0][0] != seen[1][0]
    assert all(job_id == written for job_id, written in seen)
    (view,) = (await manage(client, "list", scheduled_job_id=made["id"]))["schedules"]
    assert view["last_job"].endswith(seen[1][0])


async def test_rescheduled_it_keeps_everything_else(client: Client) -> None:
    made = await make(client, name="kept")
    (view,) = (await manage(client, "reschedule", scheduled_job_id=made["id"], schedule="@hourly"))["schedules"]
    assert (view["id"], view["schedule"], view["name"]) == (made["id"], "@hourly", "kept")


async def test_labelled_it_is_found_by_its_label(client: Client) -> None:
    made = await make(client)
    await manage(client, "label", scheduled_job_id=made["id"], labels={"colour": "blue"})
    (view,) = (await manage(client, "list", labels={"colour": "blue"}))["schedules"]
    assert view["id"] == made["id"]


async def test_deleted_it_is_gone(client: Client) -> None:
    made = await make(client)
    assert (await manage(client, "delete", scheduled_job_id=made["id"]))["message"] == "Deleted."
    gone = await client.call_tool("manage_schedule", {"action": "suspend", "scheduled_job_id": made["id"]})
    assert error(gone)["code"] == "not_found"
    assert (await manage(client, "list"))["schedules"] == []


async def test_a_run_that_overlaps_is_a_conflict(client: Client) -> None:
    made = await make(client, "sleep 60")
    run = await manage(client, "trigger", scheduled_job_id=made["id"])
    try:
        again = await client.call_tool("manage_schedule", {"action": "trigger", "scheduled_job_id": made["id"]})
        assert error(again)["code"] == "conflict"
    finally:
        await client.call_tool("manage_job", {"job_id": run["job"], "action": "cancel"})
        with anyio.fail_after(30):
            await ended(client, run["job"])


@pytest.mark.parametrize("action", ["trigger", "resume", "reschedule"])
async def test_what_uses_stored_secrets_again_asks(client: Client, person: Person, action: str) -> None:
    asked = {"command": ["python3", "-c", PROVE], "secrets": ["MY_API_KEY"], "suspend": action == "resume"}
    made = await make(client, **asked)
    assert "EVERY RUN" in " ".join(person.questions[0].message.upper().split())
    arguments = {"action": action, "scheduled_job_id": made["id"]}
    if action == "reschedule":
        arguments["schedule"] = "@weekly"
    person.action = "decline"
    assert error(await client.call_tool("manage_schedule", arguments))["code"] == "consent_declined"
    (view,) = (await manage(client, "list", scheduled_job_id=made["id"]))["schedules"]
    assert (view["schedule"], "last_job" in view) == ("@daily", False)
    assert view.get("suspend") is (True if action == "resume" else None)
    person.action = "accept"
    done = await manage(client, **arguments)
    assert len(person.questions) == 3
    if action == "trigger":
        await ended(client, done["job"])
        assert (await fetch(client, done["job"]))["log"]["lines"] == [PROOF]


async def test_what_stops_a_schedule_asks_nobody(client: Client, person: Person) -> None:
    made = await make(client, secrets=["MY_API_KEY"])
    for action in ("suspend", "delete"):
        await manage(client, action, scheduled_job_id=made["id"])
    assert len(person.questions) == 1


async def test_a_list_says_how_the_last_runs_went_and_a_schedules_id_is_answered_with_its_runs(client: Client) -> None:
    made = {name: await make(client, line) for name, line in (("good", "true"), ("bad", "exit 3"), ("new", "true"))}
    jobs: dict[str, list[str]] = {"good": [], "bad": [], "new": []}
    for name in ("good", "bad", "good"):
        job = (await manage(client, "trigger", scheduled_job_id=made[name]["id"]))["job"]
        await ended(client, job)
        jobs[name].insert(0, job.partition("/")[2])
    listed = {view["id"]: view for view in (await manage(client, "list"))["schedules"]}
    told = {name: listed[one["id"]] for name, one in made.items()}
    assert (told["good"]["last_stage"], told["good"]["last_succeeded"]) == ("COMPLETED", True)
    assert (told["bad"]["last_stage"], told["bad"]["last_succeeded"]) == ("ERROR", False)
    assert "last_stage" not in told["new"]
    for name, one in made.items():
        for given in (one["id"], f"local/{one['id']}", [one["id"]]):
            status = data(await client.call_tool("job_status", {"job_id": given, "wait_seconds": 20}))
            assert [run["id"] for run in status["jobs"]] == jobs[name]
            assert status["id"] == one["id"]
            assert "schedule (@daily), not a job" in status["message"]
            assert ("not run yet" in status["message"]) == (name == "new")
    several = data(await client.call_tool("job_status", {"job_id": [made["good"]["id"], jobs["bad"][0]]}))["jobs"]
    assert "schedule, not of a job" in several[0]["error"]["message"]
    assert several[1]["stage"] == "ERROR"
    wrong = error(await client.call_tool("fetch_results", {"job_id": made["good"]["id"]}))
    assert (wrong["code"], "schedule, not of a job" in wrong["message"]) == ("not_found", True)
    assert "job_status" in wrong["hint"]
