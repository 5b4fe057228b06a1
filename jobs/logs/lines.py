"""From events to the lines a reply shows: one line each, harmless to a terminal, and masked together.

A secret can be wrapped over several lines, as a private key is or base64 in columns. So lines are masked as one text,
with their neighbours, even where those are not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.display_text import clean
from jobs.logs.stream import line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MARGIN = 48
"""Neighbouring lines on each side that masking takes into account: 3,600 characters of base64 in columns."""


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


def plain(event: bytes) -> str:
    """An event's line, cleaned; of one that a progress bar has redrawn, what a terminal would show last."""
    return clean(line(event).text.rstrip("\r").rsplit("\r", 1)[-1]).replace("\n", " ")
