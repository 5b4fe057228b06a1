"""What the processes of one job use, read from the system."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # It ships no types.

from local_hub.runner.attempt import Attempt

if TYPE_CHECKING:
    from local_hub.paths import HubPaths
    from local_hub.store.job_table import JobRow

FIRST_INTERVAL_SECONDS = 0.1


class Meter:
    """Samples a job's process tree. Traffic is not measured: a job shares the machine's network, so it reads 0."""

    def __init__(self, job: JobRow, paths: HubPaths) -> None:
        self._job = job
        self._paths = paths
        self._cpu: dict[int, float] = {}
        self._at = 0.0

    def sample(self) -> dict[str, Any] | None:
        """Return one event of the Hub's metrics stream; None before the job has a process. Blocks a little at first."""
        supervisor = Attempt(self._paths.attempt(self._job.id, max(1, self._job.attempt))).supervisor
        if supervisor is None:
            return None
        if not self._at:
            self._measure(supervisor)
            time.sleep(FIRST_INTERVAL_SECONDS)
        cores, memory = self._measure(supervisor)
        total = psutil.virtual_memory().total
        return {
            "cpu_usage_pct": round(100 * cores / (psutil.cpu_count() or 1), 2),
            "cpu_millicores": round(1000 * (psutil.cpu_count() or 1)),
            "memory_used_bytes": memory,
            "memory_total_bytes": total,
            "rx_bps": 0,
            "tx_bps": 0,
            "gpus": {},
            "replica": self._job.id[-5:],
        }

    def _measure(self, supervisor: int) -> tuple[float, int]:
        """Return the processors in use since the last call and the bytes in memory now."""
        now = time.monotonic()
        cpu: dict[int, float] = {}
        memory = 0
        with suppress(psutil.Error):
            for process in psutil.Process(supervisor).children(recursive=True):
                with suppress(psutil.Error), process.oneshot():
                    times = process.cpu_times()
                    cpu[process.pid] = times.user + times.system
                    memory += process.memory_info().rss
        used = sum(seconds - self._cpu.get(pid, 0.0) for pid, seconds in cpu.items()) if self._at else 0.0
        elapsed = max(now - self._at, 1e-3)
        self._cpu, self._at = cpu, now
        return max(0.0, used) / elapsed, memory
