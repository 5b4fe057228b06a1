"""Blocks of log events as lines for people: cleaned, and a line that is too long for a page cut with a word."""

from __future__ import annotations

import json
from dataclasses import dataclass

from local_hub.display_text import clean

CUT = "… [the rest of this long line is left out here; all of the log as text has it]"


@dataclass(frozen=True)
class Pieces:
    """What a block says: lines, cleaned, and parts of long ones; `goes_on` has the numbers of those with more to come.

    All of a block is read and cleaned at once, as a line at a time takes ten times as long.
    """

    texts: list[str]
    goes_on: frozenset[int]

    @classmethod
    def of(cls, block: bytes) -> Pieces:
        events = [event[6:] for event in block.split(b"\n\n") if event.startswith(b"data: ")]
        said = json.loads(b"[%b]" % b",".join(events))
        if not said:
            return cls([], frozenset())
        texts = clean("\n".join([one["data"] for one in said])).split("\n")
        return cls(texts, frozenset(number for number, one in enumerate(said) if "more" in one))

    def text(self) -> str:
        """Return the block as text, every line of it whole."""
        if not self.goes_on:
            return "".join([f"{text}\n" for text in self.texts])
        return "".join(text if number in self.goes_on else f"{text}\n" for number, text in enumerate(self.texts))


class PageLines:
    """Turns blocks, in their order, into lines for a page: of a long line its first part and a word on the rest."""

    def __init__(self) -> None:
        self._inside = False

    def of(self, block: bytes) -> list[str]:
        """Return the lines that begin in this block."""
        pieces, found = Pieces.of(block), []
        for number, text in enumerate(pieces.texts):
            if not self._inside:
                found.append(f"{text} {CUT}" if number in pieces.goes_on else text)
            self._inside = number in pieces.goes_on
        return found
