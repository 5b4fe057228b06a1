"""A real hub in a process of its own, for any test that needs one."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from local_hub.process import daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_hub.process.state import HubState

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.5.0"
SERVE = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
import os
from local_hub.process import daemon
sys.exit(daemon.serve(Path(os.environ["HF_JOBS_MCP_HOME"]), version={version!r}, **{options!r}))
"""


def launch_command(*, version: str = VERSION, **options: object) -> list[str]:
    """Return the command that serves a hub; `options` are those of `daemon.serve`."""
    return [sys.executable, "-P", "-c", SERVE.format(root=str(ROOT), version=version, options=options)]


def start(home: Path, **options: object) -> HubState:
    """Start the hub of `home`, or return the one that runs."""
    return daemon.ensure_running(home, launch_command(**options), version=VERSION)


@contextmanager
def running_hub(home: Path, **options: object) -> Iterator[HubState]:
    """Run a hub for `home`; at the end stop it and whatever its jobs left."""
    try:
        yield start(home, **options)
    finally:
        clear(home)


def clear(home: Path) -> None:
    """Stop the hub of `home` and every job of it that still runs."""
    from local_hub.runner.attempt import Attempt
    from local_hub.runner.orphans import end

    daemon.stop(home)
    for claim in (home / "hub" / "jobs").glob("*/attempt-*/claim"):
        attempt = Attempt(claim.parent)
        if attempt.alive:
            attempt.ask_to_end()
            end(claim.parent.parent.name)
            wait_until(lambda attempt=attempt: not attempt.alive)


@contextmanager
def short_home() -> Iterator[Path]:
    """Return a folder with a short path, removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="hub-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def wait_until(condition: Callable[[], T], *, seconds: float = 20.0, pause: float = 0.02) -> T:
    """Return the first true answer of `condition`; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(pause)
