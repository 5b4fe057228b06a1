"""How much a model is given to read in one reply, and how a reply that is more is made to fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel

POLL_BYTES = 400
FINISHED_BYTES = 1_500
LIST_BYTES = 12_000
RESULTS_BYTES = 16_000
"""Of the two forms of a reply together, when nothing in particular was asked for."""
LARGEST_REPLY = 30_000
"""Of the two forms of any reply together. With `LINKS_BYTES` of links on top of it, it stays below 32 KiB."""
LINKS_BYTES = 1_800
_SHORTEST_CUT = 80
_ROUNDS = 400
_SIGN = "..."

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


def dump(reply: BaseModel) -> dict[str, Any]:
    """A reply as it goes out: what is None is left out, unless the schema says that it is always there."""
    required = {name: None for name, field in type(reply).model_fields.items() if field.is_required()}
    return required | reply.model_dump(mode="json", by_alias=True, exclude_none=True)


def text_of(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def weight_of(text: str) -> int:
    """Bytes of both forms of a reply: its data, and the same quoted as text."""
    return len(text.encode(errors="surrogatepass")) * 2 + text.count('"') + text.count("\\")


def bounded(data: dict[str, Any], limit: int = LARGEST_REPLY) -> dict[str, Any]:
    """`data` within `limit` of weight, and `truncated` where something had to go.

    The longest texts are halved, as often as it takes; where all are short, the longest list or object is.
    """
    weight = weight_of(text_of(data))
    if weight <= limit:
        return data
    kept: dict[str, Any] = json.loads(text_of(data))
    kept["truncated"] = True
    for _ in range(_ROUNDS):
        if weight <= limit:
            break
        _halve(kept)
        kept["truncated"] = True
        weight = weight_of(text_of(kept))
    return kept


def _halve(data: dict[str, Any]) -> None:
    """Halve what is longest in `data`, in its place."""
    texts: list[tuple[int, Any, Any]] = []
    groups: list[tuple[int, Any]] = []
    _measure(data, texts, groups, top=True)
    longest = max(texts, key=lambda found: found[0], default=None)
    if longest is not None and longest[0] > _SHORTEST_CUT:
        for size, holder, key in texts:
            if 2 * size > longest[0]:  # All that are about as long, or a list of long texts would take for ever.
                holder[key] = holder[key][: len(holder[key]) // 2] + _SIGN
        return
    widest = max(groups, key=lambda found: found[0], default=None)
    if widest is not None and widest[0] > 1:
        group = widest[1]
        if isinstance(group, list):
            del group[len(group) // 2 :]
        else:
            for key in list(group)[len(group) // 2 :]:
                del group[key]
        return
    for key in list(data)[::-1][:1]:  # Nothing but short texts, one in each: what comes last goes.
        del data[key]


def _measure(
    value: Any, texts: list[tuple[int, Any, Any]], groups: list[tuple[int, Any]], *, top: bool = False
) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, str):
            texts.append((len(item), value, key))
        elif isinstance(item, dict | list):
            _measure(item, texts, groups)
    if not top:
        groups.append((len(value), value))
