"""Where uv lies: the one this project depends on. The server asks for its plans, the local hub for its jobs."""

from __future__ import annotations

import threading
from pathlib import Path

_FINDING = threading.Lock()


def found() -> Path | None:
    """Return uv's program, or None where there is none. Any thread may ask; they are answered one by one.

    uv asks the standard library's `sysconfig`, which gives whoever comes second a table that the first is still
    filling, and fails on what is not in it yet.
    """
    with _FINDING:
        try:
            from uv import find_uv_bin

            return Path(find_uv_bin())
        except (ImportError, FileNotFoundError):
            return None
