"""Finds where known secrets, in any of their forms, and well-known tokens stand in a piece of text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from jobs.masking.anchors import Anchors, alnum
from jobs.masking.encodings import SHORTEST, STRIPPED, Form, forms_of, longest_gap, skeleton
from jobs.masking.escapes import CODES, LONGEST_UNIT, resolve
from jobs.masking.quick_look import OVERLAP, QuickLook
from jobs.masking.secret_parts import parts_of
from jobs.masking.split_secrets import SplitFinder
from jobs.masking.token_patterns import LONGEST_TOKEN, SHAPES, STARTS, token_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jobs.masking.anchors import Hits
    from jobs.masking.escapes import Code, Origins

_ANCHOR = 48  # Only so much of a form goes into the automaton, which keeps it small however long a key is.
_BLOCK = 2048
_HEAD = 3
_LETTERS = 16  # So many letters and digits of a form's anchor are looked for first …
_FEWEST = 4  # … and a form with fewer is looked for by all its characters.
_DEEPEST = 3  # How often a code may have been applied to its own result.
_TAIL = 256
_REACH = (
    64  # A dump or an escape of a byte takes so many, and so does each on lines of a few with the time before them.
)
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


class _Known(NamedTuple):
    """Forms that have the same characters but for those a search ignores."""

    skeleton: bytes
    letters: bytes
    lead: bytes  # What stands before the first letter or digit.
    forms: list[Form]


class SpanFinder:
    """Built once for a set of secrets; `find` is a pure function of the bytes it is given."""

    def __init__(
        self, known: Mapping[str, str], *, addresses: bool = True, partly: Collection[str] | None = None
    ) -> None:
        import ahocorasick_rs

        by_skeleton: dict[bytes, list[Form]] = {}
        for name in sorted(known):
            pieces = (known[name], *parts_of(known[name], addresses=addresses))
            texts = [text for piece in pieces if len(skeleton(_bytes(piece))) >= SHORTEST for text in forms_of(piece)]
            for text in dict.fromkeys(texts):
                for look in dict.fromkeys((text, resolve(text).strip(STRIPPED))):
                    if len(own := skeleton(look)) >= SHORTEST:
                        by_skeleton.setdefault(own, []).append(Form(name, look, own))
        self._skeletons = sorted(by_skeleton)
        self._gap = max((longest_gap(form.text) for forms in by_skeleton.values() for form in forms), default=0)
        self._heads = frozenset(own[:_HEAD] for own in self._skeletons)
        self._known: dict[bytes, list[_Known]] = {}
        bare: dict[bytes, list[Form]] = {}
        for own, forms in by_skeleton.items():
            letters = alnum(own[:_ANCHOR])[:_LETTERS]
            if len(letters) < _FEWEST:
                bare.setdefault(own[:_ANCHOR], []).extend(forms)
            else:
                lead = own[: next(place for place in range(len(own)) if alnum(own[place : place + 1]))]
                self._known.setdefault(letters, []).append(_Known(own, alnum(own), lead, forms))
        fast = ahocorasick_rs.Implementation.DFA
        self._bare = list(bare.values())
        self._bare_anchors = ahocorasick_rs.BytesAhoCorasick(list(bare), implementation=fast)
        starts = [start.encode() for start in STARTS]
        self._starts = ahocorasick_rs.BytesAhoCorasick(starts, implementation=fast)
        self._begins = {
            letters: [start for start in starts if alnum(start) == letters] for letters in map(alnum, starts)
        }
        self._pieces = SplitFinder(known, addresses=addresses, partly=partly)
        self._anchors = Anchors((*self._known, *self._begins, *self._pieces.anchors))
        self._longest = max((*map(len, by_skeleton), self._pieces.longest), default=0)

    @cached_property
    def quick_look(self) -> QuickLook:
        """For large files: whether a piece can hold anything at all. Of little use where a form has few letters."""
        return QuickLook((*self._known, *self._pieces.anchors, *([b""] if self._bare else [])))

    @property
    def reach(self) -> int:
        """How many bytes before and after an anchor may belong to what it begins."""
        return _REACH * self._longest + LONGEST_TOKEN + OVERLAP

    def find(self, source: bytes, cuts: Sequence[int] = ()) -> list[Span]:
        """All spans in `source`, in order; they may overlap. At `cuts` something of the source is missing."""
        return self.examine(source, len(source), cuts)[0]

    def examine(self, source: bytes, start: int, cuts: Sequence[int] = ()) -> tuple[list[Span], int]:
        """All spans, and the first place from `start` on before which nothing to come can change them."""
        goes_on = start < len(source)
        found = _Found(tokens=False, until=len(source))
        self._read(source, (), found, goes_on, cuts)
        for code in CODES:
            text = source
            places = cuts
            origins: tuple[tuple[Code, bytes], ...] = ()
            for _ in range(_DEEPEST):
                cut_short = goes_on and code.cut(text) < len(text)
                if not cut_short and not code.stands_in(text):
                    break
                # A unit that is cut in two at the end may yet become anything: what stands before it is looked at.
                text = text[: code.cut(text)] if cut_short else text
                origins = (*origins, (code, text))
                places = [len(code.resolve(text[:cut])) for cut in places]
                text = code.resolve(text)
                self._read(text, origins, found, goes_on, places)
        if found.tokens:
            found.spans += self._tokens(source)
        until = found.until
        if goes_on:
            until = min(until, self._open_token(source, start), *(code.cut(source) for code in CODES))
            for first, last in sorted(found.whole, reverse=True):
                until = first if first < until < last else until
        return sorted(set(found.spans)), max(until, start)

    def _read(
        self, text: bytes, origins: tuple[tuple[Code, bytes], ...], found: _Found, goes_on: bool, cuts: Sequence[int]
    ) -> None:
        """Look through `text`, which the source became by resolving the codes of `origins` one after another."""
        way = _Way(text, origins)
        hits = self._anchors.search(text)
        if not origins:
            begins = {start for anchor, _ in hits.found for start in self._begins.get(anchor, ())}
            found.tokens = any(start in text for start in begins)
        spans, open_at = self._find_in(hits, goes_on=goes_on)
        clusters, held = self._pieces.scan(hits, goes_on=goes_on, cuts=cuts)
        found.until = min(found.until, way.back_to(min(open_at, held, len(text))))
        for span in spans:
            found.spans.append(_span(span.name, *way.span(span.start, span.end)))
        for cluster in clusters:
            pieces = [way.span(*piece) for piece in cluster.pieces]
            found.spans += [_span(cluster.name, *piece) for piece in pieces]
            if len(pieces) > 1:
                found.whole.add((pieces[0][0], pieces[-1][1]))

    def _find_in(self, hits: Hits, *, goes_on: bool) -> tuple[list[Span], int]:
        """Spans of known forms in a text, and where a form begins that goes on after its end."""
        text, thin = hits.text, hits.thin
        spans: list[Span] = []
        open_at = self._open_end(text)
        for anchor, first in hits.found:
            for known in self._known.get(anchor, ()):
                if not thin.startswith(known.letters, first):
                    left = len(thin) - first
                    if left >= len(known.letters) or not known.letters.startswith(thin[first:]):
                        continue
                start = self._before(text, hits.at(first), known.lead)
                if start < 0 or (goes_on and start >= open_at):
                    continue
                end = _after(text, start, len(known.skeleton))
                own = skeleton(text[start:end])
                if own == known.skeleton:
                    spans += [_span(form.name, start, end) for form in known.forms if form.fits(text[start:end])]
                elif known.skeleton.startswith(own):
                    open_at = start
        if self._bare:
            more, bare_open = self._find_bare(text, goes_on=goes_on)
            spans, open_at = spans + more, min(open_at, bare_open)
        return spans, open_at if self._may_go_on(text) else len(text)

    def _find_bare(self, text: bytes, *, goes_on: bool) -> tuple[list[Span], int]:
        """As `_find_in`, of the forms that hardly have letters or digits."""
        own = skeleton(text)
        spans: list[Span] = []
        places = _Places(text)
        open_from = len(own)
        for pattern, first, _ in self._bare_anchors.find_matches_as_indexes(own, overlapping=True):
            if goes_on and first >= open_from:
                continue
            for form in self._bare[pattern]:
                if not own.startswith(form.skeleton, first):
                    if form.skeleton.startswith(own[first:]):
                        open_from = min(open_from, first)
                    continue
                start, end = places.span(first, len(form.skeleton))
                if form.fits(text[start:end]):
                    spans.append(_span(form.name, start, end))
        return spans, places.span(open_from, 1)[0] if open_from < len(own) else len(text)

    def _open_end(self, text: bytes) -> int:
        """Where the longest end of `text` that begins an anchor begins; its length when there is none."""
        size = _TAIL
        tail = text[-size:]
        while len(own := skeleton(tail)) < _ANCHOR and size < len(text):
            size *= 4
            tail = text[-size:]
        for place in range(max(len(own) - _ANCHOR + 1, 0), len(own)):
            rest = own[place : place + _HEAD]
            if len(rest) == _HEAD and rest not in self._heads:
                continue
            rest = own[place:]
            nearest = bisect_left(self._skeletons, rest)
            if nearest < len(self._skeletons) and self._skeletons[nearest].startswith(rest):
                return len(text) - len(tail) + _Places(tail).span(place, 1)[0]
        return len(text)

    def _may_go_on(self, text: bytes) -> bool:
        """Whether what a search ignores at the end of `text` is so little that a form may go on after it."""
        gap = _TRAILING.search(text, max(len(text) - self._gap - 1, 0))
        return not (gap and len(gap[0]) > self._gap)

    def _before(self, text: bytes, at: int, lead: bytes) -> int:
        """Where `lead` begins, which stands right before `at` but for what a search ignores; -1 when it does not."""
        for byte in reversed(lead):
            first = at
            while at > 0 and text[at - 1] in STRIPPED:
                at -= 1
                if first - at > self._gap:
                    return -1
            if at == 0 or text[at - 1] != byte:
                return -1
            at -= 1
        return at

    def _tokens(self, source: bytes) -> list[Span]:
        found: list[Span] = []
        for _, start, _ in self._starts.find_matches_as_indexes(source, overlapping=True):
            if token := token_pattern().match(source, start):
                label = SHAPES[(token.lastindex or 1) - 1].label
                found.append(_span(label, start, token.end(), guessed=True))
        return found

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


@dataclass
class _Found:
    """What is known so far: spans, whether tokens may begin, how far it is certain, what must not be cut apart."""

    tokens: bool
    until: int
    spans: list[Span] = field(default_factory=list)
    whole: set[tuple[int, int]] = field(default_factory=set)


class _Way:
    """The way from a text back to the source that it was resolved from."""

    def __init__(self, text: bytes, origins: tuple[tuple[Code, bytes], ...]) -> None:
        self._text = text
        self._given = origins
        self._steps: list[Origins] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        if self._steps is None:
            self._steps = [code.origins(text) for code, text in reversed(self._given)]
        for step in self._steps:
            start, end = step.span(start, end)
        return start, end

    def back_to(self, place: int) -> int:
        """A place in the source at or before the one that `place` comes from."""
        if not self._given:
            return place
        source = self._given[0][1]
        if place >= len(self._text):
            return len(source)
        if len(self._given) > 1:
            return self.span(place, place + 1)[0]
        return max(0, len(source) - LONGEST_UNIT * (len(self._text) - place))


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
        start = _after(self._text, block * _BLOCK, first - self._before[block] + 1) - 1
        return start, _after(self._text, start, length)


def _after(text: bytes, place: int, count: int) -> int:
    """The place after the first `count` bytes from `place` on that a search does not ignore, or the text's end."""
    while count and place < len(text):
        piece = text[place : place + count]
        place += len(piece)
        count -= len(skeleton(piece))
    return place


def _span(name: str, start: int, end: int, *, guessed: bool = False) -> Span:
    return Span(start, guessed, start - end, name)


def _bytes(value: str) -> bytes:
    return value.encode(errors="surrogatepass")
