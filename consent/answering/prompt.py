"""Reading what a person types at a terminal, so that a Ctrl-C is never lost."""

from __future__ import annotations

import select
import sys

import anyio
import anyio.to_thread

#: Seconds.
_LOOKS_UP = 0.5
_LOOKS_UP_BESIDE = 0.1


def read_line(prompt: str) -> str:
    """What is typed after `prompt`, as `input` gives it. Raises EOFError at the end of input, KeyboardInterrupt.

    `input` waits in C code, which misses a signal that comes just before it begins to. This waits in short turns,
    between which Python looks for signals; the terminal itself edits the line, so it is there as a whole or not at all.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        return input(prompt)
    _show(prompt)
    while not select.select([sys.stdin], [], [], _LOOKS_UP)[0]:
        pass
    return _typed()


async def read_line_beside(prompt: str) -> str:
    """As `read_line`, while the event loop goes on; cancelled, it leaves no thread that waits for a line."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        return await anyio.to_thread.run_sync(input, prompt, abandon_on_cancel=True)
    _show(prompt)
    while not select.select([sys.stdin], [], [], 0)[0]:  # noqa: ASYNC110 - No event tells of a typed line.
        await anyio.sleep(_LOOKS_UP_BESIDE)
    return _typed()


def agreed(prompt: str) -> bool:
    """Whether a yes is typed; Enter alone is a no. Raises as `read_line`."""
    return is_yes(read_line(f"{prompt} [y/N] "))


def is_yes(line: str) -> bool:
    return line.strip().lower() in {"y", "yes"}


def _show(prompt: str) -> None:
    sys.stdout.write(prompt)
    sys.stdout.flush()


def _typed() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")
