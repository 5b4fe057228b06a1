"""Limits of how much is done side by side, one for each event loop: what belongs to one loop fails in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from anyio.lowlevel import RunVar


def limiter_of(room: RunVar[anyio.CapacityLimiter], side_by_side: int) -> anyio.CapacityLimiter:
    """The limiter of this loop, made at its first use."""
    try:
        return room.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(side_by_side)
        room.set(limiter)
        return limiter
