"""Takes jobs from accepted to ended: starts what the machine has room for, follows it, adopts what a former hub left.

An attempt is given to a supervisor only after the store says so, and a supervisor starts it only if it can claim
it. So whenever this process is killed, the next one finds each job either waiting, or handed over and then claimed,
running, ended or lost, and no attempt is started twice.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from local_hub import errors
from local_hub.backends.base import CannotLaunch
from local_hub.clock import now_ms
from local_hub.runner import admission, exit_policy, orphans, preparation
from local_hub.runner.attempt import Attempt, Exit
from local_hub.runner.events import Changes
from local_hub.runner.start import HandOver
from local_hub.store import job_table, retention

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Mapping

    from anyio.abc import TaskGroup

    from local_hub.store.job_table import JobRow

log = logging.getLogger(__name__)

CANCEL_WAIT_SECONDS = 1.5
CLAIM_WAIT_SECONDS = 2.0
EMPTY_READ_SECONDS = 0.01
AGAIN_SECONDS = 2.0
DISK_CHECK_MS = 5_000
MOST_WAITING = 10_000
STARTS_AT_ONCE = 8


@dataclass(frozen=True)
class Limits:
    """What this machine gives, and how long ends are remembered.

    `disk_floor` bytes stay free: below that nothing new is started. The sealed secrets of a job that ended are kept for
    `secrets_kept_ms`, so that it can be run again, and no longer than the hub runs.
    """

    capacity: int
    disk_floor: int = 512 << 20
    retention_ms: int = retention.KEPT_MS
    secrets_kept_ms: int = retention.SECRETS_KEPT_MS


class Runner:
    """Owns every job that has not ended. One per hub; `serve` runs as long as the hub does."""

    def __init__(self, hand_over: HandOver, *, limits: Limits) -> None:
        self.store = hand_over.store
        self.paths = hand_over.paths
        self.launcher = hand_over.launcher
        self.limits = limits
        self.changes = Changes()
        self.secret_box = hand_over.secret_box
        self._fork_server = hand_over.fork_server
        self.disk_is_short = False
        self._look_at_disk_ms = 0
        self._boot = hand_over.boot
        self._hand_over = hand_over
        self._waiting: dict[str, JobRow] = {}
        self._running: dict[str, JobRow] = {}
        self._wake = anyio.Event()
        self._tasks: TaskGroup
        self._threads = anyio.CapacityLimiter(STARTS_AT_ONCE)
        self._listeners: list[Callable[[JobRow], Awaitable[None]]] = []

    def on_change(self, listener: Callable[[JobRow], Awaitable[None]]) -> None:
        """Have `listener` called with a job whenever it starts to run and when it has ended."""
        self._listeners.append(listener)

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._running

    def holds(self, job_id: str) -> bool:
        """Tell whether the job waits or runs here. Once it does not, the store knows its final stage."""
        return job_id in self._running or job_id in self._waiting

    @property
    def running(self) -> Mapping[str, JobRow]:
        return self._running

    @property
    def waiting(self) -> Mapping[str, JobRow]:
        return self._waiting

    async def mounts(self, bucket: str) -> bool:
        """Tell whether a job that has not ended mounts the bucket ``namespace/name``."""
        jobs = await self.store.read(job_table.unfinished)
        return any(volume["source"] == bucket for job in jobs for volume in job.spec["volumes"])

    async def submit(self, job: JobRow, secrets: Mapping[str, str]) -> JobRow:
        """Accept a job: once this returns it is on disk and will run.

        Raises:
            HubError: 429, when very many jobs wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise errors.too_many(f"{MOST_WAITING} jobs wait already. Try again when some have run.", retry_after=30)

        job = replace(job, spec=self.as_accepted(job.spec))

        def work(db: sqlite3.Connection) -> JobRow:
            self.secret_box.put(db, f"job:{job.id}", secrets)
            return job_table.insert(db, job)

        return self.enter(await self.store.write(work))

    def as_accepted(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return a spec with a note of whether it was accepted to be sandboxed: then it never runs otherwise."""
        return {**spec, "sandboxed": self.launcher.sandbox != "none"}

    def enter(self, job: JobRow) -> JobRow:
        """Put a job that the store holds, and that has not been handed over, into the queue."""
        self._waiting[job.id] = job
        self._wake.set()
        return job

    async def cancel(self, job: JobRow) -> JobRow:
        """End a job, waiting a moment for its processes to go; return it as it is then."""

        def work(db: sqlite3.Connection) -> JobRow | None:
            current = job_table.get(db, None, job.id)
            if current is None or current.final:
                return current
            if current.handed:
                return job_table.change(db, job.id, cancel_asked=1)
            return job_table.finish(db, job.id, job_table.CANCELED, None)

        current = await self.store.write(work)
        if current is None:
            raise errors.not_found("Job not found.")
        self._waiting.pop(job.id, None)
        if current.final:
            await self._told(current)
            return current
        attempt = Attempt(self.paths.attempt(job.id, current.attempt))
        await anyio.to_thread.run_sync(attempt.ask_to_end, limiter=self._threads)
        with anyio.move_on_after(CANCEL_WAIT_SECONDS):
            while job.id in self._running:
                await self.changes.wait(job.id, CANCEL_WAIT_SECONDS)
        return await self.store.read(lambda db: job_table.get(db, None, job.id)) or current

    async def serve(self) -> None:
        """Adopt what there is, then start jobs as room allows, until cancelled. Jobs live on when this ends."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            await anyio.to_thread.run_sync(self._fork_server.start, limiter=self._threads)
            for job in await self.store.read(job_table.unfinished):
                if not self.holds(job.id):  # Somebody may have submitted it since the hub began to listen.
                    self._take_up(job)
            while True:
                self._wake = anyio.Event()
                again = await self._start_what_fits()
                with anyio.move_on_after(None if again is None else max(0.0, (again - now_ms()) / 1000)):
                    await self._wake.wait()

    async def _start_what_fits(self) -> int | None:
        """Start what there is room for; return the moment at which to look again, None when something must change."""
        if not self._waiting:
            return None
        if now_ms() >= self._look_at_disk_ms:
            self._look_at_disk_ms = now_ms() + DISK_CHECK_MS
            short = partial(retention.disk_is_short, self.paths, self.limits.disk_floor)
            self.disk_is_short = await anyio.to_thread.run_sync(short, limiter=self._threads)
        if self.disk_is_short:
            return self._look_at_disk_ms
        admitted = admission.admit(
            list(self._waiting.values()), self._running.values(), limit=self.limits.capacity, now_ms=now_ms()
        )
        for job in admitted.start:
            del self._waiting[job.id]
            self._running[job.id] = job
            self._tasks.start_soon(self._mind, self._start, job)
        soon = now_ms() + admission.PATIENCE_MS if self._waiting else None
        return min((moment for moment in (admitted.again_ms, soon) if moment is not None), default=None)

    async def _mind(self, step: Callable[[JobRow], Awaitable[None]], job: JobRow) -> None:
        """Do a step of a job; when it fails for a reason of ours (a full disk, say), look at the job again later."""
        try:
            await step(job)
        except Exception:
            log.exception("job %s: will look at it again", job.id)
            await anyio.sleep(AGAIN_SECONDS)
            self._tasks.start_soon(self._mind, self._look_again, job)

    async def _look_again(self, job: JobRow) -> None:
        current = await self.store.read(lambda db: job_table.get(db, None, job.id))
        self._leave(job.id)
        if current is not None and not current.final:
            self._take_up(current)

    def _take_up(self, job: JobRow) -> None:
        """Go on with a job as the store has it."""
        if job.handed:
            self._running[job.id] = job
            self._tasks.start_soon(self._mind, self._adopt, job)
        else:
            self.enter(job)

    async def _start(self, job: JobRow) -> None:
        """Hand over a job's next, or unclaimed, attempt and follow it to its end."""
        try:
            handed = await anyio.to_thread.run_sync(self._hand_over.attempt_of, job, limiter=self._threads)
        except CannotLaunch as error:
            await self._end(job, str(error))
            return
        if handed is None:
            self._leave(job.id)
            return
        self._running[job.id] = handed.job
        await self._follow(handed.job, handed.attempt, handed.listener)

    async def _adopt(self, job: JobRow) -> None:
        attempt = Attempt(self.paths.attempt(job.id, job.attempt))
        if attempt.exit is not None:
            await self._conclude(job, attempt.exit)
        elif job.boot != self._boot:
            await self._conclude(job, Exit(137, "lost", now_ms()))
        elif not attempt.claimed:
            await self._start(job)
        else:
            await self._follow(job, attempt, attempt.listen())

    async def _follow(self, job: JobRow, attempt: Attempt, listener: int) -> None:
        """Wait for the supervisor's two words, started and ended, or for its death.

        Whether it lives is looked at before each wait: a FIFO whose writer died before it was opened tells nothing.
        """
        await self._told(job)
        started = False
        try:
            while True:
                ended = attempt.exit
                if ended is None and attempt.claimed:
                    if not started:
                        started = True
                        await self._catch_up_with_cancellation(job, attempt)
                    if not attempt.alive:
                        ended = attempt.exit or Exit(137, "lost", now_ms())
                elif ended is None and not self._fork_server.running:
                    break
                if ended is not None:
                    break
                with anyio.move_on_after(None if started else CLAIM_WAIT_SECONDS):
                    await anyio.wait_readable(listener)
                with suppress(BlockingIOError):
                    if os.read(listener, 64) == b"" and not started:
                        await anyio.sleep(EMPTY_READ_SECONDS)
        finally:
            os.close(listener)
        if ended is None:
            self._tasks.start_soon(self._mind, self._start, job)
        else:
            await self._conclude(job, ended)

    async def _catch_up_with_cancellation(self, job: JobRow, attempt: Attempt) -> None:
        """Pass on a cancellation that was asked for before there was a supervisor to hear it."""
        current = await self.store.read(lambda db: job_table.get(db, None, job.id))
        if current is not None and current.cancel_asked:
            await anyio.to_thread.run_sync(attempt.ask_to_end, limiter=self._threads)

    async def _conclude(self, job: JobRow, ended: Exit) -> None:
        if ended.reason == "lost":
            await anyio.to_thread.run_sync(orphans.end, job.id, limiter=self._threads)
            await anyio.to_thread.run_sync(self.launcher.clear, job.id, limiter=self._threads)

        def work(db: sqlite3.Connection) -> JobRow | None:
            current = job_table.get(db, None, job.id)
            if current is None or current.final:
                return current
            found = exit_policy.of(current, ended)
            if found.again_after_ms is not None:
                return job_table.change(
                    db,
                    job.id,
                    stage=job_table.SCHEDULING,
                    handed=0,
                    message=found.message,
                    not_before_ms=now_ms() + found.again_after_ms,
                )
            return job_table.finish(
                db,
                job.id,
                found.stage,
                found.message,
                finished_ms=ended.finished_ms,
                exit_code=ended.code,
            )

        current = await self.store.write(work)
        if current is not None and not current.final:
            scratch = self.paths.scratch(job.id, current.attempt)
            await anyio.to_thread.run_sync(preparation.remove, scratch, limiter=self._threads)
            self.enter(current)
        self._leave(job.id)
        if current is not None and current.final:
            await self._told(current)
            self._tasks.start_soon(self._mind, self._tidy, current)

    async def _end(self, job: JobRow, message: str) -> None:
        ended = await self.store.write(lambda db: job_table.finish(db, job.id, job_table.ERROR, message))
        self._leave(job.id)
        if ended is not None:
            await self._told(ended)
            await self._tidy(ended)

    async def _tidy(self, job: JobRow) -> None:
        def work() -> None:
            self.launcher.clear(job.id)
            preparation.tidy(self.paths, job)

        await anyio.to_thread.run_sync(work, limiter=self._threads)

    def _leave(self, job_id: str) -> None:
        self._running.pop(job_id, None)
        self._wake.set()

    async def _told(self, job: JobRow) -> None:
        self.changes.tell(job.id)
        for listener in self._listeners:
            await listener(job)
