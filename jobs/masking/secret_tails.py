"""The tails of secrets whose beginning was cut off: where in a known form the text after a cut goes on."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from jobs.masking.anchors import after, alnum, common

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOOKED_AT = 512  # Bytes after a cut in which the rest of a secret begins: behind the time and a logger's name …
_LINES = 3  # … on one of the first lines.
_MOST_COMPARED = 2_000
_MOST_PLACES = 16  # Of a form that repeats itself, those where most is the same.
_COMPARED = 64


class Tail(NamedTuple):
    """Some letters and digits of the text at `at` are those of form number `form` from `place` on."""

    at: int
    form: int
    place: int


class Tails:
    """Built once from the letters and digits of all forms; the text is looked up in them and not they in the text."""

    def __init__(self, forms: Sequence[bytes], gram: int) -> None:
        self._all = b"\n".join(forms)
        self._starts = list(accumulate((len(form) + 1 for form in forms), initial=0))
        self._gram = gram

    def after(self, text: bytes, cut: int) -> Iterator[Tail]:
        """What may go on right after a cut in `text`, in the order of the text."""
        import ahocorasick_rs

        look = _first_lines(text[cut : cut + _LOOKED_AT])
        thin = alnum(look)
        grams: dict[bytes, int] = {}
        for place in range(len(thin) - self._gram + 1):
            grams.setdefault(thin[place : place + self._gram], place)
        if not grams:
            return
        places = list(grams.values())
        found: dict[tuple[int, int], list[int]] = {}
        automaton = ahocorasick_rs.BytesAhoCorasick(list(grams))
        for pattern, at, _ in automaton.find_matches_as_indexes(self._all, overlapping=True):
            form = bisect_right(self._starts, at) - 1
            found.setdefault((places[pattern], form), []).append(at - self._starts[form])
        for (place, form), met in sorted(found.items()):
            at = after(text, cut, place + 1) - 1
            best = self._best(thin[place : place + _COMPARED], self._starts[form], met)
            yield from (Tail(at, form, there) for there in best)

    def _best(self, thin: bytes, start: int, met: list[int]) -> list[int]:
        """The places of a form where most is as in the text."""
        if len(met) <= _MOST_PLACES:
            return met
        some = met[: _MOST_COMPARED // 2] + met[-_MOST_COMPARED // 2 :] if len(met) > _MOST_COMPARED else met
        same = {place: common(thin, self._all[start + place : start + place + _COMPARED]) for place in some}
        return sorted(same, key=lambda place: -same[place])[:_MOST_PLACES]


def _first_lines(text: bytes) -> bytes:
    end = -1
    seen = 0
    while seen < _LINES:
        begin = end + 1
        end = text.find(b"\n", begin)
        if end < 0:
            return text
        seen += bool(alnum(text[begin:end]))
    return text[:end]
