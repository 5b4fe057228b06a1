"""Content hashes of bucket files, as ``hf_xet`` computes them, remembered as long as a file does not change.

A job writes plain files, a client names content by its hash. The hash is computed when a client first asks (about
1 GB a second) and kept in memory under the file's identity, size and times.
"""

import os
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass

from local_hub.buckets.tree import FileState

#: The hash of no content at all.
EMPTY = "0" * 64

_DESCRIPTORS = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
_REMEMBERED = 200_000
_TRIES = 3


@dataclass(frozen=True)
class Place:
    """Where content lies: a path in a bucket."""

    namespace: str
    name: str
    path: str


class Digests:
    """File → hash, and hash → the place it was last handed out for. Bounded in number; safe in threads."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[FileState, str] = OrderedDict()
        self._places: OrderedDict[str, Place] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, state: FileState) -> str | None:
        """Return the hash if it need not be computed."""
        if state.size == 0:
            return EMPTY
        with self._lock:
            return self._hashes.get(state)

    def of(self, descriptor: int) -> tuple[str, FileState]:
        """Return the hash of an open file and the state it belongs to. Reads the file unless it is known."""
        for _ in range(_TRIES):
            state = FileState.of(os.fstat(descriptor))
            if (known := self.known(state)) is not None:
                return known, state
            digest = self.compute(f"{_DESCRIPTORS}/{descriptor}")
            if FileState.of(os.fstat(descriptor)) == state:
                break
        self.learn(state, digest)
        return digest, state

    @staticmethod
    def compute(path: str) -> str:
        """Return the hash of the file at `path`."""
        from hf_xet import hash_files  # type: ignore[import-untyped]  # a compiled module without stubs

        digest: str = hash_files([path])[0].hash
        return digest

    def learn(self, state: FileState, digest: str) -> None:
        """Remember that a file in this state has this hash."""
        with self._lock:
            self._hashes[state] = digest
            self._hashes.move_to_end(state)
            if len(self._hashes) > _REMEMBERED:
                self._hashes.popitem(last=False)

    def place(self, digest: str, place: Place) -> None:
        """Remember that `digest` was handed out for `place`."""
        with self._lock:
            self._places[digest] = place
            self._places.move_to_end(digest)
            if len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)

    def last_place(self, digest: str) -> Place | None:
        """Return where this content was last seen; it may have changed since."""
        with self._lock:
            return self._places.get(digest)
