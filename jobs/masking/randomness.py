"""Telling random characters from words, so that a piece of a secret is known from ordinary text that looks like it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.masking.anchors import alnum

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(rb"[A-Za-z0-9+/=_-]{10,}")
_PLAIN = re.compile(rb"(?:[A-Za-z]+[0-9]{0,2}|[0-9]{1,4})(?:[-_+/=](?:[A-Za-z]*[0-9]{0,2}|[0-9]{1,4}))*")
_RUN = re.compile(rb"\S{10,}")
_LETTERS = re.compile(rb"[A-Za-z]{24,}")
_PERCENT = re.compile(rb"%(?:25)*[0-9A-F]{2}")
_KINDS = re.compile(rb"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+")
_SHORTEST_ODD = 16


def holds_random(text: bytes) -> bool:
    """Whether a run of `text` mixes letters and digits as no ordinary word does."""
    return any(_is_random(run[0]) for run in _WORD.finditer(text))


def random_runs(text: bytes) -> Iterator[tuple[int, int]]:
    """The half-open ranges of `text` that look random, counted in its letters and digits.

    A run mixes letters and digits, or changes between kinds of characters at every other step, or is one word of more
    letters than any word has.
    """
    counted = at = 0
    for run in _RUN.finditer(text):
        counted, at = counted + len(alnum(text[at : run.start()])), run.start()
        bare = _PERCENT.sub(lambda code: b"%" * len(code[0]), run[0])
        if _is_odd(bare):
            ranges = [(0, len(run[0]))]
        else:
            words = [word for word in _WORD.finditer(bare) if _is_random(word[0]) or _LETTERS.search(word[0])]
            ranges = [word.span() for word in words]
        for first, last in ranges:
            begin = counted + len(alnum(run[0][:first]))
            yield begin, begin + len(alnum(run[0][first:last]))


def _is_random(run: bytes) -> bool:
    digits = len(run) - len(run.translate(None, b"0123456789"))
    return digits > 1 and len(run) - digits > 1 and not _PLAIN.fullmatch(run)


def _is_odd(run: bytes) -> bool:
    return len(run) >= _SHORTEST_ODD and 2 * len(_KINDS.findall(run)) >= len(run)
