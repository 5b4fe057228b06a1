"""How much a model is given to read in one reply, and how a reply that is more is made to fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import BaseModel

from tools.bound import LARGEST_REPLY, text_of, weight_of
from tools.registry import dump

POLL_BYTES = 400
FINISHED_BYTES = 1_500
LIST_BYTES = 12_000
RESULTS_BYTES = 16_000
"""Of the two forms of a reply together, when nothing in particular was asked for."""
LINKS_BYTES = 1_800

__all__ = ["LARGEST_REPLY", "fitted", "size", "weight", "without"]
Reply = TypeVar("Reply", bound=BaseModel)


def size(reply: BaseModel) -> int:
    """Bytes of a reply's data, the form that a model is given."""
    return len(_text(reply).encode())


def weight(reply: BaseModel) -> int:
    """Bytes of both forms of a reply: its data, and the same quoted as text."""
    return weight_of(_text(reply))


def fitted(
    reply: Reply, limit: int, steps: Iterable[Callable[[Reply], Reply]], measure: Callable[[BaseModel], int] = size
) -> Reply:
    """The reply after as many of `steps`, each of which makes it smaller, as it takes to keep within `limit`."""
    for step in steps:
        if measure(reply) <= limit:
            break
        reply = step(reply)
    return reply


def without(*names: str) -> Callable[[Reply], Reply]:
    """A step that leaves fields out."""
    return lambda reply: reply.model_copy(update=dict.fromkeys(names))


def _text(reply: BaseModel) -> str:
    return text_of(dump(reply))
