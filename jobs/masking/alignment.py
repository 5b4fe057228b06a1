"""A form of a secret compared with text line by line, from where some of it is met, as far as they agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jobs.masking.anchors import after, alnum, common
from jobs.masking.split_form import HEAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.masking.anchors import Hits
    from jobs.masking.split_form import SplitForm

INNER = 16
_TRAIL = 24  # Letters and digits that may follow a piece on its line: a dump's column of characters, a border.
_LEAD = 120  # Bytes before a piece on its line: the time, a logger's name.
_REJOIN = 6
_NARROW = 3
_BLURRED = 2  # Characters at the end of a code that depend on what comes after the secret.

_COLUMN = re.compile(rb" {2,}[^\n]{1,80}")


class Cluster(NamedTuple):
    """The pieces of one secret, in order, each a half-open range."""

    start: int
    end: int
    name: str
    pieces: tuple[tuple[int, int], ...]


class Alignment:
    """Compares a form with text from an anchor on, line by line."""

    def __init__(self, form: SplitForm, text: bytes, at: int, place: int, *, final: bool) -> None:
        self._form = form
        self._final = final
        self._text = text
        self.first = self._place = place
        self.start = self._at = at
        self.count = 0
        self.pieces: list[tuple[int, int]] = []

    @property
    def end(self) -> int:
        return self.pieces[-1][1] if self.pieces else 0

    def cluster(self, cuts: Sequence[int] = ()) -> Cluster | None:
        """What was found, when that is the secret and not chance."""
        texts = [self._text[start:end] for start, end in self.pieces]
        if not texts:
            return None
        if not self._form.accepts(texts, self.first, self.count) and not (
            cuts and self._left_by(cuts) and self._form.is_tail(texts, self.first, self.count)
        ):
            return None
        return Cluster(self.start, self.end, self._form.name, tuple(self.pieces))

    def _left_by(self, cuts: Sequence[int]) -> bool:
        """Whether the form ends here, or the text was cut where it would have gone on."""
        if self.first + self.count >= len(self._form.alnum) - (_BLURRED if self._form.coded else 0):
            return True
        return any(0 <= cut - self.end <= _LEAD and self._leads(self._text[self.end : cut]) for cut in cuts)

    def _leads(self, text: bytes) -> bool:
        """Whether `text` ends a line and begins the next one, as far as what the secret's lines begin with."""
        line_end, broken, lead = text.partition(b"\n")
        return not alnum(line_end) and (not broken or b"\n" not in lead)

    def back(self, thin: bytes, first: int, hits: Hits, reach: int) -> None:
        """Take in what stands before the anchor and belongs to the form, on its line and on those before it.

        The anchor is number `first` of the letters and digits `thin`; so many before it are looked at as `reach` says.
        """
        own = self._form.alnum
        most = min(self.first, first, self._form.step + INNER)
        same = 0
        while same < most and own[self.first - same - 1] == thin[first - same - 1]:
            same += 1
        while same:
            start = hits.at(first - same)
            if b"\n" not in self._text[start : self.start]:
                self.start, self.first = start, self.first - same
                break
            same -= 1
        self._at, self._place = self.start, self.first
        if self.first:
            self._lines_before(hits.at(first - reach) if first > reach else 0)

    def _lines_before(self, since: int) -> None:
        """Take in lines that end with what comes before in the form, from `since` on."""
        own, text = self._form.alnum, self._text
        while self.first:
            line_end = text.rfind(b"\n", max(since, self.start - _LEAD), self.start)
            if line_end < 0:
                return
            begin = max(since, text.rfind(b"\n", since, line_end) + 1, line_end - 2 * self._form.step - _LEAD)
            thin = alnum(text[begin:line_end])
            same = common(thin[::-1], own[max(0, self.first - len(thin)) : self.first][::-1])
            if same < _NARROW and (not same or same != len(thin)):
                return
            start = after(text, begin, len(thin) - same + 1) - 1
            self.pieces.insert(0, (start, after(text, start, same)))
            self.start, self.first, self.count = start, self.first - same, self.count + same

    def forward(self) -> bool:
        """Go on as far as the form does. True when the text ends before that is known."""
        own, text = self._form.alnum, self._text
        at, place = self._at, self._place
        while True:
            left = len(own) - place
            limit = at + 6 * left + _LEAD + _TRAIL
            line_end = text.find(b"\n", at, limit)
            seen_all = line_end < 0 and limit >= len(text)
            segment = text[at : line_end if line_end >= 0 else min(limit, len(text))]
            thin = alnum(segment)
            same = common(thin, own[place : place + len(thin)])
            if same:
                end = after(text, at, same)
                self.pieces.append((at, end))
                self.count += same
                place += same
            if same and self._form.dumped:
                if line_end < 0 and seen_all:
                    return True
                if (end := self.pieces[-1][1]) and (column := _COLUMN.match(text, end)):
                    self.pieces[-1] = (self.pieces[-1][0], column.end() if column.end() == line_end else end)
            if place == len(own):
                return False
            if len(thin) - same > _TRAIL or not same:
                return False
            if line_end < 0:
                return seen_all and (at + len(segment)) - self.pieces[-1][1] <= _LEAD
            at, waits = self._next_line(line_end + 1, place)
            if at < 0:
                return waits

    def _at_end(self, thin: bytes, wanted: bytes) -> int:
        """Where a line's letters and digits end with what is `wanted`, or with the first of it when much was found."""
        fewest = 1 if self.count >= HEAD else len(wanted)
        for length in range(len(wanted), fewest - 1, -1):
            if thin.endswith(wanted[:length]) and (length in {len(wanted), len(thin)} or length >= _NARROW):
                return len(thin) - length
        for blurred in range(1, _BLURRED + 1 if self._form.coded and len(wanted) < _REJOIN else 1):
            if thin[:-blurred].endswith(wanted):
                return len(thin) - blurred - len(wanted)
        return -1

    def whole(self) -> bool:
        """Take all the rest of the form where it stands in one run, which is what nearly always happens."""
        at, own = self._at, self._form.alnum[self._place :]
        if self._form.dumped or self._text[at : at + len(own)].lower() != own:
            return False
        self.pieces.append((at, at + len(own)))
        self.count += len(own)
        return True

    def _next_line(self, begin: int, place: int) -> tuple[int, bool]:
        """Where the form goes on in the line that begins at `begin`, or -1 and whether the text ends too early."""
        text, own = self._text, self._form.alnum
        wanted = own[place : place + _REJOIN]
        line_end = text.find(b"\n", begin, begin + _LEAD + 64)
        open_end = line_end < 0 and begin + _LEAD + 64 > len(text)
        segment = text[begin : line_end if line_end >= 0 else begin + _LEAD + 64]
        thin = alnum(segment)
        at = thin.find(wanted) if len(wanted) == _REJOIN else -1
        if at < 0:  # A short rest, of the form or of a narrow line, proves little: it has to end its line or begin it.
            at = -1 if open_end and not self._final else self._at_end(thin, wanted)
        if at < 0 and len(wanted) < _REJOIN and thin.startswith(wanted):
            at = 0
        if at < 0:
            return -1, open_end
        return after(text, begin, at + 1) - 1, False
