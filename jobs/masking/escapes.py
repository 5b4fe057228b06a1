"""Text with percent codes and backslash escapes resolved, and the way back to where each byte came from."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right

_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
_BACKSLASH = re.compile(
    rb"\\(?:u[0-9a-fA-F]{4}|U00[0-9a-fA-F]{6}|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|[nrtbfv])",
)
_UNIT = re.compile(_PERCENT.pattern + b"|" + _BACKSLASH.pattern)
# The same, with the many of a kind that stand in a row taken at once; and without those that `_SHORT` has replaced.
_RUN = re.compile(rb"(?:%[0-9a-fA-F]{2})+|(?:\\u[0-9a-fA-F]{4})+|" + _BACKSLASH.pattern)
_CUT_UNIT = re.compile(
    rb"(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3}|U(?:0(?:0[0-9a-fA-F]{0,5})?)?|x[0-9a-fA-F]?|[0-3][0-7]?)?)\Z"
)
_LONGEST_UNIT = 10
_SHORT_UNIT = re.compile(rb"\\[nrtbfv]")
_SHORT = {b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t", b"\\b": b"\b", b"\\f": b"\f", b"\\v": b"\v"}


def cut_unit(source: bytes) -> int:
    """Where an escape begins that the end of `source` may have cut in two; its length when there is none."""
    found = _CUT_UNIT.search(source, max(len(source) - _LONGEST_UNIT, 0))
    return found.start() if found else len(source)


def has_escapes(source: bytes) -> bool:
    """Whether resolving escapes would change `source`."""
    return (b"\\" in source and _BACKSLASH.search(source) is not None) or (
        b"%" in source and _PERCENT.search(source) is not None
    )


def resolve(source: bytes) -> bytes:
    r"""`source` with `%41`, `\u0041`, `\x41`, `\101`, `\n` and their kin resolved, once; bytes stay bytes.

    Each escape stands for itself: two that make a surrogate pair give two surrogates of three bytes each.
    """
    for unit in set(_SHORT_UNIT.findall(source)):
        source = source.replace(unit, _SHORT[unit])
    return _RUN.sub(_resolved_run, source) if has_escapes(source) else source


def _resolved_run(found: re.Match[bytes]) -> bytes:
    run = found[0]
    if run[:1] == b"%":
        return bytes.fromhex(run.replace(b"%", b"").decode())
    if run[:2] == b"\\u":
        return run.decode("unicode_escape").encode(errors="surrogatepass")
    return _resolved(run)


def _resolved(unit: bytes) -> bytes:
    if unit in _SHORT:
        return _SHORT[unit]
    if unit[:1] == b"%":
        return bytes.fromhex(unit[1:].decode())
    kind, digits = unit[1:2], unit[2:]
    if kind == b"x":
        return bytes.fromhex(digits.decode())
    if kind in b"0123":
        return bytes((int(unit[1:], 8),))
    code = int.from_bytes(bytes.fromhex(digits.decode()), "big")
    return chr(code).encode(errors="surrogatepass") if code <= sys.maxunicode else unit


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
