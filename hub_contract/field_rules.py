"""What the Hub's API takes in a job's fields: cron lines, labels, names; from its OpenAPI description (August 2026)."""

from __future__ import annotations

import re

#: One field of a `schedule` of five to seven: no names, no ranges inside lists. The Hub's own pattern is for all
#: fields at once, and takes years to refuse a hundred digits; a field at a time that is done at once.
_CRON_FIELD = re.compile(r"(?:[0-9]+,)+[0-9]+|(?:\*|[0-9]+)[/-][0-9]+|[0-9]+|\*")
_CRON_FIELDS = range(5, 8)
_LONGEST_SCHEDULE = 1000

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
    fields = schedule.split(" ") if len(schedule) <= _LONGEST_SCHEDULE else []
    return fields if len(fields) in _CRON_FIELDS and all(map(_CRON_FIELD.fullmatch, fields)) else None
