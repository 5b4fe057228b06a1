"""Fires schedules: each at its moment, in UTC, and once for all the moments it missed while nobody was there."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

import anyio

from local_hub.runner import cron
from local_hub.store import job_table, schedule_table
from local_hub.store.job_table import new_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_hub.runner.runner import Runner
    from local_hub.store.job_table import JobRow
    from local_hub.store.schedule_table import ScheduleRow

log = logging.getLogger(__name__)

AT_ONCE = 100
LONGEST_SLEEP_SECONDS = 30.0
AGAIN_MS = 2_000


class Scheduler:
    """Starts the jobs of schedules. `clock` returns milliseconds since 1970 and is all it knows of time."""

    def __init__(self, runner: Runner, clock: Callable[[], int]) -> None:
        self._runner = runner
        self._clock = clock
        self._wake = anyio.Event()

    def wake(self) -> None:
        """Look again: a schedule has been made or changed."""
        self._wake.set()

    async def serve(self) -> None:
        """Fire what is due, sleep until the next moment, repeat; never so long that a changed clock is missed."""
        while True:
            self._wake = anyio.Event()
            try:
                while await self.fire_due() == AT_ONCE:
                    pass
                due = await self._runner.store.read(schedule_table.next_due)
            except sqlite3.Error:
                log.exception("schedules: will look at them again")
                due = self._clock() + AGAIN_MS
            wait = LONGEST_SLEEP_SECONDS
            if due is not None:
                wait = min(wait, max(0.0, (due - self._clock()) / 1000))
            with anyio.move_on_after(wait):
                await self._wake.wait()

    async def fire_due(self) -> int:
        """Fire up to `AT_ONCE` schedules that are due now, and return how many were due.

        The new job and the schedule's next moment are one transaction: a crash leaves both or neither.
        """
        now = self._clock()

        def work(db: sqlite3.Connection) -> tuple[int, list[JobRow]]:
            due = schedule_table.due(db, now, AT_ONCE)
            started = [self._fire(db, schedule, now) for schedule in due]
            return len(due), [job for job in started if job is not None]

        count, started = await self._runner.store.write(work)
        for job in started:
            self._runner.enter(job)
        return count

    def _fire(self, db: sqlite3.Connection, schedule: ScheduleRow, now: int) -> JobRow | None:
        schedule_table.change(db, schedule.id, next_ms=cron.following(schedule.schedule, now))
        if not schedule.concurrency and job_table.running_of_schedule(db, schedule.id):
            log.info("schedule %s skips a moment: its last job still runs", schedule.id)
            return None
        return self.start(db, schedule, now)

    def start(self, db: sqlite3.Connection, schedule: ScheduleRow, now: int) -> JobRow:
        """Insert one job of a schedule, its secrets included, inside the caller's transaction."""
        initiator = {"type": "scheduled-job", "id": schedule.id}
        job = new_job(schedule.namespace, schedule.spec, initiator, schedule.id)
        secrets = self._runner.secret_box.get(db, f"schedule:{schedule.id}")
        if secrets:
            self._runner.secret_box.put(db, f"job:{job.id}", secrets)
        job_table.insert(db, job)
        schedule_table.change(db, schedule.id, last_job_id=job.id, last_ms=now)
        return job
