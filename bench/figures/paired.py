"""A figure: two things done in turn, so that whatever else the machine does falls on both alike."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Timed = Callable[[], float]
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Figure:
    """What was measured beside what, in seconds unless `unit` says otherwise.

    Attributes:
        key: Its name in the stored baseline.
        limit: The ratio that was promised, if one was.
        ratios: One for each pair.
    """

    key: str
    what: str
    beside: str
    ours: Sequence[float]
    base: Sequence[float]
    limit: float | None = None
    unit: str = "s"
    ratios: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratios", tuple(o / b for o, b in zip(self.ours, self.base, strict=True)))

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def row(self) -> str:
        """Its line of the table: medians, the ratio with its quartiles, and what was promised."""
        low, high = quartiles(self.ratios)
        promise = (
            "" if self.limit is None else f"≤ {self.limit:g}: {'kept' if self.ratio <= self.limit else 'NOT kept'}"
        )
        ours, base = (told(statistics.median(one), self.unit) for one in (self.ours, self.base))
        spread = f"{self.ratio:.2f} ({low:.2f} to {high:.2f})" if len(self.ratios) > 1 else f"{self.ratio:.2f}"
        return f"| {self.what} | {ours} | {self.beside}: {base} | {spread} | {promise} |"


@dataclass(frozen=True)
class Count:
    """Something that is counted and not timed."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    def row(self) -> str:
        promise = (
            "" if self.limit is None else f"≤ {self.limit:g}: {'kept' if self.value <= self.limit else 'NOT kept'}"
        )
        return f"| {self.what} | {self.value:g} {self.unit} | | | {promise} |"


@dataclass(frozen=True)
class Growth:
    """How the time of something grows with its size: 1 is in proportion, 0 is not at all."""

    what: str
    sizes: Sequence[float]
    seconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """The slope of the line through the points, both axes as logarithms."""
        return statistics.linear_regression(list(map(math.log, self.sizes)), list(map(math.log, self.seconds))).slope

    def row(self) -> str:
        sizes = ", ".join(f"{size:g}" for size in self.sizes)
        return (
            f"| {self.what} | {sizes} | {', '.join(told(each, 's') for each in self.seconds)} | {self.exponent:.2f} |"
        )


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def told(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.2f} s"
    return f"{value:.3g} {unit}"


def in_turn(ours: Timed, base: Timed, rounds: int) -> tuple[list[float], list[float]]:
    """Each `rounds` times, after one of each that does not count."""
    ours(), base()
    pairs = [(ours(), base()) for _ in range(rounds)]
    return [one for one, _ in pairs], [two for _, two in pairs]


async def awaited(ours: Work, base: Work, rounds: int) -> tuple[list[float], list[float]]:
    """The same for what is awaited."""
    await seconds(ours), await seconds(base)
    pairs = [(await seconds(ours), await seconds(base)) for _ in range(rounds)]
    return [one for one, _ in pairs], [two for _, two in pairs]


async def seconds(work: Work) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started
