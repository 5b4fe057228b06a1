"""The protocol's own test programs, from npm, with a Node that runs them; put into the user's cache once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from platformdirs import user_cache_path

PACKAGES = ("node@24", "@modelcontextprotocol/conformance@0.2.0-alpha.12", "@modelcontextprotocol/inspector@2.12.0")


def node_tools() -> Path:
    """The folder of the programs. Skips the test, with the reason, where they cannot be had."""
    found = _installed()
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _installed() -> Path | str:
    """The folder, or why there is none. It is tried once: where no registry answers, that alone takes its time."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    name = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    folder = user_cache_path("hf-jobs-mcp-tests") / f"node-{name}"
    programs = folder / "node_modules" / ".bin"
    if programs.is_dir():
        return programs
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        bounds = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"]
        command = [npm, "install", "--prefix", str(made), *bounds, *PACKAGES]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            return f"npm cannot install them: {done.stderr.strip().splitlines()[-1:]}"
        if not programs.is_dir():
            made.rename(folder)
    except subprocess.TimeoutExpired:
        return "npm did not finish installing them"
    else:
        return programs
    finally:
        shutil.rmtree(made, ignore_errors=True)


def run(programs: Path, *command: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end."""
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    return subprocess.run(
        [str(programs / command[0]), *command[1:]], env=env, capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
