"""Trying a read again: jittered, bounded, and no sooner than the hub asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio

from jobs.errors import JobsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


@dataclass(frozen=True)
class Backoff:
    """How often and how long to try.

    Args:
        attempts: Calls in all, the first included.
        base: Seconds before the second call at most; doubled for each one after.
        cap: Longest wait between two calls, in seconds.
        total: Seconds after the first call began in which another may begin; a `Retry-After` beyond is not waited for.
    """

    attempts: int = 4
    base: float = 0.25
    cap: float = 4.0
    total: float = 15.0

    def wait(self, tried: int) -> float:
        """Seconds before the next call, drawn between half of the step and the whole of it."""
        step: float = min(self.cap, self.base * 2 ** (tried - 1))
        return step * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


READS = Backoff()


async def retrying(call: Callable[[], Awaitable[T]], backoff: Backoff = READS) -> T:
    """The result of `call`, called again while its error is retryable and `backoff` allows.

    For reads and other calls that do no harm twice. Raises the last error.
    """
    begun = anyio.current_time()
    tried = 0
    while True:
        tried += 1
        try:
            return await call()
        except JobsError as error:
            wait = max(backoff.wait(tried), error.retry_after or 0.0)
            late = anyio.current_time() - begun + wait > backoff.total
            if not error.retryable or tried >= backoff.attempts or late:
                raise
        await anyio.sleep(wait)
