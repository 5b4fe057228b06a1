"""Points in time as the Hub writes them: UTC, milliseconds. Inside the hub a moment is milliseconds since 1970."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso(moment_ms: int | None) -> str | None:
    """Write a moment as ``2026-11-21T20:50:00.123Z``; None stays None."""
    if moment_ms is None:
        return None
    seconds, milliseconds = divmod(moment_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds:03d}Z"


def banner(moment_ms: int) -> str:
    """Write a moment as the first line of a log has it: ``2026-11-21 20:50:00``."""
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
