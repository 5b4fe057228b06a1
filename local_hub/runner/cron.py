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


def following(schedule: str, moment_ms: int) -> int | None:
    """Return the first moment after `moment_ms` at which `schedule` fires; None when there is none (any more).

    This is the rule for a schedule that was accepted once: its years may be over, and that is no error.
    """
    try:
        return first(schedule, moment_ms)
    except errors.ApiError:
        return None


def first(schedule: str, moment_ms: int) -> int:
    """Return the moment at which a schedule that is only now asked for fires first, in milliseconds since 1970.

    A sixth field is the seconds and stands first, a seventh is the year and stands last, as cron libraries have them;
    the Hub's description says no more than that there may be so many. No year after 2099 is one.

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
    except (CronSimError, StopIteration, ValueError, OverflowError) as error:
        reason = str(error)[:100] or "it never comes"
        raise errors.invalid(f"schedule: {schedule[:100]!r} cannot be used: {reason}.") from None
    return int(found.timestamp() * 1000)


def _next(words: list[str], after: datetime) -> datetime:
    found: datetime = next(CronSim(" ".join(words), after))
    return found


def _next_of_years(words: list[str], after: datetime) -> datetime:
    *rest, field = words
    reached = after.year
    for year in _years(field):
        if reached <= year <= _LAST_YEAR:
            begin = datetime(year, 1, 1, tzinfo=UTC) - timedelta(seconds=1)
            found = _next(rest, max(after, begin))
            if found.year == year:
                return found
            reached = found.year
    raise StopIteration


def _years(field: str) -> Collection[int]:
    """Return the years that a field names: a number, ``*``, ``*/4``, ``2027/2``, ``2027-2030`` or ``2027,2029``."""
    head, slash, step = field.partition("/")
    first, dash, last = head.partition("-")
    if "," in field:
        return sorted(set(map(int, field.split(","))))
    if slash:
        return range(1970 if head == "*" else int(head), _LAST_YEAR + 1, int(step))
    if dash:
        return range(int(first), min(int(last), _LAST_YEAR) + 1)
    return range(1970, _LAST_YEAR + 1) if field == "*" else (int(field),)
