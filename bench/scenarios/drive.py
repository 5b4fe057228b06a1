"""Runs scenarios one after another through the real client, and writes down what each took."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from bench.scenarios import everyday, failures, leftovers, logs, people, schedules
from bench.scenarios.agent import SCENARIOS, SECRETS, Agent, Scenario
from tests.hub_process import clear, short_home
from tests.mcp_session import Person, environment, http_server, over_http

GROUPS = (everyday, failures, leftovers, logs, people, schedules)
_LONGEST = 240


@dataclass(frozen=True)
class Outcome:
    """What one scenario took. `bytes` are of all replies together, `largest` is of one."""

    name: str
    solved: bool
    calls: int
    bytes: int
    largest: int
    seconds: float
    from_submit: bool
    why: str = ""


async def solve(scenario: Scenario, url: str, home: Path) -> Outcome:
    """Let an agent solve one scenario; what it answers is compared with what is right."""
    person = Person()
    connect = partial(over_http, url)
    async with connect(person=person) as client:
        await client.list_tools()
        agent = Agent(client, person, home, connect)
        began = time.perf_counter()
        why = ""
        answer: Any = None
        try:
            with anyio.fail_after(_LONGEST):
                answer = await scenario.solve(agent)
        except Exception as error:  # noqa: BLE001 - one scenario that breaks is told, and the others go on
            why = f"{type(error).__name__}: {str(error)[:300]}; the last reply: {str(agent.last)[:1500]}"
        else:
            why = "" if answer == scenario.answer else f"answered {str(answer)[:200]}"
        seconds = time.perf_counter() - began
        return Outcome(
            scenario.name, not why, agent.calls, agent.bytes, agent.largest, seconds, scenario.from_submit, why
        )


async def solve_all(words: str = "", say: Callable[[Outcome], None] = lambda _: None) -> list[Outcome]:
    """Every scenario whose name holds `words`, on a hub made for it."""
    outcomes: list[Outcome] = []
    with short_home() as home:
        try:
            with http_server(environment(home, **SECRETS)) as url:
                for scenario in [item for item in SCENARIOS if words in item.name]:
                    outcomes.append(await solve(scenario, url, home))
                    say(outcomes[-1])
        finally:
            clear(home)
    return outcomes


def median_calls(outcomes: Sequence[Outcome]) -> float:
    """Of those that run from a submission to an answer."""
    return statistics.median([outcome.calls for outcome in outcomes if outcome.from_submit] or [0])


def table(outcomes: Sequence[Outcome]) -> str:
    """As Markdown, with the medians below."""
    rows = [_row(item) for item in outcomes]
    size = statistics.median(item.bytes for item in outcomes)
    solved = sum(item.solved for item in outcomes)
    return (
        "| scenario | solved | calls | bytes | largest reply | seconds |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\n{solved} of {len(outcomes)} solved. Median calls from submit to answer: {median_calls(outcomes):g}. "
        f"Median bytes read: {size:,.0f}.\n"
    )


def _row(item: Outcome) -> str:
    solved = "yes" if item.solved else "NO"
    return f"| {item.name} | {solved} | {item.calls} | {item.bytes:,} | {item.largest:,} | {item.seconds:.1f} |"
