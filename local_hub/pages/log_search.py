"""Looking for words in a whole log, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 200
_LONGEST = 1000
#: Characters kept before a match in a long line.
_BEFORE = 200


@dataclass(frozen=True)
class Match:
    """A line with the words, its number counted from 1; a long line is cut round the match."""

    number: int
    text: str


@dataclass(frozen=True)
class Found:
    """The last matches, how many there are in all, and how many lines were looked at."""

    matches: tuple[Match, ...]
    total: int
    lines: int


def search(lines: Iterable[str], words: str) -> Found:
    """Return the last `SHOWN` lines that hold `words`, whatever their case."""
    wanted = words.casefold()
    kept: list[Match] = []
    total = number = 0
    for number, line in enumerate(lines, 1):
        at = line.casefold().find(wanted)
        if at < 0:
            continue
        total += 1
        kept.append(Match(number, _cut(line, at)))
        if len(kept) > 2 * SHOWN:
            del kept[:-SHOWN]
    return Found(tuple(kept[-SHOWN:]), total, number)


def _cut(line: str, at: int) -> str:
    if len(line) <= _LONGEST:
        return line
    start = max(0, at - _BEFORE)
    return f"{'…' if start else ''}{line[start : start + _LONGEST]}…"
