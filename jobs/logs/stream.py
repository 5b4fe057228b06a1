"""A job's log as it comes over the wire: server-sent events, read in batches, with memory that does not grow.

The wire is `HfApi._stream_sse_events` 2.4.0's: `data: {"timestamp": …, "data": line}`, a comment now and then to keep
the connection alive, and first of all a line that says when the job started, which is not the job's own. `HfApi` itself
waits five seconds for silence on a running job; here silence is short, and the reply's `Date` tells what is replay.
"""

from __future__ import annotations

import json
import re
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import anyio
import httpx2

from jobs.client import error_map
from jobs.client.models import moment
from jobs.errors import HubError
from jobs.logs.long_line import LongEvent, LongLine, Piece

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from jobs.client.error_map import RequestContext
    from jobs.client.transport import HubTransport

LONGEST_LINE = 64 * 1024
"""Bytes of one event that are kept where lines are only shown; what follows in it is counted."""

SEARCHED_WHOLE = 2 * 1024 * 1024
"""Bytes of one event that are looked at in one piece; a longer line is looked at in several."""

_EVENT = b"data: {"
_STARTED = "===== Job started"
# Most events hold no escape; reading those so takes a quarter of the time that JSON's decoder does.
_PLAIN = re.compile(rb'{"timestamp": ?"(?P<stamp>[0-9TZ:.+-]+)", ?"data": ?"(?P<data>[^"\\\x00-\x1f]*)"}\s*')
_FIRST_BYTE = 5.0
_LIVE_LASTS = 4.0
_RECONNECTIONS = 3
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class Line:
    text: str
    timestamp: str | None


@dataclass(frozen=True)
class Feed:
    """Where a log is read from and when to stop.

    Args:
        wire: The session.
        namespace: Whose job.
        job_id: Which.
        asked: Words the errors.
        live: Whether the job may still write; then silence ends the reading.
        silence: Seconds without a byte after which a live log counts as read.
    """

    wire: HubTransport
    namespace: str
    job_id: str
    asked: RequestContext
    live: bool
    silence: float

    @property
    def path(self) -> str:
        return f"/api/jobs/{self.namespace}/{self.job_id}/logs"

    async def events(
        self, *, tail: int | None = None, longest: int = LONGEST_LINE
    ) -> AsyncGenerator[list[bytes], None]:
        """The raw JSON of events in batches, the opening line left out, until the log ends or falls silent.

        With `tail` the hub sends the last lines only. An event of more than `longest` bytes is a `LongEvent`. A
        connection that breaks is made again and goes on where it broke, except with `tail`, where the place is not
        known: there the error is raised for the caller to begin anew. Raises HubError.
        """
        async with aclosing(self.parts(tail=tail, longest=longest)) as parts:
            async for part in parts:
                if not isinstance(part, Piece):
                    yield part

    async def parts(
        self, *, tail: int | None = None, longest: int = SEARCHED_WHOLE
    ) -> AsyncGenerator[list[bytes] | Piece, None]:
        """As `events`, with the text of long lines: the pieces of each before the batch that its event begins."""
        given = 0
        broken = 0
        while True:
            skip = given
            try:
                async with aclosing(self._connection(tail, longest)) as parts:
                    async for part in parts:
                        if isinstance(part, Piece):
                            if not skip:
                                yield part
                            continue
                        fresh = part
                        if skip:
                            fresh, skip = part[skip:], max(0, skip - len(part))
                        if fresh:
                            given += len(fresh)
                            broken = 0
                            yield fresh
            except (httpx2.HTTPError, HubError) as error:
                trouble = error if isinstance(error, HubError) else error_map.from_exception(error, self.asked)
                broken += 1
                if tail is not None or broken > _RECONNECTIONS or not trouble.retryable:
                    raise trouble from (None if trouble is error else error)
                await anyio.sleep(max(0.2 * broken, min(trouble.retry_after or 0.0, _LONGEST_PAUSE)))
            else:
                return

    async def _connection(self, tail: int | None, longest: int) -> AsyncGenerator[list[bytes] | Piece, None]:
        params = None if tail is None else {"tail": str(tail)}
        async with self.wire.stream(self.path, self.asked, params=params, read=60.0) as response:
            replay_ends = _date(response) if self.live else None
            opening = True
            async with aclosing(_events(self._pieces(response), longest)) as parts:
                async for part in parts:
                    if isinstance(part, Piece):
                        opening = False
                        yield part
                        continue
                    events = part
                    if opening:
                        opening = False
                        if line(events[0]).text.startswith(_STARTED):
                            events = events[1:]
                    if replay_ends is not None and events and _later(events[-1], replay_ends):
                        yield [event for event in events if not _later(event, replay_ends)]
                        return
                    if events:
                        yield events

    async def _pieces(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        pieces: AsyncIterator[bytes] = aiter(response.aiter_bytes())
        if not self.live:
            async for piece in pieces:
                yield piece
            return
        patience = _FIRST_BYTE
        ends = anyio.current_time() + _LIVE_LASTS
        while anyio.current_time() < ends:
            piece = b""
            with anyio.move_on_after(patience):
                piece = await anext(pieces, b"")
            if not piece:
                return
            yield piece
            patience = self.silence


def line(event: bytes) -> Line:
    """One event, decoded; one that is no JSON has no text."""
    if plain := _PLAIN.fullmatch(event):
        return Line(plain["data"].decode(errors="replace"), plain["stamp"].decode())
    try:
        raw = json.loads(event)
    except ValueError:
        return Line("", None)
    stamp = raw.get("timestamp")
    data = raw.get("data")
    return Line(data if isinstance(data, str) else "", stamp if isinstance(stamp, str) else None)


def beyond(event: bytes) -> int:
    """Characters of the line that are not in the event."""
    return event.more if isinstance(event, LongEvent) else 0


async def _events(pieces: AsyncGenerator[bytes, None], longest: int) -> AsyncGenerator[list[bytes] | Piece, None]:
    held: list[bytes] = []
    size = 0
    long: LongLine | None = None
    async with aclosing(pieces):
        async for piece in pieces:
            batch: list[bytes] = []
            if long is not None:
                end, broken, rest = piece.partition(b"\n")
                if not broken:
                    yield long.feed(piece)
                    continue
                text, event = long.finish(end)
                yield text
                long = None
                batch.append(event)
            else:
                rest = piece
            if b"\n" in rest:
                lines = b"".join([*held, rest]).split(b"\n")
                rest = lines.pop()
                held, size = [], 0
                batch += [line[6:] for line in lines if line.startswith(_EVENT)]
            held.append(rest)
            size += len(rest)
            if size > longest:
                long = LongLine(b"".join(held))
                held, size = [], 0
            if batch:
                yield batch
            if long is not None:
                yield long.feed(b"")
    last = b"".join(held)
    if last.startswith(_EVENT) and last.rstrip().endswith(b"}"):
        yield [last[6:]]


def _date(response: httpx2.Response) -> datetime | None:
    """When the hub began to answer, plus the second that the header rounds away."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")) + timedelta(seconds=1)
    except ValueError:
        return None


def _later(event: bytes, than: datetime) -> bool:
    at = moment(line(event).timestamp)
    return at is not None and at > than
