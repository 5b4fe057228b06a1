"""Text with percent codes and backslash escapes resolved, and the way back to where each byte came from."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right

_HEX = rb"[0-9a-fA-F]"
_HIGH = rb"u[dD][89abAB]" + _HEX + rb"{2}"
_LOW = rb"u[dD][c-fC-F]" + _HEX + rb"{2}"
_UNIT = re.compile(
    rb"%"
    + _HEX
    + rb"{2}|\\(?:"
    + _HIGH
    + rb"\\{1,4}"
    + _LOW
    + rb"|u"
    + _HEX
    + rb"{4}|U00"
    + _HEX
    + rb"{6}|x"
    + _HEX
    + rb"{2}"
    rb"|[0-3][0-7]{2}|[nrtbfv])"
)
_CUT_UNIT = re.compile(
    rb"(?:%"
    + _HEX
    + rb"?|\\(?:"
    + _HIGH
    + rb"(?:\\{1,4}(?:u(?:[dD](?:[c-fC-F]"
    + _HEX
    + rb"?)?)?)?)?|u"
    + _HEX
    + rb"{0,3}"
    rb"|U(?:0(?:0" + _HEX + rb"{0,5})?)?|x" + _HEX + rb"?|[0-3][0-7]?)?)\Z"
)
LONGEST_UNIT = 16
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def cut_unit(source: bytes) -> int:
    """Where an escape begins that the end of `source` may have cut in two; its length when there is none."""
    tail = max(len(source) - LONGEST_UNIT, 0)
    found = _CUT_UNIT.search(source, tail)
    return found.start() if found else len(source)


def has_escapes(source: bytes) -> bool:
    """Whether resolving escapes would change `source`."""
    return (b"%" in source or b"\\" in source) and _UNIT.search(source) is not None


def resolve(source: bytes) -> bytes:
    r"""`source` with `%41`, `\u0041`, `\x41`, `\101`, `\n` and their kin resolved, once; bytes stay bytes."""
    return _UNIT.sub(lambda found: _resolved(found[0]), source)


def _resolved(unit: bytes) -> bytes:
    kind = unit[1:2]
    if unit[:1] == b"%":
        return bytes((_number(unit[1:]),))
    if kind == b"x":
        return bytes((_number(unit[2:]),))
    if kind in b"0123":
        return bytes((int(unit[1:], 8),))
    if kind in b"uU":
        if unit.count(b"u") > 1:
            high, low = _number(unit[2:6]), _number(unit[-4:])
            return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00).encode()
        code = _number(unit[2:])
        return chr(code).encode(errors="surrogatepass") if code <= sys.maxunicode else unit
    return _SHORT[kind]


def _number(digits: bytes) -> int:
    return int(digits, 16)


class Origins:
    """Maps places in `resolve(source)` back to places in `source`."""

    def __init__(self, source: bytes) -> None:
        self._at: list[int] = []  # Where each escape's result starts in the resolved text …
        self._units: list[
            tuple[int, int, int]
        ] = []  # … its length there, and the escape's start and end in the source.
        shift = 0
        for found in _UNIT.finditer(source):
            length = len(_resolved(found[0]))
            self._at.append(found.start() - shift)
            self._units.append((length, found.start(), found.end()))
            shift += found.end() - found.start() - length

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source's half-open range for the resolved text's; a part of an escape counts as all of it."""
        return self._place(start, last=False), self._place(end - 1, last=True)

    def _place(self, place: int, *, last: bool) -> int:
        index = bisect_right(self._at, place) - 1
        if index < 0:
            return place + last
        length, start, end = self._units[index]
        beyond = place - self._at[index] - length
        if beyond < 0:
            return end if last else start
        return end + beyond + last
