"""Where in a log another attempt of the job began: the hub writes the same line each time, and no number."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK = "===== Job started at "
_RAW = _MARK.encode()
_LINE = re.compile(r"(?:(?P<number>-?\d+)[:-] )?===== Job started at [0-9A-Za-z:.,+ -]{8,40} =====")
_REMEMBERED = 2_000


@dataclass(frozen=True)
class Count:
    """How many lines a finished log has, and the numbers of those where another attempt began."""

    lines: int = 0
    starts: tuple[int, ...] = ()

    def add(self, events: Sequence[bytes]) -> Count:
        """The count with the next events; the log's opening line is not among them."""
        starts = self.starts
        if _RAW in b"\n".join(events):
            starts += tuple(self.lines + 1 + place for place, event in enumerate(events) if _RAW in event)
        return Count(self.lines + len(events), starts)


class Counts:
    """Remembers the counts of finished logs, by endpoint, namespace and id."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Count] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> Count | None:
        return self._known.get(key)

    def put(self, key: tuple[str, str, str], count: Count) -> None:
        self._known[key] = count
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def marked(lines: Sequence[str]) -> bool:
    """Whether any of these lines may say that the job began."""
    return any(_MARK in line for line in lines)


def told(lines: Sequence[str], *, first: int | None, count: Count | None, attempts: int | None) -> tuple[str, ...]:
    """The lines, with a word on which attempt began where the hub says that the job started once more.

    Args:
        lines: As a reply shows them; those of a search begin with their number.
        first: Number of the first one, where they do not.
        count: Of the whole log, if known.
        attempts: How many the job was given.
    """
    shown = []
    for place, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        if found is None:
            shown.append(line)
            continue
        number = int(found["number"]) if found["number"] else first + place if first is not None else None
        known = count.starts if count else ()
        which = known.index(number) + 2 if number in known else None
        of = f" of {attempts}" if attempts and attempts > 1 else ""
        shown.append(f"{line} ({f'attempt {which}' if which else 'another attempt'}{of} began here)")
    return tuple(shown)
