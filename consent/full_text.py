"""The whole of what a question is about, in a file that the person can open while the question is on the screen."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from consent.request import ConsentRequest

_KEPT_FOR = 86_400.0
_MOST = 50


@dataclass(frozen=True)
class FullTexts:
    """Files in `folder`, named by fingerprint, mode 0600; the newest fifty of the last day are kept."""

    folder: Path

    def keep(self, request: ConsentRequest) -> Path:
        """Write the request's details, already masked, and say where. Old ones are cleared away."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear()
        path = self.folder / f"{request.fingerprint}.txt"
        # Owner only from the start, and never through a link that was left there.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{request.title}\nFingerprint {request.fingerprint}\n\n{request.details}\n")
        return path

    def _clear(self) -> None:
        oldest = time.time() - _KEPT_FOR
        ages = []
        for path in self.folder.glob("*.txt"):
            with suppress(FileNotFoundError):  # Another server clears the same folder.
                ages.append((path.lstat().st_mtime, path))
        for place, (touched, path) in enumerate(sorted(ages, reverse=True)):
            if place >= _MOST or touched < oldest:
                path.unlink(missing_ok=True)
