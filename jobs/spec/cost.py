"""What a job can cost and has cost, from the hub's own live price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol

from jobs.spec.schedule import Schedule

_SECONDS_OF = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What one flavor costs: `micro_usd` millionths of a dollar for each `unit_seconds`."""

    micro_usd: float
    unit_seconds: int

    def usd(self, seconds: float, *, whole_units: bool = False) -> float:
        """Dollars for so many seconds, to the millionth; begun units count in full if `whole_units`."""
        units = seconds / self.unit_seconds
        if whole_units:
            units = -(-seconds // self.unit_seconds)
        return round(units * self.micro_usd / _MICRO, 6)

    @property
    def hourly_usd(self) -> float:
        return self.usd(3_600)


def prices(hardware: Iterable[Any]) -> Mapping[str, Price]:
    """Flavor → price from a hardware list, as `/api/jobs/hardware` has it or as `JobHardwareInfo` objects.

    Entries without a price or with a unit we do not know are left out: no price is better than a wrong one.
    """
    if isinstance(hardware, tuple):
        with suppress(TypeError):  # The wire's own objects cannot be remembered by.
            return _remembered(hardware)
    return _table(hardware)


@lru_cache(maxsize=4)
def _remembered(hardware: tuple[Any, ...]) -> Mapping[str, Price]:
    """The table of a list that a hub has read once and every status call asks about again."""
    return MappingProxyType(_table(hardware))


def _table(hardware: Iterable[Any]) -> dict[str, Price]:
    table: dict[str, Price] = {}
    for item in hardware:
        name = _read(item, "name", "name")
        micro = _read(item, "unit_cost_micro_usd", "unitCostMicroUSD")
        if micro is None and (usd := _read(item, "unit_cost_usd", "unitCostUSD")) is not None:
            micro = usd * _MICRO
        unit = _SECONDS_OF.get(str(_read(item, "unit_label", "unitLabel") or "").lower().removesuffix("s"))
        if isinstance(name, str) and isinstance(micro, int | float) and micro >= 0 and unit:
            table[name] = Price(micro, unit)
    return table


class Costly(Protocol):
    """What of a spec decides its worst case."""

    @property
    def flavor(self) -> str: ...
    @property
    def timeout_seconds(self) -> int: ...
    @property
    def attempts(self) -> int: ...


class Recurring(Costly, Protocol):
    @property
    def schedule(self) -> str | None: ...


def max_cost_usd(spec: Costly, hardware: Iterable[Any]) -> float | None:
    """The most that one run can cost, in dollars: every attempt up to its timeout, begun units in full.

    For a schedule this is the price of each run. None if the hub lists no price for the flavor.
    """
    price = prices(hardware).get(spec.flavor)
    if price is None:
        return None
    return round(price.usd(spec.timeout_seconds, whole_units=True) * spec.attempts, 6)


def max_monthly_cost_usd(spec: Recurring, hardware: Iterable[Any]) -> float | None:
    """The most that a schedule's runs of a month can cost, in dollars: of the busiest, for it may rest now.

    None for a job that runs once and for a flavor without a price.
    """
    each = max_cost_usd(spec, hardware)
    if each is None or spec.schedule is None:
        return None
    return round(each * Schedule.parse(spec.schedule).runs_in_busiest_month(), 2)


def cost_so_far(job: Any, hardware: Iterable[Any], now: datetime | None = None) -> float | None:
    """What a job has cost until `now`, in dollars, by the second; None if it has no known price.

    Takes the hub's own `durations.running_secs` where it is there, else the time since `started_at`. A job that never
    started has cost nothing.
    """
    flavor = getattr(job, "flavor", None)
    price = prices(hardware).get(str(getattr(flavor, "value", flavor)))
    if price is None:
        return None
    return price.usd(_running_seconds(job, now or datetime.now(UTC)))


def _running_seconds(job: Any, now: datetime) -> float:
    running = getattr(getattr(job, "durations", None), "running_secs", None)
    if isinstance(running, int | float):
        return max(0.0, running)
    started: datetime | None = getattr(job, "started_at", None)
    if started is None:
        return 0.0
    finished: datetime | None = getattr(job, "finished_at", None)
    return max(0.0, ((finished or now) - started).total_seconds())


def _read(item: Any, attribute: str, key: str) -> Any:
    if hasattr(item, "get"):
        mapping: Mapping[str, Any] = item
        return mapping.get(key, mapping.get(attribute))
    return getattr(item, attribute, None)
