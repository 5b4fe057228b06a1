"""The forms a secret takes when programs print it, and what may stand between its characters."""

from __future__ import annotations

import base64
import functools
import html
import re
from dataclasses import dataclass

# White space, quotes and backslashes come and go when text is wrapped, quoted or escaped: a search ignores them.
STRIPPED = b" \t\r\n\\\"'"
SHORTEST = 6
_LONG_LINE = re.compile(rb"[^\s\-][^\s]{23,}")
_NEWLINES = re.compile(rb"[\r\n]+")
_MIN_WRAPPED = 8

# Between two characters: backslashes before a sign, or a wrap with its quotes, continuation mark and indent.
_WRAP = rb"(?:[\"']?[ \t]{0,4}\\{0,8}(?:[\r\n]{1,4}[ \t]{0,64})[\"']?)"
MAX_GAP = 96


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
    bones: bytes

    def fits(self, span: bytes) -> bool:
        """Whether `span`, whose skeleton is this form's, is this form quoted, escaped or wrapped, and not mere chance.

        When wrapped over more than two lines, the lines between the first and the last hold 8 characters or more.
        """
        if span == self.text:
            return True
        if not _gaps(self.text).fullmatch(span):
            return False
        lines = _NEWLINES.split(span)
        wrapped = len(lines) - len(_NEWLINES.split(self.text))
        return wrapped <= 1 or all(len(skeleton(line)) >= _MIN_WRAPPED for line in lines[1:-1])


@functools.lru_cache(maxsize=256)
def _gaps(text: bytes) -> re.Pattern[bytes]:
    """`text` with all the gaps that quoting, escaping and wrapping may put into it."""
    parts: list[bytes] = []
    for place, code in enumerate(text):
        char = bytes((code,))
        if char in b" \t\r\n":
            parts.append(
                rb"[ \t\r\n\\\"']{0,%d}" % MAX_GAP if char in b"\r\n" else rb"(?:\\{0,8}[ \t]|" + _WRAP + rb")"
            )
        elif char in b"\\\"'":
            parts.append(rb"[\\\"']{0,8}" + re.escape(char) + rb"[\\\"']{0,8}")
        else:
            if place:
                parts.append((rb"\\{0,8}" if not char.isalnum() else b"") + _WRAP + b"?")
            parts.append(re.escape(char))
    return re.compile(b"".join(parts))
