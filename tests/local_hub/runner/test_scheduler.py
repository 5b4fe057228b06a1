"""Schedules fire at their moments; time is a number the test sets, store and runner are the real ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from local_hub import accounts
from local_hub.backends import sandbox
from local_hub.paths import HubPaths
from local_hub.runner import cron
from local_hub.runner.fork_server import ForkServer
from local_hub.runner.runner import Limits, Runner
from local_hub.runner.scheduler import AT_ONCE, Scheduler
from local_hub.runner.start import HandOver
from local_hub.store import job_table, retention, schedule_table
from local_hub.store.schedule_table import ScheduleRow
from local_hub.store.secret_box import SecretBox
from local_hub.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_hub.store.job_table import JobRow

pytestmark = pytest.mark.anyio

SPEC = {
    "dockerImage": "x",
    "spaceId": None,
    "command": ["true"],
    "arguments": [],
    "environment": {},
    "secrets": [],
    "flavor": "cpu-basic",
    "timeout": 60,
    "attempts": 1,
    "labels": {},
    "volumes": [],
    "expose": None,
}


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


class Bench:
    """A scheduler whose jobs wait for ever, since nothing runs them, and whose clock the test turns."""

    def __init__(self, home: Path) -> None:
        self.now = at(2026, 11, 21, 20, 47)
        paths = HubPaths.of(home).make()
        self.store = Store(paths.database)
        box = SecretBox(paths.secret_key)
        launcher = sandbox.choose(paths.root, plain=True)
        self.runner = Runner(HandOver(self.store, paths, launcher, ForkServer(paths.log), box), limits=Limits(4))
        self.scheduler = Scheduler(self.runner, lambda: self.now)

    def add(self, schedule: str, **fields: Any) -> ScheduleRow:
        made = ScheduleRow(
            id=accounts.new_id(),
            namespace="local",
            created_ms=self.now,
            spec=SPEC,
            schedule=schedule,
            suspended=fields.pop("suspended", False),
            concurrency=fields.pop("concurrency", False),
            next_ms=cron.first(schedule, self.now),
            last_job_id=None,
            last_ms=None,
        )
        return self.store.write_now(lambda db: schedule_table.insert(db, made))

    def get(self, schedule: ScheduleRow) -> ScheduleRow:
        found = self.store.read_now(lambda db: schedule_table.get(db, "local", schedule.id))
        assert found is not None
        return found

    def jobs(self) -> list[JobRow]:
        return self.store.read_now(job_table.unfinished)

    def end_jobs(self) -> None:
        for job in self.jobs():
            self.store.write_now(lambda db, job=job: job_table.finish(db, job.id, job_table.COMPLETED, None))

    async def at(self, *moment: int) -> None:
        self.now = at(*moment)
        await self.scheduler.fire_due()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


async def test_a_schedule_fires_at_its_moment_and_not_before(bench: Bench) -> None:
    schedule = bench.add("@hourly")
    await bench.at(2026, 11, 21, 20, 59)
    assert bench.jobs() == []
    await bench.at(2026, 11, 21, 21, 0)
    (job,) = bench.jobs()
    assert (job.initiator, job.schedule_id) == ({"type": "scheduled-job", "id": schedule.id}, schedule.id)
    after = bench.get(schedule)
    assert (after.last_job_id, after.last_ms, after.next_ms) == (job.id, bench.now, at(2026, 11, 21, 22))


async def test_the_moments_missed_while_the_machine_slept_are_made_up_for_once(bench: Bench) -> None:
    schedule = bench.add("*/10 * * * *")
    await bench.at(2026, 11, 23, 7, 3)
    await bench.at(2026, 11, 23, 7, 4)
    assert len(bench.jobs()) == 1
    assert bench.get(schedule).next_ms == at(2026, 11, 23, 7, 10)


async def test_a_schedule_that_allows_one_job_at_a_time_skips_while_it_runs(bench: Bench) -> None:
    schedule = bench.add("@hourly")
    await bench.at(2026, 11, 21, 21, 0)
    await bench.at(2026, 11, 21, 22, 0)
    assert len(bench.jobs()) == 1
    assert bench.get(schedule).next_ms == at(2026, 11, 21, 23)
    bench.end_jobs()
    await bench.at(2026, 11, 21, 23, 0)
    assert len(bench.jobs()) == 1


async def test_a_schedule_that_allows_it_has_several_jobs_at_a_time(bench: Bench) -> None:
    bench.add("@hourly", concurrency=True)
    await bench.at(2026, 11, 21, 21, 0)
    await bench.at(2026, 11, 21, 22, 0)
    assert len(bench.jobs()) == 2


async def test_a_suspended_schedule_keeps_still(bench: Bench) -> None:
    bench.add("@hourly", suspended=True)
    await bench.at(2026, 11, 22)
    assert bench.jobs() == []


async def test_a_job_of_a_schedule_gets_the_schedules_secrets(bench: Bench) -> None:
    schedule = bench.add("@hourly")
    box = bench.runner.secret_box
    bench.store.write_now(lambda db: box.put(db, f"schedule:{schedule.id}", {"KEY": "v"}))
    await bench.at(2026, 11, 21, 21, 0)
    (job,) = bench.jobs()
    assert bench.store.read_now(lambda db: box.get(db, f"job:{job.id}")) == {"KEY": "v"}
    bench.end_jobs()
    retention.erase_secrets(bench.store)
    assert bench.store.read_now(lambda db: box.get(db, f"job:{job.id}")) is None
    assert bench.store.read_now(lambda db: box.get(db, f"schedule:{schedule.id}")) == {"KEY": "v"}
    bench.store.write_now(lambda db: schedule_table.delete(db, schedule.id))
    assert bench.store.read_now(lambda db: box.get(db, f"schedule:{schedule.id}")) is None


async def test_more_than_a_batch_fires_without_a_pause(bench: Bench) -> None:
    for _ in range(AT_ONCE + 5):
        bench.add("@hourly")
    bench.now = at(2026, 11, 21, 21, 0)
    with anyio.move_on_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.scheduler.serve)
            while len(bench.jobs()) < AT_ONCE + 5:  # noqa: ASYNC110 - The store tells nobody.
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert len(bench.jobs()) == AT_ONCE + 5


async def test_a_new_schedule_is_seen_at_once(bench: Bench) -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.scheduler.serve)
            await anyio.sleep(0.05)
            bench.add("* * * * *")
            bench.now = at(2026, 11, 21, 20, 48)
            bench.scheduler.wake()
            while not bench.jobs():  # noqa: ASYNC110 - The store tells nobody.
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
