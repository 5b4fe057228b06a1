"""When a schedule fires: the Hub's presets and five-field cron lines, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from hub_contract.constants import PRESETS
from local_hub import errors

FIELDS = (5, 6)


def next_after(schedule: str, moment_ms: int) -> int:
    """Return the first moment after `moment_ms` at which `schedule` fires, both in milliseconds since 1970.

    Raises:
        HubError: 422, when the line is no preset and no cron line of five or six fields, or never comes.
    """
    line = PRESETS.get(schedule.strip(), schedule.strip())
    if len(line.split()) not in FIELDS:
        raise errors.invalid(
            f"schedule: {schedule[:100]!r} is neither one of {', '.join(PRESETS)} nor a cron line of five fields, or "
            "of six with the seconds first; the Hub takes a seventh, the local hub does not."
        )
    try:
        found: datetime = next(CronSim(line, datetime.fromtimestamp(moment_ms / 1000, UTC)))
    except (CronSimError, StopIteration) as error:
        reason = str(error) or "it never comes"
        raise errors.invalid(f"schedule: {schedule[:100]!r} cannot be used: {reason}.") from None
    return int(found.timestamp() * 1000)
