"""Giving an attempt to a supervisor: first the store knows of it, then a supervisor may claim it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_hub.backends.base import CannotLaunch
from local_hub.clock import now_ms
from local_hub.runner import preparation
from local_hub.runner.attempt import Attempt
from local_hub.runner.orphans import boot_id
from local_hub.store import job_table

if TYPE_CHECKING:
    import sqlite3

    from local_hub.backends.base import Launcher
    from local_hub.paths import HubPaths
    from local_hub.runner.fork_server import ForkServer
    from local_hub.store.job_table import JobRow
    from local_hub.store.secret_box import SecretBox
    from local_hub.store.store import Store

GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Handed:
    """An attempt that a supervisor has been asked to start, and the FIFO that will tell of it."""

    job: JobRow
    attempt: Attempt
    listener: int


@dataclass(frozen=True)
class HandOver:
    """Hands over the attempts of one hub: what it needs for that, and on which `boot` of the machine it does."""

    store: Store
    paths: HubPaths
    launcher: Launcher
    fork_server: ForkServer
    secret_box: SecretBox
    boot: str = field(default_factory=boot_id)

    def attempt_of(self, job: JobRow) -> Handed | None:
        """Hand over the job's next attempt, or again one that was never claimed; None if it was cancelled. Blocks.

        Raises:
            CannotLaunch: the job cannot be started on this machine.
        """
        number = job.attempt if job.handed else job.attempt + 1
        attempt = Attempt(self.paths.attempt(job.id, number))
        attempt.create()
        plan = preparation.prepare(self.paths, self.launcher, job, self._secrets(job), number)
        handed = self.store.write_now(lambda db: self._record(db, job, number, _message(job, plan.note)))
        if handed is None:
            return None
        left = handed.spec["timeout"] - (now_ms() - (handed.started_ms or now_ms())) / 1000
        listener = attempt.listen()
        try:
            self.fork_server.launch(
                plan,
                folder=attempt.folder,
                output=self.paths.output(handed.id),
                timeout=max(0.0, left),
                grace=GRACE_SECONDS,
            )
        except BaseException:
            os.close(listener)
            raise
        return Handed(handed, attempt, listener)

    def _record(self, db: sqlite3.Connection, job: JobRow, number: int, note: str | None) -> JobRow | None:
        current = job_table.get(db, None, job.id)
        if current is None or current.final or (current.attempt, current.handed) != (job.attempt, job.handed):
            return None
        return job_table.change(
            db,
            job.id,
            stage=job_table.RUNNING,
            started_ms=current.started_ms or now_ms(),
            message=note,
            attempt=number,
            handed=1,
            boot=self.boot,
            not_before_ms=0,
        )

    def _secrets(self, job: JobRow) -> dict[str, str]:
        if not job.secret_names:
            return {}
        found = self.store.read_now(lambda db: self.secret_box.get(db, f"job:{job.id}"))
        if found is None:
            raise CannotLaunch("The job's secrets cannot be opened any more: the hub's key has changed.")
        return found


def _message(job: JobRow, note: str | None) -> str | None:
    """How it runs here, and what of what was asked for this machine does not do."""
    return "; ".join([*([note] if note else []), *job.spec.get("notDone", ())]) or None
