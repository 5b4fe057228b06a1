"""Runs a real fast-agent, which wants Python 3.12 or later and comes from the package index through uv."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from local_hub.backends.interpreters import installed
from tests.mcp_session import SERVER

OLDEST = 12


def python_for_fast_agent() -> Path:
    """A Python that fast-agent runs on; skips the test where there is none."""
    fitting = [found for minor, found in installed().items() if minor >= OLDEST]
    if not fitting:
        pytest.skip("fast-agent needs Python 3.12 or later, and none is here")
    return fitting[-1].executable


def configuration(folder: Path, env: dict[str, str], **server: Any) -> None:
    """Write a `fast-agent.yaml` that starts our server; JSON is YAML enough."""
    described = {"command": SERVER[0], "args": [*SERVER[1:]], "env": env, **server}
    settings = {"default_model": "passthrough", "mcp": {"servers": {"hf-jobs": described}}}
    (folder / "fast-agent.yaml").write_text(json.dumps(settings))


def run_fast_agent(folder: Path, *command: str, seconds: float = 110) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment with fast-agent, in `folder`, with nothing on stdin."""
    uv = [find_uv_bin(), "run", "--no-project", "--python", str(python_for_fast_agent()), "--with", "fast-agent-mcp"]
    env = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_TOKEN"))}
    return subprocess.run(
        [*uv, *command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
