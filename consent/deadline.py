"""How long a question that is put in the middle of a call may stay open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio

from jobs.errors import ConsentTimedOut

_deadline: ContextVar[anyio.CancelScope | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline() -> Iterator[None]:
    """Surround one call of a guarded tool: a question sent in the middle of it may stay open only so long.

    Raises:
        ConsentTimedOut: The person did not answer in time; nothing was sent.
    """
    with anyio.CancelScope() as scope:
        before = _deadline.set(scope)
        try:
            yield
        finally:
            _deadline.reset(before)
    if scope.cancelled_caught:
        raise ConsentTimedOut(
            "Nobody answered the question in time; nothing was sent.",
            hint="Call again when the user is there to answer.",
        )


def wait_no_longer_than(seconds: float) -> None:
    """Let the question that is put now stay open for so long."""
    scope = _deadline.get()
    if scope is not None:
        scope.deadline = anyio.current_time() + seconds


def stop_waiting() -> None:
    """Take the bound away: the answer is here."""
    scope = _deadline.get()
    if scope is not None:
        scope.deadline = float("inf")
