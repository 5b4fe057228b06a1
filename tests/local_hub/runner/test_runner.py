"""The runner alone: what it does when the disk is short, the queue is full, or the store fails for a moment."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from local_hub.api.schema import JobBody
from local_hub.backends import sandbox
from local_hub.errors import ApiError
from local_hub.paths import HubPaths
from local_hub.runner import runner
from local_hub.runner.fork_server import ForkServer
from local_hub.runner.runner import Limits, Runner
from local_hub.runner.start import HandOver
from local_hub.store import job_table
from local_hub.store.job_table import new_job
from local_hub.store.secret_box import SecretBox
from local_hub.store.store import Store
from tests.hub_process import short_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from local_hub.store.job_table import JobRow

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(**limits: int) -> AsyncIterator[Runner]:
    with short_home() as home:
        paths = HubPaths.of(home).make()
        store, fork_server = Store(paths.database), ForkServer(paths.log)
        launcher = sandbox.choose(paths.root, plain=True)
        made = Runner(
            HandOver(store, paths, launcher, fork_server, SecretBox(paths.secret_key)),
            limits=Limits(**{"capacity": 4, **limits}),
        )
        try:
            with anyio.fail_after(30):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(made.serve)
                    yield made
                    tasks.cancel_scope.cancel()
        finally:
            fork_server.close()
            store.close()


def job(*command: str, **options: Any) -> JobRow:
    spec = JobBody.model_validate({"command": command, "dockerImage": "x", "flavor": "cpu-basic", **options})
    return new_job("local", spec.to_json(), {"type": "user", "id": "1"})


async def ended(one: Runner, job_id: str) -> JobRow:
    while one.holds(job_id):
        await one.changes.wait(job_id, 0.05)
    found = await one.store.read(lambda db: job_table.get(db, None, job_id))
    assert found is not None
    return found


async def test_nothing_new_is_started_while_the_disk_is_short() -> None:
    async with running(disk_floor=1 << 60) as one:
        made = await one.submit(job("true"), {})
        while not one.disk_is_short:  # noqa: ASYNC110 - The runner tells nobody.
            await anyio.sleep(0.01)
        assert made.id in one.waiting
        cancelled = await one.cancel(made)
        assert cancelled.stage == "CANCELED"


async def test_a_queue_that_is_full_says_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MOST_WAITING", 2)
    async with running(disk_floor=1 << 60) as one:
        for _ in range(2):
            await one.submit(job("true"), {})
        with pytest.raises(ApiError) as caught:
            await one.submit(job("true"), {})
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "30")


async def test_no_more_jobs_run_at_once_than_there_is_room_for() -> None:
    async with running(capacity=2) as one:
        most = 0
        jobs = [await one.submit(job("sleep", "0.1"), {}) for _ in range(6)]
        while one.waiting or one.running:
            most = max(most, len(one.running))
            await anyio.sleep(0.01)
        assert most == 2
        for made in jobs:
            assert (await ended(one, made.id)).stage == "COMPLETED"


async def test_a_store_that_fails_for_a_moment_loses_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "AGAIN_SECONDS", 0.05)
    failures = iter([sqlite3.OperationalError("disk I/O error")] * 2)
    finish = job_table.finish

    def failing(*arguments: Any, **options: Any) -> JobRow | None:
        for failure in failures:
            raise failure
        return finish(*arguments, **options)

    monkeypatch.setattr(job_table, "finish", failing)
    async with running() as one:
        made = await one.submit(job("true"), {})
        while (await ended(one, made.id)).stage != "COMPLETED":  # noqa: ASYNC110 - The runner tells nobody.
            await anyio.sleep(0.01)


async def test_secrets_that_cannot_be_opened_end_the_job_with_the_reason() -> None:
    async with running(disk_floor=1 << 60) as one:
        made = await one.submit(job("true", secrets={"KEY": "v"}), {"KEY": "v"})
        await one.store.write(lambda db: db.execute("DELETE FROM secrets"))
        one.limits = Limits(4)
        one._look_at_disk_ms = 0
        one.enter(made)
        assert "secrets cannot be opened" in ((await ended(one, made.id)).message or "")
