"""What a client's file was before this server's entry, kept in the state folder, so that it can be brought back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Backup:
    """The bytes a file had, None where there was none, and the digest of what was written in their place."""

    before: bytes | None
    written: str


class Backups:
    """Backups by the path of the file. The folder and its files are the owner's alone: they may hold secrets."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "installed"

    def file(self, path: Path) -> Path:
        """Where the bytes from before are."""
        name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
        return self._folder / f"{name}-{path.name.lstrip('.')}"

    def keep(self, path: Path, before: bytes | None, after: bytes) -> None:
        """Remember `before`. An entry that is written over one of ours goes back to what was before the first."""
        known = self.find(path)
        if known is not None and before is not None and known.written == digest(before):
            before = known.before
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        kept = self.file(path)
        if before is not None:
            kept.write_bytes(before)
            kept.chmod(0o600)
        else:
            kept.unlink(missing_ok=True)
        told = {"path": str(path.absolute()), "was_there": before is not None, "written": digest(after)}
        self._note(path).write_text(json.dumps(told) + "\n", encoding="utf-8")

    def find(self, path: Path) -> Backup | None:
        """The backup of this file, if there is one."""
        try:
            told = json.loads(self._note(path).read_text(encoding="utf-8"))
            before = self.file(path).read_bytes() if told["was_there"] else None
            return Backup(before, str(told["written"]))
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def forget(self, path: Path) -> None:
        """Let go of the backup, once it is back in place."""
        self.file(path).unlink(missing_ok=True)
        self._note(path).unlink(missing_ok=True)

    def _note(self, path: Path) -> Path:
        kept = self.file(path)
        return kept.with_name(f"{kept.name}.note.json")


def digest(data: bytes) -> str:
    """What a file is known by."""
    return hashlib.sha256(data).hexdigest()
