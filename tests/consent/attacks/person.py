"""A person at a real terminal: a pseudo-terminal, and what is typed into it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.mcp_session import SERVER


@dataclass(frozen=True)
class Seen:
    status: int
    text: str


def at_a_terminal(
    env: dict[str, str],
    *arguments: str,
    types: Sequence[str] = (),
    watch: Callable[[str], None] | None = None,
    seconds: float = 40.0,
) -> Seen:
    """Run the command at a terminal of its own; type each line when a question waits for it.

    `watch` is told all that was printed so far, whenever there is more.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*SERVER, *arguments], env={**env, "TERM": "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    lines = list(types)
    text = ""
    answered = 0
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 0.2)
            if ready:
                try:
                    chunk = os.read(ours, 65536)
                except OSError:  # Linux says so when the other side of a terminal is gone.
                    break
                if not chunk:
                    break
                text += chunk.decode(errors="replace")
                if watch is not None:
                    watch(text)
            elif process.poll() is not None:
                break
            if lines and text.count("[y/N] ") > answered:
                answered += 1
                os.write(ours, f"{lines.pop(0)}\n".encode())
        return Seen(process.wait(timeout=10), text.replace("\r\n", "\n"))
    finally:
        process.kill()
        process.wait()
        os.close(ours)
