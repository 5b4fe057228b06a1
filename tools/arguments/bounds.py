"""How much a call may hold at all, looked at before anything else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.errors import BadArgument

MOST_ITEMS = 5_000
MOST_CHARACTERS = 4_000_000
LONGEST_NAME = 1_000
DEEPEST = 12


def measured(arguments: Mapping[str, Any]) -> int:
    """The characters of all texts in `arguments`.

    Raises:
        BadArgument: There are more of them, or of items, than any job has, or they lie deeper.
    """
    items = characters = 0
    for number, (argument, value) in enumerate(arguments.items()):
        if number >= MOST_ITEMS or len(argument) > LONGEST_NAME:
            raise _too_much(None)
        waiting: list[tuple[Any, int]] = [(value, 1)]
        while waiting:
            found, depth = waiting.pop()
            items += 1
            if isinstance(found, str):
                characters += len(found)
            elif isinstance(found, Mapping | list):
                inside = [*found.values()] if isinstance(found, Mapping) else found
                names = list(found) if isinstance(found, Mapping) else []
                if (
                    depth > DEEPEST
                    or items + len(inside) > MOST_ITEMS
                    or any(len(name) > LONGEST_NAME for name in names)
                ):
                    raise _too_much(argument)
                characters += sum(map(len, names))
                waiting += [(each, depth + 1) for each in inside]
            if items > MOST_ITEMS or characters > MOST_CHARACTERS:
                raise _too_much(argument)
    return characters


def _too_much(argument: str | None) -> BadArgument:
    known = argument is not None and argument.isidentifier() and len(argument) < 32  # noqa: PLR2004 - no argument is longer
    return BadArgument(
        f"{f'`{argument}` holds' if known else 'The arguments hold'} more than any job takes; nothing was sent.",
        hint="Put what is large into a bucket and mount it.",
        field=argument if known else None,
    )
