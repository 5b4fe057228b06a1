"""The benchmarks' own arithmetic: what is written, and when a ratio is called worse."""

from __future__ import annotations

import pytest

from bench.__main__ import BEGIN, END, RUNS, WORSE, compare, written
from bench.figures.paired import Count, Figure, Growth


def figure(ratio: float, key: str = "start") -> Figure:
    return Figure(key, "a start", "a bare server", [ratio, 2 * ratio, 3 * ratio], [1.0, 2.0, 3.0], limit=1.05)


def test_a_ratio_is_that_of_pairs_and_says_whether_its_promise_is_kept() -> None:
    assert figure(1.0).ratio == pytest.approx(1.0)
    assert "≤ 1.05: kept" in figure(1.0).row()
    assert "≤ 1.05: NOT kept" in figure(1.2).row()
    assert "≤ 4: NOT kept" in Count("requests", 5, "requests", limit=4).row()


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_growth_is_the_exponent_of_size(exponent: float) -> None:
    sizes = [1.0, 10.0, 100.0, 1000.0]
    assert Growth("x", sizes, [size**exponent for size in sizes]).exponent == pytest.approx(exponent)


def test_all_figures_are_written_between_the_marks() -> None:
    text = written([figure(1.0), Growth("a log", [1, 10], [0.5, 5.0])], 90.0)
    assert text.startswith(BEGIN)
    assert text.endswith(END)
    assert figure(1.0).row() in text
    assert "| a log | 1, 10 | 500 ms, 5.00 s | 1.00 |" in text


def test_worse_is_what_three_runs_agree_on() -> None:
    bad, good = 1.0 * WORSE + 0.01, 1.0 * WORSE - 0.01
    stored = {"start": 1.0, "mask": 1.0}
    runs = iter([[figure(bad), figure(bad, "mask")], [figure(bad), figure(good, "mask")], [figure(bad)]])
    assert compare(stored, lambda: next(runs)) == 1
    runs = iter([[figure(bad)], [figure(good)]])
    assert compare({"start": 1.0}, lambda: next(runs)) == 0
    assert RUNS == 3
