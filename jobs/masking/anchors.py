"""One search for the anchors of all forms, among the letters and digits of a text in lower case."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = 2048
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))  # noqa: PLR2004 - A to Z
_OTHER = bytes(code for code in range(256) if not (chr(code).isascii() and chr(code).isalnum()))


def alnum(text: bytes) -> bytes:
    """The letters and digits of `text`, in lower case."""
    return text.translate(_LOWER, _OTHER)


class Anchors:
    """Built once from anchors; `search` passes over a text once for all of them."""

    def __init__(self, anchors: Iterable[bytes]) -> None:
        import ahocorasick_rs

        self._anchors = list(dict.fromkeys(anchors))
        fast = ahocorasick_rs.Implementation.DFA
        self._automaton = ahocorasick_rs.BytesAhoCorasick(self._anchors, implementation=fast)

    def search(self, text: bytes) -> Hits:
        thin = alnum(text)
        found = self._automaton.find_matches_as_indexes(thin, overlapping=True) if self._anchors else ()
        return Hits(text, thin, [(self._anchors[pattern], first) for pattern, first, _ in found])


class Hits:
    """Where anchors stand among the letters and digits of a text, and the way back to places in the text."""

    def __init__(self, text: bytes, thin: bytes, found: list[tuple[bytes, int]]) -> None:
        self.text = text
        self.thin = thin
        self.found = found
        self._before: list[int] = []
        self._last = (0, -1)

    def at(self, place: int) -> int:
        """The place in the text of the letter or digit that is number `place` of all."""
        last, at = self._last
        if at < 0 or not 0 <= place - last < _BLOCK:
            last, at = self._block(place)
        at = after(self.text, at, place - last + 1) - 1
        self._last = (place, at)
        return at

    def _block(self, place: int) -> tuple[int, int]:
        """Where the block begins that holds `place`, counted in letters and digits, and in the text."""
        if not self._before:
            self._before.append(0)
            for block in range(0, len(self.text), _BLOCK):
                self._before.append(self._before[-1] + len(alnum(self.text[block : block + _BLOCK])))
        block = bisect_right(self._before, place) - 1
        return self._before[block], block * _BLOCK


def common(one: bytes, other: bytes) -> int:
    """How many bytes at the beginning of both are the same."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def after(text: bytes, place: int, count: int) -> int:
    """The place after the first `count` letters and digits from `place` on."""
    while count:
        piece = text[place : place + count]
        place += count
        count -= len(alnum(piece))
    return place
