"""When a schedule fires: the Hub's presets and cron lines of five to seven fields, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from hub_contract.constants import PRESETS
from local_hub import errors

if TYPE_CHECKING:
    from collections.abc import Collection

FIELDS = range(5, 8)
_WITH_A_YEAR = 7
_LAST_YEAR = 2099


def next_after(schedule: str, moment_ms: int) -> int:
    """Return the first moment after `moment_ms` at which `schedule` fires, both in milliseconds since 1970.

    A sixth field is the seconds and stands first, a seventh is the year and stands last, as cron libraries have them;
    the Hub's description says no more than that there may be so many.

    Raises:
        ApiError: 400, when the line is no preset and no cron line of five to seven fields, or never comes.
    """
    line = PRESETS.get(schedule.strip(), schedule.strip())
    words = line.split()
    if len(words) not in FIELDS:
        raise errors.invalid(
            f"schedule: {schedule[:100]!r} is neither one of {', '.join(PRESETS)} nor a cron line of five fields, six "
            "with the seconds first, or seven with the year last."
        )
    after = datetime.fromtimestamp(moment_ms / 1000, UTC)
    try:
        found = _next(words, after) if len(words) < _WITH_A_YEAR else _next_of_years(words, after)
    except (CronSimError, StopIteration, ValueError) as error:
        reason = str(error) or "it never comes"
        raise errors.invalid(f"schedule: {schedule[:100]!r} cannot be used: {reason}.") from None
    return int(found.timestamp() * 1000)


def _next(words: list[str], after: datetime) -> datetime:
    found: datetime = next(CronSim(" ".join(words), after))
    return found


def _next_of_years(words: list[str], after: datetime) -> datetime:
    *rest, field = words
    for year in _years(field):
        if year >= after.year:
            begin = datetime(year, 1, 1, tzinfo=UTC) - timedelta(seconds=1)
            found = _next(rest, max(after, begin))
            if found.year == year:
                return found
    raise StopIteration


def _years(field: str) -> Collection[int]:
    """Return the years that a field names: a number, ``*``, ``*/4``, ``2027/2``, ``2027-2030`` or ``2027,2029``."""
    head, slash, step = field.partition("/")
    first, dash, last = head.partition("-")
    if "," in field:
        return sorted(map(int, field.split(",")))
    if slash:
        return range(1970 if head == "*" else int(head), _LAST_YEAR + 1, int(step))
    if dash:
        return range(int(first), min(int(last), _LAST_YEAR) + 1)
    return range(1970, _LAST_YEAR + 1) if field == "*" else (int(field),)
