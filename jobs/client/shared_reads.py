"""One request for all who ask the same thing at the same moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from jobs.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

T = TypeVar("T")

_PATIENCE = 2.0  # Seconds; behind a request that hangs another is made.


@dataclass(eq=False)
class _Request(Generic[T]):
    """A request that several calls share. Without a `found` or an `error` at its end its own caller went away."""

    done: anyio.Event = field(default_factory=anyio.Event)
    found: list[T] = field(default_factory=list)
    error: HubError | None = None


class SharedReads(Generic[T]):
    """Reads by key, one at a time for each as long as it is answered soon: who asks meanwhile shares the next.

    So no answer is older than the call that it is given to, and many clients that poll one job cost one request at a
    time. A caller that goes away takes no other's answer with it.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, _Request[T]] = {}
        self._next: dict[Hashable, _Request[T]] = {}

    async def read(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives, asked after this call began, by it or another of the same `key`. Raises as `ask` does."""
        while True:
            shared = self._next.get(key)
            if shared is None:
                return await self._asked(key, ask)
            await shared.done.wait()
            if shared.error is not None:
                raise shared.error
            if shared.found:
                return shared.found[0]

    async def _asked(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        mine: _Request[T] = _Request()
        try:
            if (before := self._running.get(key)) is not None:
                self._next[key] = mine
                with anyio.move_on_after(_PATIENCE):
                    await before.done.wait()
                del self._next[key]
            self._running[key] = mine
            mine.found.append(await ask())
            return mine.found[0]
        except HubError as error:
            mine.error = error
            raise
        finally:
            for place in (self._running, self._next):
                if place.get(key) is mine:
                    del place[key]
            mine.done.set()
