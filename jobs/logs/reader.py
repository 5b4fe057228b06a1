"""Reading a job's log in pieces an agent can live with: bounded in bytes, lines and time, flat in memory."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from jobs import stage
from jobs.display_text import clean
from jobs.errors import HubError
from jobs.logs import attempts
from jobs.logs.attempts import Count, Counts
from jobs.logs.cursor import Cursor, Skip, resume_at
from jobs.logs.lines import MARGIN, Display, plain
from jobs.logs.long_line import LongEvent
from jobs.logs.matches import size, trim
from jobs.logs.query import DEFAULT_BYTES, DEFAULT_LINES, LARGEST_REPLY, MOST_LINES, LogRequest, LogSlice
from jobs.logs.search import scan
from jobs.logs.stream import LONGEST_LINE, SEARCHED_WHOLE, Feed, beyond, line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from jobs.client.client import HubClient
    from jobs.client.models import Job

__all__ = ["DEFAULT_BYTES", "DEFAULT_LINES", "LARGEST_REPLY", "LogRequest", "LogSlice", "last_lines", "read"]

_COUNTED_ALONG = 1_000
_PROBES = (1_000, 16_000)
_KEPT_BYTES = 8 * 1024 * 1024
_COUNT_LASTS = 0.5
_COUNTS = Counts()
_TRIES = 3
_LOCAL_SILENCE = 0.3
_FAR_SILENCE = 1.0


async def read(
    hub: HubClient, job: Job, request: LogRequest | None = None, *, mask: Callable[[str], str] = str
) -> LogSlice:
    """A piece of the job's log.

    Args:
        hub: Where the job is.
        job: As last inspected; its stage says whether the log may still grow.
        request: What to read.
        mask: Takes known secrets out of a line; a search sees only what it leaves.

    Raises:
        HubError, BadArgument.
    """
    request = request or LogRequest()
    if job.stage == stage.SCHEDULING:
        return LogSlice(total_lines=0, cursor=str(request.cursor or Cursor()))
    reader = _Reader(_feed(hub, job), request, mask)
    if request.search or request.errors_only:
        piece = await scan(reader.feed, request, Display(mask))
    elif request.cursor is not None:
        piece = await reader.onward(request.cursor)
    elif request.head or request.first:
        piece = await reader.span(request.first or 1, request.last or request.head or 1)
    else:
        piece = await reader.tail(request.tail or DEFAULT_LINES, before=request.before)
    if reader.feed.live and piece.total_lines == 0:
        return replace(piece, total_lines=None, note="Nothing has been logged yet.")
    if attempts.marked(piece.lines):
        first = piece.first_line if piece.matches is None else None
        given = None if job.retry is None else job.retry + 1
        lines = attempts.told(piece.lines, first=first, count=await reader.count(), attempts=given)
        return replace(piece, lines=lines)
    return piece


async def last_lines(hub: HubClient, job: Job, count: int, *, mask: Callable[[str], str] = str) -> list[str]:
    """The last few lines, in order and each `LINE_CHARS` long at most: a word on progress."""
    return [trim(text) for text in await whole_lines(hub, job, count, mask=mask, longest=LONGEST_LINE)]


async def whole_lines(
    hub: HubClient, job: Job, count: int, *, mask: Callable[[str], str] = str, longest: int = SEARCHED_WHOLE
) -> list[str]:
    """The last few lines as long as they are: for a diagnosis. Of one above `longest`, its beginning and its end."""
    if job.stage == stage.SCHEDULING:
        return []
    feed = _feed(hub, job)
    events, seen = await _tail(feed, count + MARGIN, longest=longest)
    begins = seen == len(events) and seen < count + MARGIN - 1

    def read() -> list[str]:
        display = Display(mask)
        texts = display.lines(events[-count:], before=events[:-count], begins=begins, ends=not feed.live)
        ends = [event.end if isinstance(event, LongEvent) else "" for event in events[-count:]]
        return [f"{text} … {display.part(clean(end))}" if end else text for text, end in zip(texts, ends, strict=True)]

    return await anyio.to_thread.run_sync(read)


class _Reader:
    def __init__(self, feed: Feed, request: LogRequest, mask: Callable[[str], str]) -> None:
        self.feed = feed
        self._request = request
        self._display = Display(mask)
        self._room = max(256, min(request.max_bytes, LARGEST_REPLY))
        self._whole: Count | None = None

    async def tail(self, count: int, *, before: int = 0) -> LogSlice:
        events, total = await self._end(max(count + before, _COUNTED_ALONG))
        if total is None and Cursor.at_end(events, 0).stamp is None:
            events, total = await self._end(_PROBES[-1])  # all bear one time, so the place needs a longer look
        begins = total == len(events)
        if total is None:
            counted = await self.count()
            total = counted.lines if counted else None
        end = len(events) - before
        start = self._start_of_what_fits(events, max(0, end - count), end)
        shown: deque[str] = deque()
        room = self._room
        texts = self._display.lines(
            events[start:end], before=events[:start], after=events[end:], begins=begins, ends=not self.feed.live
        )
        for text in reversed(texts):
            cut = trim(text, beyond(events[end - 1 - len(shown)]))
            room -= size(cut)
            if room < 0 and shown:
                break
            shown.appendleft(cut)
        first = None if total is None else total - before - len(shown) + 1
        more = bool(shown) and (first is None or first > 1)
        return LogSlice(
            lines=tuple(shown),
            first_line=first if shown else None,
            total_lines=total,
            cursor=str(Cursor.at_end(events, total)),
            truncated=more,
            rest=_backward(first, before + len(shown), count) if more else None,
        )

    async def span(self, first: int, last: int) -> LogSlice:
        return await self._collect(Skip(Cursor.counted(first - 1)), self.feed.events(), most=last - first + 1)

    async def onward(self, cursor: Cursor) -> LogSlice:
        most = self._request.tail or MOST_LINES
        if cursor.stamp and (cursor.number is None or cursor.number > _COUNTED_ALONG):
            for probe in _PROBES:
                events, total = await self._end(probe)
                at = resume_at(cursor, events, whole=total == len(events))
                if at is not None:
                    skip = Skip(cursor, done=True)
                    skip.margin.extend(events[:at])
                    return await self._collect(skip, _given(events[at:]), most=most)
        return await self._collect(Skip(cursor), self.feed.events(), most=most)

    async def _collect(self, skip: Skip, batches: AsyncGenerator[list[bytes], None], *, most: int) -> LogSlice:
        """Lines one after another until there is no more room."""
        events: list[bytes] = []
        room = self._room
        enough: int | None = None
        ends = False
        async with aclosing(batches):
            async for batch in batches:
                for event in skip.fresh(batch):
                    events.append(event)
                    room -= size(trim(plain(event)))
                    if enough is None and (room < -self._room or len(events) > most):
                        enough = len(events)
                if enough is not None and len(events) >= enough + MARGIN:
                    break
            else:
                ends = not self.feed.live
        end = enough or len(events)
        before = tuple(skip.margin)
        texts = self._display.lines(events[:end], before=before, after=events[end:], begins=skip.begins, ends=ends)
        return self._piece(skip, events, texts[:most])

    def _piece(self, skip: Skip, events: list[bytes], texts: list[str]) -> LogSlice:
        """As many of `texts` as there is room for, which are the first of `events` after what was skipped."""
        shown: list[str] = []
        place = skip.cursor
        room = self._room
        for event, text in zip(events, texts, strict=False):
            cut = trim(text, beyond(event))
            room -= size(cut)
            if room < 0 and shown:
                break
            shown.append(cut)
            place = place.after(line(event))
        more = len(shown) < len(events)
        if not shown and place.number and skip.passed < place.number and skip.counting:
            place = Cursor.counted(skip.passed)
        return LogSlice(
            lines=tuple(shown),
            first_line=place.number - len(shown) + 1 if shown and place.number is not None else None,
            total_lines=None if more else place.number,
            cursor=str(place),
            truncated=more,
            rest={"cursor": str(place)} if more else None,
        )

    def _start_of_what_fits(self, events: list[bytes], start: int, end: int) -> int:
        """From where, between `start` and `end`, lines are worth masking: twice what there is room for."""
        room = 2 * self._room
        for place in range(end - 1, start - 1, -1):
            room -= size(trim(plain(events[place])))
            if room < 0:
                return place
        return start

    async def _end(self, count: int) -> tuple[list[bytes], int | None]:
        """The last events, and the log's length if these are all of it.

        They are if fewer come than were asked for, with one to spare for the opening line, or if the hub knows no tail;
        a live log can send more than the tail because it grows meanwhile.
        """
        events, seen = await _tail(self.feed, count)
        whole = seen < count - 1 or (seen > count and not self.feed.live)
        if whole and seen == len(events):
            self._whole = Count().add(events)
        return events, seen if whole else None

    async def count(self) -> Count | None:
        """How many lines a finished log has, and where attempts began in it; None if counting them is not quick."""
        if self.feed.live:
            return self._whole
        key = (self.feed.asked.endpoint, self.feed.namespace, self.feed.job_id)
        count = self._whole or _COUNTS.get(key)
        if count is None:
            count = Count()
            with anyio.move_on_after(_COUNT_LASTS) as limit:
                async with aclosing(self.feed.events()) as batches:
                    async for batch in batches:
                        count = count.add(batch)
            if limit.cancelled_caught:
                return None
            _COUNTS.put(key, count)
        return count


def _backward(first: int | None, passed: int, count: int) -> dict[str, str] | None:
    """Arguments for what comes before line `first`, or, where numbers are not known, before the last `passed`."""
    if first is not None:
        return {"lines": f"{max(1, first - count)}-{first - 1}"}
    return {"lines": f"tail:{min(passed + count, MOST_LINES)}-{passed + 1}"} if passed < MOST_LINES else None


async def _tail(feed: Feed, count: int, *, longest: int = LONGEST_LINE) -> tuple[list[bytes], int]:
    """The last `count` events, fewer if they are very long, and how many the hub sent."""
    for attempt in range(_TRIES):
        kept: deque[bytes] = deque(maxlen=count)
        seen = held = 0
        try:
            async with aclosing(feed.events(tail=count, longest=longest)) as batches:
                async for batch in batches:
                    seen += len(batch)
                    for event in batch:
                        held += len(event) - (len(kept[0]) if len(kept) == count else 0)
                        kept.append(event)
                        while held > _KEPT_BYTES:
                            held -= len(kept.popleft())
        except HubError as error:
            if not error.retryable or attempt + 1 == _TRIES:
                raise
            await anyio.sleep(0.2)
        else:
            break
    return list(kept), seen


async def _given(events: list[bytes]) -> AsyncGenerator[list[bytes], None]:
    yield events


def _feed(hub: HubClient, job: Job) -> Feed:
    asked = hub.asked("job", job.namespace, signed=False)
    silence = _LOCAL_SILENCE if asked.local else _FAR_SILENCE
    return Feed(hub.wire, job.namespace, job.id, asked, live=not stage.finished(job.stage), silence=silence)
