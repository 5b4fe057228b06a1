"""One thing that was looked at: how it stands, and what to do about it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fail"]
SECONDS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        verdict: ``fail`` where the main job does not work, ``note`` where something else does not.
        name: What it is about, for a person and, with ``--json``, for a program.
        state: How it stands, in a sentence.
        advice: What to do, where there is something to do.
    """

    verdict: Level
    name: str
    state: str
    advice: str | None = None


def first_line(command: list[str]) -> str | None:
    """What a command printed first, or None where it is missing, fails or hangs."""
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    try:
        done = run(command, capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout.strip().splitlines() or [""])[0] if done.returncode == 0 else None
