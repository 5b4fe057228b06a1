"""Specs as a real hub takes and runs them: what was built is what runs, and what it writes is found from the job."""

import hashlib
from contextlib import asynccontextmanager

import anyio
import pytest

from jobs import submit
from jobs.client.client import HubClient
from jobs.secrets.secret_value import Secret
from jobs.spec import cost, workspace
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from tests.hub_process import running_hub
from tests.job_requests import requested

pytestmark = pytest.mark.anyio

VALUE = "value-of-a-throwaway-secret"
READ_AND_WRITE = """\
import hashlib, os, pathlib, sys
pathlib.Path("out").mkdir()
pathlib.Path("out/result.txt").write_text(
    " ".join([pathlib.Path("prompt.md").read_text(), *sys.argv[1:], hashlib.sha256(os.environ["A_KEY"].encode()).hexdigest()])
)
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub")) as state:
        yield state


@asynccontextmanager
async def connected(state):
    hub = HubClient(state.endpoint, state.token)
    try:
        yield hub
    finally:
        await hub.close()


async def sent(hub, **arguments):
    """Build, submit, and return the spec with what the hub made of it."""
    hardware = await hub.hardware()
    spec = build(requested(**arguments), hub=hub.endpoint, namespace="local", flavors=[item.name for item in hardware])
    secrets = {name: Secret(name, VALUE) for name in spec.secret_names}
    send = submit.submit if spec.schedule is None else submit.schedule
    return spec, await send(hub, spec, secrets, submit.new_idempotency_key())


async def ended(hub, job):
    with anyio.fail_after(60):
        while (job := await hub.inspect(job.id, "local")).finished_at is None:  # noqa: ASYNC110 - a hub tells when asked
            await anyio.sleep(0.05)
    assert job.status.stage == "COMPLETED", job.status
    return job


async def read(hub, place, path):
    return await hub.buckets.read(place.bucket, f"{place.folder}/{path}", max_bytes=10_000)


async def test_a_script_with_arguments_files_and_a_secret_leaves_its_results(state):
    async with connected(state) as hub:
        spec, job = await sent(
            hub,
            command=("train.py", "--epochs", "a b"),
            files={"train.py": READ_AND_WRITE, "prompt.md": "hello"},
            secrets=("A_KEY",),
            env={"MODE": "x"},
            name="train",
        )
        job = await ended(hub, job)
        place = workspace.of_job(job)
        proof = hashlib.sha256(VALUE.encode()).hexdigest()
        assert await read(hub, place, "out/result.txt") == f"hello --epochs a b {proof}".encode()
        inputs = workspace.read_manifest(await hub.buckets.read(place.bucket, place.manifest_path, max_bytes=10_000))
        assert set(inputs) == {"train.py", "prompt.md"}
        assert tuple(job.command) == spec.argv
        assert job.environment == {
            "MODE": "x",
            "HF_JOB_WORKSPACE": "/workspace",
            "HF_JOB_INPUTS": "/hf-job-inputs",
        }
        assert job.labels["name"] == "train"


async def test_a_container_job_finds_its_files_in_the_workspace(state):
    async with connected(state) as hub:
        words = 'cat /workspace/in.md "$HF_JOB_WORKSPACE/in.md" > "$HF_JOB_WORKSPACE/out.md"'
        _, job = await sent(hub, command=("sh", "-c", words), image="busybox", files={"in.md": "hi "})
        job = await ended(hub, job)
        assert await read(hub, workspace.of_job(job), "out.md") == b"hi hi "


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": ("log.py",), "files": {"log.py": "open('log.txt', 'a').write(open('start.txt').read())"}},
        {"command": ("sh", "-c", "cat start.txt >> log.txt"), "image": "busybox", "files": {}},
    ],
    ids=["uv", "container"],
)
async def test_no_run_of_a_schedule_sees_what_another_wrote(state, arguments):
    arguments = {**arguments, "files": {**arguments["files"], "start.txt": "once"}}
    async with connected(state) as hub:
        _, made = await sent(hub, **arguments, schedule="@yearly")
        places = []
        for _ in range(2):
            job = await ended(hub, await hub.run_schedule(made.id, "local"))
            place = workspace.of_job(job)
            assert await read(hub, place, "log.txt") == b"once"
            assert place.folder.endswith(f"/runs/{job.id}")
            places.append(place)
        assert places[0].root == places[1].root
        assert places[0].folder != places[1].folder


async def test_the_hubs_own_prices_give_a_worst_case(state):
    async with connected(state) as hub:
        hardware = await hub.hardware()
        assert set(cost.prices(hardware)) == {item.name for item in hardware}
        for item in hardware:
            spec = build(
                JobRequest(command=("true",), flavor=item.name, timeout="1h"), hub=hub.endpoint, namespace="local"
            )
            assert cost.max_cost_usd(spec, hardware) == pytest.approx(cost.prices(hardware)[item.name].hourly_usd)
