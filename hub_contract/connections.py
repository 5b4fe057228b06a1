"""Connections of callers who have shown no token: few at a time, not for long, and never in the way of the others.

Both HTTP servers of this project listen where anybody on the machine can connect. A socket costs the server a file
descriptor whether or not anything is ever sent, so whoever opens a thousand of them would end it for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import MutableMapping
    from typing import Any

#: How long a caller may take to show that it is known, in seconds.
STRANGERS_STAY = 10.0
#: Connections taken up in one go; the system keeps as many more waiting.
BACKLOG = 64
_MOST_STRANGERS = 256
_FEWEST = 16
_SHOWN = "authenticated"


def has_shown_itself(scope: MutableMapping[str, Any]) -> None:
    """Note on a request that its caller brought what it needs; its connection then stays as long as it likes."""
    scope.setdefault("state", {})[_SHOWN] = True


def most_strangers() -> int:
    """How many connections of unknown callers may be open at once: a quarter of what this process may open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return _MOST_STRANGERS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = soft == resource.RLIM_INFINITY
    return _MOST_STRANGERS if unlimited else max(_FEWEST, min(_MOST_STRANGERS, soft // 4))


class Connection(H11Protocol):
    """uvicorn's, with a bound: the oldest stranger that is not being answered gives way to a new one."""

    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As uvicorn's own.
        super().connection_made(transport)
        self._since = self.loop.time()
        self.loop.call_later(STRANGERS_STAY, self._look)
        others = [one for one in self.connections if isinstance(one, Connection) and one.unknown]
        if len(others) > most_strangers():
            min(others, key=lambda one: one._since).transport.abort()  # noqa: SLF001 - another of the same class

    @property
    def unknown(self) -> bool:
        """Whether nothing was shown on it, and nothing is being answered."""
        if self.transport is None or self.transport.is_closing():
            return False
        if self.cycle is None:
            return True
        return self.cycle.response_complete and not self.scope["state"].get(_SHOWN)

    def _look(self) -> None:
        if self.unknown:
            self.transport.abort()
        elif not self.transport.is_closing():
            self.loop.call_later(STRANGERS_STAY, self._look)

    def shutdown(self) -> None:
        """End it with the server; one whose other side has gone already has nothing left to be told."""
        if self.conn.our_state is h11.ERROR:
            self.transport.close()
        else:
            super().shutdown()
