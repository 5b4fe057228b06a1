"""What stands in an address's query: numbers, and the place among all jobs at which a page of them begins."""

from __future__ import annotations

import re

from local_hub import errors

_NUMBER = re.compile(r"[0-9]{1,18}")
_PLACE = re.compile(r"([0-9]{1,15})\.([0-9a-f]{24})")


def number(name: str, text: str, least: int, most: int) -> int:
    """Return the number that `text` is, or raise the Hub's 400: digits of ASCII only, and within bounds."""
    found = int(text) if _NUMBER.fullmatch(text) else -1
    if not least <= found <= most:
        raise errors.invalid(f"{name}: a number from {least} to {most}.")
    return found


def place_of(created_ms: int, job_id: str) -> str:
    """Return what names the place just after a job."""
    return f"{created_ms}.{job_id}"


def place(text: str) -> tuple[int, str] | None:
    """Return the moment and id that `place_of` wrote; None for anything else."""
    found = _PLACE.fullmatch(text)
    return (int(found[1]), found[2]) if found else None
