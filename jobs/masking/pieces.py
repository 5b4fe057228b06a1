"""Finds secrets that were taken to pieces: between borders or log prefixes, in a dump, in other case, or cut off.

Only letters and digits are looked at, in either case. What is left of a form's beginning, or a piece from the inside of
a long random one, is found by short anchors; from there the text is compared as far as it goes, line by line.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from jobs.masking.anchors import after, bones
from jobs.masking.encodings import piece_forms
from jobs.masking.parts import is_common, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jobs.masking.anchors import Hits

_HEAD = 8
_INNER = 16
_STEP = 32
_HELD = 64  # Letters and digits at the end of a stream's text that may belong to a piece whose anchor is to come.
_HELD_BYTES = 1024
_TRAIL = 24  # Letters and digits that may follow a piece on its line: a dump's column of characters, a border.
_LEAD = 120  # Bytes before a piece on its line: the time, a logger's name.
_REJOIN = 6
_SHORTEST = 6
_SURE = 10
_MANY = 20

_WORD = re.compile(rb"[A-Za-z0-9+/=_-]{10,}")
_PLAIN = re.compile(rb"(?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4})(?:[-_+/=](?:[A-Za-z]*[0-9]{0,2}|[0-9]{1,4}))*")
_DUMPED = re.compile(rb"[0-9a-f ]+")
_COLUMN = re.compile(rb" {2,}[^\n]{1,80}")
_RUN = re.compile(rb"[A-Za-z0-9+/=_-]{48,}")


class Cluster(NamedTuple):
    """The pieces of one secret, in order, each a half-open range."""

    start: int
    end: int
    name: str
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Form:
    name: str
    text: bytes
    bones: bytes
    coded: bool

    @cached_property
    def low(self) -> str:
        return _low(self.text)

    @cached_property
    def dumped(self) -> bool:
        """Whether it is the kind of code beside which a dump shows the characters themselves."""
        return self.coded and _DUMPED.fullmatch(self.text) is not None

    @cached_property
    def random(self) -> bool:
        """Whether it is such that a piece of it is found nowhere by chance."""
        return self.coded or _holds_random(self.text)

    def accepts(self, texts: Iterable[bytes], first: int, count: int) -> bool:
        """Whether `count` letters and digits from `first` on, found as `texts`, are this secret and not chance."""
        found = self.bones[first : first + count]
        sure = self.random and (_mixed(found) or (self.coded and count >= _MANY))
        if not sure and not all(_low(text) in self.low for text in texts):
            return False
        if count == len(self.bones):
            return True
        if sure and count >= _SURE and (self.coded or _holds_random(b"".join(texts))):
            return True
        if first or count < _HEAD - 1 or count * 4 < len(self.bones) * 3 or is_common(found.decode()):
            return False
        return not found.isalpha() or count >= min(len(self.bones) - 1, _MANY)


class PieceFinder:
    """Built once for a set of secrets; `scan` is a pure function of the bytes it is given."""

    def __init__(self, known: Mapping[str, str], *, addresses: bool = True) -> None:
        anchors: dict[bytes, list[tuple[_Form, int]]] = {}
        for name in sorted(known):
            for piece in (known[name], *parts_of(known[name], addresses=addresses)):
                for text, coded in piece_forms(piece):
                    form = _Form(name, text, bones(text), coded)
                    if len(form.bones) < _SHORTEST:
                        continue
                    for place in _anchor_places(form):
                        length = _INNER if place else _HEAD
                        known_by = anchors.setdefault(form.bones[place : place + length], [])
                        if not any(other is form for other, _ in known_by):  # One that repeats itself is met anew.
                            known_by.append((form, place))
        self.anchors = anchors
        longest = max(map(len, anchors), default=0)
        self._hold = _HELD if longest > _HEAD else _HEAD

    def scan(self, hits: Hits, *, goes_on: bool = False) -> tuple[list[Cluster], int]:
        """The clusters in a text, and the first place where more text could make, change or lengthen one.

        When it `goes_on`, those from that place on are left for the next time.
        """
        text, thin = hits.text, hits.thin
        if not self.anchors:
            return [], len(text)
        found: dict[tuple[int, int, str], Cluster] = {}
        held = self._held(text)
        reached: dict[int, int] = {}
        for anchor, first in hits.found:
            for form, place in self.anchors.get(anchor, ()):
                at = hits.at(first)
                if place and reached.get(id(form), -1) >= at:
                    continue
                walk = _Walk(form, text, at, place)
                if place:
                    walk.back(thin, first, hits)
                if goes_on and walk.start >= held:
                    continue
                if not walk.whole() and walk.forward():
                    held = min(held, walk.start)
                if cluster := walk.cluster():
                    found[cluster.start, cluster.end, cluster.name] = cluster
                reached[id(form)] = max(reached.get(id(form), 0), walk.end)
        return sorted(found.values()), held

    def _held(self, text: bytes) -> int:
        """Where the last letters and digits begin that an anchor to come may reach back to."""
        tail = text[-_HELD_BYTES:]
        wanted = self._hold
        count = 0
        for place in range(len(tail) - 1, -1, -1):
            count += tail[place : place + 1].isalnum()
            if count >= wanted:
                return len(text) - len(tail) + place
        return len(text) - len(tail)


class _Walk:
    """Compares a form with text from an anchor on, line by line."""

    def __init__(self, form: _Form, text: bytes, at: int, place: int) -> None:
        self._form = form
        self._text = text
        self.first = place
        self.start = at
        self.count = 0
        self.pieces: list[tuple[int, int]] = []

    @property
    def end(self) -> int:
        return self.pieces[-1][1] if self.pieces else 0

    def cluster(self) -> Cluster | None:
        """What was found, when that is the secret and not chance."""
        texts = [self._text[start:end] for start, end in self.pieces]
        if not texts or not self._form.accepts(texts, self.first, self.count):
            return None
        return Cluster(self.start, self.end, self._form.name, tuple(self.pieces))

    def back(self, thin: bytes, first: int, hits: Hits) -> None:
        """Take in what stands right before the anchor and belongs to the form, on the same line."""
        own = self._form.bones
        reach = min(self.first, first, _STEP + _INNER)
        same = 0
        while same < reach and own[self.first - same - 1] == thin[first - same - 1]:
            same += 1
        while same:
            start = hits.at(first - same)
            if b"\n" not in self._text[start : self.start]:
                self.start, self.first = start, self.first - same
                return
            same -= 1

    def forward(self) -> bool:
        """Go on as far as the form does. True when the text ends before that is known."""
        own, text = self._form.bones, self._text
        at, place = self.start, self.first
        while True:
            left = len(own) - place
            limit = at + 6 * left + _LEAD + _TRAIL
            line_end = text.find(b"\n", at, limit)
            seen_all = line_end < 0 and limit >= len(text)
            segment = text[at : line_end if line_end >= 0 else min(limit, len(text))]
            thin = bones(segment)
            same = _common(thin, own, place)
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

    def whole(self) -> bool:
        """Take all the rest of the form where it stands in one run, which is what nearly always happens."""
        left = len(self._form.bones) - self.first
        if self._form.dumped or self._text[self.start : self.start + left].lower() != self._form.bones[self.first :]:
            return False
        self.pieces.append((self.start, self.start + left))
        self.count = left
        return True

    def _next_line(self, begin: int, place: int) -> tuple[int, bool]:
        """Where the form goes on in the line that begins at `begin`, or -1 and whether the text ends too early."""
        text, own = self._text, self._form.bones
        wanted = own[place : place + _REJOIN]
        line_end = text.find(b"\n", begin, begin + _LEAD + 64)
        open_end = line_end < 0 and begin + _LEAD + 64 > len(text)
        segment = text[begin : line_end if line_end >= 0 else begin + _LEAD + 64]
        thin = bones(segment)
        if len(wanted) < _REJOIN:  # So short a rest proves little: it has to end its line, or to begin it.
            at = (
                len(thin) - len(wanted)
                if thin.endswith(wanted) and not open_end
                else 0
                if thin.startswith(wanted)
                else -1
            )
        else:
            at = thin.find(wanted)
        if at < 0:
            return -1, open_end
        return after(text, begin, at + 1) - 1, False


def _common(thin: bytes, own: bytes, place: int) -> int:
    """How many bytes of `thin` are those of `own` from `place` on."""
    length = min(len(thin), len(own) - place)
    if thin[:length] == own[place : place + length]:
        return length
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        if thin[low:middle] == own[place + low : place + middle]:
            low = middle
        else:
            high = middle
    return low


def _anchor_places(form: _Form) -> list[int]:
    """Where in a form's letters and digits anchors begin: at its start, and all along its long random runs."""
    found = [0]
    for run in _RUN.finditer(form.text):
        if form.coded or _holds_random(run[0]):
            begin, length = len(bones(form.text[: run.start()])), len(bones(run[0]))
            found += range(begin + (0 if begin else _STEP), begin + length - _INNER + 1, _STEP)
    return found


def _low(text: bytes) -> str:
    return unicodedata.normalize("NFC", text.decode(errors="replace")).casefold()


def _mixed(found: bytes) -> bool:
    return not found.isdigit() and not found.isalpha()


def _holds_random(text: bytes) -> bool:
    """Whether a run of `text` mixes letters and digits as no ordinary word does."""
    for run in _WORD.finditer(text):
        digits = len(run[0]) - len(run[0].translate(None, b"0123456789"))
        if digits > 1 and len(run[0]) - digits > 1 and not _PLAIN.fullmatch(run[0]):
            return True
    return False
