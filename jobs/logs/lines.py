"""From events to the lines a reply shows: one line each, harmless to a terminal, and masked together.

A secret can be wrapped over several lines, as a private key is or base64 in columns. So lines are masked as one text,
with their neighbours, even where those are not shown. What lies beyond these is missing, and so is most of a very long
line: the mask is told of every such place, since a secret may have been cut there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.display_text import clean
from jobs.logs.long_line import LongEvent
from jobs.logs.stream import line
from jobs.masking.cut_text import CutText

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

    def lines(
        self,
        events: Sequence[bytes],
        *,
        before: Sequence[bytes] = (),
        after: Sequence[bytes] = (),
        begins: bool = False,
        ends: bool = False,
    ) -> list[str]:
        """The lines of `events`; the last of `before` and the first of `after` are looked at and not shown.

        The log `begins` with the first of `before`, or of `events` where there is none before, and `ends` alike.
        """
        begins, ends = begins and len(before) <= MARGIN, ends and len(after) <= MARGIN
        before, after = before[-MARGIN:], after[:MARGIN]
        looked_at = (*before, *events, *after)
        texts = [plain(event) for event in looked_at]
        shown = self._mask(_cut(looked_at, texts, begins=begins, ends=ends)).split("\n")
        if len(shown) != len(texts):
            shown = [self.part(text) for text in texts]
        return shown[len(before) : len(before) + len(events)]

    def text(
        self, events: Sequence[bytes], *, after: Sequence[bytes] = (), begins: bool = False, ends: bool = False
    ) -> str:
        """The lines of `events` and of `after`, joined; all that a progress bar drew is there, between returns."""
        looked_at = [*events, *after]
        text = _joined(looked_at)
        texts = text.split("\n") if LongEvent in set(map(type, looked_at)) else [text]
        shown = self._mask(_cut(looked_at, texts, begins=begins, ends=ends))
        if shown.count("\n") != text.count("\n"):
            shown = "\n".join(map(self.part, text.split("\n")))
        return shown

    def part(self, text: str) -> str:
        """Some of a long line's text, on one line."""
        return self._mask(CutText.of(_whole(text), before=True, after=True))


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


def _cut(events: Sequence[bytes], texts: Sequence[str], *, begins: bool, ends: bool) -> CutText:
    """The texts of `events`, joined, with every place where something is missing."""
    within = []
    place = -1
    for event, text in zip(events, texts, strict=False):
        place += len(text) + 1
        if isinstance(event, LongEvent):
            within.append(place)
    return CutText.of("\n".join(texts), before=not begins, after=not ends, within=within)


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
