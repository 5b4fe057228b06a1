"""What jobs that use this machine's own programs have in common: their tools, their caches, and what they are told."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # It ships no types.

from local_hub import flavors
from local_hub.backends import interpreters, tool_path, tool_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_hub.backends.base import LaunchRequest

#: Any of these is a GPU that a job could use.
GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd")
RUN_IT = ("/bin/sh", "-c", 'exec "$@"', "job")
PROGRAMS = (Path("/bin"), Path("/usr/bin"))
#: Of the machine's memory, what all jobs leave to everything else.
SPARED_MEMORY = 0.1


class OnThisMachine:
    """The part that is the same with a sandbox and without."""

    sandbox: str

    def __init__(self, home: Path) -> None:
        self.home = home

    def tools(self, chosen: interpreters.Interpreter | None) -> Path:
        """Return the folder of tools in which ``python`` is the chosen interpreter."""
        return tool_path.folder(self.home, chosen)

    def caches(self, request: LaunchRequest) -> Path:
        """Return the folder of package caches of this job, made if need be."""
        return cache_of(self.home, request.secrets)

    def clear(self, job_id: str) -> None:
        """Do nothing: a job here is processes of this user, which its supervisor or `orphans` has ended."""

    def note(self, request: LaunchRequest, chosen: interpreters.Interpreter | None, *, exact: bool) -> str:
        """Return what the job's message says of where it runs: only what the person may not expect."""
        image = request.spec.get("dockerImage") or request.spec.get("spaceId")
        where = "Runs on this machine" if self.sandbox == "none" else "Runs sandboxed on this machine"
        words = f"{where}; {image} is not pulled"
        if chosen and not exact:
            words += f", Python 3.{chosen.minor} stands in"
        return f"{words}{no_gpu(request.spec['flavor'])}"


def cache_of(home: Path, secret_names: Iterable[str]) -> Path:
    """Return the folder of package caches for jobs that are given just these secrets, made if need be.

    What one job leaves in a cache is what the next one runs. So jobs share one only with those that have the same
    secrets: code that nobody was asked about is not found in it by a job that was given a key.
    """
    names = sorted(secret_names)
    folder = home / "cache"
    if names:
        folder = home / "caches" / hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    for name in ("uv", "python"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def no_gpu(flavor: str) -> str:
    """Return the words that say so when a flavor has a GPU and this machine has none, else nothing."""
    wanted = flavors.by_name()[flavor].accelerator
    return "; no GPU here" if wanted and not any(map(os.path.exists, GPU_DEVICES)) else ""


@cache
def _memory() -> int:
    return int(psutil.virtual_memory().total * (1 - SPARED_MEMORY))


def memory_of(flavor: str) -> int:
    """Return the bytes of memory that a job of this flavor may use on this machine."""
    return min(flavors.by_name()[flavor].ram_gb << 30, _memory())


def started(command: list[str]) -> list[str]:
    """Return what runs a command so that one that cannot be found is exit status 127, as in a container.

    A program of the system, named by its path, is there on both sides and needs no shell to find it.
    """
    program = Path(command[0])
    if program.parent in PROGRAMS and os.access(program, os.X_OK):
        return command
    return [*RUN_IT, *command]


def configure_tools(home: Path) -> None:
    """Give a job's home what the user has told pip and uv, accounts left out."""
    for place, text in tool_settings.files().items():
        with suppress(OSError):
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (home / place).write_text(text)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without those that lie in another of them, parents first."""
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found
