"""A Podman with a store of its own and an image made of this machine's Python, for tests of the container runner."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The names under which tests ask for the image. They exist in the test's own store only.
NAMES = (
    "docker.io/library/python:3.12",
    f"docker.io/library/python:3.{sys.version_info.minor}-slim",
    "ghcr.io/astral-sh/uv:python3.12-bookworm",
    "docker.io/library/x",
)

#: Seconds for one command of the engine, on a machine with everything else to do.
PATIENCE = 100

#: Without a journal or a systemd of the user's, which Podman would otherwise look for.
RUNC_SETTINGS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""

_TRIAL = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "--network=host", "--log-driver=none")

_LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "site-packages", "dist-packages", "__pycache__"}
_TOOLS = ("sh", "sleep", "cat", "ls", "true", "env", "id", "seq", "sha256sum", "head", "yes")


class NoEngineError(Exception):
    """There is no Podman here that can run a container; the text says why."""


@contextmanager
def podman(folder: Path) -> Iterator[str]:
    """Make the image in a store below `folder`; return the command line of a Podman that has it.

    Raises:
        NoEngineError: tests are to be skipped with this reason.
    """
    found = shutil.which("podman")
    if found is None:
        raise NoEngineError("Podman is not installed")
    engine = [found, "--root", str(folder / "store"), "--runroot", str(folder / "run")]
    archive = folder / "image.tar"
    with pytest.MonkeyPatch.context() as patch:
        try:
            _archive(archive)
            _choose_runtime(engine, archive, folder, patch)
            for name in NAMES[1:]:
                _run(engine, "tag", NAMES[0], name)
            yield " ".join(engine)
        finally:
            archive.unlink(missing_ok=True)
            for last in (["rm", "--all", "--force", "-t", "0"], ["rmi", "--all", "--force"]):
                with suppress(subprocess.TimeoutExpired):
                    subprocess.run([*engine, *last], check=False, capture_output=True, timeout=PATIENCE)


def _choose_runtime(engine: list[str], archive: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Import the image and run it once, as jobs do: with settings of the tests' own where runc is there, or as it comes.

    Podman's usual crun refuses the control groups of version 1 that many containers and older machines have.
    """
    settings = folder / "containers.conf"
    settings.write_text(RUNC_SETTINGS)
    ways = [str(settings), None] if shutil.which("runc") else [None]
    reasons = []
    for way in ways:
        if way:
            patch.setenv("CONTAINERS_CONF", way)
        else:
            patch.undo()
        try:
            _run(engine, "import", str(archive), NAMES[0])
            _run(engine, "run", "--rm", *_TRIAL, NAMES[0], "python", "-c", "import json, ssl")
        except NoEngineError as reason:
            reasons.append(reason)
        else:
            return
    raise reasons[0]


def _run(engine: list[str], *arguments: str) -> None:
    try:
        done = subprocess.run([*engine, *arguments], check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise NoEngineError(f"Podman does not end within {PATIENCE} s: {arguments[0]}") from None
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or ["no reason given"]
        raise NoEngineError(f"Podman cannot {arguments[0]} here: {words[-1]}")


def _archive(archive: Path) -> None:
    """Write a root file system: this Python with its library, uv, a shell and a few tools."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    programs = {f"/usr/bin/{name}": Path(shutil.which(name) or "") for name in _TOOLS if shutil.which(name)}
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        programs["/usr/local/bin/uv"] = uv.resolve()
    binaries = [python, *programs.values(), *library.glob("lib-dynload/*.so")]
    with tarfile.open(archive, "w") as tar:
        for folder in ("tmp", "root", "proc", "sys", "dev", "etc", "usr/local/bin", "usr/bin", "var/tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if "tmp" in folder else 0o755
            tar.addfile(entry)
        _link(tar, "bin", "usr/bin")
        for name in ("python", "python3", "python3.12", f"python3.{sys.version_info.minor}"):
            _link(tar, f"usr/local/bin/{name}", str(python))
        for target, program in programs.items():
            tar.add(program.resolve(), target.lstrip("/"))
        for path in {python, *_libraries(binaries)}:
            tar.add(path.resolve(), str(path).lstrip("/"))
        tar.add(library, str(library).lstrip("/"), filter=_kept)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _LEFT_OUT & set(Path(entry.name).parts) or entry.name.endswith(".a") else entry


def _libraries(binaries: list[Path]) -> set[Path]:
    """Return the shared libraries that programs need, as the loader names them."""
    told = subprocess.run(["ldd", *map(str, binaries)], check=False, capture_output=True, text=True, timeout=60).stdout
    named = re.findall(r"(?:=> )?(/\S+) \(0x", told)
    return {Path(os.path.normpath(name)) for name in named}
