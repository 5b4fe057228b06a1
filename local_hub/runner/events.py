"""Waking whoever waits for a job: one event for each job that somebody waits for."""

from __future__ import annotations

import anyio


class Changes:
    """Lets tasks wait until a job changes. Only for the event loop's own thread."""

    def __init__(self) -> None:
        self._events: dict[str, anyio.Event] = {}

    def tell(self, key: str) -> None:
        """Wake everyone who waits for `key`."""
        event = self._events.pop(key, None)
        if event is not None:
            event.set()

    def tell_all(self) -> None:
        """Wake everyone."""
        for key in list(self._events):
            self.tell(key)

    async def wait(self, key: str, seconds: float) -> bool:
        """Wait until `key` changes, at most `seconds`; tell whether it did."""
        event = self._events.setdefault(key, anyio.Event())
        with anyio.move_on_after(seconds):
            await event.wait()
            return True
        return False
