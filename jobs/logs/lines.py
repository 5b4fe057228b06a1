"""From events to the lines a reply shows: one line each, harmless to a terminal, and masked together.

A secret can be wrapped over several lines, as a private key is or base64 in columns. So lines are masked as one text,
with their neighbours, even where those are not shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.display_text import clean
from jobs.logs.stream import line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARGIN = 48
"""Neighbouring lines on each side that masking takes into account: 3,600 characters of base64 in columns."""

_MARGIN_BYTES = 256 * 1024
_EASY = bytes(code for code in range(0x20, 0x7F) if code != ord("\\")) + b"\n"
_OPENING = re.compile(rb'\{"timestamp": ?"[0-9TZ:.+-]+"(?P<key>, ?"data": ?")')
_QUOTES = 8


class Display:
    """Shows lines through `mask`, which keeps the line breaks of what it replaces."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask

    def lines(self, events: Sequence[bytes], *, before: Sequence[bytes] = (), after: Sequence[bytes] = ()) -> list[str]:
        """The lines of `events`; the last of `before` and the first of `after` are looked at and not shown."""
        before, after = before[-MARGIN:], after[:MARGIN]
        texts = [plain(event) for event in (*before, *events, *after)]
        shown = self._mask("\n".join(texts)).split("\n")
        if len(shown) != len(texts):
            shown = [self._mask(text) for text in texts]
        return shown[len(before) : len(before) + len(events)]

    def text(self, events: Sequence[bytes], *, after: Sequence[bytes] = ()) -> str:
        """The lines of `events` and of `after`, joined; all that a progress bar drew is there, between returns."""
        text = _joined([*events, *after])
        shown = self._mask(text)
        if shown is not text and shown.count("\n") != text.count("\n"):
            shown = "\n".join(self._mask(part) for part in text.split("\n"))
        return shown

    def part(self, text: str) -> str:
        """Some of a long line's text, on one line."""
        return self._mask(_whole(text))


def plain(event: bytes) -> str:
    """An event's line, cleaned; of one that a progress bar has redrawn, what a terminal would show last."""
    return clean(line(event).text.rstrip("\r").rsplit("\r", 1)[-1]).replace("\n", " ")


def margin(events: Sequence[bytes]) -> int:
    """How many of the last of `events` masking takes into account as neighbours of what comes next."""
    room = _MARGIN_BYTES
    count = 0
    for event in reversed(events[-MARGIN:]):
        if room <= 0:
            break
        room -= len(event)
        count += 1
    return count


def _joined(events: Sequence[bytes]) -> str:
    """The cleaned lines of events, joined. Most logs are plain ASCII, which takes a tenth of the time."""
    raw = b"\n".join(events)
    opening = _OPENING.match(raw)
    if opening and raw.count(b'"') == _QUOTES * len(events) and not raw.translate(None, _EASY):
        key, start, end = opening["key"], opening.start("key"), opening.end()
        texts = [event[end:-2] for event in events if event[start:end] == key and event[-2:] == b'"}']
        if len(texts) == len(events):
            return b"\n".join(texts).decode("ascii")
    return "\n".join(_whole(line(event).text) for event in events)


def _whole(text: str) -> str:
    """A line with all that a progress bar has drawn, cleaned."""
    text = text.rstrip("\r")
    if "\r" not in text:
        return clean(text).replace("\n", " ")
    return "\r".join(clean(state).replace("\n", " ") for state in text.split("\r"))
