"""``hf-jobs-mcp audit``: what was asked, answered and submitted on this machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from consent.audit import Audit
from jobs.display_text import visible

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST = 64


def show(path: Path, *, as_json: bool) -> int:
    """Print the record, oldest first. Returns 1 when an entry does not follow from the one before it."""
    broken = 0
    for entry in Audit(path).entries():
        broken += not entry["intact"]
        if as_json:
            print(json.dumps(entry))
            continue
        rest = " ".join(
            f"{key}={_plain(value)}" for key, value in entry.items() if key not in {"at", "event", "previous", "intact"}
        )
        line = visible(f"{entry['at']} {entry['event']:<10} {rest}")
        print(f"{line}{'' if entry['intact'] else '  <- does not follow'}")
    if broken:
        print(
            f"hf-jobs-mcp: {broken} entries do not follow from the one before: the record was changed.", file=sys.stderr
        )
    return 1 if broken else 0


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return str(value)[:16] if isinstance(value, str) and len(value) == _DIGEST else str(value)
