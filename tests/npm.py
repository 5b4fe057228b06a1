"""Programs and libraries from npm, put into the user's cache once, for tests that are skipped where they cannot be had."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from platformdirs import user_cache_path


def modules(*packages: str) -> Path:
    """The ``node_modules`` that holds `packages`, each ``NAME@VERSION``. Skips the test, with the reason, without it."""
    found = _installed(packages)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@cache
def _installed(packages: tuple[str, ...]) -> Path | str:
    """The folder, or why there is none. It is tried once: where no registry answers, that alone takes its time."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = user_cache_path("hf-jobs-mcp-tests") / f"node-{name}"
    wanted = folder / "node_modules"
    if wanted.is_dir():
        return wanted
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        bounds = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"]
        command = [npm, "install", "--prefix", str(made), *bounds, *packages]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            return f"npm cannot install them: {done.stderr.strip().splitlines()[-1:]}"
        if not wanted.is_dir():
            made.rename(folder)
    except subprocess.TimeoutExpired:
        return "npm did not finish installing them"
    else:
        return wanted
    finally:
        shutil.rmtree(made, ignore_errors=True)
