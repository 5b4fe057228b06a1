"""The names that were ever attached to a job from here, kept in the state folder; never a value."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class RememberedNames:
    """A file of names, one a line, mode 0600, that every process of this state folder adds to and reads.

    A folder that cannot be written is no reason not to go on: the hub tells a job's names too.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"RememberedNames({str(self.path)!r})"

    def read(self) -> frozenset[str]:
        """All names; none where there is no file."""
        if self.path is None:
            return frozenset()
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return frozenset()
        return frozenset(line for line in lines if _NAME.fullmatch(line))

    def add(self, names: Iterable[str]) -> None:
        """Keep `names` too. Each call is one write, so that processes do not cut each other's lines."""
        new = sorted({name for name in names if _NAME.fullmatch(name)} - self.read())
        if not new or self.path is None:
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write("".join(f"{name}\n" for name in new).encode())
