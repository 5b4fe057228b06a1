"""The volumes of a job, made ready for the way it is run: by descriptor, never by a name that was checked before."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from local_hub.backends.base import CannotLaunch, Mount
from local_hub.backends.plain_process import named_in
from local_hub.buckets.tree import PathRefusedError, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from local_hub.paths import HubPaths

#: A read-only volume larger than this is not copied for a plain process.
MOST_COPIED = 256 << 20
#: Texts that a plain process may run or read its ways from: these are looked through for mount paths.
PROGRAMS = frozenset(
    {
        *("", "py", "sh", "bash", "js", "mjs", "ts", "rb", "pl", "r", "jl", "ipynb", "sql"),
        *("toml", "yaml", "yml", "cfg", "ini", "env", "md", "json"),
    }
)
MOST_LOOKED_AT, LONGEST_LOOKED_AT = 400, 256 << 10


def mounts(paths: HubPaths, volumes: Sequence[dict[str, Any]]) -> list[Mount]:
    """Return the folders of these volumes, each reached without following a link.

    Raises:
        CannotLaunch: one of them is not there, or a link stands in its way.
    """
    return [_mount(paths, volume) for volume in volumes]


def _mount(paths: HubPaths, volume: dict[str, Any]) -> Mount:
    top, inside, target = paths.buckets / volume["source"], volume.get("path") or "", volume["mountPath"]
    if not top.is_dir() or top.is_symlink():
        raise CannotLaunch(f"Volume {target}: there is no bucket {volume['source']}.")
    try:
        descriptor = Tree(top).folder(inside, make=True)
    except PathRefusedError:
        raise CannotLaunch(f"Volume {target}: there is no folder {inside} in {volume['source']}.") from None
    except OSError:
        raise CannotLaunch(f"Volume {target}: a link or a file stands where {inside} needs a folder.") from None
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return Mount(top, inside, target, volume["readOnly"], f"{found.st_dev}:{found.st_ino}")


def for_a_plain_process(wanted: Sequence[Mount], scratch: Path) -> list[Mount]:
    """Return the mounts as a plain process can have them: what is read-only is a copy, so that nothing is written back.

    Raises:
        CannotLaunch: a program in one of them names a mount path, or a copy would be too large.
    """
    targets = [mount.target for mount in wanted]
    for mount in wanted:
        _refuse_programs_that_name(targets, mount)
    return [
        _copied(mount, scratch / f"volume-{number}") if mount.read_only else mount
        for number, mount in enumerate(wanted)
    ]


def _refuse_programs_that_name(targets: Sequence[str], mount: Mount) -> None:
    tree, looked_at = Tree(mount.top), 0
    for entry in tree.walk(f"{mount.inside}/" if mount.inside else ""):
        name = entry.path.rpartition("/")[2]
        suffix = name.rpartition(".")[2] if "." in name else ""
        if entry.state is None or entry.state.size > LONGEST_LOOKED_AT or suffix.lower() not in PROGRAMS:
            continue
        looked_at += 1
        if looked_at > MOST_LOOKED_AT:
            return
        try:
            with tree.open(entry.path) as descriptor:
                text = os.read(descriptor, LONGEST_LOOKED_AT).decode(errors="replace")
        except OSError:
            continue
        if found := named_in(text, targets):
            raise CannotLaunch(
                f"{name} names {found}, and without a sandbox a volume cannot be put there. Let it use the working "
                "folder, HF_JOB_WORKSPACE, or an argument or a variable that holds the path: those are rewritten."
            )


def _copied(mount: Mount, copy: Path) -> Mount:
    tree, total = Tree(mount.top), 0
    base = f"{mount.inside}/" if mount.inside else ""
    copy.mkdir(parents=True, exist_ok=True)
    for entry in tree.walk(base):
        if entry.state is None:
            continue
        total += entry.state.size
        if total > MOST_COPIED:
            raise CannotLaunch(
                f"Volume {mount.target}: without a sandbox a read-only volume is a copy, and this one is larger than "
                f"{MOST_COPIED >> 20} MB."
            )
        place = copy / entry.path.removeprefix(base)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tree.open(entry.path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as source:
                with place.open("wb") as target:
                    shutil.copyfileobj(source, target)
                place.chmod(0o555 if os.fstat(descriptor).st_mode & 0o111 else 0o444)
        except FileNotFoundError:
            continue
    for folder, _, _ in os.walk(copy, topdown=False):
        os.chmod(folder, 0o555)  # noqa: PTH101, S103 - os.walk gave it; the job's own user is who reads it.
    return Mount(copy, "", mount.target, read_only=True)
