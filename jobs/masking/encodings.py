"""The encodings in which a secret is looked for: the forms it takes when programs print it, wrapped or quoted too."""

from __future__ import annotations

import base64
import html
import json
import re
import struct
import unicodedata
import urllib.parse
from dataclasses import dataclass

from jobs.masking.anchors import alnum

# White space, quotes and backslashes come and go when text is wrapped, quoted or escaped: a search ignores them.
STRIPPED = b" \t\r\n\\\"'"
SHORTEST = 6
_SHORTEST_CODED = 8
_LONG_LINE = re.compile(rb"[^\s\-][^\s]{23,}")
_NEWLINES = re.compile(rb"[\r\n]+")
_MIN_WRAPPED = 8

_MAX_GAP = 96
_MAX_MARKS = 8
_MARKS = b"\\\"'"
_BLANKS = b" \t\r\n"
_IGNORED = re.compile(rb"[ \t\r\n\\\"']+")
_WRAP = re.compile(rb"[ \t]*[\r\n]+[ \t]*")


def skeleton(text: bytes) -> bytes:
    """`text` without the characters a search ignores."""
    return text.translate(None, STRIPPED)


def forms_of(value: str) -> list[bytes]:
    """The byte forms to look for, without those that percent-decoding or unescaping leads back to.

    Raw; blanks as plus signs; HTML entities; `ascii()`; base64 at the three offsets in both alphabets and whole, with
    its padding; hexadecimal in both cases; and each long line of a value of several lines, such as a private key's.
    """
    raw = value.encode(errors="surrogatepass")
    forms = [raw, raw.replace(b" ", b"+"), raw.hex().encode(), raw.hex().upper().encode()]
    escaped = html.escape(value).encode(errors="surrogatepass")
    forms += [
        escaped,
        escaped.replace(b"&#x27;", b"&#39;"),
        html.escape(value, quote=False).encode(errors="surrogatepass"),
    ]
    if not value.isascii():
        forms += [ascii(value)[1:-1].encode(), _as_surrogates(value)]
    for text in (raw, raw + b"\n"):
        whole = base64.b64encode(text)
        forms += [whole, whole.rstrip(b"="), whole.translate(_URL_SAFE), whole.rstrip(b"=").translate(_URL_SAFE)]
    for offset in range(3):
        core = _base64_core(raw, offset)
        forms += [core, core.translate(_URL_SAFE)]
    if len(lines := raw.splitlines()) > 1:
        forms += [line.strip() for line in lines if _LONG_LINE.fullmatch(line.strip())]
    return list(dict.fromkeys(form.strip(STRIPPED) for form in forms if len(skeleton(form)) >= SHORTEST))


def split_forms(value: str, *, whole: bool = False) -> list[tuple[bytes, bool]]:
    """The forms that are looked for in pieces, and whether each is a code; the case of letters does not matter.

    Raw, reversed; percent-coded and escaped, since a wrap may stand inside an escape; hexadecimal, also as `0x..` and
    in words of two bytes in either order; octal and decimal numbers; base64 and base32 at any offset. A character of
    more than one byte counts in its composed and decomposed form. Those of which the `whole` must be there end before
    what depends on what comes after them.
    """
    found: dict[tuple[bytes, bool], None] = {}
    for text in dict.fromkeys(
        (value, *(unicodedata.normalize(form, value) for form in ("NFC", "NFD", "NFKC", "NFKD")))
    ):
        raw = text.encode(errors="surrogatepass")
        found[raw, False] = None
        if len(skeleton(raw)) < _SHORTEST_CODED:
            continue
        found[text[::-1].encode(errors="surrogatepass"), False] = None
        found |= dict.fromkeys((form, False) for form in _escaped(text) if alnum(form) != alnum(raw))
        found["".join(f"\\u{ord(char):04x}" for char in text).encode(), True] = None
        coded = [raw.hex().encode(), b"0x" + raw.hex(" ").replace(" ", " 0x").encode()]
        coded += [b" ".join(map(table.__getitem__, raw)) for table in (_OCTAL, _DECIMAL)]
        for shift in range(2):
            even = raw[shift : len(raw) - (len(raw) - shift) % 2]
            swapped = bytearray(even)
            swapped[::2], swapped[1::2] = even[1::2], even[::2]
            words = struct.unpack(f"<{len(even) // 2}H", even)
            coded += [swapped.hex(" ", 2).encode(), b" ".join(map(b"%06o".__mod__, words))]
        coded += [base64.b64encode(raw).rstrip(b"="), _base64_core(raw, 1), _base64_core(raw, 2)]
        coded.append(_base64_core(base64.b64encode(raw), 0))
        coded += [_base64_core(raw, 0)] if whole else []
        coded += [_base32_core(raw, offset) for offset in range(5)]
        found |= {(form, True): None for form in coded}
    return list(found)


