"""Reading a stranger's texts so that nobody else waits: little in a thread, much in a process that can be ended.

A thread keeps every other one waiting while it is in a parser or an expression of C; a process does not, and memory
that a text makes it take is its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_process
import anyio.to_thread
from anyio.lowlevel import RunVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LITTLE = 4_000
"""Characters that are read in a thread: what takes their square of time is over in a tenth of a second."""

_LASTS = 20.0
_MEMORY = 2 << 30
_SIDE_BY_SIDE = 2
_ROOM: RunVar[anyio.CapacityLimiter] = RunVar("texts that are read at once")


async def apart(work: Callable[..., T], *given: object, size: int) -> T | None:
    """What `work` makes of `given`, whose texts have `size` characters; None where that takes too long or too much.

    `work` is a function of a module, and what it is given and gives can be pickled. What it raises is raised.
    """
    call = partial(work, *given)
    if size <= LITTLE:
        return await anyio.to_thread.run_sync(call, limiter=_room())
    try:
        with anyio.fail_after(_LASTS):
            return await anyio.to_process.run_sync(_bounded, call, cancellable=True, limiter=_room())
    except (TimeoutError, MemoryError, RecursionError, anyio.BrokenWorkerProcess):
        return None


def _bounded(call: Callable[[], T]) -> T:
    """In the process: whatever it is given to read, it takes no more memory than this."""
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        return call()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MEMORY if most == resource.RLIM_INFINITY else min(_MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    return call()


def _room() -> anyio.CapacityLimiter:
    try:
        return _ROOM.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_SIDE_BY_SIDE)
        _ROOM.set(limiter)
        return limiter
