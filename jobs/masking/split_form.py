"""One form of a secret as it is looked for when it is split up, and how much of it must be met to be no chance."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from jobs.masking.randomness import holds_random, random_runs
from jobs.masking.secret_parts import is_common

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = 8
_STEP = 32  # Between anchors; of a form so long that these would be more than …
_MOST_ANCHORS = 256  # … so many, they stand farther apart.
_SURE = 10
_MANY = 20
_PLAIN_TAIL = 12  # Letters and digits at a cut that are no chance, although they look like words.
_GRAM = 5  # A piece of eight random characters has so many letters and digits, and …
_LONG_GRAM = 16  # … so many make three escapes.

_DUMPED = re.compile(rb"[0-9a-f ]+")


@dataclass(frozen=True)
class SplitForm:
    name: str
    text: bytes
    alnum: bytes
    coded: bool
    whole: bool = False
    """Whether only all of it counts: to whoever may choose the text, masking a piece would tell the next character."""

    @cached_property
    def low(self) -> str:
        return _low(self.text)

    @cached_property
    def dumped(self) -> bool:
        """Whether it is the kind of code beside which a dump shows the characters themselves."""
        return self.coded and _DUMPED.fullmatch(self.text) is not None

    @cached_property
    def random(self) -> bool:
        """Whether it is such that a piece of it is found nowhere by chance."""
        return self.coded or holds_random(self.text)

    @cached_property
    def runs(self) -> tuple[list[int], list[int]]:
        """Where the ranges that look random begin, and where they end."""
        ranges = [(0, len(self.alnum))] if self.coded else list(random_runs(self.text))
        return [first for first, _ in ranges], [last for _, last in ranges]

    @property
    def gram(self) -> int:
        """How many letters and digits of the rest of it are looked up at once."""
        return _GRAM if not self.coded else _LONG_GRAM if self.text.startswith(b"\\u") else HEAD

    @cached_property
    def step(self) -> int:
        """How far apart its anchors stand."""
        return max(_STEP, len(self.alnum) // _MOST_ANCHORS)

    def is_tail(self, texts: Sequence[bytes], first: int, count: int) -> bool:
        """Whether `count` letters and digits from `first` on, found as `texts`, are what a cut left, and no chance."""
        if self.whole:
            return False
        begins, ends = self.runs
        run = bisect_right(begins, first) - 1
        if run < 0 or first + min(count, HEAD) > ends[run]:
            return count >= _PLAIN_TAIL and not is_common(self.alnum[first : first + count].decode())
        return count >= HEAD or (len(texts) == 1 and len(texts[0]) >= HEAD and _low(texts[0]) in self.low)

    def accepts(self, texts: Iterable[bytes], first: int, count: int) -> bool:
        """Whether `count` letters and digits from `first` on, found as `texts`, are this secret and not chance."""
        if self.whole and count < len(self.alnum):
            return False
        found = self.alnum[first : first + count]
        sure = self.random and (_mixed(found) or (self.coded and count >= _MANY))
        if not (sure and (self.coded or count > _PLAIN_TAIL)) and not all(_low(text) in self.low for text in texts):
            return False
        if count == len(self.alnum):
            return True
        if sure and count >= _SURE and (self.coded or holds_random(b"".join(texts))):
            return True
        if first or count < HEAD - 1 or count * 4 < len(self.alnum) * 3 or is_common(found.decode()):
            return False
        return not found.isalpha() or count >= min(len(self.alnum) - 1, _MANY)


def _low(text: bytes) -> str:
    return unicodedata.normalize("NFC", text.decode(errors="replace")).casefold()


def _mixed(found: bytes) -> bool:
    return not found.isdigit() and not found.isalpha()
