"""How wide text is on a terminal, and text cut or folded by that: wide and combining characters, right to left."""

from __future__ import annotations

import unicodedata

#: Round what is written from right to left, so that it cannot reorder the words beside it.
_ISOLATED = ("\u2066", "\u2069")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})


def width(text: str) -> int:
    """Columns of `text`, as terminals count them."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def fit(text: str, columns: int) -> str:
    """`text` in at most so many columns, with an ellipsis where it is cut."""
    if width(text) <= columns:
        return text
    return f"{_head(text, columns - 3).rstrip()}..."


def fold(text: str, first: int, rest: int) -> list[tuple[str, bool]]:
    """Lines of `text`: at most `first` columns in the first and `rest` in each later one.

    With each stands whether it begins after a blank of the text; else the text was cut within a word.
    """
    lines: list[tuple[str, bool]] = []
    after_blank, room = True, first
    while True:
        head = _head(text, room)
        if len(head) == len(text):
            return [*lines, (isolated(text), after_blank)]
        at = len(head) if text[len(head)] == " " else head.rfind(" ")
        if at > room // 3:
            lines.append((isolated(text[:at]), after_blank))
            text, after_blank = text[at + 1 :], True
        else:
            lines.append((isolated(head), after_blank))
            text, after_blank = text[len(head) :], False
        room = rest


def isolated(text: str) -> str:
    """`text` such that right-to-left letters in it order nothing beside it."""
    if text.isascii() or not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text):
        return text
    return f"{_ISOLATED[0]}{text}{_ISOLATED[1]}"


def _head(text: str, columns: int) -> str:
    used = 0
    for at, letter in enumerate(text):
        used += _columns(letter)
        if used > columns:
            return text[: max(at, 1)]
    return text


def _columns(letter: str) -> int:
    if unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 2
    return 0 if unicodedata.category(letter) in _NO_WIDTH else 1
