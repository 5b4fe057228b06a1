"""Searching a log: from a place onward, or near its end first, in bounded time and flat memory."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from jobs.client.retry import Backoff, retrying
from jobs.errors import BadArgument
from jobs.logs import pattern
from jobs.logs.cursor import Cursor, Skip
from jobs.logs.lines import Display, margin
from jobs.logs.long_line import LongEvent, Piece
from jobs.logs.long_search import LongSearch
from jobs.logs.matches import Matches, excerpt, trim
from jobs.logs.query import LARGEST_REPLY, MOST_LINES, LogSlice
from jobs.logs.stream import beyond
from jobs.loop_limiter import limiter_of

if TYPE_CHECKING:
    from jobs.logs.pattern import Hit, Search
    from jobs.logs.query import LogRequest
    from jobs.logs.stream import Feed

ERRORS_LOOKED_AT = 20_000
"""How many last lines are looked through for errors before the whole log is."""

_SCAN_LASTS = 20.0
_SKIP_LASTS = 25.0
_ANEW = Backoff(attempts=3, base=0.2)
_AT_ONCE = 256 * 1024
"""Bytes of events that are looked at together, in a thread."""

_SIDE_BY_SIDE = 2
"""More searches than this at once would keep whatever else this process does from its turn."""

_THREADS: RunVar[anyio.CapacityLimiter] = RunVar("threads that search logs")


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
        self._begins = request.tail is None
        self._ends = False
        self._note: str | None = None
        self._newest: list[bytes] = []
        self._passed: list[bytes] = []
        self._held: list[bytes] = []
        self._long = LongSearch(search, display)
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
            note=self._note,
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
            note=self._note,
        )

    async def _read(self) -> bool:
        """Look at lines until there is no more room or time; whether the end of the log was seen."""
        skip = Skip(self._start)
        begun = anyio.current_time()
        scanning: float | None = None
        waiting: list[bytes | Piece] = []
        size = 0
        async with aclosing(self._feed.parts(tail=self._tail)) as parts:
            async for part in parts:
                if isinstance(part, Piece):
                    waiting.append(part)
                    size += len(part)
                else:
                    events = skip.fresh(part)
                    if len(events) < len(part):
                        self._number += len(part) - len(events)
                        self._pass(part[: len(part) - len(events)])
                        waiting, size = [], 0
                    now = anyio.current_time()
                    if events and scanning is None:
                        scanning = now
                    elif scanning is None and now - begun > _SKIP_LASTS:
                        raise BadArgument(
                            "The place to begin is too far into the log.",
                            hint=f"Search its end instead: lines={MOST_LINES} or more.",
                            field="cursor",
                        )
                    waiting += events
                    size += sum(map(len, events))
                if size < _AT_ONCE:
                    continue
                if not await self._work(waiting):
                    return False
                waiting, size = [], 0
                if self._last is not None and self._number + len(self._held) >= self._last:
                    await self._work([], last=True)
                    return False
                if scanning is not None and anyio.current_time() - scanning > _SCAN_LASTS:
                    self._note = f"The search was stopped after {_SCAN_LASTS:.0f} s; `rest` goes on where it was."
                    return False
        self._ends = not self._feed.live
        done = await self._work(waiting, last=True)
        return done and (self._last is None or self._number < self._last)

    async def _work(self, waiting: list[bytes | Piece], *, last: bool = False) -> bool:
        """Look at what came, beside whatever else this process does."""
        work = partial(self._take, waiting, last=last)
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter_of(_THREADS, _SIDE_BY_SIDE))

    def _take(self, waiting: list[bytes | Piece], *, last: bool) -> bool:
        events: list[bytes] = []
        if set(map(type, waiting)) <= {bytes}:  # Nearly always; a look at each line would cost more than the search.
            events = waiting  # type: ignore[assignment]
            waiting = []
        for part in waiting:
            if isinstance(part, Piece):
                self._long.take([part])
            else:
                if isinstance(part, LongEvent):
                    self._long.finish(part)
                events.append(part)
        if self._last is not None:
            events = events[: max(0, self._last - self._number - len(self._held))]
        return self._look(events, last=last)

    def _look(self, events: list[bytes], *, last: bool = False) -> bool:
        """Look at lines, all but the newest few, which wait for their neighbours; False when there is no more room."""
        self._newest = events or self._newest
        waiting = self._held + events
        ready = waiting if last else waiting[: max(0, len(waiting) - margin(waiting))]
        self._held = waiting[len(ready) :]
        hits = self._hits(ready)
        if not hits and not self._matches.waiting:
            self._number += len(ready)
            self._pass(ready)
            return True
        return self._show(ready, hits)

    def _hits(self, ready: list[bytes]) -> dict[int, Hit | str]:
        """Where in `ready` something was found: by index, where in the line, or how the line is to be shown."""
        found: dict[int, Hit | str] = {}
        if LongEvent in set(map(type, ready)):
            found = {
                index: event.found
                for index, event in enumerate(ready)
                if isinstance(event, LongEvent) and event.found is not None
            }
        if self._search.maybe(b"\n".join(ready)):
            text = self._text(ready)
            for hit in self._search.hits(text):
                index = hit.line - len(self._passed)
                if 0 <= index < len(ready) and not isinstance(ready[index], LongEvent):
                    found[index] = hit
        return found

    def _text(self, ready: list[bytes]) -> str:
        looked_at = [*self._passed, *ready]
        return self._display.text(looked_at, after=self._held, begins=self._begins, ends=self._ends)

    def _show(self, ready: list[bytes], hits: dict[int, Hit | str]) -> bool:
        passed = self._passed
        texts = self._text(ready).split("\n")
        before = [_neighbour(text, event) for text, event in zip(texts, passed, strict=False)]
        self._matches.come_from(self._number + 1, before[-self._context :] if self._context else [])
        for index, event in enumerate(ready):
            text = texts[len(passed) + index]
            hit = hits.get(index)
            shown = (
                _neighbour(text, event) if hit is None else hit if isinstance(hit, str) else excerpt(text, hit.start)
            )
            if not self._matches.look(self._number + 1, shown, matched=hit is not None):
                return False
            self._number += 1
        self._pass(ready)
        return True

    def _pass(self, events: list[bytes]) -> None:
        """Remember the last lines that were looked at: neighbours of the next ones."""
        kept = margin(events)
        together = [*self._passed, *events[len(events) - kept :]]
        self._passed = together[len(together) - margin(together) :]
        self._begins = self._begins and kept == len(events) and len(self._passed) == len(together)


def _neighbour(text: str, event: bytes) -> str:
    return trim(text.rsplit("\r", 1)[-1], beyond(event))