def _escaped(text: str) -> list[bytes]:
    """`text` with its signs percent-coded once or twice, or escaped as in JSON or HTML."""
    signs = dict.fromkeys(char for char in text if not (char.isascii() and char.isalnum()))
    quoted = {ord(char): urllib.parse.quote(char.encode(errors="surrogatepass"), safe="") for char in signs}
    path = quoted | {ord("/"): "/"}
    twice = {char: code.replace("%", "%25") for char, code in quoted.items()}
    forms = [text.translate(table) for table in (quoted, path, twice)]
    forms += [json.dumps(text)[1:-1], html.escape(text), html.escape(text, quote=False)]
    return list(dict.fromkeys(form.encode(errors="surrogatepass") for form in forms))


_OCTAL = [b"%03o" % byte for byte in range(256)]
_DECIMAL = [b"%d" % byte for byte in range(256)]


def _base32_core(raw: bytes, offset: int) -> bytes:
    """The base32 characters that depend on `raw` alone when `offset` bytes (modulo 5) come before it."""
    text = base64.b32encode(b"\0" * offset + raw + b"\0" * 4)
    return text[-(-offset * 8 // 5) : (offset + len(raw)) * 8 // 5]


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _as_surrogates(value: str) -> bytes:
    """`value` with characters beyond the basic plane as two surrogates, as resolving JSON's escapes gives them."""
    units = value.encode("utf-16-be", "surrogatepass")
    chars = (chr(int.from_bytes(units[place : place + 2], "big")) for place in range(0, len(units), 2))
    return "".join(chars).encode(errors="surrogatepass")


def _base64_core(raw: bytes, offset: int) -> bytes:
    """The base64 characters that depend on `raw` alone when `offset` bytes (modulo 3) come before it."""
    text = base64.b64encode(b"\0" * offset + raw + b"\0" * 2)
    return text[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]


@dataclass(frozen=True)
class Form:
    """One way a secret can look. `text` neither begins nor ends with an ignored character."""

    name: str
    text: bytes
    skeleton: bytes

    def fits(self, span: bytes) -> bool:
        """Whether `span`, whose skeleton is this form's, is this form quoted, escaped or wrapped, and not mere chance.

        When wrapped over more than two lines, the lines between the first and the last hold 8 characters or more.
        """
        if span == self.text:
            return True
        gaps, own = _gaps(span), _gaps(self.text)
        if not all(
            _bears(gaps.get(place, b""), own.get(place, b""), before_letter=self.skeleton[place : place + 1].isalnum())
            for place in gaps.keys() | own.keys()
        ):
            return False
        lines = _NEWLINES.split(span)
        wrapped = len(lines) - len(_NEWLINES.split(self.text))
        return wrapped <= 1 or all(len(skeleton(line)) >= _MIN_WRAPPED for line in lines[1:-1])


def longest_gap(text: bytes) -> int:
    """How many ignored characters may stand in a row inside `text` when it is quoted, escaped or wrapped."""
    return _MAX_GAP + _MAX_MARKS * max((len(gap) for gap in _gaps(text).values()), default=0)


def _gaps(text: bytes) -> dict[int, bytes]:
    """What of `text` a search ignores, by the place in its skeleton before which it stands."""
    gaps: dict[int, bytes] = {}
    ignored = 0
    for found in _IGNORED.finditer(text):
        gaps[found.start() - ignored] = found[0]
        ignored += len(found[0])
    return gaps


def _bears(gap: bytes, own: bytes, *, before_letter: bool) -> bool:
    """Whether `gap` may stand where the secret has `own`.

    Backslashes and quotes are added by quoting what is one, by escaping a sign, and around a wrap; blanks by a wrap
    only; a blank may become a wrap, and a line break of the secret's own any white space or none.
    """
    if gap == own:
        return True
    wrapped = b"\n" in gap or b"\r" in gap
    blanks, own_blanks = _WRAP.sub(b"", gap).translate(None, _MARKS), own.translate(None, _MARKS)
    marks, own_marks = gap.translate(None, _BLANKS), own.translate(None, _BLANKS)
    if len(gap) > _MAX_GAP + _MAX_MARKS * len(own):
        return False
    if b"\n" not in own and blanks != own_blanks and not (own_blanks and wrapped):
        return False
    rest = iter(marks)
    if not all(mark in rest for mark in own_marks):
        return False
    added = len(marks) - len(own_marks)
    if own_marks or wrapped:
        return added <= _MAX_MARKS * max(len(own_marks), 1)
    return not added or (not marks.strip(b"\\") and added <= _MAX_MARKS and (own != b"" or not before_letter))
