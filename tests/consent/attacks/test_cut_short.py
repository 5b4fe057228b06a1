"""Between the yes and the reply: killed, cancelled, refused. One yes makes one job at most, and it is found again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from consent.ledger import Ledger
from local_hub.process.state import HubState
from tests.consent.attacks.conftest import VALUES, jobs
from tests.consent.attacks.wire import Attacker, made, outcome, stdio
from tests.hub_process import running_hub, short_home, wait_until
from tests.jobs.fault_proxy import LATE_REPLY, FaultProxy, fault_proxy, refused_before
from tests.mcp_session import environment

pytestmark = pytest.mark.promise("S3")

JOB: dict[str, Any] = {"image": "python:3.12", "command": ["true"], "secrets": ["API_KEY"]}


@pytest.fixture(scope="module")
def hub() -> Iterator[tuple[Path, HubState]]:
    with short_home() as home, running_hub(home) as state:
        yield home, state


@pytest.fixture
def env(hub: tuple[Path, HubState]) -> dict[str, str]:
    home, state = hub
    return environment(home, HF_TOKEN=state.token, **VALUES)


@contextmanager
def proxied(hub: tuple[Path, HubState], env: dict[str, str], *, delay: float = 1.5) -> Iterator[FaultProxy]:
    with fault_proxy(hub[1].endpoint, delay=delay) as proxy:
        env["HF_JOBS_MCP_HUB"] = proxy.endpoint
        yield proxy


def named(home: Path, name: str) -> list[str]:
    return [job["id"] for job in jobs(home) if (job.get("labels") or {}).get("name") == name]


def approve(home: Path, number: str) -> None:
    ledger = Ledger(home / "consent.sqlite3")
    assert ledger.answer(number, frozenset({"API_KEY"}))
    ledger.close()


def test_a_server_killed_after_it_sent_finds_the_job_again(hub: tuple[Path, HubState], env: dict[str, str]) -> None:
    home, _ = hub
    arguments = {**JOB, "name": "killed"}
    with proxied(hub, env, delay=4.0) as proxy:
        with stdio(env) as line:
            client = Attacker(line, "modern", {}, "killed")
            waits = client.call("submit_job", arguments)
            approve(home, waits["result"]["structuredContent"]["approval"]["id"])
            proxy.arm("submit", LATE_REPLY)
            client.start("submit_job", arguments)
            (first,) = wait_until(lambda: named(home, "killed"))
            line.process.kill()
        with stdio(env) as line:
            assert made(Attacker(line, "modern", {}, "killed").call("submit_job", arguments)) == first
    assert named(home, "killed") == [first]


def test_a_call_cancelled_while_it_sends_makes_one_job_and_tells_it_later(
    hub: tuple[Path, HubState], env: dict[str, str]
) -> None:
    home, _ = hub
    with proxied(hub, env) as proxy, stdio(env) as line:
        client = Attacker(line, "modern")
        question = client.ask("submit_job", {**JOB, "name": "cancelled"})
        proxy.arm("submit", LATE_REPLY)
        number = client.start(
            "submit_job", question.arguments, requestState=question.state,
            inputResponses={question.key: {"action": "accept", "content": {"API_KEY": True}}},
        )  # fmt: skip
        (first,) = wait_until(lambda: named(home, "cancelled"))
        line.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})
        proxy.settle()
        assert made(client.tick_all(question)) == first
    assert named(home, "cancelled") == [first]


def test_a_yes_whose_submission_the_hub_refused_is_used_up(hub: tuple[Path, HubState], env: dict[str, str]) -> None:
    home, _ = hub
    with proxied(hub, env) as proxy, stdio(env) as line:
        client = Attacker(line, "modern")
        question = client.ask("submit_job", {**JOB, "name": "refused"})
        proxy.arm("submit", refused_before(402))
        assert outcome(client.tick_all(question)) == "payment_required"
        assert outcome(client.tick_all(question)) == "consent_spent"
    assert named(home, "refused") == []
