"""Spending unasked: many calls at once, each below the limit, from one client and from several processes."""

from __future__ import annotations

import httpx2
import pytest

from local_hub.process.daemon import read_state
from tests.consent.attacks.wire import Attacker, Stdio, outcome, stdio
from tests.hub_process import clear, short_home
from tests.mcp_session import environment

PRICEY = {"image": "python:3.12", "command": ["true"], "flavor": "a10g-small", "timeout": "2h"}
LIMIT = 5.0


@pytest.mark.promise("S1")
def test_calls_at_once_risk_no_more_than_the_limit_together() -> None:
    with short_home() as home:
        try:
            with stdio(environment(home)) as one, stdio(environment(home)) as two:
                clients = [Attacker(line, "modern", name="spender") for line in (one, two)]
                worst = clients[0].call("submit_job", {**PRICEY, "dry_run": True})["result"]["structuredContent"]
                assert 1.9 < worst["max_cost_usd"] < 2.1
                clients[1].call("job_status", {})
                calls = [
                    (client, client.start("submit_job", {**PRICEY, "name": f"at-once-{number}"}))
                    for number in range(4)
                    for client in clients
                ]
                told = [outcome(client.reply(number)) for client, number in calls]
                assert told.count("sent") == 2
                assert set(told) <= {"sent", "asked", "spec_changed"}
                again = [outcome(client.call("submit_job", {**PRICEY, "name": "again"})) for client in clients]
                assert again == ["asked", "asked"]
            state = read_state(home)
            assert state is not None
            headers = {"Authorization": f"Bearer {state.token}"}
            assert len(httpx2.get(f"{state.endpoint}/api/jobs/local", headers=headers).json()) == 2
        finally:
            clear(home)


@pytest.mark.promise("S1")
@pytest.mark.parametrize("when", ["* * * 2 *", "* * 20-28 * *", "*/2 0-9 * 1,7 0"])
def test_a_schedule_that_rests_now_and_is_busy_later_is_asked_about(modern_line: Stdio, when: str) -> None:
    attacker = Attacker(modern_line, "modern", name="patient")
    job = {"image": "python:3.12", "command": ["true"], "timeout": "30m", "concurrency": True, "schedule": when}
    question = attacker.ask("schedule_job", job)
    assert "accept_cost" in question.names
    assert "a month" in question.message
