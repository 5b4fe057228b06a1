"""Waiting for a change, and no longer."""

from __future__ import annotations

import time

import anyio
import pytest

from jobs import errors
from jobs.client.client import HubClient
from jobs.client.retry import Backoff
from jobs.client.wait import LONGEST_WAIT, wait_for_change
from tests.jobs import fault_proxy as faults
from tests.jobs.fault_proxy import refused_before

pytestmark = pytest.mark.anyio


async def test_a_wait_ends_with_the_job(hub, run):
    job = await run("sleep 0.5", wait=False)
    with anyio.fail_after(20):
        stage = job.stage
        while stage != "COMPLETED":
            stage = (await wait_for_change(hub, [job.id], seconds=30, before={job.id: stage}))[job.id].stage


async def test_a_change_that_was_missed_is_told_at_once(hub, run):
    job = await run("true")
    seen = await wait_for_change(hub, [job.id], seconds=30, before={job.id: "RUNNING"})
    assert seen[job.id].stage == "COMPLETED"


async def test_nothing_new_ends_at_the_limit_with_ticks_on_the_way(hub, run):
    job = await run("sleep 30", wait=False)
    ticks: list[float] = []

    async def tick(seen: object, elapsed: float) -> None:
        ticks.append(elapsed)

    with anyio.fail_after(20):
        stage = job.stage
        while stage != "RUNNING":
            stage = (await wait_for_change(hub, [job.id], seconds=10, before={job.id: stage}))[job.id].stage
    started = time.monotonic()
    seen = await wait_for_change(hub, [job.id], seconds=1.0, on_tick=tick)
    assert seen[job.id].stage == "RUNNING"
    assert 0.9 <= time.monotonic() - started < 10
    assert len(ticks) >= 3
    await hub.cancel(job.id)


async def test_no_wait_is_one_look(hub, run):
    job = await run("sleep 30", wait=False)
    with anyio.fail_after(5):
        assert (await wait_for_change(hub, [job.id], seconds=0))[job.id].id == job.id
    await hub.cancel(job.id)


async def test_a_job_that_is_not_there_ends_the_wait(hub):
    with anyio.fail_after(5):
        seen = await wait_for_change(hub, ["nosuchjob"], seconds=30)
    assert isinstance(seen["nosuchjob"], errors.NotFound)


async def test_a_passing_failure_is_no_change(hub_state, run):
    job = await run("sleep 30", wait=False)
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        broken = HubClient(proxy.endpoint, hub_state.token, backoff=Backoff(attempts=1))
        await wait_for_change(broken, [job.id], seconds=0)
        proxy.arm("inspect", faults.PASS, refused_before(500), faults.CUT_BEFORE_REQUEST)
        seen = await wait_for_change(broken, [job.id], seconds=1.0, before={job.id: "RUNNING"})
        assert not isinstance(seen[job.id], Exception)
        await broken.cancel(job.id)
        await broken.close()


async def test_a_cancelled_wait_stops_at_once(hub, run):
    job = await run("sleep 30", wait=False)
    started = time.monotonic()
    with anyio.move_on_after(0.5):
        stage = job.stage
        while True:
            stage = (await wait_for_change(hub, [job.id], seconds=LONGEST_WAIT, before={job.id: stage}))[job.id].stage
    assert time.monotonic() - started < 5
    await hub.cancel(job.id)
