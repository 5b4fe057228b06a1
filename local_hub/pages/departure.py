"""Long work for a browser that may go away meanwhile: it is told, and nobody waits for it in vain."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

T = TypeVar("T")


async def unless_gone(
    request: Request, work: Callable[[Callable[[], bool]], T], limiter: anyio.CapacityLimiter
) -> T:  # fmt: skip
    """Return what `work` returns, from a thread. It is given a function that says whether the browser has gone.

    Raises:
        ClientDisconnect: the browser has gone, before or while `work` ran.
    """
    gone = threading.Event()
    failed: Exception | None = None
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            found = await anyio.to_thread.run_sync(work, gone.is_set, limiter=limiter)
        except Exception as error:  # noqa: BLE001 - It leaves as it is, not in the task group's wrapping.
            failed = error
        tasks.cancel_scope.cancel()
    if gone.is_set():
        raise ClientDisconnect
    if failed is not None:
        raise failed
    return found
