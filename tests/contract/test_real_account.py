"""What a person with a real account meets: each failure told with its own sentence and remedy, no question wasted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from tests.far_hub import FarHub
from tests.mcp_session import Person, data, error

pytestmark = pytest.mark.anyio

JOB = {"command": ["sh", "-c", "echo out > out.txt; echo done"], "image": "python:3.12"}


async def finished(client: Client, job_id: str) -> dict[str, Any]:
    for _ in range(5):
        status = data(await client.call_tool("job_status", {"job_id": job_id, "wait_seconds": 20}))
        if status["finished"]:
            return status
    raise AssertionError("the job did not end")


async def test_the_whole_way_works_and_no_token_goes_to_the_host_of_the_files(
    client: Client, far: FarHub, tmp_path: Path
) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "secrets": ["MY_API_KEY"], "files": {"in.txt": "in"}}))
    assert (await finished(client, job["id"]))["succeeded"]
    results = data(await client.call_tool("fetch_results", {"job_id": job["id"], "artifacts": ["out.txt"]}))
    assert results["log"]["lines"] == ["done"]
    assert far.told_files
    assert all("authorization" not in headers for headers in far.told_files)
    listed = data(await client.call_tool("job_status", {"limit": 5}))
    assert job["id"] in [one["id"] for one in listed["jobs"]]
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    made = data(await client.call_tool("schedule_job", {**JOB, "schedule": "0 9 * * MON-FRI", "suspend": True}))
    schedule = {"scheduled_job_id": made["id"]}
    for action in ("resume", "suspend", "delete"):
        data(await client.call_tool("manage_schedule", {**schedule, "action": action}))
    data(await client.call_tool("list_hardware", {}))
    data(await client.call_tool("plan_secrets", {"script": "import os; os.environ['MY_API_KEY']"}))


REFUSED_AT_SUBMISSION = {
    "no credit": (402, "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.",
                  "payment_required", "settings/billing"),
    "may not start jobs": (403, "Missing permission: job.write", "forbidden", "job.write"),
    "token gone": (401, "Invalid credentials", "token_refused", "settings/tokens"),
    "not accepted": (400, "flavor not available for your plan", "unprocessable", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_AT_SUBMISSION)
async def test_a_refused_submission_is_told_by_its_kind_and_makes_nothing(
    client: Client, far: FarHub, case: str
) -> None:
    status, sentence, code, remedy = REFUSED_AT_SUBMISSION[case]
    far.refuse(r"POST /api/jobs/local$", status, sentence)
    told = error(await client.call_tool("submit_job", JOB))
    assert told["code"] == code
    assert sentence[:30] in told["message"]
    assert remedy in told["hint"]
    assert len(far.asked(r"POST /api/jobs/local$")) == 1


NO_BUCKET = {
    "may not make buckets": (r"POST /api/buckets/", 403, "forbidden"),
    "an organisation without buckets": (r"POST /api/buckets/", 404, "not_found"),
}


@pytest.mark.parametrize("case", NO_BUCKET)
async def test_without_a_bucket_nobody_is_asked_and_the_way_without_a_workspace_is_told_and_works(
    client: Client, far: FarHub, person: Person, case: str
) -> None:
    pattern, status, code = NO_BUCKET[case]
    far.refuse(pattern, status, "no")
    far.refuse(r"GET /api/buckets/local/jobs-artifacts$", status, "no")
    told = error(await client.call_tool("submit_job", {**JOB, "secrets": ["MY_API_KEY"]}))
    assert told["code"] == code
    assert "workspace needs a bucket" in told["message"]
    assert "workspace=false" in told["hint"]
    assert person.questions == []
    bare = {**JOB, "command": ["sh", "-c", 'echo "$MY_API_KEY" | wc -c'], "secrets": ["MY_API_KEY"]}
    job = data(await client.call_tool("submit_job", {**bare, "workspace": False}))
    assert len(person.questions) == 1
    assert "workspace" not in job
    assert (await finished(client, job["id"]))["succeeded"]
    assert far.asked("POST .*/batch") == []


async def test_files_need_a_workspace(client: Client) -> None:
    told = error(await client.call_tool("submit_job", {**JOB, "files": {"a": "b"}, "workspace": False}))
    assert (told["code"], told["field"]) == ("bad_argument", "workspace")


async def test_a_volume_that_is_not_there_is_refused_before_anyone_is_asked(client: Client, person: Person) -> None:
    for more in ({}, {"dry_run": True}):
        job = {**JOB, "secrets": ["MY_API_KEY"], "volumes": ["hf://buckets/local/nosuch:/data"], **more}
        told = error(await client.call_tool("submit_job", job))
        assert (told["code"], told["field"]) == ("bad_argument", "volumes")
        assert "bucket that is not there" in told["message"]
    assert person.questions == []


async def test_a_limit_on_requests_is_waited_for_and_makes_one_job(client: Client, far: FarHub) -> None:
    far.refuse(r"POST /api/jobs/local$", 429, "Too many requests", headers={"RateLimit": '"api";r=0;t=1'}, times=1)
    job = data(await client.call_tool("submit_job", {**JOB, "labels": {"limited": "1.5"}}))
    listed = data(await client.call_tool("job_status", {"labels": {"limited": "1.5"}}))
    assert [one["id"] for one in listed["jobs"]] == [job["id"]]


async def test_one_job_is_polled_kindly(client: Client, far: FarHub) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "command": ["sh", "-c", "echo up; sleep 100"]}))
    await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 3})
    far.seen.clear()
    status = data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 45}))
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    assert status["stage"] == "RUNNING"
    assert len(far.asked("GET")) <= 15, far.seen
    assert len(far.asked("/logs")) <= 4


async def test_fifty_jobs_are_polled_by_their_list(client: Client, far: FarHub) -> None:
    import httpx2

    body = {"dockerImage": "x", "command": ["sleep", "60"], "flavor": "cpu-basic"}
    with httpx2.Client(base_url=far.target, headers={"Authorization": f"Bearer {far.target_token}"}) as http:
        ids = [http.post("/api/jobs/local", json=body).json()["id"] for _ in range(50)]
        await client.call_tool("job_status", {"job_id": ids, "wait_seconds": 3})
        far.seen.clear()
        reply = data(await client.call_tool("job_status", {"job_id": ids, "wait_seconds": 12}))
        for job_id in ids:
            http.post(f"/api/jobs/local/{job_id}/cancel")
    assert len(reply["jobs"]) == 50
    assert len(far.asked("GET")) <= 12, far.seen


async def test_few_requests_left_make_polling_slower(client: Client, far: FarHub) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "command": ["sleep", "100"]}))
    far.left = 20
    await client.call_tool("job_status", {"job_id": job["id"]})
    far.seen.clear()
    await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 8})
    looks = far.asked("GET /api/jobs/local/[0-9a-f]+$")
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    assert len(looks) <= 3


async def test_fifty_jobs_that_have_ended_take_few_requests_and_none_is_called_what_was_not_seen(
    client: Client, far: FarHub
) -> None:
    import httpx2

    job = {"dockerImage": "x", "flavor": "cpu-basic"}
    with httpx2.Client(base_url=far.target, headers={"Authorization": f"Bearer {far.target_token}"}) as http:
        for line in (["true"], ["false"]):
            ids = [http.post("/api/jobs/local", json={**job, "command": line}).json()["id"] for _ in range(25)]
            last = http.get(f"/api/jobs/local/{ids[-1]}/events").text
            assert "finishedAt" in last
            await wait_for_all(client, ids)
        every = [one["id"] for one in http.get("/api/jobs/local", params={"limit": 50}).json()]
    far.seen.clear()
    reply = data(await client.call_tool("job_status", {"job_id": every, "wait_seconds": 45}))
    assert len(reply["jobs"]) == 50
    assert len(far.seen) <= 30, far.seen
    unknown = sum(view.get("succeeded") is None for view in reply["jobs"])
    assert 0 < unknown < 25
    assert f"Whether {unknown} of them succeeded was not looked into" in reply["message"]
    for view in reply["jobs"]:
        assert view.get("succeeded") in ({False} if view["stage"] == "ERROR" else {True, None})
    far.seen.clear()
    again = data(await client.call_tool("job_status", {"limit": 50}))
    assert len(far.seen) <= 30, far.seen
    known = sum(one.get("succeeded") is not None for one in again["jobs"])
    assert known > sum(one.get("succeeded") is not None for one in reply["jobs"])


async def wait_for_all(client: Client, ids: list[str]) -> None:
    for _ in range(10):
        jobs = data(await client.call_tool("job_status", {"job_id": ids, "wait_seconds": 5}))["jobs"]
        if all(one["finished"] for one in jobs):
            return
    raise AssertionError("the jobs did not end")


SUSPENDED = {
    "NO_CREDITS": ("no credit left", "settings/billing"),
    "NO_SUBSCRIPTION": ("no plan", "settings/billing"),
    "RESOURCE_GROUP_LIMIT": ("reached its limit", "administrator"),
    "something new": ("something new", ""),
}


@pytest.mark.parametrize("reason", SUSPENDED)
async def test_a_schedule_that_the_hub_suspended_says_why_and_what_to_do(
    client: Client, far: FarHub, reason: str
) -> None:
    why, remedy = SUSPENDED[reason]
    made = data(await client.call_tool("schedule_job", {**JOB, "schedule": "@daily", "suspend": True}))
    schedule = {"scheduled_job_id": made["id"]}

    def by_the_hub(raw: Any) -> Any:
        return [by_the_hub(one) for one in raw] if isinstance(raw, list) else {**raw, "suspendReason": reason}

    far.change(r"GET /api/scheduled-jobs/", by_the_hub)
    replies = [data(await client.call_tool("manage_schedule", {"action": "list", **of})) for of in ({}, schedule)]
    told = [one["message"] for reply in replies for one in reply["schedules"] if one["id"] == made["id"]]
    told.append(data(await client.call_tool("job_status", {"job_id": made["id"]}))["message"])
    for message in told:
        assert "The hub suspended it" in message
        assert why in message
        assert remedy in message
    far.changes.clear()
    await client.call_tool("manage_schedule", {**schedule, "action": "delete"})


async def test_failed_attempts_are_counted(client: Client, far: FarHub) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "command": ["sleep", "60"]}))
    far.change(
        rf"GET /api/jobs/local/{job['id']}$", lambda raw: {**raw, "status": {**raw["status"], "failureCount": 2}}
    )
    assert "2 attempts failed" in data(await client.call_tool("job_status", {"job_id": job["id"]}))["message"]
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
