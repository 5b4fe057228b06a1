"""The folder at the front of a job's PATH: every interpreter of this machine, ``python`` among them, pip and uv."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hub_contract import uv_program
from local_hub.backends import interpreters

if TYPE_CHECKING:
    from local_hub.backends.interpreters import Interpreter

TOOLS = ("uv", "uvx")


@cache
def uv_folder() -> Path | None:
    """Return where uv lies: the one we depend on, else the one on PATH."""
    found = uv_program.found() or shutil.which("uv")
    return Path(found).resolve().parent if found else None


@cache
def folder(home: Path, chosen: Interpreter | None) -> Path:
    """Return the folder of tools in which ``python`` is `chosen`, made once for what this machine has and then kept."""
    made = home / "bin" / f"{f'python3.{chosen.minor}' if chosen else 'none'}-{_mark()}"
    if made.is_dir():
        return made
    made.parent.mkdir(exist_ok=True)
    being_made = Path(tempfile.mkdtemp(prefix=f"{made.name}.", dir=made.parent))
    being_made.chmod(0o755)
    for one in interpreters.installed().values():
        (being_made / f"python3.{one.minor}").symlink_to(one.executable)
    if chosen:
        for name in ("python", "python3"):
            (being_made / name).symlink_to(chosen.executable)
        for name in ("pip", "pip3"):
            (being_made / name).write_text(f'#!/bin/sh\nexec "{chosen.executable}" -m pip "$@"\n')
            (being_made / name).chmod(0o755)
    for source in _tools():
        _place(source, being_made / source.name)
    try:
        being_made.rename(made)
    except OSError:
        shutil.rmtree(being_made)
    return made


def _tools() -> list[Path]:
    there = uv_folder()
    return [there / name for name in TOOLS if (there / name).is_file()] if there else []


def _mark() -> str:
    """Return what tells this machine's tools from others: their paths, sizes and ages."""
    known = [str(one.executable) for one in interpreters.installed().values()]
    known += [f"{tool} {tool.stat().st_size} {tool.stat().st_mtime_ns}" for tool in _tools()]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:8]


def _place(source: Path, target: Path) -> None:
    """Put a program itself there, not a link to it: a sandboxed job does not see where it comes from."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
