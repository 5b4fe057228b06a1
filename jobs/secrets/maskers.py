"""The maskers made of the values that are known: one for what anybody says, one for what each kind of job left."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from jobs.masking.masker import Masker

_KEPT = 64


class Maskers:
    """Keeps them for as long as the values are the same. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: tuple[object, ...] | None = None
        self._known: dict[str, str] = {}
        self._holders: dict[str, frozenset[str]] = {}
        self._made: dict[frozenset[str], Masker] = {}

    def of(
        self,
        names: Collection[str],
        sources: Callable[[], tuple[object, ...]],
        known: Callable[[], dict[str, str]],
        holders: Callable[[], dict[str, frozenset[str]]],
    ) -> Masker:
        """The masker of all that is `known`, with every value that one of `names` has, or has had, in pieces too.

        `sources` changes whenever `known` may; `holders` says of each value which names have it, for two may have the
        same and only one of them is told.
        """
        from jobs.masking.masker import Masker

        with self._lock:
            now = sources()
            if self._sources != now:
                values = known()
                if values != self._known:
                    self._made.clear()
                    self._known = values
                self._holders = holders()
                self._sources = now
            wanted = frozenset(label for label, value in self._known.items() if self._is_of(names, label, value))
            masker = self._made.pop(wanted, None) or Masker(self._known, partly=wanted)
            self._made[wanted] = masker
            while len(self._made) > _KEPT:
                self._made.pop(next(iter(self._made)))
            return masker

    def _is_of(self, names: Collection[str], label: str, value: str) -> bool:
        return label.partition(" (")[0] in names or not self._holders.get(value, frozenset()).isdisjoint(names)
