"""What a job can and cannot see, in a sandbox and as a plain process."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi, Volume

from local_hub.backends import sandbox
from local_hub.backends.base import LaunchRequest, Mount
from local_hub.backends.plain_process import PlainProcess
from tests.hub_process import running_hub, short_home, wait_until
from tests.no_namespaces import namespaces_are_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_hub.process.state import HubState

SPEC = {
    "command": ["true"],
    "arguments": [],
    "environment": {},
    "flavor": "cpu-basic",
    "dockerImage": "x",
    "spaceId": None,
}

needs_a_sandbox = pytest.mark.skipif(not namespaces_are_allowed(), reason="this machine lets nobody make namespaces")


@pytest.fixture(scope="module")
def plain() -> Iterator[HfApi]:
    with short_home() as home, running_hub(home, runner="plain") as state:
        yield HfApi(endpoint=state.endpoint, token=state.token)


def output(api: HfApi, *command: str, volumes: list[Volume] | None = None, env: dict[str, str] | None = None) -> str:
    job = api.run_job(image="python:3.12", command=[*command], volumes=volumes, env=env, namespace="local")
    api.wait_for_job(job.id, namespace="local", timeout=30, poll_interval=0.02)
    return "\n".join(api.fetch_job_logs(job_id=job.id, namespace="local"))


def bucket(api: HfApi, name: str) -> Volume:
    api.create_bucket(f"local/{name}", exist_ok=True)
    api.batch_bucket_files(f"local/{name}", add=[(b"from the bucket", "in/file.txt")])
    return Volume(type="bucket", source=f"local/{name}", mount_path="/data")


@needs_a_sandbox
def test_a_sandboxed_job_sees_no_home_no_hub_and_no_other_job(hub: HubState, hub_api: HfApi, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("private")
    state = hub_home(hub) / "hub"
    other = hub_api.run_job(image="x", command=["sleep", "60"], namespace="local")
    wait_until(lambda: hub_api.inspect_job(job_id=other.id).status.stage == "RUNNING")
    files = (tmp_path / "private.txt", state / "state.json", state / "jobs" / other.id / "output")
    try:
        seen = output(
            hub_api,
            "/bin/sh",
            "-c",
            f"cat {' '.join(shlex.quote(str(file)) for file in files)} 2>&1;"
            "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep ^JOB_ID | sort -u; ls -a $HOME; ps ax 2>/dev/null | wc -l",
        )
    finally:
        hub_api.cancel_job(job_id=other.id)
    assert seen.count("No such file or directory") == 3
    assert "private\n" not in seen
    assert hub.token not in seen
    assert other.id not in "\n".join(line for line in seen.splitlines() if "No such file" not in line)


@needs_a_sandbox
def test_a_sandboxed_job_cannot_change_the_system(hub_api: HfApi) -> None:
    seen = output(
        hub_api, "/bin/sh", "-c", "touch /usr/x /etc/x /hub/bin/x 2>&1; touch /tmp/x /x ~/x && echo elsewhere"
    )
    assert seen.count("Read-only file system") == 3
    assert seen.endswith("elsewhere")


@needs_a_sandbox
def test_password_hashes_of_this_machine_stay_hidden(hub_api: HfApi) -> None:
    assert output(hub_api, "/bin/sh", "-c", "cat /etc/shadow /etc/gshadow 2>/dev/null; echo end") == "end"


def test_a_volume_is_the_buckets_folder(hub: HubState, hub_api: HfApi) -> None:
    volume = bucket(hub_api, "volumes")
    script = "cat /data/in/file.txt; mkdir -p /data/out; echo made > /data/out/new.txt"
    assert output(hub_api, "/bin/sh", "-c", script, volumes=[volume]) == "from the bucket"
    assert (hub_home(hub) / "hub/buckets/local/volumes/out/new.txt").read_text() == "made\n"
    listed = [item.path for item in hub_api.list_bucket_tree("local/volumes", recursive=True)]
    assert "out/new.txt" in listed


@needs_a_sandbox
def test_a_read_only_volume_cannot_be_written(hub_api: HfApi) -> None:
    volume = bucket(hub_api, "readonly")
    volume.read_only = True
    assert "Read-only" in output(hub_api, "/bin/sh", "-c", "echo x > /data/y 2>&1", volumes=[volume])


def test_a_volume_may_be_a_folder_of_a_bucket(hub_api: HfApi) -> None:
    volume = bucket(hub_api, "folders")
    volume.path = "in"
    assert output(hub_api, "cat", "/data/file.txt", volumes=[volume]) == "from the bucket"


def test_a_folder_that_is_not_there_yet_is_empty_and_can_be_written(hub_api: HfApi) -> None:
    """As with hf-mount, which is what mounts buckets on the Hub."""
    volume = bucket(hub_api, "missing")
    volume.path = "nowhere/yet"
    told = output(hub_api, "/bin/sh", "-c", "ls -A /data; echo new > /data/file; cat /data/file", volumes=[volume])
    assert told == "new"


@pytest.mark.promise("S15")
def test_nothing_of_the_hubs_environment_reaches_a_job(hub_api: HfApi, plain: HfApi) -> None:
    for api in (hub_api, plain):
        names = {line.partition("=")[0] for line in output(api, "env").splitlines()}
        assert {"JOB_ID", "HOME", "PATH"} <= names
        assert not {name for name in names if name.startswith(("HF_", "VIRTUAL_ENV", "PYTEST"))}


def test_uv_and_each_python_are_on_the_path(hub_api: HfApi, plain: HfApi) -> None:
    for api in (hub_api, plain):
        seen = output(api, "/bin/sh", "-c", "uv --version && python -c 'import sys; print(sys.version_info[0])'")
        assert seen.startswith("uv ")
        assert seen.endswith("3")


def test_a_plain_process_finds_its_volumes_through_rewritten_paths(plain: HfApi) -> None:
    volume = bucket(plain, "plain")
    script = 'cat /data/in/file.txt "$FILE"; echo /database /x/data'
    seen = output(plain, "/bin/sh", "-c", script, volumes=[volume], env={"FILE": "/data/in/file.txt"})
    assert seen == "from the bucketfrom the bucket/database /x/data"


def test_a_plain_process_says_that_it_is_one(plain: HfApi) -> None:
    job = plain.run_job(image="ubuntu", command=["true"], namespace="local")
    message = plain.wait_for_job(job.id, namespace="local", timeout=30, poll_interval=0.02).status.message
    assert message == "Runs on this machine; ubuntu is not pulled; not sandboxed"


@needs_a_sandbox
@pytest.mark.promise("S15")
def test_a_secret_is_in_no_argument_of_the_sandbox(tmp_path: Path) -> None:
    box = sandbox.choose(tmp_path)
    scratch = tmp_path / "root"
    scratch.mkdir()
    plan = box.plan(
        LaunchRequest("1", SPEC, {"KEY": "secret-value"}, [Mount(tmp_path, "", "/data", read_only=True)], scratch, 1)
    )
    assert plan.env["KEY"] == "secret-value"
    assert "secret-value" not in " ".join(plan.argv)
    assert "secret-value" not in repr(plan)


def hub_home(hub: HubState) -> Path:
    return Path(f"/proc/{hub.pid}/cwd").resolve().parent


# Without a sandbox: a mount is where the job looks for it, or the job is refused.


def test_a_program_that_names_a_mount_path_is_refused_without_a_sandbox_and_told_why(plain: HfApi) -> None:
    volume = bucket(plain, "named")
    texts = {"x.py": "open('/data/in/file.txt')", "x.sh": "cat /data/in/file.txt", "no-suffix": "#!/bin/sh\nls /data"}
    for name, text in texts.items():
        plain.batch_bucket_files("local/named", add=[(text.encode(), name)])
        job = plain.run_job(image="x", command=["sh", f"/data/{name}"], volumes=[volume], namespace="local")
        done = plain.wait_for_job(job.id, namespace="local", timeout=30, poll_interval=0.02)
        assert done.status.stage == "ERROR"
        assert f"{name} names /data" in done.status.message
        plain.batch_bucket_files("local/named", delete=[name])
    assert output(plain, "cat", "/data/in/file.txt", volumes=[volume]) == "from the bucket"


def test_a_read_only_volume_is_never_written_without_a_sandbox_either(hub_api: HfApi, plain: HfApi) -> None:
    for api in (hub_api, plain):
        volume = bucket(api, "kept")
        volume.read_only = True
        script = "cat /data/in/file.txt; echo x >/data/in/file.txt; echo y >/data/new; rm /data/in/file.txt"
        seen = output(api, "/bin/sh", "-c", f"({script}) 2>&1; :", volumes=[volume])
        assert seen.startswith("from the bucket")
        assert len([line for line in seen.splitlines() if "denied" in line or "Read-only" in line]) == 3
        assert [item.path for item in api.list_bucket_tree("local/kept", recursive=True)] == ["in/file.txt"]


def test_a_link_in_a_read_only_volume_is_not_copied_from_where_it_leads(plain: HfApi, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("private")
    volume = bucket(plain, "linked")
    output(plain, "/bin/ln", "-s", str(tmp_path / "private"), "/data/link", volumes=[volume])
    volume.read_only = True
    assert "private" not in output(plain, "/bin/sh", "-c", "cat /data/link 2>/dev/null; :", volumes=[volume])


def test_a_flavor_with_a_gpu_says_that_there_is_none_here(hub_api: HfApi, plain: HfApi) -> None:
    from local_hub.backends.on_this_machine import no_gpu

    if not no_gpu("a10g-small"):
        pytest.skip("this machine has a GPU")
    for api in (hub_api, plain):
        job = api.run_job(image="python:3.12", command=["true"], flavor="a10g-small", namespace="local")
        message = api.wait_for_job(job.id, namespace="local", timeout=30, poll_interval=0.02).status.message
        assert "no GPU here" in message


@pytest.mark.parametrize("name", ["Zoë's  files", "a;b $(c)", 'quo"ted'])
def test_a_plain_process_finds_its_volumes_wherever_the_state_folder_lies(tmp_path: Path, name: str) -> None:
    """A shell in the job's command takes a path apart at a blank, and on macOS the state folder's has one."""
    with running_hub(tmp_path / name, runner="plain") as state:
        api = HfApi(endpoint=state.endpoint, token=state.token)
        volume = bucket(api, "odd")
        script = 'cd /data && cat /data/in/file.txt "$FILE" $FILE && echo made > /data/made'
        seen = output(api, "/bin/sh", "-c", script, volumes=[volume], env={"FILE": "/data/in/file.txt"})
        assert seen == "from the bucket" * 3
        assert (tmp_path / name / "hub/buckets/local/odd/made").read_text() == "made\n"
        links = PlainProcess(tmp_path / name / "hub")._links
        wait_until(lambda: not links.exists())


@needs_a_sandbox
def test_a_machine_too_busy_for_a_trial_in_time_is_not_taken_for_one_without_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PROBE_SECONDS", 0.0001)
    assert sandbox.choose(tmp_path).sandbox == "namespaces"
