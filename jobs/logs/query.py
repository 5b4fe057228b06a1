"""What of a log is asked for, and what comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jobs.errors import BadArgument
from jobs.logs import pattern
from jobs.logs.cursor import Cursor

DEFAULT_LINES = 100
MOST_LINES = 2000
MOST_SEARCHED = 100_000
"""The farthest from the end that a search can be told to begin."""
DEFAULT_BYTES = 3_400
"""A reply carries its data twice, as structure and as text; twice this and the rest of it is below 8 KiB."""
LARGEST_REPLY = 12_000

_RANGE = re.compile(r"(?P<first>\d{1,12})-(?P<last>\d{1,12})", re.ASCII)
_LONGEST = 64
_NAMED = re.compile(r"(?P<end>head|tail)[ :]?(?P<count>\d{1,6})", re.ASCII)
_BACK = re.compile(r"tail[ :]?(?P<count>\d{1,6})-(?P<nearest>\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class LogRequest:
    """What to read, in at most one of these ways; the last `DEFAULT_LINES` lines if nothing else is said.

    Args:
        tail: The last so many lines.
        before: Lines at the very end to leave out; what comes before them is read.
        head: The first so many.
        first, last: A range of line numbers from 1, both included.
        cursor: What came after this place.
        search: Only lines that hold this (see `pattern.parse`), with `context` lines around each; the other ways
            say where it looks.
        errors_only: Only lines that look like errors, the last ones first in line for the room there is.
        context: Lines around each match.
        max_bytes: Of JSON that the lines may take in a reply; `LARGEST_REPLY` at most.
    """

    tail: int | None = None
    before: int = 0
    head: int | None = None
    first: int | None = None
    last: int | None = None
    cursor: Cursor | None = None
    search: str | None = None
    errors_only: bool = False
    context: int = 1
    max_bytes: int = DEFAULT_BYTES

    @classmethod
    def parse(
        cls,
        lines: int | str | None = None,
        search: str | None = None,
        cursor: str | None = None,
        max_bytes: int = DEFAULT_BYTES,
    ) -> LogRequest:
        """A request from a tool's arguments.

        `lines` is a number (the last so many), `head:50`, `tail:200-101` (counted from the end), `120-180` or `errors`.
        With `search` it says where to look. Raises BadArgument.
        """
        place = Cursor.parse(cursor) if cursor else None
        request = cls(search=search, cursor=place, max_bytes=max_bytes)
        if search:
            pattern.parse(search)
        most = MOST_SEARCHED if search else MOST_LINES
        text = str(lines).strip().lower()[:_LONGEST] if lines is not None else ""
        if not text:
            return request
        if text == "errors":
            return replace(request, errors_only=True)
        if text.isdecimal():
            return replace(request, tail=_count(int(text), most))
        if named := _NAMED.fullmatch(text):
            return replace(request, **{named["end"]: _count(int(named["count"]), most)})  # type: ignore[arg-type]  # head or tail
        if back := _BACK.fullmatch(text):
            furthest, nearest = _count(int(back["count"]), most), int(back["nearest"])
            if 1 <= nearest <= furthest:
                return replace(request, tail=furthest - nearest + 1, before=nearest - 1)
        if span := _RANGE.fullmatch(text):
            first, last = int(span["first"]), int(span["last"])
            if 1 <= first <= last:
                return replace(request, first=first, last=last if search else min(last, first + MOST_LINES - 1))
        raise BadArgument("`lines` is not understood.", hint='Use 50, "head:50", "120-180" or "errors".', field="lines")


@dataclass(frozen=True)
class LogSlice:
    """A piece of a log.

    Attributes:
        lines: Cleaned, masked, each `LINE_CHARS` long at most; of a search, `number: text`, and `number- text` around;
            a number below zero counts from the end.
        first_line: Number of the first of `lines` where it is known.
        total_lines: Of the log so far where it was cheap to know.
        cursor: The place after what was read: give it to get what comes after.
        truncated: Whether the log holds more than these lines: before them, or of a search, after what was read.
        rest: Arguments that get the next of it.
        matches: Of a search, how many lines matched in what was read.
        note: What a reader would otherwise get wrong.
    """

    lines: tuple[str, ...] = ()
    first_line: int | None = None
    total_lines: int | None = None
    cursor: str | None = None
    truncated: bool = False
    rest: dict[str, str] | None = None
    matches: int | None = None
    note: str | None = None


def _count(given: int, most: int) -> int:
    if not 1 <= given <= most:
        raise BadArgument(
            f"A number of lines is 1 to {most}.", hint="Ask for a part of the log, or search it.", field="lines"
        )
    return given
