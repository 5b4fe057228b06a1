"""Jobs in containers: the promises that every job has, kept in its own image.

The contract suite runs on this runner too: ``HF_JOBS_MCP_TEST_RUNNER=container pytest tests/contract``.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi, Volume

from local_hub.backends.base import CannotLaunch, LaunchRequest
from local_hub.backends.container import ENGINE_VARIABLE, Container, full_name
from tests import hub_process
from tests.container_engine import PATIENCE, NoEngineError, podman
from tests.hub_process import running_hub, short_home, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import JobInfo

IMAGE = "python:3.12"
SPEC = {"command": ["true"], "arguments": [], "environment": {}, "flavor": "cpu-basic", "dockerImage": IMAGE}

container = pytest.mark.container


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with short_home() as folder:
        try:
            with podman(folder) as engine, pytest.MonkeyPatch.context() as patch:
                patch.setenv(ENGINE_VARIABLE, engine)
                yield engine
        except NoEngineError as reason:
            pytest.skip(str(reason))


@pytest.fixture(scope="module")
def home(engine: str) -> Iterator[Path]:
    with short_home() as home, running_hub(home, runner="container"):
        yield home


@pytest.fixture
def api(home: Path) -> HfApi:
    state = hub_process.start(home, runner="container")
    return HfApi(endpoint=state.endpoint, token=state.token)


def run(api: HfApi, code: str, **options: object) -> JobInfo:
    return api.run_job(image=IMAGE, command=["python", "-u", "-c", code], namespace="local", **options)


def finish(api: HfApi, code: str, **options: object) -> JobInfo:
    return api.wait_for_job(run(api, code, **options).id, namespace="local", timeout=90, poll_interval=0.05)


def log(api: HfApi, job: JobInfo) -> list[str]:
    return list(api.fetch_job_logs(job_id=job.id, namespace="local"))


def written(home: Path, job: JobInfo) -> list[str]:
    """What a job that still runs has written so far."""
    output = home / "hub/jobs" / job.id / "output"
    return output.read_text().splitlines() if output.exists() else []


def containers(engine: str) -> list[str]:
    done = subprocess.run([*engine.split(), "ps", "-aq"], check=True, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout.split()


def wait_for_stage(api: HfApi, job: JobInfo, stage: str) -> JobInfo:
    def there() -> JobInfo | None:
        found = api.inspect_job(job_id=job.id, namespace="local")
        return found if found.status.stage == stage else None

    return wait_until(there, seconds=60)


@container
def test_a_job_runs_in_its_own_image(api: HfApi, engine: str) -> None:
    job = finish(api, "import os; print(sorted(os.listdir('/')), os.environ['JOB_ID'], os.environ['CPU_CORES'])")
    assert (job.status.stage, job.status.message) == ("COMPLETED", f"Runs in {full_name(IMAGE)} on this machine")
    line = log(api, job)[-1]
    assert "'home'" not in line
    assert line.endswith(f"{job.id} 2")
    wait_until(lambda: containers(engine) == [], seconds=60)


@container
def test_a_failed_job_is_an_error_with_its_exit_code(api: HfApi) -> None:
    job = finish(api, "print('no'); raise SystemExit(7)")
    assert (job.status.stage, job.status.message) == ("ERROR", "Job failed with exit code: 7. Reason: Error")
    assert log(api, job)[-1] == "no"


@container
def test_a_secret_reaches_the_job_and_no_command_line(api: HfApi, home: Path) -> None:
    code = (
        "import os, hashlib, time; print(hashlib.sha256(os.environ['MY_SECRET'].encode()).hexdigest()); time.sleep(60)"
    )
    job = run(api, code, secrets={"MY_SECRET": "line one\nand 'two'"}, env={"PATH_LIKE": "a b", "COLOUR": "blue"})
    digest = hashlib.sha256(b"line one\nand 'two'").hexdigest()
    wait_until(lambda: written(home, job) == [digest], seconds=60)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            assert b"line one" not in entry.read_bytes()
    api.cancel_job(job_id=job.id, namespace="local")


@container
def test_volumes_are_the_buckets_folders(api: HfApi, home: Path) -> None:
    api.create_bucket("local/data", exist_ok=True)
    api.batch_bucket_files("local/data", add=[(b"in", "d/in.txt")])
    code = """
import pathlib
pathlib.Path('/data/out.txt').write_text(pathlib.Path('/data/in.txt').read_text() * 2)
try:
    pathlib.Path('/fixed/x').write_text('x')
except OSError as error:
    print('refused', error.errno)
