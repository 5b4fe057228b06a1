"""Jobs over HTTP, through the real client."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError, RepositoryNotFoundError

from tests.hub_process import wait_until

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

    from local_hub.process.state import HubState

SH = ["/bin/sh", "-c"]


def run(api: HfApi, script: str, **options: Any) -> JobInfo:
    return api.run_job(image="python:3.12", command=[*SH, script], namespace="local", **options)


def finish(api: HfApi, script: str, **options: Any) -> JobInfo:
    return api.wait_for_job(run(api, script, **options).id, namespace="local", timeout=30, poll_interval=0.02)


def log(api: HfApi, job: JobInfo, **options: Any) -> list[str]:
    return list(api.fetch_job_logs(job_id=job.id, namespace=job.owner.name, **options))


def first_line(api: HfApi, job: JobInfo) -> str:
    """Wait for the first line of a job that runs."""
    return next(iter(api.fetch_job_logs(job_id=job.id, namespace="local", follow=True)))


def refusal(call: Any, *arguments: Any, **options: Any) -> HfHubHTTPError:
    with pytest.raises(HfHubHTTPError) as caught:
        call(*arguments, **options)
    return caught.value


@pytest.fixture
def http(hub: HubState) -> httpx2.Client:
    with httpx2.Client(base_url=hub.endpoint, headers={"Authorization": f"Bearer {hub.token}"}) as client:
        yield client


def test_a_job_runs_and_its_log_is_its_output(hub: HubState, hub_api: HfApi) -> None:
    job = finish(hub_api, "echo one; echo two >&2; sleep 0.2; printf three")
    assert job.status.stage == "COMPLETED"
    sandbox = (hub.status() or {})["sandbox"]
    expected = {
        "container": "Runs in docker.io/library/python:3.12 on this machine",
        "none": "Runs on this machine; python:3.12 is not pulled; not sandboxed",
    }.get(sandbox, "Runs sandboxed on this machine; python:3.12 is not pulled")
    assert re.sub(r", Python 3\.\d+ stands in", "", job.status.message) == expected
    assert sorted(log(hub_api, job)) == ["one", "three", "two"]


def test_python_is_the_version_that_the_image_names(hub_api: HfApi) -> None:
    code = "import sys; print(*sys.version_info[:2])"
    job = hub_api.run_job(image="python:3.11-slim", command=["python", "-c", code])
    hub_api.wait_for_job(job.id, timeout=30, poll_interval=0.02)
    assert log(hub_api, job) == ["3 11"]


def test_a_failed_job_is_an_error_with_its_exit_code(hub_api: HfApi) -> None:
    job = finish(hub_api, "exit 7")
    assert (job.status.stage, job.status.message) == ("ERROR", "Job failed with exit code: 7. Reason: Error")


def test_a_command_that_does_not_exist_is_exit_code_127(hub_api: HfApi, runner: str) -> None:
    if runner == "container":
        pytest.skip("a container's init says it in its own way, in the log")
    job = hub_api.run_job(image="ubuntu", command=["no-such-program-here"])
    job = hub_api.wait_for_job(job.id, timeout=30, poll_interval=0.02)
    assert job.status.message == "Job failed with exit code: 127. Reason: Error"
    assert "not found" in log(hub_api, job)[0]


def test_a_job_over_its_time_is_ended_with_all_its_processes(hub_api: HfApi) -> None:
    job = finish(hub_api, "(while :; do echo x; sleep 0.1; done) & sleep 60", timeout=1)
    assert (job.status.stage, job.status.message) == ("ERROR", "Job timeout")
    assert job.durations.running_secs < 6


def test_a_job_sees_what_a_job_of_the_hub_sees(hub_api: HfApi) -> None:
    job = finish(hub_api, 'echo "$JOB_ID $ACCELERATOR $CPU_CORES $MEMORY $COLOUR"', env={"COLOUR": "blue"})
    assert log(hub_api, job) == [f"{job.id} none 2 16Gi blue"]
    gpu = finish(hub_api, 'echo "$ACCELERATOR"', flavor="t4-small")
    assert log(hub_api, gpu) == ["t4-small"]


@pytest.mark.promise("S15")
def test_a_secret_reaches_the_job_and_only_its_name_comes_back(hub_api: HfApi, http: httpx2.Client) -> None:
    value = "sv-4f1c77d2a0"
    job = finish(hub_api, 'printf %s "$API_KEY" | sha256sum', secrets={"API_KEY": value})
    assert log(hub_api, job) == [f"{hashlib.sha256(value.encode()).hexdigest()}  -"]
    shown = http.get(f"/api/jobs/local/{job.id}").text
    assert '"secrets":["API_KEY"]' in shown
    assert value not in shown


def test_the_view_of_a_job_is_what_the_client_reads(hub_api: HfApi) -> None:
    job = finish(
        hub_api, "sleep 0.1", labels={"team": "ml"}, name="n1", attempts=3, timeout="90s", flavor="cpu-upgrade"
    )
    assert re.fullmatch(r"[0-9a-f]{24}", job.id)
    assert job.url == f"{hub_api.endpoint}/jobs/local/{job.id}"
    assert (job.owner.name, job.owner.type) == ("local", "user")
    assert (job.initiator.type, job.initiator.name) == ("user", "local")
    assert job.labels == {"team": "ml", "name": "n1"}
    assert (job.retry, job.flavor, job.docker_image) == (2, "cpu-upgrade", "python:3.12")
    assert job.created_at <= job.started_at <= job.finished_at
    assert job.durations.scheduling_secs is not None


def test_jobs_are_filtered_by_stage_and_by_every_label(hub_api: HfApi) -> None:
    mark = {"test": "filters"}
    good = finish(hub_api, "true", labels={**mark, "kind": "good"})
    bad = finish(hub_api, "false", labels={**mark, "kind": "bad"})
    listed = lambda **options: [job.id for job in hub_api.list_jobs(namespace="local", **options)]  # noqa: E731
    assert listed(labels=mark) == [bad.id, good.id]
    assert listed(labels={**mark, "kind": "bad"}) == [bad.id]
    assert listed(labels=mark, status=["completed", "RUNNING"]) == [good.id]
    assert listed(labels=mark, status="canceled") == []


def test_a_long_list_comes_in_pages(hub_api: HfApi, http: httpx2.Client) -> None:
    ids = [finish(hub_api, "true", labels={"test": "pages"}).id for _ in range(5)]
    first = http.get("/api/jobs/local", params={"label": "test=pages", "limit": 2})
    assert [job["id"] for job in first.json()] == [ids[4], ids[3]]
    second = http.get(first.links["next"]["url"])
    third = http.get(second.links["next"]["url"])
    assert [job["id"] for job in (*second.json(), *third.json())] == [ids[2], ids[1], ids[0]]
    assert "next" not in third.links


def test_a_cancelled_job_ends_at_once_and_stays_cancelled(hub_api: HfApi) -> None:
    job = run(hub_api, "echo up; sleep 60")
    wait_until(lambda: hub_api.inspect_job(job_id=job.id).status.stage == "RUNNING")
    hub_api.cancel_job(job_id=job.id)
    ended = hub_api.inspect_job(job_id=job.id)
    assert ended.status.stage == "CANCELED"
    hub_api.cancel_job(job_id=job.id)
    assert hub_api.inspect_job(job_id=job.id).finished_at == ended.finished_at


def test_a_job_that_is_asked_to_end_can_say_goodbye(hub_api: HfApi) -> None:
    job = run(hub_api, 'trap "echo goodbye; exit 0" TERM; echo up; while :; do sleep 0.05; done')
    assert first_line(hub_api, job) == "up"
    hub_api.cancel_job(job_id=job.id)
    wait_until(lambda: hub_api.inspect_job(job_id=job.id).status.stage == "CANCELED")
    assert (log(hub_api, job)[0], log(hub_api, job)[-1]) == ("up", "goodbye")


def test_a_failing_job_is_tried_again_as_often_as_it_asked(hub_api: HfApi) -> None:
    job = finish(hub_api, "echo try; exit 1", attempts=2)
    assert job.status.stage == "ERROR"
    assert log(hub_api, job) == ["try", "try"]


def test_a_rerun_is_a_new_job_with_the_same_spec(hub_api: HfApi) -> None:
    first = finish(hub_api, "echo again", labels={"a": "b"}, env={"XY": "1"})
    second = hub_api.rerun_job(job_id=first.id)
    second = hub_api.wait_for_job(second.id, timeout=30, poll_interval=0.02)
    assert second.id != first.id
    assert (second.initiator.type, second.initiator.id) == ("duplicated-job", first.id)
    assert (second.command, second.labels, second.environment) == (first.command, first.labels, first.environment)
    assert log(hub_api, second) == ["again"]


def test_a_rerun_has_the_secrets_of_a_job_that_runs_or_has_just_ended(hub_api: HfApi) -> None:
    first = run(hub_api, 'echo "$KEY"; sleep 60', secrets={"KEY": "value-of-key"})
    second = hub_api.rerun_job(job_id=first.id)
    for job in (first, second):
        assert first_line(hub_api, job) == "value-of-key"
        hub_api.cancel_job(job_id=job.id)
    third = hub_api.rerun_job(job_id=first.id)
    assert first_line(hub_api, third) == "value-of-key"
    hub_api.cancel_job(job_id=third.id)


def test_labels_are_replaced_and_found_by_their_new_values(hub_api: HfApi) -> None:
    job = finish(hub_api, "true", labels={"test": "relabel", "old": "1"})
    changed = hub_api.update_job_labels(job_id=job.id, labels={"test": "relabel", "new": "2"})
    assert changed.labels == {"test": "relabel", "new": "2"}
    assert [one.id for one in hub_api.list_jobs(labels={"new": "2", "test": "relabel"}, namespace="local")] == [job.id]
    assert not list(hub_api.list_jobs(labels={"test": "relabel", "old": "1"}, namespace="local"))


@pytest.mark.parametrize(
    "labels", [{"a b": "c"}, {"a": "b/c"}, {"": "x"}, {"k" * 101: "v"}, {"k": "v" * 101}, {"k": "é"}]
)
def test_labels_outside_the_rules_are_refused(hub_api: HfApi, labels: dict[str, str]) -> None:
    error = refusal(run, hub_api, "true", labels={**labels, "name": "x"})
    assert error.response.status_code == 400
    assert "labels" in str(error)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"flavor": "cpu-imaginary"}, "cpu-basic"),
        ({"timeoutSeconds": -5}, "timeoutSeconds"),
        ({"attempts": 0}, "attempts"),
        ({"command": []}, "command"),
        ({"dockerImage": None}, "dockerImage"),
        ({"flavor": None}, "flavor"),
        ({"environment": {"A-B": "x"}}, "environment"),
        ({"ssh": {"enabled": True}}, "SSH into a job: not on the local hub"),
        ({"network": {"group": "G_"}}, "network.group"),
        ({"resourceGroupId": "x"}, "resourceGroupId"),
        ({"volumes": [{"type": "dataset", "source": "a/b", "mountPath": "/d"}]}, "not on the local hub"),
        ({"volumes": [{"type": "bucket", "source": "local/b", "mountPath": "/etc/x"}]}, "belongs to the system"),
        (
            {"volumes": [{"type": "bucket", "source": "local/b", "mountPath": "/d", "path": "../x"}]},
            "inside its bucket",
        ),
        ({"expose": {"ports": [70000], "portsPublic": []}}, "expose"),
        ({"expose": {"ports": [], "portsPublic": [80]}}, "portsPublic"),
    ],
)
def test_a_spec_that_cannot_run_is_refused_with_the_field(
    http: httpx2.Client, change: dict[str, Any], word: str
) -> None:
    answer = http.post(
        "/api/jobs/local", json={"command": ["true"], "dockerImage": "x", "flavor": "cpu-basic", **change}
    )
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert word in answer.headers["X-Error-Message"]
    assert answer.headers["X-Request-Id"]


@pytest.mark.promise("S15")
def test_a_refusal_does_not_repeat_a_secret(http: httpx2.Client) -> None:
    body = {"command": ["true"], "dockerImage": "x", "secrets": {"K": {"nested": "hunter2hunter2"}, "b-d": "hunter3"}}
    answer = http.post("/api/jobs/local", json=body)
    assert answer.status_code == 400
    assert "hunter" not in answer.text


def test_a_namespace_of_nobody_here_is_not_found(hub_api: HfApi) -> None:
    error = refusal(hub_api.run_job, image="x", command=["true"], namespace="somebody-else")
    assert error.response.status_code == 404
    assert error.response.headers["X-Error-Code"] == "NotFound"


def test_a_job_of_another_namespace_is_not_found(hub_api: HfApi) -> None:
    job = finish(hub_api, "true")
    with pytest.raises(JobNotFoundError):
        hub_api.inspect_job(job_id=job.id, namespace="local-team")
    with pytest.raises(JobNotFoundError):
        list(hub_api.fetch_job_logs(job_id="0" * 24, namespace="local"))


def test_the_organisation_has_jobs_of_its_own(hub_api: HfApi) -> None:
    job = hub_api.run_job(image="x", command=["true"], namespace="local-team")
    assert (job.owner.name, job.owner.type) == ("local-team", "org")
    assert job.id in [one.id for one in hub_api.list_jobs(namespace="local-team")]


def test_a_volume_of_a_bucket_that_is_not_there_is_refused(hub_api: HfApi) -> None:
    volume = Volume(type="bucket", source="local/never-made", mount_path="/data")
    with pytest.raises(RepositoryNotFoundError, match="never-made"):
        run(hub_api, "true", volumes=[volume])


def test_the_log_can_be_taken_from_its_end(hub_api: HfApi) -> None:
    job = finish(hub_api, "seq 1 5000")
    assert log(hub_api, job, tail=3) == ["4998", "4999", "5000"]
    assert log(hub_api, job, tail=0) == []
    assert log(hub_api, job) == [str(number) for number in range(1, 5001)]


def test_the_first_event_tells_when_the_job_started(hub_api: HfApi, http: httpx2.Client) -> None:
    job = finish(hub_api, "echo x")
    for query in ({}, {"tail": 1}):
        answer = http.get(f"/api/jobs/local/{job.id}/logs", params=query)
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert "===== Job started at 2" in answer.text.split("\n\n")[0]


def test_a_follower_gets_every_line_once_and_ends_with_the_job(hub_api: HfApi) -> None:
    job = run(hub_api, "for i in 1 2 3 4 5; do echo line $i; sleep 0.05; done")
    assert log(hub_api, job, follow=True) == [f"line {number}" for number in range(1, 6)]
    assert hub_api.inspect_job(job_id=job.id).status.stage == "COMPLETED"


def test_any_bytes_come_through_as_whole_lines(hub_api: HfApi) -> None:
    job = finish(hub_api, r"printf 'ok\n\377\376\000x\n\342\200\250y\n'")
    assert log(hub_api, job) == ["ok", "\ufffd\ufffd\x00x", "\u2028y"]


def test_the_hardware_needs_no_token_and_has_the_hubs_prices(hub: HubState) -> None:
    hardware = {one.name: one for one in HfApi(endpoint=hub.endpoint, token=False).list_jobs_hardware()}
    assert hardware["cpu-basic"].unit_cost_micro_usd == 167
    assert hardware["a100-large"].unit_cost_usd * 60 == pytest.approx(2.5, rel=0.001)
    assert hardware["h200x8"].accelerator.vram == "1128 GB"


def test_an_unknown_route_is_answered_as_not_here(http: httpx2.Client) -> None:
    answer = http.get("/api/models")
    assert answer.status_code == 404
    assert answer.headers["X-Error-Code"] == "NotOnLocalHub"
