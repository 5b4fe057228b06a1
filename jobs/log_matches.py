"""The lines a search shows: each match with its neighbours, numbered, within a room measured in bytes."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_CHARS = 1_000


def trim(text: str) -> str:
    """A line that a reply can carry; what is cut is counted."""
    if len(text) <= LINE_CHARS:
        return text
    return f"{text[:LINE_CHARS]}… [+{len(text) - LINE_CHARS} characters]"


def size(value: Any) -> int:
    """Bytes that a line, or any JSON, takes in a list."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) + 1


class Matches:
    """Collects matches in the order of the log.

    Args:
        context: Lines shown before and after each match.
        room: Bytes of JSON.
        most: Matches shown.
        newest: Whether a full room makes way for newer matches, instead of ending the search.
        show: Turns a raw event into the text of its line.
    """

    def __init__(self, *, context: int, room: int, most: int, newest: bool, show: Callable[[bytes], str]) -> None:
        self.count = 0
        self.dropped = False
        self._context = context
        self._room = room
        self._most = most
        self._newest = newest
        self._show = show
        self._before: deque[tuple[int, bytes | str]] = deque(maxlen=context)
        self._after = 0
        self._last = 0
        self._shown: deque[tuple[str, bool]] = deque()
        self._used = 0
        self._matched = 0

    @property
    def waiting(self) -> bool:
        """Whether the next line is shown in any case."""
        return self._after > 0

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(text for text, _ in self._shown)

    def pass_over(self, first: int, events: list[bytes]) -> None:
        """Lines that hold no match, the first of them numbered `first`."""
        start = max(0, len(events) - self._context) if self._context else len(events)
        self._before.extend((first + index, events[index]) for index in range(start, len(events)))

    def look(self, number: int, text: str, *, matched: bool) -> bool:
        """Take one line; False when it is a match for which there is no room."""
        if matched:
            neighbours = [f"{at}- {self._text(line)}" for at, line in self._before if at > self._last]
            if not self._make_room(size(f"{number}: {text}") + sum(map(size, neighbours))):
                return False
            self.count += 1
            self._matched += 1
            for neighbour in neighbours:
                self._add(neighbour, matched=False)
            self._before.clear()
            self._add(f"{number}: {text}", matched=True)
            self._last, self._after = number, self._context
        elif self._after:
            self._after -= 1
            if self._make_room(size(f"{number}- {text}")):
                self._add(f"{number}- {text}", matched=False)
                self._last = number
        else:
            self._before.append((number, text))
        return True

    def _text(self, line: bytes | str) -> str:
        return line if isinstance(line, str) else trim(self._show(line))

    def _make_room(self, wanted: int) -> bool:
        if not self._newest:
            return (self._used + wanted <= self._room and self._matched < self._most) or not self._shown
        while self._shown and (self._used + wanted > self._room or self._matched >= self._most):
            text, matched = self._shown.popleft()
            self._used -= size(text)
            self._matched -= matched
            self.dropped = True
        return True

    def _add(self, text: str, *, matched: bool) -> None:
        self._shown.append((text, matched))
        self._used += size(text)