"""
    volumes = [
        Volume(type="bucket", source="local/data", mount_path="/data", path="d"),
        Volume(type="bucket", source="local/data", mount_path="/fixed", read_only=True),
    ]
    job = finish(api, code, volumes=volumes)
    assert (home / "hub/buckets/local/data/d/out.txt").read_text() == "inin"
    assert log(api, job)[-1] == "refused 30"


@container
def test_a_cancelled_job_and_its_container_go(api: HfApi, home: Path, engine: str) -> None:
    job = run(api, "import time; print('up'); time.sleep(300)")
    wait_until(lambda: "up" in written(home, job), seconds=60)
    api.cancel_job(job_id=job.id, namespace="local")
    wait_for_stage(api, job, "CANCELED")
    wait_until(lambda: containers(engine) == [], seconds=60)


@container
def test_a_job_that_will_not_end_is_ended_by_its_time_limit(api: HfApi, engine: str) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    job = finish(api, code, timeout=1)
    assert (job.status.stage, job.status.message) == ("ERROR", "Job timeout")
    wait_until(lambda: containers(engine) == [], seconds=60)


@container
def test_a_hub_that_was_killed_finds_the_running_container_again(home: Path, engine: str) -> None:
    state = hub_process.start(home, runner="container")
    api = HfApi(endpoint=state.endpoint, token=state.token)
    code = "import time\nfor number in range(30):\n    print(number)\n    time.sleep(0.1)"
    job = run(api, code)
    wait_until(lambda: "3" in written(home, job), seconds=60)
    os.kill(state.pid, signal.SIGKILL)
    state = hub_process.start(home, runner="container")
    api = HfApi(endpoint=state.endpoint, token=state.token)
    done = api.wait_for_job(job.id, namespace="local", timeout=90, poll_interval=0.1)
    assert done.status.stage == "COMPLETED"
    assert log(api, job) == [str(number) for number in range(30)]


@container
def test_a_job_whose_supervisor_was_killed_leaves_no_container(api: HfApi, home: Path, engine: str) -> None:
    from local_hub.runner.attempt import Attempt

    job = run(api, "import time; print('up'); time.sleep(300)")
    wait_until(lambda: "up" in written(home, job), seconds=60)
    supervisor = Attempt(home / "hub/jobs" / job.id / "attempt-1").supervisor
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    assert "lost" in wait_for_stage(api, job, "ERROR").status.message
    wait_until(lambda: containers(engine) == [], seconds=60)


@container
def test_an_image_that_cannot_be_had_is_an_error_with_the_reason(api: HfApi) -> None:
    for image in ("localhost/no-such-image:1", "localhost:1/x/y"):
        job = api.run_job(image=image, command=["true"], namespace="local")
        done = api.wait_for_job(job.id, namespace="local", timeout=90, poll_interval=0.1)
        assert done.status.stage == "ERROR"
        assert done.status.message.startswith(f"The image {image} could not be pulled: ")
        assert len(done.status.message) > len(f"The image {image} could not be pulled: ") + 10


def request(tmp_path: Path, **changes: object) -> LaunchRequest:
    return LaunchRequest("0" * 24, {**SPEC, **changes}, {}, [], tmp_path, 1)


def test_no_engine_is_an_error_with_the_reason(tmp_path: Path) -> None:
    for engine in ([], ["/no/such/engine"]):
        with pytest.raises(CannotLaunch, match="neither Podman nor Docker was found"):
            Container(tmp_path, engine).plan(request(tmp_path))


def test_an_engine_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    engine = tmp_path / "podman"
    engine.write_text("#!/bin/sh\necho one >&2\necho '\033[31mthe last words' >&2\nexit 1\n")
    engine.chmod(0o755)
    with pytest.raises(CannotLaunch, match="could not be pulled: the last words"):
        Container(tmp_path, [str(engine)]).plan(request(tmp_path))


@pytest.mark.parametrize("image", ["-v", "--privileged", "a b", "a..b", ""])
def test_an_image_that_is_no_name_never_reaches_the_engine(tmp_path: Path, image: str) -> None:
    with pytest.raises(CannotLaunch):
        full_name(image)


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("ubuntu", "docker.io/library/ubuntu"),
        ("python:3.12", "docker.io/library/python:3.12"),
        ("org/image", "docker.io/org/image"),
        ("ghcr.io/astral-sh/uv:x", "ghcr.io/astral-sh/uv:x"),
        ("localhost/x", "localhost/x"),
        ("registry:5000/x@sha256:0", "registry:5000/x@sha256:0"),
    ],
)
def test_a_short_name_is_read_as_docker_reads_it(image: str, whole: str) -> None:
    assert full_name(image) == whole
