"""The lines a search shows: each match with its neighbours, numbered, within a room measured in bytes."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

LINE_CHARS = 1_000
_NUMBER_BYTES = 10
_LEAD = 300
"""Characters shown before a match in a long line."""


def trim(text: str, more: int = 0) -> str:
    """A line that a reply can carry; what is cut is counted, with the `more` that was never read."""
    if len(text) <= LINE_CHARS and not more:
        return text
    return f"{text[:LINE_CHARS]}… [+{max(0, len(text) - LINE_CHARS) + more} characters]"


def excerpt(text: str, start: int, *, passed: int = 0, more: int = 0) -> str:
    """The place in a line around a match at `start`; the whole line where a reply can carry it.

    `text` comes after `passed` characters of the line and before `more`. Columns count from 1.
    """
    redrawn = text.rfind("\r", 0, start) + 1
    ends = text.find("\r", start)
    state = text[redrawn : ends if ends >= 0 else len(text)]
    if len(state) <= LINE_CHARS and not (passed or more):
        return state
    first = max(0, min(start - redrawn - _LEAD, len(state) - LINE_CHARS))
    shown = state[first : first + LINE_CHARS]
    hidden = passed + more + len(text) - len(shown)
    cut = "…" if passed or first else ""
    return f"[column {passed + start + 1}] {cut}{shown}… [+{hidden} characters]"


def size(value: Any) -> int:
    """Bytes that a line, or any JSON, takes in a list: the mean of a reply's two forms, as data and as quoted text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    quoted = text.count('"') + text.count("\\")
    return len(text.encode()) + quoted // 2 + 1


class Matches:
    """Collects matches in the order of the log.

    Args:
        context: Lines shown before and after each match.
        room: Bytes of JSON.
        most: Matches shown.
        newest: Whether a full room makes way for newer matches, instead of ending the search.
    """

    def __init__(self, *, context: int, room: int, most: int, newest: bool) -> None:
        self.count = 0
        self.dropped = False
        self._context = context
        self._room = room
        self._most = most
        self._newest = newest
        self._before: deque[tuple[int, str]] = deque(maxlen=context)
        self._after = 0
        self._last = 0
        self._shown: deque[tuple[int, str, bool]] = deque()
        self._used = 0
        self._matched = 0

    @property
    def waiting(self) -> bool:
        """Whether the next line is shown in any case."""
        return self._after > 0

    def lines(self, ends_at: int = 0) -> tuple[str, ...]:
        """`number: text` for a match, `number- text` for a neighbour; numbers are counted back from `ends_at`."""
        return tuple(f"{number - ends_at}{':' if matched else '-'} {text}" for number, text, matched in self._shown)

    def come_from(self, number: int, texts: list[str]) -> None:
        """The lines before the next one looked at, which is line `number`; none of them matched."""
        first = number - len(texts)
        self._before.clear()
        self._before.extend((first + index, text) for index, text in enumerate(texts))

    def look(self, number: int, text: str, *, matched: bool) -> bool:
        """Take one line; False when it is a match for which there is no room."""
        if matched:
            neighbours = [(at, line) for at, line in self._before if at > self._last]
            if not self._make_room(sum(_cost(line) for _, line in neighbours) + _cost(text)):
                return False
            self.count += 1
            self._matched += 1
            for at, line in neighbours:
                self._add(at, line, matched=False)
            self._before.clear()
            self._add(number, text, matched=True)
            self._last, self._after = number, self._context
        elif self._after:
            self._after -= 1
            if self._make_room(_cost(text)):
                self._add(number, text, matched=False)
                self._last = number
        else:
            self._before.append((number, text))
        return True

    def _make_room(self, wanted: int) -> bool:
        if not self._newest:
            return (self._used + wanted <= self._room and self._matched < self._most) or not self._shown
        while self._shown and (self._used + wanted > self._room or self._matched >= self._most):
            _, text, matched = self._shown.popleft()
            self._used -= _cost(text)
            self._matched -= matched
            self.dropped = True
        return True

    def _add(self, number: int, text: str, *, matched: bool) -> None:
        self._shown.append((number, text, matched))
        self._used += _cost(text)


def _cost(text: str) -> int:
    return size(text) + _NUMBER_BYTES
