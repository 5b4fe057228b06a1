"""Searching a line that is too long to be kept: in windows that overlap, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.logs.matches import excerpt
from jobs.logs.stream import SEARCHED_WHOLE

if TYPE_CHECKING:
    from jobs.logs.lines import Display
    from jobs.logs.long_line import LongEvent, Piece
    from jobs.logs.pattern import Search

_AROUND = 64 * 1024
"""Characters before and after a window that masking takes into account."""


class LongSearch:
    """Looks for the first match in a long line. `take` and `finish` do their work at once; they belong in a thread.

    A match that is longer than `_AROUND` and lies across the border of two windows is not found; `^` and `$` mean the
    line's own ends.
    """

    def __init__(self, search: Search, display: Display) -> None:
        self._search = search
        self._display = display
        self._begin()

    def take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.first:
                self._begin()
            self._size += len(piece)
            if self._found is None:
                self._waiting.append(piece)
                self._waits += len(piece)
            if self._waits >= SEARCHED_WHOLE:
                self._look(last=False)

    def finish(self, event: LongEvent) -> None:
        """Note in the event what was found in its line."""
        if self._found is None:
            self._look(last=True)
        if self._found is not None:
            text, start, passed = self._found
            event.found = excerpt(text, start, passed=passed, more=max(0, self._size - passed - len(text)))
        self._begin()

    def _begin(self) -> None:
        self._window = ""
        self._waiting: list[str] = []
        self._waits = 0
        self._size = 0
        self._passed = 0
        self._found: tuple[str, int, int] | None = None

    def _look(self, *, last: bool) -> None:
        """Look at what waits, together with the end of what was looked at before."""
        kept = self._window[-2 * _AROUND :]
        self._passed += len(self._window) - len(kept)
        self._window = kept + "".join(self._waiting)
        self._waiting, self._waits = [], 0
        shown = self._display.part(self._window)
        # A mark no expression matches stands where the line goes on, so that its ends are not taken for the line's.
        text = ("" if self._passed == 0 else "\ufffd") + shown + ("" if last else "\ufffd")
        lead = 0 if self._passed == 0 else 1
        certain = len(shown) if last else len(shown) - _AROUND
        for hit in self._search.hits(text):
            if hit.start - lead < certain:
                place = max(0, hit.start - lead)
                begins = max(0, place - _AROUND // 2)
                self._found = (shown[begins : place + _AROUND // 2], place - begins, self._passed + begins)
            return
