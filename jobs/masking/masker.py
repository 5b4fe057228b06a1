"""Replaces secrets in whatever leaves: text, bytes, JSON and streams. What is no secret stays as it is.

A secret is found raw, quoted or escaped for a shell, JSON or Python, percent-coded, as HTML, hexadecimal or base64 at
any offset, and wrapped over lines in any of these. It becomes `***NAME***`; line breaks inside it stay, so lines still
count the same. Overlapping finds become one replacement, named by the one that starts first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jobs.masking.cut_text import CutText

if TYPE_CHECKING:
    from jobs.masking.finder import Span, SpanFinder
    from jobs.masking.quick_look import QuickLook

_CONTEXT = 64  # Bytes kept before the undecided part, so that escapes are read there as they are in the whole.
_LONGEST_KEY, _MOST_KEYS = 64, 500  # Of what is remembered to hold no secret.
_NO_BREAK = bytes(code for code in range(256) if code not in b"\r\n")


class Masker:
    """Masks the values of `known` (name to value) that are maskable, and anything shaped like a well-known token.

    Cheap to construct: the search is built at first use. Values shorter than six characters are never masked.

    Args:
        known: Name to value.
        partly: The names whose values are masked in pieces too; None means all. Where somebody who may not know a value
            chooses the text, it must not be among them: what is masked would tell how much of a guess is right.
    """

    def __init__(self, known: Mapping[str, str], *, partly: Collection[str] | None = None) -> None:
        self._known = dict(known)
        self._partly = None if partly is None else frozenset(partly)
        self._plain_keys: set[str] = set()

    def __repr__(self) -> str:
        return f"Masker({', '.join(sorted(self._known))})"

    def covers(self, known: Mapping[str, str]) -> bool:
        """Whether this masker was made for exactly these values."""
        return self._known == known

    def prepare(self) -> Masker:
        """Build the search now, which may take a tenth of a second where there are many secrets: in a thread."""
        _ = self._finder
        return self

    def found(self, text: str | bytes) -> list[str]:
        """Names of the secrets, and kinds of the tokens, that stand in `text`; sorted, each once.

        Hosts and user names of logins are masked, and are no reason not to say them.
        """
        return sorted({span.name for span in self._strict_finder.find(_encoded(text))})

    def mask(self, text: str) -> str:
        """`text` with secrets replaced; the same object when there are none.

        Of a `CutText` also what the cuts left of a secret: its rest, its beginning, or its inside alone.
        """
        if not text:
            return text
        source = _encoded(text)
        cuts = [len(_encoded(text[:cut])) for cut in text.cuts] if isinstance(text, CutText) else ()
        spans = self._finder.find(source, cuts)
        return _replaced(source, spans).decode(errors="surrogatepass") if spans else text

    def mask_bytes(self, data: bytes) -> bytes:
        """As `mask`, for bytes in any encoding that holds ASCII as ASCII."""
        spans = self._finder.find(data)
        return _replaced(data, spans) if spans else data

    def mask_lines(self, lines: Sequence[str]) -> list[str]:
        """As many lines as given, masked as one text, so that a secret wrapped over several is found."""
        masked = self.mask("\n".join(lines)).split("\n")
        if len(masked) == len(lines):
            return masked
        whole = iter(masked)
        return ["\n".join(next(whole) for _ in range(line.count("\n") + 1)) for line in lines]

    def mask_json(self, value: Any) -> Any:
        """A copy of JSON-like `value` with every string masked, keys too; keys that become the same are numbered."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            masked: dict[Any, Any] = {}
            for key, item in value.items():
                name = shown = self._mask_key(key) if isinstance(key, str) else key
                count = 1
                while name in masked:
                    count += 1
                    name = f"{shown} ({count})"
                masked[name] = self.mask_json(item)
            return masked
        if isinstance(value, (list, tuple)):
            return [self.mask_json(item) for item in value]
        return self.mask_bytes(value) if isinstance(value, bytes) else value

    def _mask_key(self, key: str) -> str:
        """A key masked; those of replies come again and again, and are looked at once."""
        if key in self._plain_keys:
            return key
        masked = self.mask(key)
        if masked == key and len(key) <= _LONGEST_KEY and len(self._plain_keys) < _MOST_KEYS:
            self._plain_keys.add(key)
        return masked

    def stream(self) -> StreamMasker:
        """A masker for text that arrives in pieces; see `StreamMasker`."""
        return StreamMasker(self._finder)

    @property
    def quick_look(self) -> QuickLook:
        """Tells pieces of a large file in which nothing has to be masked."""
        return self._finder.quick_look

    @property
    def longest(self) -> int:
        """How many bytes before and after what the quick look finds may belong to it."""
        return self._finder.reach

    @cached_property
    def _strict_finder(self) -> SpanFinder:
        from jobs.masking.finder import SpanFinder

        return SpanFinder(self._known, addresses=False, partly=self._partly)

    @cached_property
    def _finder(self) -> SpanFinder:
        from jobs.masking.finder import SpanFinder

        return SpanFinder(self._known, partly=self._partly)


class StreamMasker:
    """Masks a stream: however it is cut, all that comes out together is what `Masker.mask_bytes` gives for the whole.

    `feed` gives what is certain and holds back an end that may be the beginning of a secret; `flush` gives the rest.
    """

    def __init__(self, finder: SpanFinder) -> None:
        self._finder = finder
        self._held = b""
        self._start = 0  # Where the undecided part of `_held` begins; before it is context.
        self._covered = 0  # How far into `_held` the last replacement reaches, when beyond `_start`.

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return the masked bytes that nothing to come can change."""
        self._held += data
        return self._advance(*self._finder.examine(self._held, self._start))

    def feed_text(self, text: str) -> str:
        """As `feed`, for text. Use one of the two on a stream, not both."""
        return self.feed(_encoded(text)).decode(errors="surrogatepass")

    def flush(self) -> bytes:
        """Return the rest, masked, and begin anew."""
        rest = self._advance(self._finder.find(self._held), len(self._held))
        self._held, self._start, self._covered = b"", 0, 0
        return rest

    def flush_text(self) -> str:
        """As `flush`, for text."""
        return self.flush().decode(errors="surrogatepass")

    def _advance(self, found: list[Span], until: int) -> bytes:
        spans = [span for span in found if self._start <= span.start < until]
        out, self._covered = _replace(self._held, spans, self._start, until, self._covered)
        drop = max(until - _CONTEXT, 0)
        self._held = self._held[drop:]
        self._start = until - drop
        self._covered = max(self._covered - drop, 0)
        return out


def _replaced(source: bytes, spans: Sequence[Span]) -> bytes:
    return _replace(source, spans, 0, len(source), 0)[0]


def _replace(source: bytes, spans: Sequence[Span], start: int, until: int, covered: int) -> tuple[bytes, int]:
    """`source[start:until]` with `spans` (in order) replaced, and how far the last replacement reaches.

    Up to `covered` a replacement already stands for it: only line breaks of that part are given.
    """
    out: list[bytes] = []
    place = start
    for span in spans:
        if span.start < covered:
            covered = max(covered, span.end)
            continue
        out.append(_breaks(source[place : min(covered, until)]))
        place = max(place, min(covered, until))
        out.append(source[place : span.start])
        out.append(b"***" + span.name.encode(errors="replace") + b"***")
        place, covered = span.start, span.end
    reach = min(covered, until)
    if reach > place:
        out.append(_breaks(source[place:reach]))
        place = reach
    out.append(source[place:until])
    return b"".join(out), covered


def _breaks(text: bytes) -> bytes:
    return text.translate(None, _NO_BREAK)


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
