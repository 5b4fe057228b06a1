"""Attacks by way of the hub: it is another one, or keeps something else, by the time the person has answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from local_hub.process import daemon
from tests.consent.attacks.conftest import VALUES, jobs
from tests.consent.attacks.wire import ERAS, Attacker, made, outcome, stdio
from tests.mcp_session import environment

pytestmark = pytest.mark.promise("S2")

JOB: dict[str, Any] = {"image": "python:3.12", "command": ["true"], "secrets": ["API_KEY"]}


def move(home: Path) -> None:
    """Put another hub in the place of the one that was asked about: same folder, another address."""
    before = daemon.read_state(home)
    assert before is not None
    daemon.stop(home)
    (home / "hub" / "state.json").unlink(missing_ok=True)


@pytest.mark.parametrize("era", ERAS)
def test_a_yes_for_one_hub_sends_nothing_to_another(own_home: Path, era: str) -> None:
    with stdio(environment(own_home, **VALUES)) as line:
        client = Attacker(line, era).hello()
        question = client.ask("submit_job", JOB)
        before = daemon.read_state(own_home)
        move(own_home)
        assert outcome(client.tick_all(question)) in {"asked", "spec_changed"}
        after = daemon.read_state(own_home)
        assert before is not None
        assert after is not None
        assert before.endpoint != after.endpoint
        assert jobs(own_home) == []


@pytest.mark.parametrize("era", ERAS)
def test_a_yes_for_a_schedule_is_no_good_once_it_is_another(own_home: Path, era: str) -> None:
    """Somebody else reschedules it between the question and the answer."""
    with stdio(environment(own_home, **VALUES)) as line:
        client = Attacker(line, era).hello()
        schedule = made(client.tick_all(client.ask("schedule_job", {**JOB, "schedule": "@yearly", "suspend": True})))
        question = client.ask("manage_schedule", {"scheduled_job_id": schedule, "action": "resume"})
        state = daemon.read_state(own_home)
        assert state is not None
        httpx2.post(
            f"{state.endpoint}/api/scheduled-jobs/local/{schedule}/schedule", json={"schedule": "@hourly"},
            headers={"Authorization": f"Bearer {state.token}"},
        ).raise_for_status()  # fmt: skip
        assert outcome(client.answer(question, {"confirm": True})) in {"asked", "spec_changed"}
        listed = client.call("manage_schedule", {"action": "list"})["result"]["structuredContent"]["schedules"]
        assert [item["suspend"] for item in listed] == [True]
        assert jobs(own_home) == []
