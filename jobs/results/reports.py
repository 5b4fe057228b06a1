"""What the tools of a job report of themselves: a batch's rows, a test run, an evaluation that broke off."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ROW = frozenset({"row_number", "ok", "result", "error"})
_SUITE = re.compile(rb"<(?:\w+:)?testsuites?\b([^>]{0,2000})>")
_COUNT = re.compile(rb"\b(tests|failures|errors|skipped|time)\s*=\s*[\"']([\d.]{1,20})[\"']")
_HEAD = 4_096
_FIRST_ROW = 256 * 1024
_MOST_SUITES = 2_000
_BROKE_OFF = frozenset({"error", "cancelled"})


def batch_rows(data: bytes) -> tuple[int, int] | None:
    """How many rows failed, of how many, in what `fast-agent batch run --output` writes; None for other lines.

    A row that was run again counts as it went last.
    """
    lines = data.splitlines() if b'"row_number"' in data[:_FIRST_ROW] else []
    if not lines or not _is_row(_parsed(lines[0])):
        return None
    last: dict[str, bool] = {}
    for line in lines:
        row = _parsed(line)
        if _is_row(row):
            last[json.dumps(row.get("id", row["row_number"]))] = row["ok"] is True
    return sum(not ok for ok in last.values()), len(last)


def junit(data: bytes) -> dict[str, float] | None:
    """The counts of a JUnit file: those of its root, or of its suites together."""
    if b"<testsuite" not in data[:_HEAD]:
        return None
    found = [match for match, _ in zip(_SUITE.finditer(data), range(_MOST_SUITES), strict=False)]
    suites = [match for match in found if b"testsuites" not in match[0][:40]] or found
    root = _counts(found[0][1]) if found and found[0] not in suites else {}
    if root.get("tests"):
        return root
    total: dict[str, float] = {}
    for suite in suites:
        for name, count in _counts(suite[1]).items():
            total[name] = round(total.get(name, 0) + count, 3)
    return total or None


def broke_off(raw: Any) -> bool:
    """Whether it is an evaluation's log (inspect_ai's) that says of itself that it came to no good end."""
    return (
        isinstance(raw, Mapping)
        and raw.get("status") in _BROKE_OFF
        and isinstance(raw.get("eval"), Mapping)
        and "version" in raw
    )


def _counts(attributes: bytes) -> dict[str, float]:
    return {
        name.decode(): float(value) if b"." in value else int(value)
        for name, value in _COUNT.findall(attributes)
        if value.count(b".") <= 1 and value != b"."
    }


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and row.keys() >= _ROW and isinstance(row["ok"], bool)
