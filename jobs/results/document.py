"""The JSON document that a job wrote last to its output, as `fast-agent go --json-schema` does."""

from __future__ import annotations

import json

LINES = 2_000
"""How many of a log's last lines are looked at."""

_OPENS = ("{", "[")
_MOST_TRIED = 200


def last_document(lines: list[str]) -> str | None:
    """The longest run of whole lines at the end that is one JSON object or list; None where there are two in a row.

    A log holds both of a job's outputs, so what tools said before the document does not count against it.
    """
    found = _document(lines)
    if found is None or _document(lines[:found]) is not None:
        return None
    return "\n".join(lines[found:]).strip()


def _document(lines: list[str]) -> int | None:
    """The line at which the document begins that ends the text."""
    starts = [number for number, line in enumerate(lines) if line.lstrip().startswith(_OPENS)]
    for start in starts[-_MOST_TRIED:]:
        try:
            value = json.loads("\n".join(lines[start:]))
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict | list):
            return start
    return None
