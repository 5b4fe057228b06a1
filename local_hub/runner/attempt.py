"""The folder of one attempt, seen from the hub: what its supervisor left there and whether it still lives."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Exit:
    """How an attempt ended. `reason` is exited, memory, processes, timeout, canceled, disk or lost."""

    code: int
    reason: str
    finished_ms: int


class Attempt:
    """One attempt of a job; the files are `supervisor`'s, which says what each is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make the folder and its two FIFOs; does nothing where they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("alive", "control"):
            with suppress(FileExistsError):
                os.mkfifo(self.folder / name, 0o600)

    def listen(self) -> int:
        """Open the FIFO that the supervisor holds; it reads as empty once the supervisor is gone."""
        return os.open(self.folder / "alive", os.O_RDONLY | os.O_NONBLOCK)

    @property
    def claimed(self) -> bool:
        return (self.folder / "claim").exists()

    @property
    def started_ms(self) -> int | None:
        return self._read("claim").get("started_ms") or self._claim_time()

    def _claim_time(self) -> int | None:
        with suppress(OSError):
            return (self.folder / "claim").stat().st_mtime_ns // 1_000_000
        return None

    @property
    def supervisor(self) -> int | None:
        return self._read("claim").get("supervisor")

    @property
    def process(self) -> int | None:
        """Return the id of the job's first process, which leads a session of its own."""
        with suppress(OSError, ValueError):
            return int((self.folder / "pid").read_text())
        return None

    @property
    def exit(self) -> Exit | None:
        record = self._read("exit")
        return Exit(record["code"], record["reason"], record["finished_ms"]) if record else None

    @property
    def alive(self) -> bool:
        """Tell whether a supervisor holds the attempt now."""
        try:
            descriptor = self.listen()
        except OSError:
            return False
        try:
            return os.read(descriptor, 1) != b""
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)

    def ask_to_end(self) -> bool:
        """Ask the supervisor to end the job; False when there is none to ask."""
        try:
            descriptor = os.open(self.folder / "control", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            os.write(descriptor, b"E")
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _read(self, name: str) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads((self.folder / name).read_bytes())
            return found
        return {}
