"""The file that says where the running hub is, and the calls a launcher makes to it. Standard library only."""

from __future__ import annotations

import http.client
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class HubState:
    """A hub: its process, where it answers, what it wants to be shown, its release, and when it started (Unix time)."""

    pid: int
    endpoint: str
    token: str
    version: str
    started_at: float

    def __repr__(self) -> str:
        return f"HubState(pid={self.pid}, endpoint={self.endpoint!r}, version={self.version!r})"

    @property
    def port(self) -> int:
        return urlsplit(self.endpoint).port or 0

    def call(self, method: str, path: str, *, timeout: float = ANSWER_SECONDS) -> dict[str, Any] | None:
        """Ask the hub about itself; None when nobody answers there, or not as this hub would."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        else:
            return answer if response.status == 200 and isinstance(answer, dict) else None  # noqa: PLR2004 - HTTP's own.
        finally:
            connection.close()

    def status(self) -> dict[str, Any] | None:
        """Return ``pid, endpoint, version, runner, sandbox, jobs`` if this very hub answers."""
        answer = self.call("GET", "/api/local-hub/status")
        return answer if answer and answer.get("pid") == self.pid else None


def load(path: Path) -> HubState | None:
    """Read the file, whether or not that hub still runs."""
    with suppress(OSError, ValueError, TypeError):
        return HubState(**json.loads(path.read_bytes()))
    return None


def save(path: Path, state: HubState) -> None:
    """Write the file whole, readable by its owner only."""
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
