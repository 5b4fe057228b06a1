"""How much a model is given to read in one reply, and how a reply that is more is made to fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from pydantic import BaseModel

from tools.registry import dump

POLL_BYTES = 400
FINISHED_BYTES = 1_500
LIST_BYTES = 12_000
RESULTS_BYTES = 16_000
"""Of the two forms of a reply together, when nothing in particular was asked for."""
LARGEST_REPLY = 30_000
"""The same for whatever is asked for. With `LINKS_BYTES` of links on top of it, it stays below 32 KiB."""
LINKS_BYTES = 1_800

Reply = TypeVar("Reply", bound=BaseModel)


def size(reply: BaseModel) -> int:
    """Bytes of a reply's data, the form that a model is given."""
    return len(_text(reply).encode())


def weight(reply: BaseModel) -> int:
    """Bytes of both forms of a reply: its data, and the same quoted as text."""
    text = _text(reply)
    return len(text.encode()) * 2 + text.count('"') + text.count("\\")


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
    return json.dumps(dump(reply), ensure_ascii=False, separators=(",", ":"))
