"""How many lines of a question the terminal has room for in which fast-agent, the client, draws its form.

Its form neither wraps nor scrolls the text above the boxes, and shows "Window too small" where that text is too long.
The terminal is the one of the process that started this server; with another client, or none, nobody knows the room.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consent.caller import client_name, sealed_state
from consent.width import width

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.context import ServerRequestContext

    from consent.request import ConsentRequest

FAST_AGENT = "fast-agent-mcp"
#: The form's own rows: its frame, the agent's name, a blank, a line for errors, the buttons, the line of keys.
_OWN_ROWS = 7
#: A box, its frame and the blank after it, without the label above.
_BOX_ROWS = 4
_OWN_COLUMNS = 14
_KEPT = 256
_FURTHEST = 6


@dataclass
class TerminalSizes:
    """The room for each question, measured once: a question has the same words in every round of its call."""

    size: Callable[[], os.terminal_size | None]
    _kept: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def lines(self, request: ConsentRequest, who: str, ctx: ServerRequestContext[Any, Any]) -> int | None:
        """Lines that fit above the boxes; None where nobody knows."""
        if client_name(ctx) != FAST_AGENT or getattr(ctx.request, "headers", None) is not None:
            return None
        key = (who, request.digest)
        if sealed_state() is None or key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._measured(request)
        return self._kept[key]

    def _measured(self, request: ConsentRequest) -> int | None:
        size = self.size()
        if size is None:
            return None
        inside = max(1, size.columns - _OWN_COLUMNS)
        labels = [math.ceil(width(f"{tick.title} - {tick.description}") / inside) for tick in request.ticks]
        return size.lines - _OWN_ROWS - sum(labels) - _BOX_ROWS * len(labels) + 1


def size_of_client() -> os.terminal_size | None:
    """The size of the terminal that the nearest of this process's ancestors has; None without one."""
    import psutil  # type: ignore[import-untyped]

    with suppress(psutil.Error, OSError):
        for process in psutil.Process().parents()[:_FURTHEST]:
            if terminal := process.terminal():
                descriptor = os.open(terminal, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
                try:
                    return os.get_terminal_size(descriptor)
                finally:
                    os.close(descriptor)
    return None
