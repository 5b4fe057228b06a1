"""Reading a stranger's texts so that nobody else waits: little in a thread, much in a process that can be ended.

A thread keeps every other one waiting while it is in a parser or an expression of C; a process does not, and memory
that a text makes it take is its own.
"""

from __future__ import annotations

import atexit
import os
import pickle
import struct
import subprocess
import sys
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from jobs.apart import process as reading
from jobs.loop_limiter import limiter_of

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LITTLE = 1_000
"""Characters that are read in a thread: what takes their square of time is over in a hundredth of a second."""

_LASTS = 30.0
_CPU_SECONDS = 10
_SIDE_BY_SIDE = 2
_PASSED = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "SYSTEMDRIVE", "TMP", "TEMP", "TMPDIR"})
_MUCH: RunVar[anyio.CapacityLimiter] = RunVar("long texts that are read at once")
_FEW: RunVar[anyio.CapacityLimiter] = RunVar("short texts that are read at once")


async def apart(work: Callable[..., T], *given: object, size: int) -> T | None:
    """What `work` makes of `given`, whose texts have `size` characters; None where that takes too long or too much.

    `work` is a function of a module, and what it is given and gives can be pickled. What it raises is raised.
    """
    call = partial(work, *given)
    if size <= LITTLE:
        try:
            return await anyio.to_thread.run_sync(call, limiter=limiter_of(_FEW, _SIDE_BY_SIDE))
        except (MemoryError, RecursionError):
            return None
    try:
        request = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
    except RecursionError:
        return None
    async with limiter_of(_MUCH, _SIDE_BY_SIDE):
        reader = _IDLE.pop() if _IDLE else _Reader()
        done = False
        try:
            with anyio.fail_after(_LASTS):
                raised, found = await anyio.to_thread.run_sync(reader.ask, request, abandon_on_cancel=True)
                done = True
        except (TimeoutError, MemoryError, RecursionError, OSError, EOFError):
            return None
        finally:
            if done:
                _IDLE.append(reader)
            else:
                reader.end()
    if isinstance(found, MemoryError | RecursionError):
        return None
    if raised:
        raise cast("BaseException", found)
    return cast("T", found)


class _Reader:
    """A process that reads one text after the other. It has nothing of this one's: no variable, no folder, no file.

    It is not started by a name that is looked up in the working folder, which a stranger may have filled.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: bytes) -> tuple[bool, object]:
        """Whether it was raised, and what came of the request. Raises EOFError or OSError when the process ended."""
        if self._process is None:
            self._process = _started()
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise EOFError
        process.stdin.write(struct.pack(">Q", len(request)) + request)
        process.stdin.flush()
        answer = reading.received(process.stdout)
        raised, found = pickle.loads(answer)  # noqa: S301 - what our own program sends, which runs nothing it reads
        return bool(raised), found

    def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # What was still to be written to it goes nowhere.
                    continue


def _started() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(reading.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name in _PASSED},
        cwd=Path(sys.executable).anchor,
    )
    limits = (_CPU_SECONDS, reading.MEMORY)
    found = [entry for entry in sys.path if Path(entry).is_absolute()]
    beginning = pickle.dumps((found, sys.pycache_prefix, limits))
    if process.stdin is not None:
        process.stdin.write(struct.pack(">Q", len(beginning)) + beginning)
    return process


_IDLE: deque[_Reader] = deque()


@atexit.register
def _end_all() -> None:
    while _IDLE:
        _IDLE.pop().end()
