"""How long a job may run, from what people and models write to whole seconds."""

from __future__ import annotations

import math
import re

from hub_contract.constants import MAX_TIMEOUT_SECONDS
from jobs.errors import BadArgument

_UNITS = {
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*", re.ASCII)
_BARE = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)


def seconds(value: str | float, *, field: str = "timeout") -> int:
    """Whole seconds of a timeout.

    Accepts a number of seconds (`300`, `"300"`) or parts from the largest unit to the smallest, each once:
    `"5m"`, `"2h"`, `"1d"`, `"1h30m"` (5400), `"1.5h"`. Fractions of a second are rounded up.

    Raises:
        BadArgument: With `field`, for nonsense, for zero or less, and above thirty days.
    """
    total = _total(value)
    if total is None:
        raise BadArgument(
            f"`{field}` is not a length of time.",
            hint='Write seconds, or units from large to small: 300, "5m", "2h", "1h30m", "1d".',
            field=field,
        )
    if total <= 0:
        raise BadArgument(
            f"`{field}` must be longer than nothing.", hint='For example "30m", which is the default.', field=field
        )
    if total > MAX_TIMEOUT_SECONDS:
        raise BadArgument(f"`{field}` is above the limit of 30 days.", hint='"30d" is the most.', field=field)
    return math.ceil(total)


def words(total: int) -> str:
    """A number of seconds as people say it, exactly: 5400 → `1h30m`, 45 → `45s`, 0 → `0s`."""
    parts = []
    rest = total
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _total(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if _BARE.fullmatch(text):
        return float(text)
    return _sum_of_parts(text)


def _sum_of_parts(text: str) -> float | None:
    total, position, last_size = 0.0, 0, math.inf
    while position < len(text):
        part = _PART.match(text, position)
        size = _UNITS.get(part[2]) if part else None
        if part is None or size is None or size >= last_size:
            return None
        total += round(float(part[1]) * size, 6)
        position, last_size = part.end(), size
    return total if position else None
