"""``hf-jobs-mcp hub clean``: it tells what nobody needs any more, and frees that and nothing else after a yes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, Volume

from local_hub.process.daemon import read_state
from tests import hub_process
from tests.hub_process import wait_until
from tests.mcp_session import environment
from tests.server.test_cli import run
from tests.server.test_terminal import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "local/jobs-artifacts"


class Used:
    """A hub with a job that ended, one that runs, a schedule, and a workspace of each."""

    def __init__(self, home: Path) -> None:
        self.home = home
        state = read_state(home)
        assert state is not None
        self.api = HfApi(endpoint=state.endpoint, token=state.token)
        self.api.create_bucket(BUCKET, private=True, exist_ok=True)
        self.ended = self.job("ended", "seq 1 3000; cp /etc/hostname /out/result").id
        self.api.wait_for_job(self.ended, namespace="local", timeout=60, poll_interval=0.05)
        self.running = self.job("running", "echo up > /out/result; sleep 300").id
        self.api.create_scheduled_job(
            image="x", command=["true"], schedule="@yearly", volumes=self.volumes("scheduled"), namespace="local"
        )
        wait_until((self.workspaces / "running/work/result").exists)
        (self.workspaces / "scheduled/work").mkdir(parents=True)

    @property
    def workspaces(self) -> Path:
        return self.home / "hub/buckets" / BUCKET

    def volumes(self, name: str) -> list[Volume]:
        return [Volume(type="bucket", source=BUCKET, mount_path="/out", path=f"{name}/work")]

    def job(self, name: str, script: str) -> Any:
        return self.api.run_job(image="x", command=["sh", "-c", script], volumes=self.volumes(name), namespace="local")

    def jobs(self) -> set[str]:
        return {job.id for job in self.api.list_jobs(namespace="local")}

    def clean(self, *flags: str) -> str:
        done = run(self.home, "hub", "clean", *flags)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    with hub_process.short_home() as home:
        assert run(home, "hub", "start").returncode == 0
        try:
            yield Used(home)
        finally:
            hub_process.clear(home)


def test_nothing_is_freed_without_a_yes_and_then_only_what_nobody_needs(used: Used) -> None:
    old_log = used.home / "hub/hub.log.old"
    old_log.write_text("x" * 50_000)
    upload = used.home / "hub/buckets/.xet/uploads" / f"w{'0' * 16}"
    (upload / "xorbs").mkdir(parents=True)
    (upload / "xorbs/one").write_bytes(b"x" * 90_000)
    os.utime(upload, (1, 1))

    told = used.clean()
    assert "1 job that ended" in told
    assert "uploads that nobody needs any more" in told
    assert "Nothing has been freed." in told
    assert old_log.exists()
    assert upload.exists()
    assert used.jobs() == {used.ended, used.running}
    assert json.loads(used.clean("--json"))["freed"] is False
    with terminal(environment(used.home), "hub", "clean") as person:
        person.read_until("Free it? [y/N]")
        person.type("n\n")
        assert person.ended(30) == 0
    assert used.jobs() == {used.ended, used.running}

    freed = json.loads(used.clean("--yes", "--json"))
    assert (freed["jobs"], freed["results"], freed["freed"]) == (1, 0, True)
    assert freed["bytes"]["uploads"] >= 90_000
    assert not old_log.exists()
    assert not upload.exists()
    assert used.jobs() == {used.running}
    assert not (used.home / "hub/jobs" / used.ended).exists()
    assert used.api.inspect_job(job_id=used.running, namespace="local").status.stage == "RUNNING"
    assert (used.workspaces / "ended/work/result").exists()


def test_results_are_freed_when_that_is_asked_for_but_never_of_what_still_needs_them(used: Used) -> None:
    job = used.job("later", "echo done > /out/result").id
    used.api.wait_for_job(job, namespace="local", timeout=60, poll_interval=0.05)
    (used.workspaces / "being-submitted").mkdir()
    (used.workspaces / "forgotten").mkdir()
    os.utime(used.workspaces / "forgotten", (1, 1))

    assert "2 workspaces that no job or schedule mounts" in used.clean("--results")
    used.clean("--results", "--yes")
    left = {folder.name for folder in used.workspaces.iterdir()}
    assert {"running", "scheduled", "being-submitted"} <= left
    assert not {"later", "forgotten"} & left
    assert "There is nothing to free." in used.clean("--results")


def test_caches_are_freed_only_while_no_job_runs(used: Used) -> None:
    cache = used.home / "hub/cache/uv"
    (cache / "wheel").write_bytes(b"x" * 200_000)
    used.clean("--yes")
    assert (cache / "wheel").exists()
    used.api.cancel_job(job_id=used.running, namespace="local")
    wait_until(lambda: "packages that jobs have installed" in used.clean())
    used.clean("--yes")
    assert not cache.exists()
    again = used.api.run_job(image="x", command=["test", "-d", "/hub/cache/uv"], namespace="local").id
    ended = used.api.wait_for_job(again, namespace="local", timeout=60, poll_interval=0.05)
    assert ended.status.stage in {"COMPLETED", "ERROR"}
    assert cache.exists()


def test_where_there_is_no_hub_there_is_nothing_to_free_and_none_is_started(tmp_path: Path) -> None:
    done = run(tmp_path, "hub", "clean")
    assert (done.returncode, "nothing to free" in done.stdout) == (0, True)
    assert read_state(tmp_path) is None
