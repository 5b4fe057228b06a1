"""``hf-jobs-mcp doctor``: what works, what does not, and what to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import anyio

from jobs.errors import JobsError
from server.connection import Connection, hub_token
from server.version import version

if TYPE_CHECKING:
    from server.settings import Settings

Level = Literal["ok", "note", "fail"]
_SECONDS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` says what to do where there is something to do."""

    verdict: Level
    subject: str
    state: str
    advice: str | None = None


def examine(settings: Settings) -> int:
    """Print every finding. Returns 1 when something that the main job needs does not work."""
    findings = []
    for check in (_program, _state_folder, _uv, _pythons, _sandbox, _engine, _token, _hub, _keyring, _asking):
        for finding in check(settings):
            findings.append(finding)
            print(f"{finding.verdict:<5} {finding.subject}: {finding.state}")
            if finding.advice:
                print(f"      {finding.advice}")
    failed = sum(finding.verdict == "fail" for finding in findings)
    print(f"\n{failed or 'No'} problem{'' if failed == 1 else 's'} found.")
    return 1 if failed else 0


def _program(_: Settings) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "hf-jobs-mcp", f"version {version()} on Python {python}")


def _state_folder(settings: Settings) -> Iterator[Finding]:
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(settings.home, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        yield Finding(
            "fail", "state folder", f"{settings.home} cannot be written", "Set HF_JOBS_MCP_HOME to one that can."
        )
        return
    free = shutil.disk_usage(settings.home).free / 1e9
    yield Finding("ok" if free > 1 else "note", "state folder", f"{settings.home} ({free:.0f} GB free)")


def _uv(_: Settings) -> Iterator[Finding]:
    from uv import find_uv_bin

    try:
        told = _output([find_uv_bin(), "--version"])
    except FileNotFoundError:
        told = None
    yield (
        Finding("ok", "uv", told)
        if told
        else Finding("fail", "uv", "not found", "Install this package again: pip install --force-reinstall uv")
    )


def _pythons(_: Settings) -> Iterator[Finding]:
    found = [name for name in ("python3.14", "python3.13", "python3.12") if _output([name, "--version"])]
    if sys.version_info >= (3, 12) or found:
        yield Finding("ok", "Python for fast-agent", found[0] if found else "this one")
    else:
        yield Finding(
            "note", "Python for fast-agent", "none of 3.12 or later on PATH",
            "uv fetches one where it can; otherwise install Python 3.12 or later for fast-agent jobs on the local hub.",
        )  # fmt: skip


def _sandbox(settings: Settings) -> Iterator[Finding]:
    from local_hub.backends import sandbox

    found = sandbox.choose(settings.home).sandbox
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


def _engine(settings: Settings) -> Iterator[Finding]:
    if settings.runner != "container":
        return
    engine = next((name for name in ("podman", "docker") if shutil.which(name)), None)
    works = engine is not None and _output([engine, "version"]) is not None
    yield (
        Finding("ok", "container engine", str(engine))
        if works
        else Finding(
            "fail", "container engine", "neither Podman nor Docker answers", "Start one, or unset HF_JOBS_MCP_RUNNER."
        )
    )


def _token(settings: Settings) -> Iterator[Finding]:
    if settings.hub == "local":
        return
    if hub_token() is not None:
        yield Finding("ok", "Hugging Face token", "found")
    elif settings.hub == "auto":
        yield Finding("note", "Hugging Face token", "none; jobs run on the local hub", "For the cloud: hf auth login")
    else:
        yield Finding("fail", "Hugging Face token", "none, and this hub needs one", "Run: hf auth login")


def _hub(settings: Settings) -> Iterator[Finding]:
    async def ask() -> str:
        connection = Connection(settings, version())
        try:
            with anyio.fail_after(_SECONDS * 2):
                connected = await connection()
                who = await connected.hub.whoami()
                flavors = await connected.hub.hardware()
            return f"{connected.name} at {connected.hub.endpoint} answers {who.name}, {len(flavors)} flavors"
        finally:
            await connection.close()

    try:
        yield Finding("ok", "hub", anyio.run(ask))
    except JobsError as error:
        yield Finding("fail", "hub", error.message, error.hint)
    except TimeoutError:
        yield Finding("fail", "hub", "it does not answer", "Check the network and HF_JOBS_MCP_HUB.")


def _keyring(_: Settings) -> Iterator[Finding]:
    import keyring

    name = type(keyring.get_keyring()).__module__
    usable = "fail" not in name and "null" not in name
    yield (
        Finding("ok", "keyring", name)
        if usable
        else Finding(
            "note", "keyring", "no system keyring here", "Values come from the environment or HF_JOBS_MCP_SECRETS_FILE."
        )
    )


def _asking(settings: Settings) -> Iterator[Finding]:
    if settings.attach_without_asking:
        yield Finding(
            "note", "consent", "switched off by a start-up flag", "Nobody is asked before secrets are attached."
        )
    else:
        yield Finding("ok", "consent", "clients that can ask do; others: hf-jobs-mcp approve")


def _output(command: list[str]) -> str | None:
    """What a command printed first, or None where it is missing, fails or hangs."""
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    try:
        done = run(command, capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout.strip().splitlines() or [""])[0] if done.returncode == 0 else None
