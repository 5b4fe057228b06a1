"""``hf-jobs-mcp audit``: what was asked, answered and submitted on this machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from consent.audit import Audit
from jobs.display_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIGEST = 64
_APART = frozenset({"at", "event", "previous", "intact", "hf"})


def show(path: Path, *, as_json: bool) -> int:
    """Print the record, oldest first. Returns 1 when an entry does not follow from the one before it."""
    broken = 0
    for entry in Audit(path).entries():
        broken += not entry["intact"]
        if as_json:
            print(json.dumps(entry))
            continue
        rest = " ".join(f"{key}={_plain(value)}" for key, value in entry.items() if key not in _APART)
        line = visible(f"{entry['at']} {entry['event']:<10} {rest}")
        print(f"{line}{'' if entry['intact'] else '  <- does not follow'}")
        for by_hand in _by_hand(entry.get("hf")):
            print(f"    {visible(by_hand)}")
    if broken:
        print(
            f"hf-jobs-mcp: {broken} entries do not follow from the one before: the record was changed.", file=sys.stderr
        )
    return 1 if broken else 0


def _by_hand(told: object) -> Iterator[str]:
    """The command line that makes the same job, and what it lacks."""
    if isinstance(told, dict):
        yield from ([str(told["line"])] if "line" in told else [])
        yield from (f"({lack})" for lack in told.get("lacks", ()))


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return str(value)[:16] if isinstance(value, str) and len(value) == _DIGEST else str(value)
