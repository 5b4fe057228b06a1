"""What a sandboxed job sees of this machine, as steps: the system read-only, its own folders, and nothing else.

A step is one of

- ``bind source target writable device``: a file or folder of the machine's, left out where there is none;
- ``volume top inside target writable``: a folder of a bucket, walked from `top` without following a link;
- ``tmpfs target size``: an empty folder in memory, `size` bytes at most (0: as the system likes);
- ``symlink text target``: a link;
- ``mask target``: nothing in the place of something that is shown.

`backends.namespaces` carries them out itself; for bubblewrap they become its arguments.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # It ships no types.

from local_hub.backends import interpreters, tool_settings
from local_hub.backends.on_this_machine import outermost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_hub.backends.base import LaunchRequest

HOME = "/home/job"
TOOLS = "/hub/bin"
CACHES = "/hub/cache"
READ_ONLY = ("/usr", "/etc", "/opt", "/nix")
FORMER_ROOT_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
DEVICES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/kfd", "/dev/dri")
OWN_FOLDERS = ("tmp", "var/tmp", "run", "hub", HOME.lstrip("/"))
#: Of the machine's memory, what one job may use as shared memory.
SHARED_MEMORY = 4

Step = list[Any]


class JobView:
    """The steps for one hub, whose folder is `home`; those that are the same for all jobs are found out once."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def of(self, request: LaunchRequest, *, tools: Path, caches: Path) -> list[Step]:
        """Return the steps for one attempt, in the order in which they are to be made."""
        steps = [*self._fixed, ["bind", str(tools), TOOLS, False, False], ["bind", str(caches), CACHES, True, False]]
        mounts = sorted(request.mounts, key=lambda mount: mount.target.count("/"))
        return steps + [["volume", str(one.top), one.inside, one.target, not one.read_only] for one in mounts]

    @cached_property
    def _fixed(self) -> list[Step]:
        steps = list(system())
        hidden = [path for path in (Path.home(), self._home) if any(path.is_relative_to(one) for one in READ_ONLY)]
        steps += [["tmpfs", str(path), 0] for path in outermost(hidden)]
        for path in outermost(interpreters.folders()):
            steps.append(["bind", str(path), str(path), False, False])
            if self._home.is_relative_to(path):
                steps.append(["tmpfs", str(self._home), 0])
        for path in outermost(tool_settings.paths()):
            if not any(path.is_relative_to(shown) for shown in READ_ONLY):
                steps.append(["bind", str(path), str(path), False, False])
        steps += [["bind", device, device, True, True] for device in DEVICES if Path(device).exists()]
        steps.append(["tmpfs", "/dev/shm", psutil.virtual_memory().total // SHARED_MEMORY])  # noqa: S108 - The job's own.
        return steps


def system() -> Iterator[Step]:
    """Yield the steps that show the system's own folders, read-only, and what only some may read not at all."""
    for name in READ_ONLY:
        if Path(name).is_dir():
            yield ["bind", name, name, False, False]
    for name in FORMER_ROOT_FOLDERS:
        folder = Path(name)
        if folder.is_symlink():
            yield ["symlink", str(folder.readlink()), name]
        elif folder.is_dir():
            yield ["bind", name, name, False, False]
    for path in _not_for_everyone("/etc"):
        yield ["mask", path]
    resolver = Path("/etc/resolv.conf").resolve()
    if resolver.exists() and not resolver.is_relative_to("/etc"):
        yield ["bind", str(resolver), str(resolver), False, False]
    if Path("/sys").is_dir():
        yield ["bind", "/sys", "/sys", False, False]


@cache
def settings() -> tuple[str, ...]:
    """Return the machine's settings below ``/proc``: for root they are its own files, with capabilities or without."""
    found = ["/proc/sys"]
    if os.geteuid() == 0:
        with os.scandir("/proc") as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.isdigit() or entry.path in found or entry.is_symlink():
                    continue
                with suppress(OSError):
                    mode = entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode) or mode & 0o222:
                        found.append(entry.path)
    return tuple(found)


def _not_for_everyone(folder: str) -> Iterator[str]:
    """Yield what this user can read there, as root everything, and everybody cannot: keys, password hashes."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            with suppress(OSError):
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    if not mode & stat.S_IXOTH or not mode & stat.S_IROTH:
                        yield entry.path
                    else:
                        yield from _not_for_everyone(entry.path)
                elif stat.S_ISREG(mode) and not mode & stat.S_IROTH and os.access(entry.path, os.R_OK):
                    yield entry.path
