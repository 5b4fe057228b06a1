"""Finds where known secrets, in any of their forms, and well-known tokens stand in a piece of text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from jobs.masking.encodings import SHORTEST, STRIPPED, Form, forms_of, longest_gap, skeleton
from jobs.masking.escapes import Origins, cut_unit, has_escapes, resolve
from jobs.masking.parts import parts_of
from jobs.masking.token_patterns import LONGEST_TOKEN, SHAPES, STARTS, token_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANCHOR = 48  # Only so much of a form goes into the automaton, which keeps it small however long a key is.
_BLOCK = 2048
_HEAD = 3
_UNIT_ROOM = 16
_TRAILING = re.compile(rb"[ \t\r\n\\\"']*\Z")
_TOKEN_RUN = re.compile(rb"[A-Za-z0-9_.-]{0,%d}" % LONGEST_TOKEN)


class Span(NamedTuple):
    """A half-open range of bytes to be replaced, and by whose name."""

    start: int
    guessed: bool  # A token known by its shape only; a known secret that starts here gives the better name.
    length: int  # Negative, so that the longest comes first in order.
    name: str

    @property
    def end(self) -> int:
        return self.start - self.length


class SpanFinder:
    """Built once for a set of secrets; `find` is a pure function of the bytes it is given."""

    def __init__(self, known: Mapping[str, str], *, addresses: bool = True) -> None:
        import ahocorasick_rs

        by_bones: dict[bytes, list[Form]] = {}
        for name in sorted(known):
            pieces = (known[name], *parts_of(known[name], addresses=addresses))
            texts = [text for piece in pieces if len(skeleton(_bytes(piece))) >= SHORTEST for text in forms_of(piece)]
            for text in dict.fromkeys(texts):
                for look in dict.fromkeys((text, resolve(text).strip(STRIPPED))):
                    if len(bones := skeleton(look)) >= SHORTEST:
                        by_bones.setdefault(bones, []).append(Form(name, look, bones))
        self._bones = sorted(by_bones)
        self._longest = max(map(len, self._bones), default=0)
        self._gap = max((longest_gap(form.text) for forms in by_bones.values() for form in forms), default=0)
        self._heads = frozenset(bones[:_HEAD] for bones in self._bones)
        anchors: dict[bytes, list[Form]] = {}
        for bones, forms in by_bones.items():
            anchors.setdefault(bones[:_ANCHOR], []).extend(forms)
        self._forms = list(anchors.values())
        patterns = [*anchors, *map(str.encode, STARTS)]
        fast = ahocorasick_rs.Implementation.DFA
        self._anchors = ahocorasick_rs.BytesAhoCorasick(patterns, implementation=fast)
        self._starts = ahocorasick_rs.BytesAhoCorasick([start.encode() for start in STARTS], implementation=fast)

    def find(self, source: bytes) -> list[Span]:
        """All spans in `source`, in order; they may overlap."""
        spans, tokens = self._find_in(source)
        if has_escapes(source):
            resolved, _ = self._find_in(resolve(source))
            if resolved:
                origins = Origins(source)
                spans += [_span(span.name, *origins.span(span.start, span.end)) for span in resolved]
        if tokens:
            spans += self._tokens(source)
        return sorted(set(spans))

    def undecided(self, source: bytes, start: int) -> int:
        """The first place from `start` on where a span may begin that what comes after `source` could complete."""
        end = len(source)
        cut = max(cut_unit(source), start)
        tail = self._tail(source, start)
        place = min(cut, tail + self._open_form(source[tail:]), self._open_token(source, start))
        if cut < end or has_escapes(source[tail:]):
            until = resolve(source[tail:cut])
            opening = self._open_form(until)
            if opening < len(until):
                place = min(place, tail + Origins(source[tail:]).span(opening, opening + 1)[0])
        return max(place, start)

    def _tail(self, source: bytes, start: int) -> int:
        """A place from `start` on after which enough of `source` stands to hold any form that has begun."""
        enough = self._longest + _UNIT_ROOM
        tail = len(source) - 8 * enough
        return tail if tail > start and len(skeleton(resolve(source[tail:]))) > enough else start

    def _find_in(self, text: bytes) -> tuple[list[Span], bool]:
        """Spans of known forms in `text`, and whether a token may begin anywhere."""
        bones = skeleton(text)
        spans: list[Span] = []
        tokens = False
        places: _Places | None = None
        for pattern, first, _ in self._anchors.find_matches_as_indexes(bones, overlapping=True):
            if pattern >= len(self._forms):
                tokens = True
                continue
            for form in self._forms[pattern]:
                if not bones.startswith(form.bones, first):
                    continue
                places = places or _Places(text)
                start, end = places.span(first, len(form.bones))
                if form.fits(text[start:end]):
                    spans.append(_span(form.name, start, end))
        return spans, tokens

    def _tokens(self, source: bytes) -> list[Span]:
        found: list[Span] = []
        for _, start, _ in self._starts.find_matches_as_indexes(source, overlapping=True):
            if token := token_pattern().match(source, start):
                label = SHAPES[(token.lastindex or 1) - 1].label
                found.append(_span(label, start, token.end(), guessed=True))
        return found

    def _open_form(self, text: bytes) -> int:
        """Where the longest end of `text` begins that is the beginning of a form; its length when there is none."""
        gap = _TRAILING.search(text, max(len(text) - self._gap - 1, 0))
        if not self._bones or (gap and len(gap[0]) > self._gap):
            return len(text)
        bones = skeleton(text)
        for place in range(max(len(bones) - self._longest + 1, 0), len(bones)):
            rest = bones[place : place + _HEAD]
            if len(rest) == _HEAD and rest not in self._heads:
                continue
            rest = bones[place:]
            nearest = bisect_left(self._bones, rest)
            if nearest < len(self._bones) and self._bones[nearest].startswith(rest):
                return _Places(text).span(place, 1)[0]
        return len(text)

    def _open_token(self, source: bytes, start: int) -> int:
        """Where a token may have begun that has not ended yet, or the length of `source`."""
        end = len(source)
        for _, first, _ in self._starts.find_matches_as_indexes(
            source[max(end - LONGEST_TOKEN, start) :], overlapping=True
        ):
            place = first + max(end - LONGEST_TOKEN, start)
            run = _TOKEN_RUN.match(source, place)
            if run and run.end() == end and end - place < LONGEST_TOKEN:
                return place
        tail = source[max(end - max(map(len, STARTS)), start) :].decode("latin-1")
        for place in range(len(tail)):
            if any(begin.startswith(tail[place:]) for begin in STARTS):
                return end - len(tail) + place
        return end


class _Places:
    """Maps places in a skeleton back to places in the text it was taken from."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._before = [0]
        for block in range(0, len(text), _BLOCK):
            self._before.append(self._before[-1] + len(skeleton(text[block : block + _BLOCK])))

    def span(self, first: int, length: int) -> tuple[int, int]:
        """The text's range for `length` bytes of the skeleton from `first` on."""
        block = bisect_right(self._before, first) - 1
        start = self._after(block * _BLOCK, first - self._before[block] + 1) - 1
        return start, self._after(start, length)

    def _after(self, place: int, count: int) -> int:
        """The place after the first `count` bytes from `place` on that a search does not ignore."""
        while count:
            piece = self._text[place : place + count]
            place += count
            count -= len(skeleton(piece))
        return place


def _span(name: str, start: int, end: int, *, guessed: bool = False) -> Span:
    return Span(start, guessed, start - end, name)


def _bytes(value: str) -> bytes:
    return value.encode(errors="surrogatepass")
