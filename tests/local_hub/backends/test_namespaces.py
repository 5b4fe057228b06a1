"""A job's namespaces attacked from inside: links in the place of volumes, other processes, settings of the machine."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi, Volume

from local_hub.backends import namespaces, sandbox
from local_hub.backends.base import LaunchRequest
from local_hub.runner import volumes
from tests.hub_process import running_hub, short_home, wait_until
from tests.no_namespaces import namespaces_are_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import JobInfo

    from local_hub.process.state import HubState

SPEC = {"command": ["/bin/sh", "-c"], "environment": {}, "flavor": "cpu-basic", "dockerImage": "x", "spaceId": None}


pytestmark = pytest.mark.skipif(not namespaces_are_allowed(), reason="this machine lets nobody make namespaces")


@pytest.fixture(params=["namespaces", "bubblewrap"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> sandbox.Sandbox:
    """Each way of making a sandbox, for jobs of a hub whose folder is `tmp_path`."""
    import shutil

    if request.param == "namespaces":
        return sandbox.Sandbox(tmp_path)
    found = shutil.which("bwrap")
    if found is None:
        pytest.skip("bubblewrap is not installed")
    return sandbox.Bubblewrap(tmp_path, found)


def planned(box: sandbox.Sandbox, home: Path, script: str, **volume: object) -> subprocess.CompletedProcess[str]:
    """Prepare an attempt that mounts a bucket, and hand back what starting the plan comes to."""
    return run(plan(box, home, script, **volume))


def plan(box: sandbox.Sandbox, home: Path, script: str, **volume: object) -> object:
    from local_hub.paths import HubPaths

    wanted = {"source": "local/b", "mountPath": "/m", "readOnly": False, **volume}
    paths = HubPaths(home)
    scratch = Path(tempfile.mkdtemp(dir=home))
    spec = {**SPEC, "arguments": [script]}
    return box.plan(LaunchRequest("1", spec, {}, volumes.mounts(paths, [wanted]), scratch, 1))


def run(made: object) -> subprocess.CompletedProcess[str]:
    import json

    argv = list(made.argv)  # type: ignore[attr-defined]
    if made.enclosure is not None:  # type: ignore[attr-defined]
        enclosure = json.dumps(made.enclosure)  # type: ignore[attr-defined]
        argv = [sys.executable, "-I", "-S", namespaces.__file__, enclosure, *argv]
    return subprocess.run(argv, env=dict(made.env), capture_output=True, text=True, timeout=30, check=False)  # type: ignore[attr-defined]


@pytest.mark.promise("S15")
def test_a_link_put_in_the_place_of_a_folder_after_it_was_looked_at_leads_nowhere(
    box: sandbox.Sandbox, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "key").write_text("PRIVATE")
    for inside in ("a", "a/b", "a/b/c"):
        folder = tmp_path / "buckets/local/b" / inside
        folder.mkdir(parents=True)
        for kind in ("absolute", "relative", "of a parent"):
            made = plan(box, tmp_path, "cat /m/key; touch /m/written", path=inside)
            moved = folder.with_name("moved")
            folder.rename(moved)
            folder.symlink_to(private if kind == "absolute" else os.path.relpath(private, folder.parent))
            seen = run(made)
            folder.unlink()
            moved.rename(folder)
            assert "PRIVATE" not in seen.stdout, (inside, kind)
            assert seen.returncode == 126, (inside, kind, seen)
            assert "The job was not started. Volume /m:" in seen.stderr
            assert [entry.name for entry in private.iterdir()] == ["key"]


def test_a_link_that_stands_there_beforehand_is_refused_with_the_reason(box: sandbox.Sandbox, tmp_path: Path) -> None:
    from local_hub.backends.base import CannotLaunch

    (tmp_path / "buckets/local/b").mkdir(parents=True)
    (tmp_path / "buckets/local/b/out").symlink_to("/etc")
    with pytest.raises(CannotLaunch, match="a link or a file stands where out needs a folder"):
        plan(box, tmp_path, "true", path="out")


def test_a_mount_path_inside_another_volume_follows_no_link_of_that_volume(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "buckets/local/b/inner").mkdir(parents=True)
    (tmp_path / "buckets/local/b/link").symlink_to(outside)
    from local_hub.paths import HubPaths

    box = sandbox.Sandbox(tmp_path)
    wanted = [
        {"source": "local/b", "mountPath": "/m", "readOnly": False},
        {"source": "local/b", "path": "inner", "mountPath": "/m/link/made", "readOnly": False},
    ]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    mounts = volumes.mounts(HubPaths(tmp_path), wanted)
    seen = run(box.plan(LaunchRequest("1", {**SPEC, "arguments": ["echo ran"]}, {}, mounts, scratch, 1)))
    assert (seen.returncode, seen.stdout, list(outside.iterdir())) == (126, "", [])


def test_a_volume_is_mounted_for_reading_or_for_writing(box: sandbox.Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "buckets/local/b"
    folder.mkdir(parents=True)
    (folder / "in").write_text("in")
    assert planned(box, tmp_path, "cat /m/in; echo out >/m/out").stdout == "in"
    assert (folder / "out").read_text() == "out\n"
    seen = planned(box, tmp_path, "cat /m/in; echo out >/m/never; mount -o remount,rw /m", readOnly=True)
    assert seen.stdout == "in"
    assert "Read-only" in seen.stderr
    assert not (folder / "never").exists()


def test_what_only_the_user_may_read_in_etc_is_not_there(box: sandbox.Sandbox, tmp_path: Path) -> None:
    (tmp_path / "buckets/local/b").mkdir(parents=True)
    hidden = [step[1] for step in sandbox.job_view.system() if step[0] == "mask"]
    words = " ".join(map(shlex.quote, hidden))
    seen = planned(box, tmp_path, f'for f in {words} /dev/null; do [ -d "$f" ] && ls "$f" || cat "$f"; done')
    assert seen.stdout == ""


def test_the_machines_settings_and_first_process_are_out_of_reach(box: sandbox.Sandbox, tmp_path: Path) -> None:
    (tmp_path / "buckets/local/b").mkdir(parents=True)
    script = (
        # The value that it has already, so that a hole changes nothing.
        "for f in /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness; do"
        " v=$(cat $f); (echo $v >$f) 2>/dev/null && echo wrote $f; done; test -w /proc/sysrq-trigger && echo sysrq;"
        "tr '\\0' '\\n' </proc/1/environ 2>/dev/null | grep -v -e ^LANG= -e ^PATH= | grep HUB_TEST;"
        "head -c1 /proc/1/mem 2>/dev/null; grep ^Cap /proc/self/status | grep -v 0000000000000000;"
        "grep NoNewPrivs.*0 /proc/self/status; echo end"
    )
    assert planned(box, tmp_path, script).stdout == "end\n"


def test_where_namespaces_are_allowed_jobs_get_them_with_nothing_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sandbox.choose(tmp_path).sandbox == "namespaces"


# With a whole hub around it.


@pytest.fixture(scope="module")
def own_hub() -> Iterator[tuple[HubState, HfApi, Path]]:
    with short_home() as home, running_hub(home) as state:
        yield state, HfApi(endpoint=state.endpoint, token=state.token), home


def finished(api: HfApi, job: JobInfo, seconds: float = 60) -> tuple[JobInfo, str]:
    done = wait_until(
        lambda: (
            found
            if (found := api.inspect_job(job_id=job.id, namespace="local")).status.stage
            in {"COMPLETED", "ERROR", "CANCELED"}
            else None
        ),
        seconds=seconds,
    )
    return done, "\n".join(api.fetch_job_logs(job_id=job.id, namespace="local"))


@pytest.mark.promise("S15")
def test_a_job_that_flips_a_folder_into_a_link_never_gets_another_job_out(
    own_hub: tuple[HubState, HfApi, Path], tmp_path: Path
) -> None:
    _, api, _ = own_hub
    (tmp_path / "key").write_text("PRIVATE")
    api.create_bucket("local/race")
    api.batch_bucket_files("local/race", add=[(b"x", "sub/file")])
    whole = Volume(type="bucket", source="local/race", mount_path="/b")
    flip = f"cd /b; while :; do mv sub real; ln -s {tmp_path} sub; rm sub; mv real sub; done"
    flipping = api.run_job(image="x", command=["/bin/sh", "-c", flip], volumes=[whole], namespace="local")
    wait_until(lambda: api.inspect_job(job_id=flipping.id).status.stage == "RUNNING")
    inner = Volume(type="bucket", source="local/race", path="sub", mount_path="/m")
    try:
        command = ["/bin/sh", "-c", "cat /m/key; touch /m/written"]
        jobs = [api.run_job(image="x", command=command, volumes=[inner], namespace="local") for _ in range(25)]
        seen = [finished(api, job)[1] for job in jobs]
    finally:
        api.cancel_job(job_id=flipping.id)
    assert "PRIVATE" not in "\n".join(seen)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_fork_bomb_is_the_jobs_own_trouble(own_hub: tuple[HubState, HfApi, Path]) -> None:
    state, api, _ = own_hub
    bomb = "import os, time\ntry:\n  while True: os.fork()\nexcept OSError: time.sleep(60)"
    job = api.run_job(image="x", command=["python3", "-c", bomb], timeout=6, namespace="local")
    wait_until(lambda: api.inspect_job(job_id=job.id).status.stage == "RUNNING")
    other, said = finished(api, api.run_job(image="x", command=["/bin/echo", "hello"], namespace="local"))
    assert (other.status.stage, said) == ("COMPLETED", "hello")
    done, _ = finished(api, job)
    assert done.status.stage == "ERROR"
    assert state.status()


def test_no_abstract_socket_of_the_machine_is_in_reach(own_hub: tuple[HubState, HfApi, Path]) -> None:
    import socket

    _, api, _ = own_hub
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0hub-test-{os.getpid()}")
        listener.listen()
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0hub-test-{os.getpid()}'); print('in')"
        _, said = finished(api, api.run_job(image="x", command=["python3", "-c", connect], namespace="local"))
    if "in" in said.splitlines() and not _scoped():
        pytest.skip("this kernel cannot keep abstract sockets apart without a network of its own")
    assert "PermissionError" in said


def _scoped() -> bool:
    import ctypes

    return bool(ctypes.CDLL(None).syscall(ctypes.c_long(444), None, ctypes.c_size_t(0), 1) >= 6)


def test_a_package_cache_is_shared_by_jobs_with_the_same_secrets_only(own_hub: tuple[HubState, HfApi, Path]) -> None:
    _, api, _ = own_hub
    leave = ["/bin/sh", "-c", 'echo poison >"$UV_CACHE_DIR/left"; ls "$UV_CACHE_DIR"']
    look = ["/bin/sh", "-c", 'ls "$UV_CACHE_DIR"']
    finished(api, api.run_job(image="x", command=leave, namespace="local"))
    seen = {}
    for names in ((), ("A",), ("A", "B")):
        secrets = dict.fromkeys(names, "some value")
        _, seen[names] = finished(api, api.run_job(image="x", command=look, secrets=secrets, namespace="local"))
    assert "left" in seen[()]
    assert "left" not in seen[("A",)] + seen[("A", "B")]
