"""The hub's side of the fork server: keeps the helper process that forks supervisors, and hands it launches."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_hub.backends.base import LaunchPlan

PROGRAM = Path(__file__).with_name("supervisor.py")
STOP_SECONDS = 2.0


class ForkServer:
    """Starts the helper when it is first needed and again whenever it has died. Blocks; call it in a thread."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the helper if it does not run."""
        with self._lock:
            self._ensure()

    def launch(self, plan: LaunchPlan, *, folder: Path, output: Path, timeout: float, grace: float) -> None:
        """Hand over one attempt. It has started once its folder holds a claim; handing it over twice starts it once.

        Args:
            plan: what to run.
            folder: the attempt's folder, with its FIFOs.
            output: the file the job's output is appended to.
            timeout: seconds until the job is ended with reason ``timeout``.
            grace: seconds between asking the job to end and killing it.
        """
        message: dict[str, Any] = {
            "folder": str(folder),
            "output": str(output),
            "argv": list(plan.argv),
            "env": dict(plan.env),
            "cwd": plan.cwd,
            "enclosed": plan.enclosed,
            "enclosure": plan.enclosure,
            "modes_bind": plan.modes_bind,
            "memory": plan.memory,
            "stop_argv": plan.stop_argv and list(plan.stop_argv),
            "timeout": timeout,
            "grace": grace,
        }
        body = json.dumps(message).encode()
        data = struct.pack(">I", len(body)) + body
        with self._lock:
            try:
                self._ensure().sendall(data)
            except OSError:
                self._forget()
                self._ensure().sendall(data)

    def _ensure(self) -> socket.socket:
        if self._channel is not None and self.running:
            return self._channel
        self._forget()
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(PROGRAM)],
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                env={"LANG": "C.UTF-8"},
                cwd="/",
                start_new_session=True,
            )
        self._channel = ours
        return ours

    def _forget(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        """Let the helper go. Supervisors it has forked, and their jobs, live on."""
        with self._lock:
            self._forget()
