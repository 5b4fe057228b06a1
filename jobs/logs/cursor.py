"""A place in a log that stays valid while the log grows.

The hub has no way to start reading in the middle, but it can send the last lines; so a place is known by the time of
the line before it, how many lines of that time came before it, and, where it is known, its number from the start.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace

from jobs.client.models import moment
from jobs.errors import BadArgument
from jobs.logs.lines import MARGIN
from jobs.logs.stream import Line, line

_FORM = re.compile(r"(?P<number>\d{1,12}|x)(?:~(?P<same>\d{1,9})~(?P<stamp>[0-9TZ:.+-]{10,40}))?", re.ASCII)

_ANY = "*"


@dataclass(frozen=True)
class Cursor:
    """After `number` lines of the log (None: not counted), the last `same` of which bear the time `stamp`.

    A place that was reached by counting does not know how many lines before it bear the time of the next one: until
    another time comes, `blind` holds that time (or `_ANY`), and the place is known by its number alone.
    """

    number: int | None = 0
    same: int = 0
    stamp: str | None = None
    blind: str | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """A cursor from `str(cursor)`. Raises BadArgument for anything else."""
        form = _FORM.fullmatch(text)
        if not form or (form["stamp"] and moment(form["stamp"]) is None) or text == "x":
            raise BadArgument("The cursor is not one of ours.", hint="Leave it out to start anew.", field="cursor")
        number = None if form["number"] == "x" else int(form["number"])
        if form["stamp"] is None:
            return cls.counted(number or 0)
        return cls(number, int(form["same"]), form["stamp"])

    @classmethod
    def counted(cls, number: int) -> Cursor:
        """The place after `number` lines that were counted and not looked at."""
        return cls(number, blind=_ANY if number else None)

    @classmethod
    def at_end(cls, events: list[bytes], total: int | None) -> Cursor:
        """The place after the last of `events`, which end a log of `total` lines (None: not counted)."""
        if not events:
            return cls.counted(total or 0)
        stamp = line(events[-1]).timestamp
        same = 0
        for event in reversed(events):
            if line(event).timestamp != stamp:
                break
            same += 1
        if stamp is None or (same == len(events) and total not in {None, same}):
            return cls.counted(total or 0)
        return cls(total, same, stamp)

    def __str__(self) -> str:
        number = "x" if self.number is None else str(self.number)
        return f"{number}~{self.same}~{self.stamp}" if self.stamp else number

    def after(self, line: Line) -> Cursor:
        """The place after `line`, which follows this one."""
        number = None if self.number is None else self.number + 1
        if line.timestamp is None:
            return replace(self, number=number)
        if self.blind in {_ANY, line.timestamp}:
            return Cursor(number, blind=line.timestamp)
        same = self.same + 1 if line.timestamp == self.stamp else 1
        return Cursor(number, same, line.timestamp)


def resume_at(cursor: Cursor, events: list[bytes], *, whole: bool) -> int | None:
    """Index in `events` of the first line after `cursor`; None if that may lie before them.

    `whole` says that nothing that matters lies before them. All of `events` being older gives their number.
    """
    if whole and cursor.number is not None:
        return min(cursor.number, len(events))
    place = moment(cursor.stamp)
    if place is None or not events:
        return None
    first = moment(line(events[0]).timestamp)
    if not whole and (first is None or first >= place):
        return None
    same = 0
    for index, event in enumerate(events):
        at = moment(line(event).timestamp)
        if at is None or at < place:
            continue
        if at > place or same == cursor.same:
            return index
        same += 1
    return len(events)


class Skip:
    """Leaves out what lies before a cursor while a log is read from its start: by number, or else by time.

    `margin` keeps the last of what was left out; `begins` says whether that is all there is before the cursor.
    """

    def __init__(self, cursor: Cursor, *, done: bool = False) -> None:
        self.cursor = cursor
        self.passed = 0
        self.counting = not done and cursor.number is not None
        self.margin: deque[bytes] = deque(maxlen=MARGIN)
        self._done = done
        self._from_start = not done
        self._same = cursor.same

    @property
    def begins(self) -> bool:
        return self._from_start and self.passed == len(self.margin)

    def fresh(self, batch: list[bytes]) -> list[bytes]:
        """What of the next `batch` lies after the cursor."""
        if self._done:
            return batch
        if self.cursor.number is not None:
            at = min(self.cursor.number - self.passed, len(batch))
            self._done = self.passed + at == self.cursor.number
        else:
            place = replace(self.cursor, same=self._same)
            at = resume_at(place, batch, whole=True) or 0
            self._done = at < len(batch)
            self._same -= sum(line(event).timestamp == place.stamp for event in batch[:at])
        self.passed += at
        self.margin.extend(batch[:at])
        return batch[at:]
