"""Finds secrets that are split up: between borders or log prefixes, in a dump, in other case, or cut off.

Only letters and digits are looked at, in either case. What is left of a form's beginning, or a piece from the inside of
a long random one, is found by short anchors; from there the text is compared as far as it goes, line by line. Where the
text itself was cut, what stands there may be the rest of a form from wherever the cut fell, or the beginning of one:
see `jobs.masking.secret_tails`.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from jobs.masking.alignment import INNER, Alignment, Cluster
from jobs.masking.anchors import alnum
from jobs.masking.encodings import split_forms
from jobs.masking.randomness import holds_random
from jobs.masking.secret_parts import parts_of
from jobs.masking.secret_tails import Tails
from jobs.masking.split_form import HEAD, SplitForm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from jobs.masking.anchors import Hits

_HELD_STEPS = 8  # So many times the distance of anchors is held at a stream's end: an anchor to come reaches back.
_HELD_BYTES = 16  # For each letter or digit held.
_SHORTEST = 6

_RUN = re.compile(rb"[A-Za-z0-9+/=_-]{48,}")


class SplitFinder:
    """Built once for a set of secrets; `scan` is a pure function of the bytes it is given.

    Those that are not among `partly` (None: all are) are found between borders, in dumps and in other case as well, but
    only when all of one is there.
    """

    def __init__(
        self, known: Mapping[str, str], *, addresses: bool = True, partly: Collection[str] | None = None
    ) -> None:
        anchors: dict[bytes, list[tuple[SplitForm, int]]] = {}
        self._forms: list[SplitForm] = []
        for name in sorted(known):
            whole = partly is not None and name not in partly
            for piece in (known[name], *parts_of(known[name], addresses=addresses)):
                for text, coded in split_forms(piece, whole=whole):
                    form = SplitForm(name, text, alnum(text), coded, whole)
                    if len(form.alnum) < _SHORTEST:
                        continue
                    self._forms.append(form)
                    for place in _anchor_places(form):
                        length = INNER if place else HEAD
                        known_by = anchors.setdefault(form.alnum[place : place + length], [])
                        if not any(other is form for other, _ in known_by):  # One that repeats itself is met anew.
                            known_by.append((form, place))
        self.anchors = anchors
        self.longest = max((len(form.alnum) for form in self._forms), default=0)
        inner = [form.step for known_by in anchors.values() for form, place in known_by if place]
        self._hold = _HELD_STEPS * max(inner) if inner else HEAD

    @cached_property
    def _tails(self) -> list[tuple[list[SplitForm], Tails]]:
        kinds: dict[int, list[SplitForm]] = {}
        for form in self._forms:
            if form.whole:
                continue
            kinds.setdefault(form.gram, []).append(form)
        return [(forms, Tails([form.alnum for form in forms], gram)) for gram, forms in kinds.items()]

    def scan(self, hits: Hits, *, goes_on: bool = False, cuts: Sequence[int] = ()) -> tuple[list[Cluster], int]:
        """The clusters in a text, and the first place where more text could make, change or lengthen one.

        When it `goes_on`, those from that place on are left for the next time. At `cuts` something of the text is
        missing, which may have been some of a secret.
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
                alignment = Alignment(form, text, at, place, final=not goes_on)
                if place:
                    alignment.back(thin, first, hits, self._hold - INNER)
                if goes_on and alignment.start >= held:
                    continue
                if not alignment.whole() and alignment.forward():
                    held = min(held, alignment.start)
                if cluster := alignment.cluster(cuts):
                    found[cluster.start, cluster.end, cluster.name] = cluster
                reached[id(form)] = max(reached.get(id(form), 0), alignment.end)
        for cluster in self._left(text, cuts, final=not goes_on):
            found[cluster.start, cluster.end, cluster.name] = cluster
        return sorted(found.values()), held

    def _left(self, text: bytes, cuts: Sequence[int], *, final: bool) -> Iterator[Cluster]:
        """What the cuts left of secrets whose beginning is not there."""
        for cut, (forms, tails) in product(cuts, self._tails if cuts else ()):
            reached: dict[int, int] = {}
            for at, number, place in tails.after(text, cut):
                form = forms[number]
                if reached.get(number, -1) >= at:
                    continue
                alignment = Alignment(form, text, at, place, final=final)
                alignment.forward()
                if cluster := alignment.cluster(cuts):
                    yield cluster
                    reached[number] = max(reached.get(number, 0), alignment.end)

    def _held(self, text: bytes) -> int:
        """Where the last letters and digits begin that an anchor to come may reach back to."""
        wanted = self._hold
        tail = text[-_HELD_BYTES * wanted :]
        count = 0
        for place in range(len(tail) - 1, -1, -1):
            count += tail[place : place + 1].isalnum()
            if count >= wanted:
                return len(text) - len(tail) + place
        return len(text) - len(tail)


def _anchor_places(form: SplitForm) -> list[int]:
    """Where in a form's letters and digits anchors begin: at its start, and all along its long random runs."""
    found = [0]
    if form.whole:
        return found
    for run in _RUN.finditer(form.text):
        if form.coded or holds_random(run[0]):
            begin, length = len(alnum(form.text[: run.start()])), len(alnum(run[0]))
            found += range(begin + (0 if begin else form.step), begin + length - INNER + 1, form.step)
    return found
