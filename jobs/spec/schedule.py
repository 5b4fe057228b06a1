"""When a scheduled job runs: the Hub's presets and five-field cron, in UTC."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from hub_contract.constants import PRESETS
from jobs.errors import BadArgument
from jobs.spec.cron_form import FormError, in_the_hubs_form

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELDS = 5
_LONGEST = 200
_MONTH = 30
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_LAST_DAY = datetime(2032, 1, 1, tzinfo=UTC)
_HINT = (
    'Use five fields, minute hour day month weekday, in UTC ("0 9 * * 1" is Mondays at 9:00), or one of '
    + ", ".join(sorted(PRESETS))
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A checked schedule. `expression` is what is sent to the hub; `cron` is its five fields."""

    expression: str
    cron: str

    @classmethod
    def parse(cls, text: str, *, field: str = "schedule") -> Schedule:
        """Check a preset or a cron line of five fields, and that it ever fires.

        Raises:
            BadArgument: With `field`, if it is neither, or names a date that does not exist, such as 30 February.
        """
        if not isinstance(text, str) or len(text) > _LONGEST or not text.isascii():
            raise BadArgument(f"`{field}` is not a schedule.", hint=_HINT, field=field)
        words = text.split()
        if len(words) == 1 and words[0].lower() in PRESETS:
            preset = words[0].lower()
            return cls(preset, PRESETS[preset])
        if len(words) != _FIELDS:
            raise BadArgument(f"`{field}` is neither a preset nor five cron fields.", hint=_HINT, field=field)
        try:
            line = " ".join(in_the_hubs_form(words))
        except FormError as error:
            raise BadArgument(
                f"`{field}` has a {error.field} field that the Hub does not take.", hint=_HINT, field=field
            ) from None
        schedule = cls(line, line)
        try:
            schedule.next(1, _ANY_DAY)
        except CronSimError as error:
            place = _blamed_field(error)
            raise BadArgument(f"`{field}` has a bad {place}.", hint=_HINT, field=field) from None
        return schedule

    def next(self, count: int, after: datetime) -> list[datetime]:
        """The next `count` run times after `after`, in UTC, soonest first.

        Raises:
            ValueError: If `after` has no time zone.
            BadArgument: If there is no run in the next fifty years.
        """
        runs = list(islice(self.runs(after), count))
        if count and not runs:
            raise BadArgument(
                "`schedule` names a day that never comes.",
                hint="No month has such a day; choose another.",
                field="schedule",
            )
        return runs

    def runs_in_busiest_month(self) -> int:
        """How often it runs in a month at most, which is a calendar's and has thirty days."""
        return _runs_in_busiest_month(self.cron)

    def runs(self, after: datetime) -> Iterator[datetime]:
        """All run times after `after`, in UTC, for as long as there are any within fifty years of each other."""
        if after.tzinfo is None:
            raise ValueError("a schedule needs a time with a time zone")
        return CronSim(self.cron, after.astimezone(UTC))


@lru_cache(maxsize=256)
def _runs_in_busiest_month(cron: str) -> int:
    """Each day on which it runs has as many runs as any other; the days come again after four years, but for a few."""
    line = CronSim(cron, _ANY_DAY)
    months: Counter[tuple[int, int]] = Counter()
    for day in map(date.fromordinal, range(_ANY_DAY.toordinal(), _LAST_DAY.toordinal())):
        fits = day.day in line.days, day.isoweekday() % 7 in line.weekdays
        if day.month in line.months and (all(fits) if line.day_and else any(fits)):
            months[day.year, day.month] += 1
    return min(max(months.values(), default=0), _MONTH) * len(line.minutes) * len(line.hours)


def _blamed_field(error: CronSimError) -> str:
    blamed = str(error).removeprefix("Bad ")
    known = {"minute", "hour", "day-of-month", "month", "day-of-week"}
    return f"{blamed} field" if blamed in known else "field"
