"""What this machine gives: the state folder and its disk, uv, Pythons, a sandbox, an engine, a keyring."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hub_contract import uv_program
from server.doctor.finding import Finding, first_line
from server.version import version

if TYPE_CHECKING:
    from server.settings import Settings

_TRIAL_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NEWEST_TOO_OLD = 12
_SCARCE_GB = 1
_FEW_FILES = 256


def program(_: Settings) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "hf-jobs-mcp", f"version {version()} on Python {python}")


def state_folder(settings: Settings) -> Iterator[Finding]:
    """Whether a file can be made in it; what is on the disk is `disk`'s."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
        if (settings.home / "hub").exists():
            with tempfile.TemporaryFile(dir=settings.home / "hub"):
                pass
        mode = settings.home.stat().st_mode
    except OSError as error:
        if error.errno not in _FULL:
            why = "its file system is read-only" if error.errno == errno.EROFS else error.strerror
            yield Finding(
                "fail", "state folder", f"{settings.home} cannot be written: {why}",
                "Set HF_JOBS_MCP_HOME to a folder that can.",
            )  # fmt: skip
        return
    if os.name == "posix" and mode & 0o022:
        yield Finding(
            "note", "state folder", f"others on this machine can write to {settings.home}",
            f"Run: chmod 700 {settings.home}",
        )  # fmt: skip
    else:
        yield Finding("ok", "state folder", str(settings.home))


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room, tried by writing: quotas are in no figure."""
    try:
        with tempfile.TemporaryFile(dir=settings.home) as trial:
            trial.write(b"\0" * _TRIAL_BYTES)
            trial.flush()
        free = shutil.disk_usage(settings.home).free / 1e9
    except OSError as error:
        if error.errno in _FULL:
            yield Finding(
                "fail", "disk", f"there is no room left where {settings.home} lies",
                "Free some, or set HF_JOBS_MCP_HOME to a folder on another disk.",
            )  # fmt: skip
        return
    advice = "Free some before large jobs." if free < _SCARCE_GB else None
    yield Finding("note" if advice else "ok", "disk", f"{free:.1f} GB free", advice)


def open_files(_: Settings) -> Iterator[Finding]:
    """Whether a hub and its jobs may have as many files open as they need."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return
    most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < _FEW_FILES:
        yield Finding(
            "note", "open files", f"no more than {most} may be open at once: a few jobs or clients use that up",
            "Raise it where the client is started: ulimit -n 1024.",
        )  # fmt: skip


def uv(_: Settings) -> Iterator[Finding]:
    program = uv_program.found()
    told = first_line([str(program), "--version"]) if program else None
    yield (
        Finding("ok", "uv", told)
        if told
        else Finding("fail", "uv", "not found, or does not run", "Install it again: pip install --force-reinstall uv")
    )


def pythons(_: Settings) -> Iterator[Finding]:
    """Whether a job finds a Python that fast-agent runs on, looked for as the local hub does."""
    name = "Python for fast-agent"
    try:
        from local_hub.backends.interpreters import installed

        newest = max(installed(), default=0)
    except ImportError:  # Where there is no local hub, jobs bring their own.
        return
    if newest >= _NEWEST_TOO_OLD:
        yield Finding("ok", name, f"3.{newest}")
    else:
        yield Finding(
            "note", name, "there is none of 3.12 or later here",
            "uv fetches one where it can; otherwise install Python 3.12 or later for fast-agent jobs on the local hub.",
        )  # fmt: skip


def sandbox(settings: Settings) -> Iterator[Finding]:
    from local_hub.backends import sandbox as sandboxes

    found = sandboxes.choose(settings.home).sandbox
    if found != "none":
        yield Finding("ok", "sandbox", f"{found}; local jobs do not see your files")
        return
    what = "refuses namespaces, to bubblewrap too" if sys.platform == "linux" else "has no sandbox for jobs"
    yield Finding(
        "note", "sandbox", f"this system {what}; you are asked about each local job",
        "Allow unprivileged user namespaces, or use HF_JOBS_MCP_RUNNER=container with Podman or Docker."
        if sys.platform == "linux"
        else "HF_JOBS_MCP_RUNNER=container with Podman or Docker keeps jobs away from your files.",
    )  # fmt: skip


def engine(settings: Settings) -> Iterator[Finding]:
    if settings.runner != "container":
        return
    found = next((name for name in ("podman", "docker") if shutil.which(name)), None)
    works = found is not None and first_line([found, "version"]) is not None
    yield (
        Finding("ok", "container engine", str(found))
        if works
        else Finding(
            "fail", "container engine", "neither Podman nor Docker answers", "Start one, or unset HF_JOBS_MCP_RUNNER."
        )
    )


def keyring(_: Settings) -> Iterator[Finding]:
    import keyring as system

    name = type(system.get_keyring()).__module__
    usable = "fail" not in name and "null" not in name
    yield (
        Finding("ok", "keyring", name)
        if usable
        else Finding(
            "note", "keyring", "no system keyring here",
            "Values come from the environment, HF_JOBS_MCP_SECRETS_FILE, or a file that hf-jobs-mcp secrets set keeps.",
        )
    )  # fmt: skip
