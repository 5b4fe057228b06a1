"""A line too long to be kept: its beginning, how many characters follow, and its text in pieces while it comes."""

from __future__ import annotations

import json
import re

from jobs.display_text import clean

KEPT_CHARS = 64 * 1024
"""Characters of a long line's beginning, and of its end, that are kept."""

_DATA = re.compile(rb'"data"\s*:\s*"')
_STAMP = re.compile(rb'"timestamp"\s*:\s*"([0-9TZ:.+-]{1,60})"')
_CLOSING = re.compile(rb'"\s*(?:,[^\\]*)?\}\s*\Z')
_UNFINISHED = re.compile(
    rb"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)\Z"
)
_CLOSING_BYTES = 160
_LOOKED_BACK = 4096
_LONGEST_ESCAPE = 12  # Two surrogates.


class LongEvent(bytes):
    """An event as the hub would have sent it, had the line ended early.

    Attributes:
        more: Characters of the line, as a reader sees it, that are not in the event.
        end: The line's last characters.
        found: What a search found in the line, as it is to be shown.
    """

    more: int = 0
    end: str = ""
    found: str | None = None


class Piece(str):
    """Some text of a long line, in order; the line's event comes after its last piece.

    Attributes:
        first: Whether the line begins here; of a line that was broken off, what came before is void.
    """

    __slots__ = ("first",)
    first: bool


class LongLine:
    """Reads one event of any length in bounded memory. Begins with what came of it so far."""

    def __init__(self, opening: bytes) -> None:
        data = _DATA.search(opening)
        stamp = _STAMP.search(opening[: data.start()] if data else opening)
        self._stamp = stamp[1].decode() if stamp else None
        self._readable = data is not None
        self._held = opening[data.end() :] if data else b""
        self._first = True
        self._redrawn = ""
        self._head = ""
        self._end = ""
        self._count = 0

    def feed(self, raw: bytes) -> Piece:
        """Take more of the event; what of its text is certain."""
        data = self._held + raw
        cut = _whole_characters(data, len(data) - _CLOSING_BYTES)
        self._held = data[cut:]
        return self._piece(_unescaped(data[:cut]))

    def finish(self, raw: bytes) -> tuple[Piece, LongEvent]:
        """Take the last of the event; the last of its text, and the event."""
        data = self._held + raw
        closing = _CLOSING.search(data, max(0, len(data) - 2 * _CLOSING_BYTES))
        if closing is None:
            text = data
        else:
            text = data[: closing.start()]
            stamp = _STAMP.search(data, closing.start())
            self._stamp = self._stamp or (stamp[1].decode() if stamp else None)
        piece = self._piece(_unescaped(text))
        event = LongEvent(json.dumps({"timestamp": self._stamp, "data": self._head}).encode())
        event.more = max(0, self._count - len(clean(self._head)))
        event.end = self._end
        return piece, event

    def _piece(self, text: str) -> Piece:
        if not self._readable:
            text = ""
        piece = Piece(text)
        piece.first = self._first
        self._first = False
        # Of what a progress bar has drawn over itself only the last state counts, as everywhere.
        text = self._redrawn + text
        state = text.rstrip("\r")
        self._redrawn = text[len(state) :]
        if "\r" in state:
            state = state.rsplit("\r", 1)[-1]
            self._head, self._count = "", 0
        self._head += state[: max(0, KEPT_CHARS - len(self._head))]
        self._count += len(clean(state))
        self._end = (self._end + text)[-KEPT_CHARS:]
        return piece


def _whole_characters(data: bytes, until: int) -> int:
    """The last place up to `until` that cuts neither an escape nor a character."""
    if until <= 0:
        return 0
    while until > 0 and data[until] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8's continuation bytes
        until -= 1
    if b"\\" not in data[max(0, until - _LONGEST_ESCAPE) : until]:
        return until
    unfinished = _UNFINISHED.search(data, max(0, until - _LOOKED_BACK), until)
    return unfinished.start(1) if unfinished else until


def _unescaped(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
