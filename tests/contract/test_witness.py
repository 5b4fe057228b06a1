"""The local hub against a description of the Hub: what it answers conforms, and what the Hub would refuse it refuses."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.contract import hub_surface as hub
from tests.contract.hub_surface import differences
from tests.hub_process import wait_until

JOB = {"dockerImage": "python:3.12", "command": ["true"], "arguments": [], "environment": {}, "flavor": "cpu-basic"}
JOBS, SCHEDULES, BUCKET = "/api/jobs/local", "/api/scheduled-jobs/local", "/api/buckets/local/witness"


class Http:
    """Plain requests, as a client of no library would send them; each answer is held against its shape."""

    def __init__(self, endpoint: str, token: str) -> None:
        self.client = httpx2.Client(base_url=endpoint, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def __call__(self, method: str, path: str, shape: Any = object, *, status: int = 200, **more: Any) -> Any:
        answer = self.client.request(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        found = answer.json() if answer.content else None
        assert differences(found, shape, f"{method} {path}") == []
        return found

    def status(self, path: str, body: Any) -> int:
        return int(self.client.post(path, json=body).status_code)


@pytest.fixture
def http(hub_of_suite: tuple[str, str]) -> Iterator[Http]:
    http = Http(*hub_of_suite)
    http.client.post(BUCKET, json={})
    yield http
    http.client.delete(BUCKET)
    http.client.close()


def ended(http: Http, job_id: str) -> Any:
    final = hub.STAGE - {"RUNNING", "SCHEDULING"}
    return wait_until(lambda: (job := http("GET", f"{JOBS}/{job_id}", hub.JOB))["status"]["stage"] in final and job)


def test_every_answer_about_a_job_has_the_hubs_shape(http: Http) -> None:
    labels = {"model": "Qwen3-0.6B"}
    volume = {"type": "bucket", "source": "local/witness", "mountPath": "/d"}
    body = {**JOB, "labels": labels, "secrets": {"S": "v"}, "volumes": [volume], "attempts": 2, "timeoutSeconds": 60}
    made = http("POST", JOBS, hub.JOB, json=body)
    at = f"{JOBS}/{made['id']}"
    http("PUT", f"{at}/labels", hub.JOB, json={"labels": {"v": "1.0"}})
    assert ended(http, made["id"])["labels"] == {"v": "1.0"}
    http("GET", JOBS, [hub.JOB], params={"stage": "COMPLETED", "label": "v=1.0"})
    assert http("GET", f"{JOBS}/count", hub.COUNT)["count"] > 0
    assert http("GET", f"{JOBS}/count", hub.COUNT, params={"stage": "DELETED"})["count"] == 0
    for path in (JOBS, at):
        http("POST", f"{path}/auth-check/job.read,job.write", hub.PERMITTED)
    assert http("POST", f"{at}/cancel", hub.JOB)["status"]["stage"] == "COMPLETED"  # as it was
    again = http("POST", f"{at}/duplicate", hub.JOB)
    assert again["initiator"] == {"type": "duplicated-job", "id": made["id"]}
    http("GET", "/api/jobs/hardware", [hub.HARDWARE])
    http("GET", "/api/whoami-v2", hub.WHOAMI)
    http("GET", f"{JOBS}/{'0' * 24}", hub.ERROR, status=404)


def test_a_job_that_waits_for_a_port_says_where_it_will_be(http: Http) -> None:
    made = http("POST", JOBS, hub.JOB, json={**JOB, "command": ["sleep", "60"], "expose": {"ports": [8123]}})
    try:
        assert len(made["status"]["exposeUrls"]) == 1
        running = wait_until(
            lambda: (job := http("GET", f"{JOBS}/{made['id']}"))["status"]["stage"] == "RUNNING" and job
        )
        assert running["status"]["exposeUrls"] == made["status"]["exposeUrls"]
    finally:
        http("POST", f"{JOBS}/{made['id']}/cancel", hub.JOB)


def test_events_tell_each_change_of_a_job_and_end_with_it(http: Http) -> None:
    made = http("POST", JOBS, hub.JOB, json={**JOB, "command": ["sleep", "0.3"]})
    told = http.client.get(f"{JOBS}/{made['id']}/events")
    assert told.headers["content-type"].startswith("text/event-stream")
    seen = [json.loads(line.removeprefix("data: ")) for line in told.text.splitlines() if line.startswith("data: ")]
    assert [one for job in seen for one in differences(job, hub.JOB)] == []
    assert seen[-1]["status"]["stage"] == "COMPLETED"
    assert seen[-1]["id"] == made["id"]


def test_every_answer_about_a_schedule_has_the_hubs_shape(http: Http) -> None:
    made = http("POST", SCHEDULES, hub.SCHEDULED_JOB, json={"jobSpec": JOB, "schedule": "@yearly", "suspend": True})
    at = f"{SCHEDULES}/{made['id']}"
    try:
        http("POST", f"{at}/schedule", hub.SCHEDULED_JOB, json={"schedule": "0 9 * * 1"})
        http("PUT", f"{at}/labels", hub.SCHEDULED_JOB, json={"labels": {"v": "1.0"}})
        run = http("POST", f"{at}/run", hub.JOB)
        assert run["initiator"] == {"type": "scheduled-job", "id": made["id"]}
        ended(http, run["id"])
        assert http("GET", at, hub.SCHEDULED_JOB)["status"]["lastJob"]["id"] == run["id"]
        http("GET", SCHEDULES, [hub.SCHEDULED_JOB])
    finally:
        http("DELETE", at)


def test_every_answer_about_a_bucket_has_the_hubs_shape(http: Http, hub_of_suite: tuple[str, str]) -> None:
    from huggingface_hub import HfApi

    http("DELETE", BUCKET, status=204)
    http("POST", BUCKET, hub.CREATED, json={})
    http("POST", BUCKET, {**hub.ERROR, "*": object}, status=409, json={})
    assert http("GET", BUCKET, hub.BUCKET)["private"] is False  # as on the Hub, where nobody says otherwise
    http("PUT", f"{BUCKET}/settings", json={"private": True, "cdnRegions": []})
    assert http("GET", BUCKET, hub.BUCKET)["private"] is True
    api = HfApi(hub_of_suite[0], token=hub_of_suite[1])
    api.batch_bucket_files("local/witness", add=[(b"one", "a/b/c"), (b"two", "d")])
    http("GET", "/api/buckets/local", [hub.BUCKET])
    assert [one["path"] for one in http("GET", f"{BUCKET}/tree", [hub.ENTRY])] == ["a/b/c", "d"]
    assert [one["path"] for one in http("GET", f"{BUCKET}/tree", [hub.ENTRY], params={"recursive": "false"})] == [
        "a",
        "d",
    ]
    http("GET", f"{BUCKET}/tree", [hub.ENTRY], params={"limit": 5000})
    http("POST", f"{BUCKET}/paths-info", [hub.FILE], json={"paths": "d"})
    assert http("GET", BUCKET, hub.BUCKET)["totalFiles"] == 2
    http("POST", f"{BUCKET}/batch", hub.BATCH, content=b'{"type": "deleteFile", "path": "a/b/c"}\n')
    assert http("GET", BUCKET, hub.BUCKET)["totalFiles"] == 1
    for access in ("read", "write"):
        http("GET", f"{BUCKET}/xet-{access}-token", hub.XET_TOKEN)
    file = "/buckets/local/witness/resolve/d"
    information = http("GET", file, hub.XET_FILE, headers={"Accept": "application/vnd.xet-fileinfo+json"})
    assert information["hash"] == http.client.head(file).headers["x-xet-hash"]
    assert http.client.get(file).headers["etag"] == http.client.head(file).headers["etag"] == information["etag"]
    http("DELETE", "/api/buckets/witness", hub.ERROR, status=404)
    http("GET", "/api/settings/webhooks", hub.ERROR, status=501)


@pytest.mark.parametrize("field", hub.TAKEN)
def test_what_the_hub_takes_is_taken(http: Http, field: str) -> None:
    for value in hub.TAKEN[field]:
        made = http("POST", JOBS, hub.JOB, json={**JOB, field: value})
        http("POST", f"{JOBS}/{made['id']}/cancel", hub.JOB)


@pytest.mark.parametrize("field", hub.REFUSED)
def test_what_the_hub_refuses_is_refused(http: Http, field: str) -> None:
    for value in hub.REFUSED[field]:
        for path, body in (
            (JOBS, {**JOB, field: value}),
            (SCHEDULES, {"jobSpec": {**JOB, field: value}, "schedule": "@daily"}),
        ):
            assert http.status(path, body) in {400, 422}, value
    assert http.status(JOBS, {name: value for name, value in JOB.items() if name != "flavor"}) in {400, 422}


@pytest.mark.parametrize("schedule", hub.SCHEDULES_TAKEN)
def test_a_schedule_in_the_hubs_form_is_taken(http: Http, schedule: str) -> None:
    made = http("POST", SCHEDULES, hub.SCHEDULED_JOB, json={"jobSpec": JOB, "schedule": schedule, "suspend": True})
    http("DELETE", f"{SCHEDULES}/{made['id']}")


@pytest.mark.parametrize("schedule", hub.SCHEDULES_REFUSED)
def test_a_schedule_in_another_form_is_refused(http: Http, schedule: str) -> None:
    assert http.status(SCHEDULES, {"jobSpec": JOB, "schedule": schedule, "suspend": True}) in {400, 422}
