"""The hub as a process: found, started, shared, stopped. One lock keeps it single, one file says where it is."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from local_hub.backends import environment
from local_hub.errors import HubStartError
from local_hub.paths import HubPaths
from local_hub.process import state as states
from local_hub.process.state import HubState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["HubStartError", "HubState", "ensure_running", "read_state", "running", "serve", "stop"]

POLL_SECONDS = 0.02
PROBES_LAST = 0.2
LONGEST_LOG = 4 << 20


def read_state(home: Path) -> HubState | None:
    """Return the hub of this home if it runs and answers; None otherwise. Blocks, for a hub that hangs 2 s."""
    found = states.load(HubPaths.of(home).state)
    if found is None or not _lives(found.pid):
        return None
    return found if found.status() else None


def ensure_running(home: Path, launch: Sequence[str], *, version: str, wait: float = 20.0) -> HubState:
    """Return the hub of this home, starting it if there is none.

    A running hub of an older release is replaced if no job waits or runs; until then, and when it is newer, it is
    returned as it is and its `version` tells. Blocks up to `wait` seconds.

    Args:
        home: the state folder (``HF_JOBS_MCP_HOME``).
        launch: the command that runs `serve` for the home that it finds in ``HF_JOBS_MCP_HOME``.
        version: the caller's release.
        wait: seconds to wait for a started hub to answer.

    Raises:
        HubStartError: it did not start; the sentence names its log.
    """
    found = read_state(home)
    if found is not None and not _older(found.version, version):
        return found
    paths = HubPaths.of(home).make()
    deadline = time.monotonic() + wait
    with _start_lock(paths, deadline):
        found = _answering(home, paths, deadline)
        if found is not None:
            if not _older(found.version, version):
                return found
            answer = found.call("POST", "/api/local-hub/retire")
            if answer is None or not answer.get("stopping"):
                return found
            _wait_for_end(paths, found.pid, deadline)
        return _start(paths, home, launch, deadline)


def _answering(home: Path, paths: HubPaths, deadline: float) -> HubState | None:
    """Return the hub, None when there is none. One that lives and is slow to answer is waited for, not doubled."""
    while True:
        found = read_state(home)
        if found is not None or not _locked(paths):
            return found
        if time.monotonic() > deadline:
            raise HubStartError(f"The local hub runs and does not answer; see {paths.log}.")
        time.sleep(POLL_SECONDS)


def _start(paths: HubPaths, home: Path, launch: Sequence[str], deadline: float) -> HubState:
    with suppress(OSError):
        if paths.log.stat().st_size > LONGEST_LOG:
            paths.log.replace(paths.log.with_suffix(".log.old"))
    began = paths.log.stat().st_size if paths.log.exists() else 0
    with paths.log.open("ab") as log:
        process = subprocess.Popen(
            list(launch),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment.for_the_hub(), "HF_JOBS_MCP_HOME": str(home.absolute())},
            cwd=paths.root,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, name="reap-local-hub", daemon=True).start()
    while time.monotonic() < deadline:
        found = states.load(paths.state)
        if found is not None and found.pid == process.pid and found.status():
            return found
        if process.poll() is not None:
            raise HubStartError(_last_words(paths, began) or f"The local hub did not start; see {paths.log}.")
        time.sleep(POLL_SECONDS)
    process.terminate()
    raise HubStartError(f"The local hub did not answer in time; see {paths.log}.")


def _last_words(paths: HubPaths, began: int) -> str | None:
    with suppress(OSError), paths.log.open("rb") as log:
        log.seek(began)
        lines = [line.strip() for line in log.read(65536).decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            return f"{lines[-1]} (log: {paths.log})"
    return None


def stop(home: Path, *, wait: float = 10.0) -> bool:
    """Stop the hub of this home; False when none ran. Its jobs go on and are adopted by the next hub. Blocks."""
    paths = HubPaths.of(home)
    found = states.load(paths.state)
    if found is None or not _locked(paths):
        return False
    if found.call("POST", "/api/local-hub/stop") is None and _lives(found.pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(found.pid, signal.SIGTERM)
    return _wait_for_end(paths, found.pid, time.monotonic() + wait)


def serve(home: Path, *, version: str, runner: str = "process", idle_seconds: float = 900, port: int = 0) -> int:
    """Run the hub of this home until it is stopped or has stood idle; return the process's exit status.

    Args:
        home: the state folder.
        version: the release that callers are told.
        runner: ``process`` (bubblewrap where it works, else a plain process), ``plain`` or ``container``.
        idle_seconds: stops by itself after so long with no job, no active schedule and no caller.
        port: the port to listen on; 0 takes the one it had before if it is free, else any.
    """
    paths = HubPaths.of(home).make()
    with paths.lock.open("w") as lock:
        if not _take(lock, time.monotonic() + PROBES_LAST):
            sys.stderr.write(f"A local hub for {home} runs already.\n")
            return 1
        from local_hub.process.server import run

        try:
            run(paths, version=version, runner=runner, idle_seconds=idle_seconds, port=port)
        except HubStartError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


@contextmanager
def _start_lock(paths: HubPaths, deadline: float) -> Iterator[None]:
    with paths.start_lock.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise HubStartError(f"Another program has been starting the local hub; see {paths.log}.") from None
                time.sleep(POLL_SECONDS)
        yield


def running(home: Path) -> HubState | None:
    """Where the hub of this home is, if its process lives; unlike `read_state` nobody is called, so it is cheap."""
    paths = HubPaths.of(home)
    found = states.load(paths.state)
    return found if found is not None and _locked(paths) else None


def _take(lock: IO[str], deadline: float) -> bool:
    """Take the hub's lock. Another process that only looks whether it is taken may hold it for a moment."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True


def _locked(paths: HubPaths) -> bool:
    """Whether a hub lives. A process id would not tell: one that was killed may wait long for its parent."""
    try:
        with paths.lock.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _wait_for_end(paths: HubPaths, pid: int, deadline: float) -> bool:
    while _locked(paths) and _lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _older(one: str, other: str) -> bool:
    return _numbers(one) < _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
