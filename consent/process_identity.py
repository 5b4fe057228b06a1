"""Which process serves over stdio: nobody else can use its approvals while it lives, its own successor can afterwards.

What a client says of itself proves nothing. What does: a process holds the lock of its identity's file for as long as
it lives, and who started whom is the system's word. A client that starts its server anew is the new one's ancestor as
it was the old one's, so the new one takes over an identity that nobody holds any more and whose nearest ancestor that
still lives is its own ancestor too. Another client's server has other ancestors, and gets an identity of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Ancestor = tuple[int, float]

_FIRST_PROCESS = 1
_MOST_KEPT = 64
_SUFFIX = ".identity"


class ProcessIdentity:
    """The identity of this process, found or made on first need. `folder` is in the state folder.

    Without file locks (Windows) or without the folder it is made anew in each process: then no approval outlives it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: IO[str] | None = None
        self._id = ""

    def __call__(self) -> str:
        with self._lock:
            if not self._id:
                with suppress(OSError, ImportError):
                    self._id = self._taken_over() or self._made()
                self._id = self._id or secrets.token_hex(8)
            return self._id

    def close(self) -> None:
        """Let go of it, for a successor."""
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None

    def _taken_over(self) -> str | None:
        """The identity of a process that has ended, and of whose kind this one is."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = _ancestors()
        with _only_one(self._folder / "lock"):
            files = sorted(self._folder.glob(f"*{_SUFFIX}"), key=lambda one: one.stat().st_mtime, reverse=True)
            for number, path in enumerate(files):
                file = path.open("r+", encoding="utf-8")
                if not _locked(file):
                    file.close()
                    continue
                if _heir(_read(file), mine):
                    self._keep(file, mine)
                    return path.name.removesuffix(_SUFFIX)
                if number >= _MOST_KEPT:
                    path.unlink()
                file.close()
        return None

    def _made(self) -> str:
        made = secrets.token_hex(8)
        descriptor = os.open(self._folder / f"{made}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        file = os.fdopen(descriptor, "r+", encoding="utf-8")
        _locked(file)
        self._keep(file, _ancestors())
        return made

    def _keep(self, file: IO[str], ancestors: list[Ancestor]) -> None:
        file.seek(0)
        file.truncate()
        json.dump(ancestors, file)
        file.flush()
        self._held = file


def _heir(left: list[Ancestor], mine: list[Ancestor]) -> bool:
    """Whether the nearest ancestor of the one that ended that still lives is an ancestor of this one too.

    The first process of all is everybody's ancestor: it counts only where it was the one that started the server.
    """
    for place, ancestor in enumerate(left):
        if _lives(ancestor):
            return ancestor in mine and (ancestor[0] != _FIRST_PROCESS or place == 0)
    return False


def _ancestors() -> list[Ancestor]:
    import psutil  # type: ignore[import-untyped]

    with suppress(psutil.Error):
        return [(one.pid, one.create_time()) for one in psutil.Process().parents()]
    return []


def _lives(ancestor: Ancestor) -> bool:
    import psutil

    try:
        return bool(psutil.Process(ancestor[0]).create_time() == ancestor[1])
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _read(file: IO[str]) -> list[Ancestor]:
    try:
        return [(int(pid), float(begun)) for pid, begun in json.load(file)]
    except (ValueError, TypeError):
        return []


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two servers that start at once look one after the other."""
    import fcntl

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked(file: IO[str]) -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
