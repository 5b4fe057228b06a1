"""How a client is to start this very program: a full path, or ``uvx`` where that is how it was started itself."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from server.version import DISTRIBUTION

_HOME = "HF_JOBS_MCP_HOME"
#: Folders of uv's cache that hold what ``uvx`` runs; they are swept away when the cache is.
_CACHED = frozenset({"archive-v0", "environments-v2", "builds-v0"})


@dataclass(frozen=True)
class Launch:
    """A command, its arguments, and the variables with which it finds the same state as this process."""

    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


def this_program() -> Launch:
    """The command that starts what runs now, from any folder and with any ``PATH``."""
    home = os.environ.get(_HOME, "").strip()
    own = home and not home.startswith("${")
    env = {_HOME: str(Path(home).expanduser().absolute())} if own else {}
    if _CACHED & set(Path(sys.prefix).parts):
        return Launch(_uvx(), (*_source(), DISTRIBUTION), env)
    beside = Path(sys.executable).with_name(DISTRIBUTION + (".exe" if os.name == "nt" else ""))
    if beside.exists():
        return Launch(str(beside.absolute()), (), env)
    return Launch(sys.executable, ("-m", "hf_jobs_mcp"), env)


def _uvx() -> str:
    beside = Path(os.environ.get("UV", "")).with_name("uvx") if os.environ.get("UV") else None
    if beside is not None and beside.is_file():
        return str(beside.absolute())
    return shutil.which("uvx") or "uvx"


def _source() -> tuple[str, ...]:
    """Where uvx took it from, if that was not the package index: a wheel, a folder, a repository."""
    try:
        told = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ()
    url, repository = told.get("url"), told.get("vcs_info")
    if not url:
        return ()
    return ("--from", f"{repository['vcs']}+{url}@{repository['commit_id']}" if repository else url)
