"""What to look for in a log: words, an expression, or whatever looks like an error.

Expressions are RE2's: matched in time linear in the text, whatever they are, by an engine that lets other threads run.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 300
_LARGEST_PROGRAM = 1_500
_CHUNK = 64 * 1024
_MATCHING_LASTS = 8.0
"""Seconds that an expression may take in all: at the usual speed, several gigabytes."""
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;=()\[\]-]+", re.ASCII)
_IN_A_MASK = re.compile(r"[A-Za-z0-9_*]*[_*][A-Za-z0-9_*]*", re.ASCII)
_NOT_IN_CHUNKS = re.compile(r"\\[AzQ]|\(\?[a-zA-Z]*[msU-]")
_TROUBLE_WORDS = (
    *(b"error", b"exception", b"traceback", b"fatal", b"panic", b"critical", b"failed", b"killed", b"abort"),
    *(b"segmentation fault", b"core dumped", b"out of memory", b"denied", b"refused", b"no space left", b"timed out"),
    *(b"not found", b"no such file"),
)
_TROUBLE = (
    r"(?i)\b(?:[a-z_.]*error|[a-z_.]*exception|traceback|fatal|panic(?:ked)?|critical|failed|killed|abort(?:ed)?"
    r"|segmentation fault|core dumped|out of memory|(?:permission|access) denied|connection refused|no space left"
    r"|timed out|command not found|no such file)\b"
)
_NO_TROUBLE = r"(?i)\b(?:0|no) (?:errors?|failed|failures?)\b|\berrors?[=:] ?0\b|\b0 failed\b"

_DIALECT = (
    (("(?=", "(?!", "(?<"), "Look-around is not supported: search for the words that must be there."),
    (("\\1", "\\2", "\\3", "\\4", "\\5", "\\6", "\\7", "\\8", "\\9", ": (?P", "\\k"), "A group cannot be referred to."),
    (("(?>", "++", "*+", "?+", "}+"), "Leave atomic groups and possessive marks out: nothing runs away."),
    (("\\Z",), "Use $ for the end of the line."),
    (("\\u", "\\N", "\\U"), "Write a character as it is, or as \\x{e9}."),
    (("\\h", "\\R", "\\X", "\\K"), "Use [ \\t] for blanks; only one line is looked at."),
    (("(?x", "(?a", "(?L", "(?u", "(?#", "(?("), "Of flags i, s, m and U are known; comments and conditions are not."),
    (("repetition size", "repetition"), "A repetition is 1,000 at most, and none repeats another."),
)


@dataclass(frozen=True)
class Hit:
    """The first match in a line: which line of the text, from 0, and which characters of it."""

    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Search:
    """Finds the lines of a text that match, and has a cheap test for raw events that says yes too often but never no.

    `hits` takes as long as the text is long; it belongs in a thread. Raises BadArgument for an expression too slow.
    """

    hits: Callable[[str], Iterator[Hit]]
    maybe: Callable[[bytes], bool]


def parse(text: str) -> Search:
    """What `search` asks for: `/expression/` or `/expression/i` is a regular one, any other text stands for itself.

    Plain words without capitals match either case. Raises BadArgument for an expression that is none or too long.
    """
    if not text or len(text) > _LONGEST:
        raise BadArgument(f"A search is 1 to {_LONGEST} characters.", field="search")
    for flag, end in (("", "/"), ("i", "/i")):
        if len(text) > 1 + len(end) and text.startswith("/") and text.endswith(end):
            return Search(_Expression(text[1 : -len(end)], ignore_case=flag == "i").hits, _always)
    if "\n" in text:
        raise BadArgument(
            "A search looks at one line at a time.", hint="Search for a part of one line.", field="search"
        )
    return _words(text)


def trouble() -> Search:
    """Lines that look like errors."""
    wanted, unwanted = _Expression(_TROUBLE), re.compile(_NO_TROUBLE)

    def hits(text: str) -> Iterator[Hit]:
        lines: list[str] = []
        for hit in wanted.hits(text):
            lines = lines or text.split("\n")
            if not unwanted.search(lines[hit.line][max(0, hit.start - 100) : hit.end + 100]):
                yield hit

    def maybe(events: bytes) -> bool:
        low = events.lower()
        return any(word in low for word in _TROUBLE_WORDS) or b"\\u001b" in low

    return Search(hits, maybe)


def _words(text: str) -> Search:
    any_case = text == text.lower()
    maybe = _always if _IN_A_MASK.fullmatch(text) else _maybe(text, any_case=any_case)
    return Search(lambda lines: _word_hits(lines, text, any_case=any_case), maybe)


def _word_hits(text: str, word: str, *, any_case: bool) -> Iterator[Hit]:
    looked = text.lower() if any_case else text
    if len(looked) != len(text):  # A few letters have a lower case of two.
        for number, line in enumerate(text.split("\n")):
            start = line.lower().find(word)
            if start >= 0:
                yield Hit(number, min(start, len(line)), min(start + len(word), len(line)))
        return
    number = seen = 0
    start = looked.find(word)
    while start >= 0:
        number += looked.count("\n", seen, start)
        opens = looked.rfind("\n", 0, start) + 1
        yield Hit(number, start - opens, start - opens + len(word))
        seen = looked.find("\n", start)
        if seen < 0:
            return
        start = looked.find(word, seen)


def _maybe(text: str, *, any_case: bool) -> Callable[[bytes], bool]:
    """Plain ASCII reads the same in JSON, unless a terminal escape cuts through it."""
    raw = text.encode()
    if not _PLAIN.fullmatch(text):
        return _always
    if any_case:
        return lambda events: raw in events.lower() or b"\\u" in events or not events.isascii()
    return lambda events: raw in events or b"\\u" in events or not events.isascii()


def _always(_: bytes) -> bool:
    return True


class _Expression:
    """A regular expression for lines, tried on many of them at once where its meaning allows that."""

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        self._in_chunks = not _NOT_IN_CHUNKS.search(text)
        flags = ("i" if ignore_case else "") + ("m" if self._in_chunks else "")
        self._compiled = _compiled(f"(?{flags}){text}" if flags else text)
        self._spent = 0.0

    def hits(self, text: str) -> Iterator[Hit]:
        data = text.encode(errors="replace")
        if self._in_chunks:
            yield from self._chunked(data)
            return
        for number, line in enumerate(data.split(b"\n")):
            if found := self._search(line, 0):
                yield _hit(number, line, 0, found)

    def _chunked(self, data: bytes) -> Iterator[Hit]:
        number = start = 0
        while start <= len(data):
            end = data.find(b"\n", min(start + _CHUNK, len(data)))
            chunk = data[start : end if end >= 0 else len(data)]
            breaks: list[int] | None = None
            place = 0
            while place <= len(chunk) and (found := self._search(chunk, place)):
                if breaks is None:
                    breaks = [-1, *(match.start() for match in re.finditer(b"\n", chunk))]
                at = bisect_left(breaks, found[0]) - 1
                opens = breaks[at] + 1
                yield _hit(number + at, chunk, opens, found)
                place = breaks[at + 1] + 1 if at + 1 < len(breaks) else len(chunk) + 1
            number += chunk.count(b"\n") + 1
            start += len(chunk) + 1

    def _search(self, chunk: bytes, place: int) -> tuple[int, int] | None:
        if len(chunk) - place > 2 * _CHUNK:  # One long line: its beginning tells how long all of it will take.
            before = self._spent
            self._timed(chunk[place : place + _CHUNK], 0)
            self._check(before + (self._spent - before) * ((len(chunk) - place) / _CHUNK))
        found = self._timed(chunk, place)
        self._check(self._spent)
        return found.span() if found else None

    def _timed(self, chunk: bytes, place: int) -> Any:
        begun = time.perf_counter()
        try:
            return self._compiled.search(chunk, place)
        finally:
            self._spent += time.perf_counter() - begun

    def _check(self, seconds: float) -> None:
        if seconds > _MATCHING_LASTS:
            raise BadArgument(
                "The expression takes too long on this log.",
                hint="Make it simpler, with fewer and smaller repetitions, or search for words.",
                field="search",
            )


def _hit(number: int, text: bytes, opens: int, span: tuple[int, int]) -> Hit:
    start = len(text[opens : span[0]].decode(errors="replace"))
    return Hit(number, start, start + len(text[span[0] : span[1]].decode(errors="replace")))


def _compiled(text: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    options.never_capture = True
    try:
        compiled = re2.compile(text.encode(errors="replace"), options)
    except re2.error as error:
        raise BadArgument(
            "The search is not a regular expression, or not one of RE2's.", hint=_hint(str(error)), field="search"
        ) from None
    finally:
        re2.purge()  # What it remembers of an expression can be several megabytes.
    if max(compiled.programsize, compiled.reverseprogramsize) > _LARGEST_PROGRAM:
        raise BadArgument(
            "The expression is too large.", hint="Make it simpler, with smaller repetitions.", field="search"
        )
    return compiled


def _hint(said: str) -> str:
    said = said.replace("\\\\", "\\")
    for signs, hint in _DIALECT:
        if any(sign in said for sign in signs):
            return hint
    return "Leave the slashes away to look for it as it is."
