"""Looking for words in a whole log, in bounded memory, until it is told to stop."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_hub.display_text import folded
from local_hub.pages.log_lines import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHOWN = 200
_LONGEST = 1000
#: Characters kept before a match in a long line.
_BEFORE = 200


@dataclass(frozen=True)
class Match:
    """A line with the words, its number counted from 1; a long line is cut round the first match."""

    number: int
    text: str


@dataclass(frozen=True)
class Found:
    """The last matches, how many there are in all, how many lines were looked at, and whether those are all."""

    matches: tuple[Match, ...]
    total: int
    lines: int
    whole: bool


class _Search:
    """Takes the blocks of a log in their order. A line counts once, also when the words lie across two pieces."""

    def __init__(self, words: str) -> None:
        self._wanted = folded(words)
        self._kept: list[Match] = []
        self._total = self._number = 0
        self._inside = self._hit = False
        self._rest = ""

    def take(self, pieces: Pieces) -> None:
        """Look through a block. One without the words, as most are, costs one look at the whole of it."""
        if not (self._inside or pieces.goes_on or self._wanted in folded("\n".join(pieces.texts))):
            self._number += len(pieces.texts)
            return
        for number, text in enumerate(pieces.texts):
            self._take(text, more=number in pieces.goes_on)

    def _take(self, piece: str, *, more: bool) -> None:
        if not self._inside:
            self._number += 1
            self._hit, self._rest = False, ""
        self._inside = more
        if self._hit:
            return
        text = self._rest + piece
        at = folded(text).find(self._wanted)
        if at >= 0:
            self._hit = True
            self._total += 1
            self._kept.append(Match(self._number, _cut(text, at, more=more or bool(self._rest))))
            if len(self._kept) > 2 * SHOWN:
                del self._kept[:-SHOWN]
        self._rest = text[-_BEFORE - len(self._wanted) :] if more else ""

    def found(self, *, whole: bool) -> Found:
        return Found(tuple(self._kept[-SHOWN:]), self._total, self._number, whole)


def search(blocks: Iterable[bytes], words: str, stop: Callable[[], bool]) -> Found:
    """Return the last `SHOWN` lines that hold `words`, whatever their case; of all lines read before `stop` says so."""
    looked = _Search(words)
    for block in blocks:
        if stop():
            return looked.found(whole=False)
        looked.take(Pieces.of(block))
    return looked.found(whole=True)


def _cut(line: str, at: int, *, more: bool) -> str:
    """Return a line, a long one without what is far from the match. `at` counts in the folded line."""
    if len(line) <= _LONGEST and not more:
        return line
    place = at if line.isascii() else bisect(range(len(line)), at, key=lambda end: len(folded(line[:end]))) - 1
    start = max(0, place - _BEFORE)
    return f"{'…' if start else ''}{line[start : start + _LONGEST]}…"
