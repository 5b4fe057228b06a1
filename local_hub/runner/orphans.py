"""Processes of a job whose supervisor was killed: found by the job's own variable, ended at once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def end(job_id: str) -> int:
    """Kill every process of this user that carries ``JOB_ID=job_id``; return how many. Blocks."""
    import psutil  # type: ignore[import-untyped]  # It ships no types.

    killed = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("JOB_ID") == job_id:
                process.kill()
                killed += 1
    return killed


def boot_id() -> str:
    """Return something that changes whenever the machine is started anew."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    import psutil

    return f"{psutil.boot_time():.0f}"
