"""Escaped characters (percent, backslash, HTML …) resolved before secrets are looked for, and the way back."""

from __future__ import annotations

import html
import re
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_UNIT = 12
_FEW = 1024  # One short escape in so many bytes or less: these are replaced one by one.
_PERCENT = rb"%[0-9a-fA-F]{2}"
_BACKSLASH = rb"\\(?:u[0-9a-fA-F]{4}|U00[0-9a-fA-F]{6}|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|[nrtbfv])"
_NAMES = b"amp|lt|gt|quot|apos|plus|equals|sol|colon|commat|dollar|percnt|num|lowbar|excl|ast|semi|comma|period|quest"
_NAMES += b"|lpar|rpar|lsqb|rsqb|lbrace|rbrace|lcub|rcub|vert|verbar|Hat|grave|hyphen|dash|bsol"
_ENTITY = b"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|" + _NAMES + b");"
# Each expression begins with one byte, which is searched for many times faster than one of several.
_ENTITY_UNIT = re.compile(_ENTITY)
_UNITS = (re.compile(_PERCENT), re.compile(_BACKSLASH), _ENTITY_UNIT)
_KINDS = (
    re.compile(rb"%[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2})*"),
    re.compile(
        rb"\\(?:u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*|U00[0-9a-fA-F]{6}|x[0-9a-fA-F]{2}|[0-3][0-7]{2})",
    ),
    _ENTITY_UNIT,
)
_CUT_UNIT = re.compile(
    rb"(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3}|U(?:0(?:0[0-9a-fA-F]{0,5})?)?|x[0-9a-fA-F]?|[0-3][0-7]?)?"
    rb"|&#?[0-9a-zA-Z]{0,7})\Z"
)
_SHORT_UNIT = re.compile(rb"\\[nrtbfv]")
_SHORT = {b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t", b"\\b": b"\b", b"\\f": b"\f", b"\\v": b"\v"}
_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
_CUT_QUOTED = re.compile(rb"=(?:[0-9A-F]|\r)?\Z")
_PRINTED = re.compile(rb"=(?:3D|[C-F][0-9A-F]=[89AB][0-9A-F]|\n|\r\n)")


class Code:
    """One way to write characters as something else: what its units are, and what each stands for."""

    def __init__(
        self,
        units: tuple[re.Pattern[bytes], ...],
        cut: re.Pattern[bytes],
        resolved: Callable[[bytes], bytes],
        *,
        stands_in: Callable[[bytes], bool],
        resolve: Callable[[bytes], bytes],
    ) -> None:
        self._units = units
        self._cut = cut
        self._resolved = resolved
        self.stands_in = stands_in
        self.resolve = resolve

    def cut(self, source: bytes) -> int:
        """Where a unit begins that the end of `source` may have cut in two; its length when there is none."""
        found = self._cut.search(source, max(len(source) - LONGEST_UNIT, 0))
        return found.start() if found else len(source)

    def origins(self, source: bytes) -> Origins:
        return Origins(source, self._units, self._resolved)


def cut_unit(source: bytes) -> int:
    """Where an escape begins that the end of `source` may have cut in two; its length when there is none."""
    return CODES[0].cut(source)


def has_escapes(source: bytes) -> bool:
    """Whether resolving escapes would change `source`."""
    return (
        (b"\\" in source and _UNITS[1].search(source) is not None)
        or (b"%" in source and _UNITS[0].search(source) is not None)
        or (b"&" in source and _UNITS[2].search(source) is not None)
    )


def resolve(source: bytes) -> bytes:
    r"""`source` with `%41`, `&#65;`, `\u0041`, `\x41`, `\101`, `\n` and their kin resolved, once; bytes stay bytes.

    Each escape stands for itself: two that make a surrogate pair give two surrogates of three bytes each.
    """
    kinds = [kind for kind in _KINDS if kind.search(source)]
    source = _without_short(source)
    if not kinds:
        return source
    if len(kinds) == 1:
        return kinds[0].sub(_resolved_run, source)
    out: list[bytes] = []
    place = 0
    for found in _in_order(kinds, source):
        out += (source[place : found.start()], _resolved_run(found))
        place = found.end()
    return b"".join((*out, source[place:]))


def _without_short(source: bytes) -> bytes:
    if b"\\" not in source or not (units := _SHORT_UNIT.findall(source)):
        return source
    if len(units) * _FEW < len(source):
        return _SHORT_UNIT.sub(lambda found: _SHORT[found[0]], source)
    for unit in set(units):
        source = source.replace(unit, _SHORT[unit])
    return source


def _in_order(kinds: Sequence[re.Pattern[bytes]], source: bytes) -> list[re.Match[bytes]]:
    """All that the expressions match, which never overlap each other, by place."""
    found = [match for kind in kinds for match in kind.finditer(source)]
    return sorted(found, key=re.Match.start) if len(kinds) > 1 else found


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
    if unit[:1] == b"&":
        return html.unescape(unit.decode()).encode(errors="surrogatepass")
    kind, digits = unit[1:2], unit[2:]
    if kind == b"x":
        return bytes.fromhex(digits.decode())
    if kind in b"0123":
        return bytes((int(unit[1:], 8),))
    code = int.from_bytes(bytes.fromhex(digits.decode()), "big")
    return chr(code).encode(errors="surrogatepass") if code <= sys.maxunicode else unit


def _unquoted(unit: bytes) -> bytes:
    """A unit of quoted-printable text: a character, or a line break that is none."""
    return b"" if unit[1:2] in b"\r\n" else bytes.fromhex(unit[1:].decode())


class Origins:
    """Maps places in the resolved text back to places in `source`."""

    def __init__(
        self,
        source: bytes,
        units: tuple[re.Pattern[bytes], ...] = _UNITS,
        resolved: Callable[[bytes], bytes] = _resolved,
    ) -> None:
        self._at: list[int] = []  # Where each escape's result starts in the resolved text …
        self._units: list[
            tuple[int, int, int]
        ] = []  # … its length there, and the escape's start and end in the source.
        shift = 0
        for found in _in_order(units, source):
            length = len(resolved(found[0]))
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


CODES = (
    Code(_UNITS, _CUT_UNIT, _resolved, stands_in=has_escapes, resolve=resolve),
    Code(
        (_QUOTED,),
        _CUT_QUOTED,
        _unquoted,
        stands_in=lambda source: b"=" in source and _PRINTED.search(source) is not None,
        resolve=lambda source: _QUOTED.sub(lambda found: _unquoted(found[0]), source),
    ),
)
