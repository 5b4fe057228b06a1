"""What the Hub's API takes in a job's fields: cron lines, labels, names; from its OpenAPI description (August 2026)."""

from __future__ import annotations

import re

#: `schedule` of a scheduled job: a preset, or five to seven cron fields of numbers. No names, no ranges inside lists.
SCHEDULE = re.compile(
    r"(?:@(?:annually|yearly|monthly|weekly|daily|hourly)|(?:(?:(?:\d+,)+\d+|(?:\*|\d+)[/-]\d+|\d+|\*) ?){5,7})",
    re.ASCII,
)

#: Keys and values of `labels`; a key is not empty.
LABEL_KEY = re.compile(r"[a-zA-Z0-9._-]{1,100}", re.ASCII)
LABEL_VALUE = re.compile(r"[a-zA-Z0-9._-]{0,100}", re.ASCII)

#: Names in `environment`, which have two characters at least, and in `secrets`.
VARIABLE = re.compile(r"[a-zA-Z][_a-zA-Z0-9]+", re.ASCII)
SECRET = re.compile(r"[a-zA-Z][_a-zA-Z0-9]*", re.ASCII)

#: Most ports that one job exposes.
MAX_PORTS = 20


def cron_fields(schedule: str) -> list[str] | None:
    """The fields of a cron line in the Hub's form; None for a preset and for what the Hub does not take."""
    if not SCHEDULE.fullmatch(schedule) or schedule.startswith("@"):
        return None
    fields = schedule.split(" ")
    return fields if 5 <= len(fields) <= 7 and all(fields) else None  # noqa: PLR2004 - The Hub's own limits.
