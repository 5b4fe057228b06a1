"""What to look for in a log: words, a pattern, or whatever looks like an error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 300
_ONE_LINE = 0.05
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;=()\[\]-]+", re.ASCII)
_TROUBLE_WORDS = (b"error", b"exception", b"traceback", b"fatal", b"panic", b"critical", b"failed", b"killed", b"abort")
_TROUBLE = (
    r"(?i)\b(?:[a-z_.]*error|[a-z_.]*exception|traceback|fatal|panic(?:ked)?|critical|failed|killed|abort(?:ed)?)\b"
)
_NO_TROUBLE = r"(?i)\b(?:0|no) (?:errors?|failed|failures?)\b|\berrors?[=:] ?0\b|\b0 failed\b"


@dataclass(frozen=True)
class Search:
    """A test for lines, and a cheap one for the bytes of many events, which may say yes too often but never no."""

    matches: Callable[[str], bool]
    maybe: Callable[[bytes], bool]


def parse(text: str) -> Search:
    """What `search` asks for: `/pattern/` or `/pattern/i` is a regular expression, anything else stands for itself.

    Plain words without capitals match either case. Raises BadArgument for a pattern that is none or too long.
    """
    if not text or len(text) > _LONGEST:
        raise BadArgument(f"A search is 1 to {_LONGEST} characters.", field="search")
    for flag, end in (("", "/"), ("i", "/i")):
        if len(text) > 1 + len(end) and text.startswith("/") and text.endswith(end):
            return _pattern(text[1 : -len(end)], ignore_case=flag == "i")
    return _words(text)


def trouble() -> Search:
    """Lines that look like errors."""
    wanted, unwanted = re.compile(_TROUBLE), re.compile(_NO_TROUBLE)

    def maybe(events: bytes) -> bool:
        low = events.lower()
        return any(word in low for word in _TROUBLE_WORDS) or b"\\u001b" in low

    return Search(lambda line: bool(wanted.search(line) and not unwanted.search(line)), maybe)


def _words(text: str) -> Search:
    if text != text.lower():
        return Search(lambda line: text in line, _maybe(text, any_case=False))
    return Search(lambda line: text in line.lower(), _maybe(text, any_case=True))


def _maybe(text: str, *, any_case: bool) -> Callable[[bytes], bool]:
    """Plain ASCII reads the same in JSON, unless a terminal escape cuts through it."""
    raw = text.encode()
    if not _PLAIN.fullmatch(text):
        return _always
    if any_case:
        return lambda events: raw in events.lower() or b"\\u001" in events
    return lambda events: raw in events or b"\\u001" in events


def _always(_: bytes) -> bool:
    return True


def _pattern(text: str, *, ignore_case: bool) -> Search:
    import regex  # its matching can be timed out; a hostile line must not stop the server

    try:
        compiled = regex.compile(text, regex.IGNORECASE if ignore_case else 0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise BadArgument(
            "The search is not a regular expression.",
            hint="Leave the slashes away to look for it as it is.",
            field="search",
        ) from error

    def matches(line: str) -> bool:
        try:
            return compiled.search(line, timeout=_ONE_LINE) is not None
        except TimeoutError as error:
            raise BadArgument(
                "The regular expression takes too long.", hint="Avoid repetitions inside repetitions.", field="search"
            ) from error

    return Search(matches, _always)
