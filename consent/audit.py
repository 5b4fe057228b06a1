"""An append-only record of every question, answer and submission, with values absent.

One JSON object a line. Each carries the hash of the line before it, so a line taken out or changed shows.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TAIL = 8192


@dataclass(frozen=True)
class Audit:
    """The record at `path`, mode 0600. `mask` is applied to every line before it is written."""

    path: Path
    mask: Callable[[str], str] = str

    def note(self, event: str, **facts: Any) -> None:
        """Append one event. Several processes may write at once: each takes the file's lock for the line."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            _lock(file.fileno())
            entry = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
            entry["previous"] = _digest(_last_line(file))
            line = self.mask(json.dumps(entry, separators=(",", ":"), ensure_ascii=True))
            file.write((b"" if _ends_a_line(file) else b"\n") + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry, oldest first, each with ``intact``: whether it follows from the one before it.

        A line that is no entry, such as the one that was being written when the power went, is ``unreadable``.
        """
        if not self.path.exists():
            return
        previous = b""
        with self.path.open("rb") as file:
            for line in file:
                entry = _entry(line)
                entry["intact"] = entry.get("previous") == _digest(previous)
                previous = line.rstrip(b"\n")
                yield entry


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) and "at" in entry else {"at": "?", "event": "unreadable"}


def _ends_a_line(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:32]


def _last_line(file: Any) -> bytes:
    end = file.seek(0, os.SEEK_END)
    size = min(end, _TAIL)
    while size:
        file.seek(end - size)
        chunk = file.read(size).rstrip(b"\n")
        if b"\n" in chunk or size == end:
            return bytes(chunk.rsplit(b"\n", 1)[-1])
        size = min(end, size * 2)
    return b""


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no fcntl; appends of one line are short enough there.
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
