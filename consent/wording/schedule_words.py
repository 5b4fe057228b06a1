"""When a schedule runs, in words for whoever does not read cron."""

from __future__ import annotations

from functools import lru_cache

from hub_contract.constants import PRESETS


@lru_cache(maxsize=64)
def when(schedule: str) -> str:
    """Such as ``every 5 minutes (UTC)`` or ``at 06:00, only on Monday (UTC)``; what has no words as it stands."""
    from cron_descriptor import FormatError, MissingFieldError, Options, WrongArgumentError, get_description

    options = Options(locale_code="en_US", use_24hour_time_format=True)
    try:
        said = get_description(PRESETS.get(schedule, schedule), options)
    except (FormatError, MissingFieldError, WrongArgumentError, ValueError):
        said = schedule
    else:
        said = f"{said[:1].lower()}{said[1:]}"
        said = f"every day {said}" if said.startswith("at ") and "," not in said and "past" not in said else said
    return f"{said} (UTC)"
