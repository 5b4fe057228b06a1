"""Searching a log: from a place onward, or near its end first, in bounded time and flat memory."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from jobs.client.retry import Backoff, retrying
from jobs.errors import BadArgument
from jobs.logs import pattern
from jobs.logs.cursor import Cursor, Skip
from jobs.logs.lines import MARGIN, Display
from jobs.logs.matches import Matches, trim
from jobs.logs.query import LARGEST_REPLY, MOST_LINES, LogSlice

if TYPE_CHECKING:
    from jobs.logs.pattern import Search
    from jobs.logs.query import LogRequest
    from jobs.logs.stream import Feed

ERRORS_LOOKED_AT = 20_000
"""How many last lines are looked through for errors before the whole log is."""

_SCAN_LASTS = 20.0
_SKIP_LASTS = 25.0
_ANEW = Backoff(attempts=3, base=0.2)


async def scan(feed: Feed, request: LogRequest, display: Display) -> LogSlice:
    """The lines of a log that match, where the request says to look.

    Without a place, errors are looked for near the end and the newest shown; words from the start, the first shown.
    Raises HubError, BadArgument.
    """
    search = pattern.parse(request.search) if request.search else pattern.trouble()
    anywhere = request.cursor is None and not (request.tail or request.head or request.first)

    async def run(wanted: LogRequest) -> LogSlice:
        return await retrying(lambda: _Scan(feed, wanted, search, display).run(), _ANEW)

    if not (request.errors_only and anywhere):
        return await run(request)
    near = await run(replace(request, tail=ERRORS_LOOKED_AT))
    return near if near.matches or near.total_lines is not None else await run(request)


class _Scan:
    def __init__(self, feed: Feed, request: LogRequest, search: Search, display: Display) -> None:
        self._feed = feed
        self._search = search
        self._display = display
        self._context = request.context
        self._tail = request.tail
        self._start = request.cursor or Cursor.counted((request.first or 1) - 1)
        self._last = request.last or request.head
        self._number = 0
        self._newest: list[bytes] = []
        self._passed: deque[bytes] = deque(maxlen=MARGIN)
        self._held: list[bytes] = []
        self._matches = Matches(
            context=request.context,
            room=max(256, min(request.max_bytes, LARGEST_REPLY)),
            most=MOST_LINES,
            newest=request.errors_only and request.cursor is None,
        )

    async def run(self) -> LogSlice:
        ended = await self._read()
        if self._tail is not None:
            return self._near_end(ended=ended)
        place = str(Cursor.counted(self._number))
        done = ended or (self._last is not None and self._number >= self._last)
        return LogSlice(
            lines=self._matches.lines(),
            total_lines=self._number if ended else None,
            cursor=place,
            truncated=not done or self._matches.dropped,
            rest=None if done else {"cursor": place},
            matches=self._matches.count,
        )

    def _near_end(self, *, ended: bool) -> LogSlice:
        """What was found in a tail, whose lines have numbers only if it was the whole log."""
        whole = ended and self._number < (self._tail or 0) - 1
        rest = None if ended else {"lines": f"tail:{max(1, (self._tail or 0) - self._number)}"}
        return LogSlice(
            lines=self._matches.lines(0 if whole else self._number + 1),
            total_lines=self._number if whole else None,
            cursor=str(Cursor.counted(self._number) if whole else Cursor.at_end(self._newest, None)),
            truncated=not whole or self._matches.dropped,
            rest=rest,
            matches=self._matches.count,
        )

    async def _read(self) -> bool:
        """Look at lines until there is no more room or time; whether the end of the log was seen."""
        skip = Skip(self._start)
        begun = anyio.current_time()
        scanning: float | None = None
        async with aclosing(self._feed.events(tail=self._tail)) as batches:
            async for batch in batches:
                events = skip.fresh(batch)
                self._number += len(batch) - len(events)
                self._passed.extend(batch[: len(batch) - len(events)][-MARGIN:])
                now = anyio.current_time()
                if events and scanning is None:
                    scanning = now
                elif scanning is None and now - begun > _SKIP_LASTS:
                    raise BadArgument(
                        "The place to begin is too far into the log.",
                        hint=f"Search its end instead: lines={MOST_LINES} or more.",
                        field="cursor",
                    )
                if self._last is not None:
                    events = events[: max(0, self._last - self._number - len(self._held))]
                if not self._look(events):
                    return False
                if self._last is not None and self._number + len(self._held) >= self._last:
                    self._look([], last=True)
                    return False
                if scanning is not None and anyio.current_time() - scanning > _SCAN_LASTS:
                    return False
        return self._look([], last=True)

    def _look(self, events: list[bytes], *, last: bool = False) -> bool:
        """Look at lines, all but the newest few, which wait for their neighbours; False when there is no more room."""
        self._newest = events or self._newest
        waiting = self._held + events
        ready = waiting if last else waiting[: max(0, len(waiting) - MARGIN)]
        self._held = waiting[len(ready) :]
        if not self._matches.waiting and not self._search.maybe(b"\n".join(ready)):
            self._number += len(ready)
            self._passed.extend(ready[-MARGIN:])
            return True
        passed = list(self._passed)
        texts = self._display.lines([*passed, *ready], after=self._held)
        self._matches.come_from(self._number + 1, [trim(text) for text in texts[: len(passed)]][-self._context :])
        for event, text in zip(ready, map(trim, texts[len(passed) :]), strict=True):
            if not self._matches.look(self._number + 1, text, matched=self._search.matches(text)):
                return False
            self._number += 1
            self._passed.append(event)
        return True
