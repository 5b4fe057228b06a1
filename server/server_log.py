"""Our own log: lines on stderr, masked like every other door. Nothing but MCP ever goes to stdout."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class _Masked(logging.Formatter):
    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(record))


def log_to_stderr(mask: Callable[[str], str]) -> None:
    """Send every logger's lines, tracebacks included, to stderr through `mask`.

    The level is ``HF_JOBS_MCP_LOG`` (WARNING by default).
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masked(mask))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = os.environ.get("HF_JOBS_MCP_LOG", "WARNING").upper()
    root.setLevel(level if level in logging.getLevelNamesMapping() else "WARNING")
