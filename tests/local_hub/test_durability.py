"""The hub, a supervisor, or both are killed; afterwards every job is in the stage it earned, and ran once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub import HfApi, Volume
from huggingface_hub.errors import HfHubHTTPError

from bench.crashes import storm
from local_hub.process import daemon
from local_hub.runner.attempt import Attempt
from tests import hub_process
from tests.hub_process import running_hub, short_home, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_hub.process.state import HubState


class Plug:
    """A hub whose plug is pulled and put back."""

    def __init__(self, home: Path, **options: object) -> None:
        self.home = home
        self.options = options
        self.state: HubState = hub_process.start(home, **options)

    @property
    def api(self) -> HfApi:
        return HfApi(endpoint=self.state.endpoint, token=self.state.token)

    def pull(self) -> None:
        os.kill(self.state.pid, signal.SIGKILL)
        wait_until(lambda: daemon.read_state(self.home) is None)

    def put_back(self) -> HfApi:
        self.state = hub_process.start(self.home, **self.options)
        return self.api

    def attempt(self, job_id: str, number: int = 1) -> Attempt:
        return Attempt(self.home / "hub" / "jobs" / job_id / f"attempt-{number}")


@pytest.fixture(scope="module", params=["process", "plain"])
def both(request: pytest.FixtureRequest, runner: str) -> Iterator[Plug]:
    """A hub for each way of running jobs; `plain` is one whatever runner is under test."""
    way = runner if request.param == "process" else request.param
    with short_home() as home, running_hub(home, runner=way):
        yield Plug(home, runner=way)


@pytest.fixture(scope="module")
def plug(runner: str) -> Iterator[Plug]:
    with short_home() as home, running_hub(home, runner=runner):
        yield Plug(home, runner=runner)


def run(api: HfApi, script: str, **options: Any) -> str:
    return api.run_job(image="x", command=["/bin/sh", "-c", script], namespace="local", **options).id


def stage(api: HfApi, job_id: str) -> str:
    return str(api.inspect_job(job_id=job_id, namespace="local").status.stage)


def finish(api: HfApi, job_id: str) -> Any:
    return api.wait_for_job(job_id, namespace="local", timeout=30, poll_interval=0.02)


def log(api: HfApi, job_id: str) -> list[str]:
    return list(api.fetch_job_logs(job_id=job_id, namespace="local"))


def test_a_running_job_is_adopted_with_every_line_of_its_log_once(both: Plug) -> None:
    job = run(both.api, "for i in $(seq 1 60); do echo line $i; sleep 0.02; done")
    wait_until(lambda: stage(both.api, job) == "RUNNING")
    both.pull()
    api = both.put_back()
    assert finish(api, job).status.stage == "COMPLETED"
    assert log(api, job) == [f"line {number}" for number in range(1, 61)]


def test_a_job_that_ended_while_nobody_watched_has_the_stage_it_earned(plug: Plug) -> None:
    good, bad = run(plug.api, "sleep 0.3; echo done"), run(plug.api, "sleep 0.3; exit 3")
    wait_until(lambda: stage(plug.api, good) == stage(plug.api, bad) == "RUNNING")
    plug.pull()
    wait_until(lambda: plug.attempt(good).exit and plug.attempt(bad).exit)
    api = plug.put_back()
    ended = finish(api, good)
    assert ended.status.stage == "COMPLETED"
    assert ended.finished_at.timestamp() < plug.state.started_at
    assert finish(api, bad).status.message == "Job failed with exit code: 3. Reason: Error"


def test_a_timeout_holds_while_the_hub_is_away(both: Plug) -> None:
    job = run(both.api, "sleep 60", timeout=1)
    wait_until(lambda: stage(both.api, job) == "RUNNING")
    both.pull()
    wait_until(lambda: both.attempt(job).exit)
    assert finish(both.put_back(), job).status.message == "Job timeout"


def test_a_job_whose_supervisor_is_killed_is_lost_and_leaves_nothing_running(both: Plug) -> None:
    job = run(both.api, "echo $$ ; sleep 1234 & sleep 1234")
    wait_until(lambda: stage(both.api, job) == "RUNNING")
    leader = wait_until(lambda: both.attempt(job).process)
    os.kill(both.attempt(job).supervisor or 0, signal.SIGKILL)
    ended = finish(both.api, job)
    assert ended.status.stage == "ERROR"
    assert "supervisor was killed" in ended.status.message
    wait_until(lambda: not _session(leader))


def test_killing_the_hub_and_the_supervisor_together_loses_the_job_and_runs_it_no_second_time(both: Plug) -> None:
    api = both.api
    api.create_bucket("local/marks", exist_ok=True)
    marks = both.home / "hub/buckets/local/marks"
    volume = Volume(type="bucket", source="local/marks", mount_path="/marks")
    job = run(api, "echo x >> /marks/runs; sleep 60", volumes=[volume])
    wait_until((marks / "runs").exists)
    supervisor = both.attempt(job).supervisor
    os.kill(both.state.pid, signal.SIGKILL)
    os.kill(supervisor or 0, signal.SIGKILL)
    api = both.put_back()
    assert finish(api, job).status.stage == "ERROR"
    assert (marks / "runs").read_text() == "x\n"


def test_a_lost_attempt_is_followed_by_the_next_one_if_the_job_asked_for_it(plug: Plug) -> None:
    job = run(plug.api, "echo attempt; sleep 0.5", attempts=2)
    wait_until(lambda: stage(plug.api, job) == "RUNNING" and log_size(plug, job))
    os.kill(plug.attempt(job).supervisor or 0, signal.SIGKILL)
    assert finish(plug.api, job).status.stage == "COMPLETED"
    assert log(plug.api, job) == ["attempt", "attempt"]


def test_waiting_jobs_run_after_the_hub_was_killed_each_once(plug: Plug) -> None:
    plug.api.create_bucket("local/marks", exist_ok=True)
    volume = Volume(type="bucket", source="local/marks", mount_path="/marks")
    jobs = [run(plug.api, f"echo {n} >> /marks/{n}; sleep 0.1", volumes=[volume]) for n in range(12)]
    plug.pull()
    api = plug.put_back()
    assert [finish(api, job).status.stage for job in jobs] == ["COMPLETED"] * 12
    marks = plug.home / "hub/buckets/local/marks"
    assert [(marks / str(n)).read_text() for n in range(12)] == [f"{n}\n" for n in range(12)]


def test_a_cancellation_outlives_the_hub(plug: Plug) -> None:
    job = run(plug.api, "trap 'sleep 2; exit 0' TERM; echo up; while :; do sleep 0.1; done")
    wait_until(lambda: stage(plug.api, job) == "RUNNING" and log_size(plug, job))
    plug.api.cancel_job(job_id=job, namespace="local")
    plug.pull()
    assert finish(plug.put_back(), job).status.stage == "CANCELED"


def test_a_killed_helper_process_is_replaced(plug: Plug) -> None:
    finish(plug.api, run(plug.api, "true"))
    for pid in _children(plug.state.pid):
        os.kill(pid, signal.SIGKILL)
    assert finish(plug.api, run(plug.api, "true")).status.stage == "COMPLETED"


def test_the_address_and_the_token_survive_a_restart(plug: Plug) -> None:
    before = plug.state
    plug.pull()
    plug.put_back()
    assert (plug.state.endpoint, plug.state.token) == (before.endpoint, before.token)


@pytest.mark.promise("S15")
def test_secrets_are_in_no_file_once_the_job_has_ended(plug: Plug) -> None:
    value = "canary-9b1d6e55c0"
    job = run(plug.api, "sleep 0.2", secrets={"CANARY": value})
    assert not _files_with(plug.home, value.encode())
    finish(plug.api, job)
    plug.pull()
    assert not _files_with(plug.home, value.encode())
    plug.put_back()


def test_the_secrets_of_an_ended_job_outlive_a_crash_but_not_a_stop(plug: Plug) -> None:
    job = run(plug.api, "true", secrets={"CANARY": "canary-of-an-ended-job"})
    finish(plug.api, job)
    plug.pull()
    plug.put_back()
    again = plug.api.rerun_job(job_id=job, namespace="local")
    assert finish(plug.api, again.id).status.stage == "COMPLETED"
    daemon.stop(plug.home)
    plug.put_back()
    with pytest.raises(HfHubHTTPError, match="secrets were erased") as refused:
        plug.api.rerun_job(job_id=job, namespace="local")
    assert refused.value.response.status_code == 400


def test_an_exposed_port_is_reached_again_after_the_hub_was_killed(plug: Plug) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    job = plug.api.run_job(
        image="x", command=["python", "-m", "http.server", str(port)], expose_public=[port], namespace="local"
    ).id
    urls = lambda: plug.api.inspect_job(job_id=job, namespace="local").status.expose_urls  # noqa: E731
    answers = lambda: (found := urls()) and httpx2.get(found[0]).status_code == 200  # noqa: E731
    wait_until(answers)
    plug.pull()
    plug.put_back()
    wait_until(answers)
    plug.api.cancel_job(job_id=job, namespace="local")


def test_a_hub_that_is_stopped_while_somebody_follows_a_log_leaves_no_trace_of_trouble(plug: Plug) -> None:
    job = run(plug.api, "echo up; sleep 60")
    wait_until(lambda: log_size(plug, job))
    url = f"{plug.state.endpoint}/api/jobs/local/{job}/logs"
    headers = {"Authorization": f"Bearer {plug.state.token}"}
    with contextlib.suppress(httpx2.RemoteProtocolError), httpx2.stream("GET", url, headers=headers) as answer:
        lines = answer.iter_lines()
        assert any('"up"' in line for line in lines)
        assert daemon.stop(plug.home)
        assert not [line for line in lines if line]
    assert "Traceback" not in (plug.home / "hub/hub.log").read_text()
    api = plug.put_back()
    api.cancel_job(job_id=job, namespace="local")


def test_a_schedule_makes_up_once_for_what_it_missed_while_the_hub_was_away(plug: Plug) -> None:
    made = plug.api.create_scheduled_job(image="x", command=["true"], schedule="@hourly", namespace="local")
    plug.pull()
    hours_ago = int((time.time() - 5 * 3600) * 1000)
    with sqlite3.connect(plug.home / "hub/hub.sqlite3") as database:
        database.execute("UPDATE schedules SET next_ms = ? WHERE id = ?", (hours_ago, made.id))
    database.close()
    api = plug.put_back()
    inspect = lambda: api.inspect_scheduled_job(scheduled_job_id=made.id, namespace="local")  # noqa: E731
    job = wait_until(lambda: inspect().status.last_job)
    assert finish(api, job.id).status.stage == "COMPLETED"
    assert inspect().status.next_job_run_at.timestamp() > time.time()
    plug.pull()
    api = plug.put_back()
    assert inspect().status.last_job.id == job.id
    api.delete_scheduled_job(scheduled_job_id=made.id, namespace="local")


def log_size(plug: Plug, job: str) -> int:
    output = plug.home / "hub" / "jobs" / job / "output"
    return output.stat().st_size if output.exists() else 0


def _files_with(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def _session(leader: int) -> list[int]:
    found = []
    for name in [entry.name for entry in Path("/proc").iterdir()]:
        if name.isdigit():
            try:
                if os.getsid(int(name)) == leader:
                    found.append(int(name))
            except ProcessLookupError:
                continue
    return found


def _children(parent: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(parent).children()]


def test_a_storm_of_random_kills_loses_nothing_and_doubles_nothing() -> None:
    """The short form of bench/crashes.py."""
    with short_home() as home, running_hub(home):
        done, _ = storm(home, kills=8, seed=7)
        assert done.accepted
