"""The one limit that every reply keeps, whatever is in it: what is longest is cut until the rest fits."""

from __future__ import annotations

import json
from typing import Any

LARGEST_REPLY = 30_000
"""Bytes of the two forms of a reply together. With the links that may come on top of it, it stays below 32 KiB."""
_SHORTEST_CUT = 80
_ROUNDS = 400
_SIGN = "..."


def text_of(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def weight_of(text: str) -> int:
    """Bytes of both forms of a reply: its data, and the same quoted as text."""
    return len(text.encode(errors="surrogatepass")) * 2 + text.count('"') + text.count("\\")


def bounded(data: dict[str, Any], limit: int = LARGEST_REPLY) -> dict[str, Any]:
    """`data` within `limit` of weight, and `truncated` where something had to go.

    The longest text is halved, as often as it takes; where all are short, the longest list or object is.
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
        weight = weight_of(text_of(kept))
    return kept


def _halve(data: dict[str, Any]) -> None:
    """Halve what is longest in `data`, in its place."""
    texts: list[tuple[int, Any, Any]] = []
    groups: list[tuple[int, Any]] = []
    _measure(data, texts, groups, top=True)
    longest = max(texts, key=lambda found: found[0], default=None)
    if longest is not None and longest[0] > _SHORTEST_CUT:
        _, holder, key = longest
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
