"""The real clients, as a person or a program outside the project would run them, and a note of what they called."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from tests.contract import surface

HF = Path(sys.executable).with_name("hf")


@dataclass
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer, which some commands precede with lines for people."""
        lines = self.out.splitlines()
        start = next((number for number, line in enumerate(lines) if line[:1] in {"{", "["}), 0)
        return json.loads("\n".join(lines[start:]) or "[]")


class RecordedApi:
    """`HfApi`, with a note of each method that is called from here."""

    def __init__(self, api: HfApi, called: set[str]) -> None:
        self._api = api
        self._called = called

    def __getattr__(self, name: str) -> Any:
        self._called.add(name)
        return getattr(self._api, name)


@dataclass
class Contract:
    """A hub and the two clients that talk to it."""

    endpoint: str
    token: str
    home: Path
    called: set[str] = field(default_factory=set)

    @property
    def api(self) -> Any:
        return RecordedApi(HfApi(self.endpoint, token=self.token), self.called)

    def hf(self, *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None, status: int = 0) -> Done:
        """Run ``hf ARGUMENTS…`` and check its exit status. It is ended after 60 seconds."""
        self.called.add(self._name(arguments))
        done = subprocess.run(
            [HF, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "HF_HOME": str(self.home / "hf"),
                "HF_ENDPOINT": self.endpoint,
                "HF_TOKEN": self.token,
                "HF_HUB_DISABLE_UPDATE_CHECK": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                "NO_COLOR": "1",
                "COLUMNS": "300",
                **(env or {}),
            },
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, f"hf {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    def started(self, *arguments: str, **options: Any) -> str:
        """Run a command that starts a job or makes a schedule; return its id."""
        identity: str = self.hf(*arguments, "--format", "json", **options).json["id"]
        return identity

    @staticmethod
    def _name(arguments: tuple[str, ...]) -> str:
        words = [{"ls": "list", "ps": "list", "rm": "remove"}.get(word, word) for word in arguments]
        known = surface.commands()
        for length in range(4, 0, -1):
            if (name := " ".join(["hf", *words[:length]])) in known:
                return name
        return ""
