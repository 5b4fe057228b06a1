"""Finding, starting, sharing, replacing and stopping the hub."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from local_hub.backends import environment
from local_hub.paths import HubPaths
from local_hub.process import daemon
from local_hub.process.daemon import HubStartError
from tests import hub_process
from tests.hub_process import VERSION, launch_command, running_hub, wait_until


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_many_starters_get_one_hub(tmp_path: Path) -> None:
    with running_hub(tmp_path), concurrent.futures.ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: hub_process.start(tmp_path), range(8)))
        assert len({state.pid for state in states}) == 1
        assert daemon.read_state(tmp_path) == states[0]


def test_a_second_hub_of_one_home_refuses_with_a_sentence(tmp_path: Path) -> None:
    with running_hub(tmp_path):
        command = launch_command()
        env = {**os.environ, "HF_JOBS_MCP_HOME": str(tmp_path)}
        second = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode == 1
        assert second.stderr == f"A local hub for {tmp_path} runs already.\n"


@pytest.mark.promise("S15")
def test_what_the_hub_keeps_only_its_owner_can_open(tmp_path: Path) -> None:
    with running_hub(tmp_path) as state:
        paths = HubPaths.of(tmp_path)
        assert stat.S_IMODE(paths.root.stat().st_mode) == 0o700
        assert stat.S_IMODE(paths.state.stat().st_mode) == 0o600
        assert state.token not in repr(state)


def test_stopping_leaves_no_process_and_says_whether_there_was_one(tmp_path: Path) -> None:
    state = hub_process.start(tmp_path)
    assert daemon.stop(tmp_path)
    assert daemon.read_state(tmp_path) is None
    wait_until(lambda: gone(state.pid))
    assert not daemon.stop(tmp_path)


def test_a_hub_that_nobody_needs_stops_by_itself(tmp_path: Path) -> None:
    with running_hub(tmp_path, idle_seconds=0.3) as state:
        wait_until(lambda: gone(state.pid))


def test_a_hub_with_a_schedule_or_a_job_stays(tmp_path: Path) -> None:
    with running_hub(tmp_path, idle_seconds=0.2) as state:
        api = HfApi(endpoint=state.endpoint, token=state.token)
        job = api.run_job(image="x", command=["sleep", "1"], namespace="local")
        schedule = api.create_scheduled_job(image="x", command=["true"], schedule="@yearly", namespace="local")
        output = tmp_path / "hub" / "jobs" / job.id / "attempt-1"
        wait_until(lambda: not output.exists())
        with pytest.raises(AssertionError, match="not within"):
            wait_until(lambda: gone(state.pid), seconds=0.8)
        api.delete_scheduled_job(scheduled_job_id=schedule.id, namespace="local")
        wait_until(lambda: gone(state.pid))


def test_a_newer_client_replaces_an_idle_hub_and_keeps_its_address(tmp_path: Path) -> None:
    with running_hub(tmp_path) as old:
        new = daemon.ensure_running(tmp_path, launch_command(version="1.0"), version="1.0")
        assert new.pid != old.pid
        assert (new.version, new.endpoint, new.token) == ("1.0", old.endpoint, old.token)


def test_a_newer_client_uses_a_busy_hub_as_it_is_and_is_told_its_version(tmp_path: Path) -> None:
    with running_hub(tmp_path) as old:
        api = HfApi(endpoint=old.endpoint, token=old.token)
        job = api.run_job(image="x", command=["sleep", "30"], namespace="local")
        found = daemon.ensure_running(tmp_path, launch_command(version="1.0"), version="1.0")
        assert (found.pid, found.version) == (old.pid, VERSION)
        api.cancel_job(job_id=job.id, namespace="local")


def test_an_older_client_uses_a_newer_hub(tmp_path: Path) -> None:
    with running_hub(tmp_path) as old:
        assert daemon.ensure_running(tmp_path, launch_command(), version="0.0.1") == old


def test_the_status_tells_what_the_hub_is_doing(tmp_path: Path) -> None:
    with running_hub(tmp_path) as state:
        status = state.status()
        assert status is not None
        assert (status["pid"], status["endpoint"], status["version"]) == (state.pid, state.endpoint, VERSION)
        assert status["jobs"] == {"waiting": 0, "running": 0, "finished": 0}
        api = HfApi(endpoint=state.endpoint, token=state.token)
        job = api.run_job(image="python:3.12", command=["true"], namespace="local")
        api.wait_for_job(job.id, namespace="local", timeout=60, poll_interval=0.05)
        status = state.status()
        assert status is not None
        assert status["jobs"] == {"waiting": 0, "running": 0, "finished": 1}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"no database at all, but long enough to be read" * 40), "cannot be used"),
        (lambda path: newer(path), "newer hf-jobs-mcp"),  # noqa: PLW0108 - The name is defined below.
        (lambda path: foreign(path), "another program"),  # noqa: PLW0108 - The name is defined below.
    ],
)
def test_a_database_that_cannot_be_used_is_refused_with_one_sentence(tmp_path: Path, damage, words: str) -> None:
    paths = HubPaths.of(tmp_path).make()
    damage(paths.database)
    with pytest.raises(HubStartError, match=words) as caught:
        hub_process.start(tmp_path)
    assert "Traceback" not in paths.log.read_text()
    assert str(caught.value).count("\n") == 0


def newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA application_id = 1212566088")
        database.execute("PRAGMA user_version = 99")
    database.close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA application_id = 7")
        database.execute("CREATE TABLE t (a)")
    database.close()


def test_a_stale_state_file_is_no_hub(tmp_path: Path) -> None:
    state = hub_process.start(tmp_path)
    os.kill(state.pid, signal.SIGKILL)
    wait_until(lambda: daemon.running(tmp_path) is None)
    assert daemon.read_state(tmp_path) is None
    assert HubPaths.of(tmp_path).state.exists()
    assert not daemon.stop(tmp_path)


def test_a_hub_that_is_slow_to_answer_is_waited_for_and_not_doubled(tmp_path: Path) -> None:
    with running_hub(tmp_path) as state:
        os.kill(state.pid, signal.SIGSTOP)
        try:
            with pytest.raises(HubStartError, match="does not answer"):
                daemon.ensure_running(tmp_path, launch_command(), version=VERSION, wait=0.5)
        finally:
            os.kill(state.pid, signal.SIGCONT)
        assert daemon.ensure_running(tmp_path, launch_command(), version=VERSION) == state


def test_a_launch_command_that_fails_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(HubStartError, match="out of luck"):
        daemon.ensure_running(tmp_path, ["/bin/sh", "-c", "echo out of luck >&2; exit 3"], version="1")


def test_no_credential_of_the_starter_reaches_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("HF_JOBS_MCP_HTTP_TOKEN", "canary")
    with running_hub(tmp_path) as state:
        assert b"canary" not in Path(f"/proc/{state.pid}/environ").read_bytes()
    assert "PATH" in environment.for_the_hub()
