"""One hub, assembled: store, runner, scheduler, exposed ports, housekeeping. Nothing here knows HTTP."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from local_hub import clock
from local_hub.buckets.xet_uploads import Uploads
from local_hub.runner import admission
from local_hub.runner.fork_server import ForkServer
from local_hub.runner.ports.port_proxy import Exposure
from local_hub.runner.runner import Limits, Runner
from local_hub.runner.scheduler import Scheduler
from local_hub.runner.start import HandOver
from local_hub.runner.streams import Streams
from local_hub.store import job_table, retention, schedule_table
from local_hub.store.secret_box import SecretBox
from local_hub.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from local_hub.backends.base import Launcher
    from local_hub.paths import HubPaths
    from local_hub.store.job_table import JobRow

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
IDLE_CHECK_SECONDS = 5.0


class Activity:
    """When somebody last called, and how many calls are being answered now."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self.open = 0

    def silent_for(self) -> float:
        return 0.0 if self.open else time.monotonic() - self.last


class Hub:
    """Everything of one hub. Making it opens and checks the database, and may raise `HubStartError`."""

    def __init__(
        self, paths: HubPaths, launcher: Launcher, accepts: Callable[[str], bool], limits: Limits | None = None
    ) -> None:
        self.paths = paths
        self.store = Store(paths.database)
        self.fork_server = ForkServer(paths.log)
        self.secret_box = SecretBox(paths.secret_key)
        self.limits = limits or Limits(admission.capacity())
        self.runner = Runner(
            HandOver(self.store, paths, launcher, self.fork_server, self.secret_box), limits=self.limits
        )
        self.clock = clock.now_ms
        self.scheduler = Scheduler(self.runner, self.clock)
        self.streams = Streams(self.runner)
        self.exposure = Exposure(accepts)
        self.activity = Activity()
        self.runner.on_change(self._expose)

    async def _expose(self, job: JobRow) -> None:
        if job.spec.get("expose"):
            try:
                await self.exposure.update(job)
            except OSError:
                log.exception("the ports of job %s could not be exposed", job.id)

    async def serve(self) -> None:
        """Run until cancelled."""
        async with anyio.create_task_group() as tasks:
            self.exposure.serve_in(tasks)
            tasks.start_soon(self.runner.serve)
            tasks.start_soon(self.scheduler.serve)
            tasks.start_soon(self._keep_house)

    async def _keep_house(self) -> None:
        await anyio.to_thread.run_sync(retention.sweep_strays, self.store, self.paths)
        uploads = Uploads(self.paths.buckets / ".xet" / "uploads")
        while True:
            await anyio.to_thread.run_sync(uploads.sweep)
            erase = partial(retention.erase_secrets, self.store, older_than_ms=self.limits.secrets_kept_ms)
            sweep = partial(retention.sweep, self.store, self.paths, older_than_ms=self.limits.retention_ms)
            try:
                await anyio.to_thread.run_sync(erase)
                while await anyio.to_thread.run_sync(sweep):
                    pass
            except (OSError, sqlite3.Error):
                log.exception("old jobs could not be removed")
            await anyio.sleep(SWEEP_SECONDS)

    async def stands_idle(self, seconds: float) -> None:
        """Return once nothing runs, waits or is scheduled and nobody has called for `seconds`."""
        while True:
            await anyio.sleep(min(IDLE_CHECK_SECONDS, max(0.05, seconds / 4)))
            quiet = self.activity.silent_for() >= seconds and self.runner.idle
            if quiet and not await self.store.read(schedule_table.any_active):
                return

    async def status(self) -> dict[str, Any]:
        """Return what ``hub status --json`` shows, the endpoint and version aside."""
        waiting, running = await self.store.read(job_table.count_unfinished)
        known = await self.store.read(job_table.count)
        scheduled = await self.store.read(schedule_table.any_active)
        return {
            "pid": os.getpid(),
            "runner": self.runner.launcher.name,
            "sandbox": self.runner.launcher.sandbox,
            "jobs": {"waiting": waiting, "running": running, "finished": max(0, known - waiting - running)},
            "scheduled": scheduled,
            "capacity": self.limits.capacity,
        }

    def close(self) -> None:
        """Let go of the helper process and the database. Jobs live on; what ended jobs were given does not."""
        self.fork_server.close()
        with suppress(sqlite3.Error):
            retention.erase_secrets(self.store)
        self.store.close()
