"""Text of which something was cut off, and where: half of a secret may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class CutText(str):
    """Some of a longer text, for a masker that is to know where the rest of it is missing.

    Attributes:
        cuts: The places in it where something is missing: 0 before it, its length after it.
    """

    __slots__ = ("cuts",)
    cuts: Sequence[int]

    @classmethod
    def of(cls, text: str, *, before: bool = False, after: bool = False, within: Sequence[int] = ()) -> CutText:
        """`text`, of which something is missing before it, after it, or at the places `within` it."""
        part = cls(text)
        part.cuts = (*((0,) if before else ()), *within, *((len(text),) if after else ()))
        return part
