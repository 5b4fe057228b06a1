"""The two live streams of a job, as server-sent events: its log and its metrics."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from local_hub.runner.output import LogReader
from local_hub.store import job_table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from local_hub.runner.runner import Runner
    from local_hub.store.job_table import JobRow

KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_SECONDS = 30.0
QUICK_SECONDS, SLOW_SECONDS = 0.02, 0.2
READERS = 8
METRIC_SECONDS = 1.0
STATUS_SECONDS = 1.0


class Streams:
    """Feeds followers. Each holds one open file and one block of the log, however long it stays."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._threads = anyio.CapacityLimiter(READERS)
        self._stopping = False

    def stop(self) -> None:
        """End every stream, so that the hub can stop without breaking one off."""
        self._stopping = True
        self._runner.changes.tell_all()

    async def _current(self, job_id: str) -> JobRow | None:
        return await self._runner.store.read(lambda db: job_table.get(db, None, job_id))

    async def log(
        self, job: JobRow, tail: int | None, *, cut: bool = False, most: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the log, from its start or its last lines, until the job is final and all of it has been sent.

        With `cut` long lines are cut in several, and each piece is whole events; `most` bounds the bytes of `tail`.
        """
        silence = 0.0
        final = job.final
        with LogReader(self._runner.paths.output(job.id), tail, cut=cut, most=most) as reader:
            while True:
                if not final and not self._runner.holds(job.id):
                    current = await self._current(job.id)
                    final = current is None or current.final
                events = await anyio.to_thread.run_sync(partial(reader.read, final=final), limiter=self._threads)
                if events:
                    silence = 0.0
                    yield events
                    continue
                if final or self._stopping:
                    return
                silence += await self._news(job.id, reader, KEEP_ALIVE_SECONDS - silence)
                if silence >= KEEP_ALIVE_SECONDS:
                    silence = 0.0
                    yield KEEP_ALIVE

    async def _news(self, job_id: str, reader: LogReader, longest: float) -> float:
        """Wait until the job may have something new to say, a moment at least; return the seconds waited."""
        waited, pause = 0.0, QUICK_SECONDS
        while waited < longest:
            changed = await self._runner.changes.wait(job_id, pause)
            waited += pause
            if changed or self._stopping or reader.has_more or not self._runner.holds(job_id):
                break
            pause = min(SLOW_SECONDS, pause * 1.2)
        return waited

    async def status(self, job: JobRow, show: Callable[[JobRow], dict[str, Any]]) -> AsyncIterator[bytes]:
        """Yield the job as `show` shows it, now and at each change of it, until it is final and was shown so."""
        silence, shown = 0.0, ""
        while True:
            current = await self._current(job.id) or job
            status = json.dumps(show(current)["status"])
            if status != shown:
                silence, shown = 0.0, status
                yield f"data: {json.dumps(show(current))}\n\n".encode()
            if current.final or self._stopping:
                return
            silence += 0.0 if await self._runner.changes.wait(job.id, STATUS_SECONDS) else STATUS_SECONDS
            if silence >= KEEP_ALIVE_SECONDS:
                silence = 0.0
                yield KEEP_ALIVE

    async def metrics(self, job: JobRow) -> AsyncIterator[bytes]:
        """Yield what the job's processes use, once a second, until the job has ended."""
        from local_hub.runner.metrics import Meter

        meter = Meter(job, self._runner.paths)
        while True:
            sample = await anyio.to_thread.run_sync(meter.sample, limiter=self._threads)
            if sample is not None:
                yield f"event: metric\ndata: {json.dumps(sample)}\n\n".encode()
            await self._runner.changes.wait(job.id, METRIC_SECONDS)
            if self._stopping or not self._runner.holds(job.id):
                return
