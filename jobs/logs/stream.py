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

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from jobs.client.error_map import RequestContext
    from jobs.client.transport import HubTransport

LONGEST_LINE = 64 * 1024
"""Bytes of one event that are kept; what follows in it is dropped while reading."""

_EVENT = b"data: {"
_STARTED = "===== Job started"
# Most events hold no escape; reading those so takes a quarter of the time that JSON's decoder does.
_PLAIN = re.compile(rb'{"timestamp": ?"(?P<stamp>[0-9TZ:.+-]+)", ?"data": ?"(?P<data>[^"\\\x00-\x1f]*)"}\s*')
_CUT_TEXT = re.compile(rb'"data"\s*:\s*"')
_BROKEN_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?$")
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

    async def events(self, *, tail: int | None = None) -> AsyncGenerator[list[bytes], None]:
        """The raw JSON of events in batches, the opening line left out, until the log ends or falls silent.

        With `tail` the hub sends the last lines only. A connection that breaks is made again and goes on where it
        broke, except with `tail`, where the place is not known: there the error is raised for the caller to begin anew.
        Raises HubError.
        """
        given = 0
        broken = 0
        while True:
            skip = given
            try:
                async with aclosing(self._connection(tail)) as batches:
                    async for events in batches:
                        fresh = events
                        if skip:
                            fresh, skip = events[skip:], max(0, skip - len(events))
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

    async def _connection(self, tail: int | None) -> AsyncGenerator[list[bytes], None]:
        params = None if tail is None else {"tail": str(tail)}
        async with self.wire.stream(self.path, self.asked, params=params, read=60.0) as response:
            replay_ends = _date(response) if self.live else None
            opening = True
            async with aclosing(_events(self._pieces(response))) as batches:
                async for batch in batches:
                    events = batch
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
    """One event, decoded; an event whose end was dropped gives the text that is there."""
    if plain := _PLAIN.fullmatch(event):
        return Line(plain["data"].decode(errors="replace"), plain["stamp"].decode())
    try:
        raw = json.loads(event)
    except ValueError:
        return Line(_cut_text(event), None)
    stamp = raw.get("timestamp")
    data = raw.get("data")
    return Line(data if isinstance(data, str) else "", stamp if isinstance(stamp, str) else None)


async def _events(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[list[bytes], None]:
    rest = b""
    dropping = False
    async with aclosing(pieces):
        async for piece in pieces:
            lines = (rest + piece).split(b"\n")
            if dropping and len(lines) > 1:
                lines[0], dropping = rest, False
            rest = lines.pop()
            if len(rest) > LONGEST_LINE:
                rest, dropping = rest[:LONGEST_LINE], True
            if batch := [line[6:] for line in lines if line.startswith(_EVENT)]:
                yield batch
    if rest.startswith(_EVENT) and not dropping and rest.rstrip().endswith(b"}"):
        yield [rest[6:]]


def _cut_text(event: bytes) -> str:
    opened = _CUT_TEXT.search(event)
    if not opened:
        return ""
    text = _BROKEN_ESCAPE.sub(b"", event[opened.end() :])
    try:
        decoded = json.loads(b'"' + text + b'"', strict=False)
    except ValueError:
        decoded = text.decode(errors="replace")
    return str(decoded)


def _date(response: httpx2.Response) -> datetime | None:
    """When the hub began to answer, plus the second that the header rounds away."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")) + timedelta(seconds=1)
    except ValueError:
        return None


def _later(event: bytes, than: datetime) -> bool:
    at = moment(line(event).timestamp)
    return at is not None and at > than
