"""A real local hub for the tests of this room, one for each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jobs import stage
from jobs.client.client import HubClient
from jobs.client.wait import wait_for_change
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from jobs.submit import new_idempotency_key, submit
from tests.hub_process import running_hub, short_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from jobs.client.models import Job
    from local_hub.process.state import HubState


@pytest.fixture(scope="session")
def hub_state() -> Iterator[HubState]:
    with short_home() as home, running_hub(home) as state:
        yield state


@pytest.fixture
async def hub(hub_state: HubState) -> AsyncIterator[HubClient]:
    hub = HubClient(hub_state.endpoint, hub_state.token)
    yield hub
    await hub.close()


@pytest.fixture
def run(hub: HubClient) -> Callable[..., Awaitable[Job]]:
    """Runs a shell command as a job; waits for its end unless `wait=False`."""

    async def run(command: str, *, wait: bool = True, image: str = "python:3.12", **more: object) -> Job:
        request = JobRequest(command=("sh", "-c", command), image=image, **more)
        spec = build(request, hub=hub.endpoint, namespace="local")
        job = await submit(hub, spec, {}, new_idempotency_key())
        return await ended(hub, job) if wait else job

    return run


async def ended(hub: HubClient, job: Job) -> Job:
    """The job once it has ended."""
    for _ in range(8):
        seen = (await wait_for_change(hub, [job.id], seconds=10))[job.id]
        if not isinstance(seen, Exception) and stage.finished(seen.stage):
            return seen
    raise AssertionError("the job did not end")
