"""The scripted agent solves every short scenario; all of them, with a table, are `python -m bench.scenarios`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.scenarios.agent import Scenario
from bench.scenarios.drive import GROUPS, SCENARIOS, Outcome, median_calls, solve

pytestmark = pytest.mark.anyio

SHORT = [scenario for scenario in SCENARIOS if not scenario.slow]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return []


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
async def test_the_agent_solves(scenario: Scenario, url: str, home: Path, outcomes: list[Outcome]) -> None:
    outcome = await solve(scenario, url, home)
    outcomes.append(outcome)
    assert outcome.why == ""
    assert outcome.largest <= 8192, "no reply of a scenario is above the default budget"


def test_three_calls_from_submit_to_answer_are_enough(outcomes: list[Outcome]) -> None:
    if len(outcomes) < len(SHORT):
        pytest.skip("needs the scenarios above, all of them in this process")
    assert median_calls(outcomes) <= 3


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= 63
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert len(GROUPS) == 6
