"""The protocol's own test programs, from npm, with a Node that runs them; put into the user's cache once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import npm

PACKAGES = ("node@24", "@modelcontextprotocol/conformance@0.2.0-alpha.12", "@modelcontextprotocol/inspector@2.12.0")


def node_tools() -> Path:
    """The folder of the programs. Skips the test, with the reason, where they cannot be had."""
    return npm.modules(*PACKAGES) / ".bin"


def run(programs: Path, *command: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end."""
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    return subprocess.run(
        [str(programs / command[0]), *command[1:]], env=env, capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
