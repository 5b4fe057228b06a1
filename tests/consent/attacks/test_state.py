"""Attacks on `requestState`, the modern era's sealed memory of a question. Each asks, and then cheats."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from tests.consent.attacks.conftest import Arguments, Meet
from tests.consent.attacks.wire import Attacker, Http, Message, made, outcome, stdio
from tests.hub_process import wait_until
from tests.mcp_session import http_server

Quiet = Callable[[], AbstractContextManager[None]]
Named = Callable[[dict[str, Any]], list[dict[str, Any]]]
REFUSED = "invalid_request_state"


def _flipped(state: str, place: int) -> str:
    raw = bytearray(base64.urlsafe_b64decode(state[3:] + "=="))
    raw[place] ^= 1
    return "v1." + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")


TAMPERED: dict[str, Callable[[str], Any]] = {
    "key id": lambda state: _flipped(state, 0),
    "nonce": lambda state: _flipped(state, 10),
    "text": lambda state: _flipped(state, 40),
    "tag": lambda state: _flipped(state, -1),
    "cut": lambda state: state[:-4],
    "longer": lambda state: state + "AAAA",
    "version": lambda state: "v2." + state[3:],
    "empty": lambda state: "",
    "unsealed": lambda state: '{"v":3,"outcomes":{},"asked":{}}',
    "a number": lambda state: 7,
}


@pytest.mark.promise("S2")
def test_a_tampered_state_is_refused(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job())
    with nothing_new():
        for how, tamper in TAMPERED.items():
            forged = replace(question, state=tamper(question.state or ""))
            assert outcome(client.tick_all(forged)) in {REFUSED, "-32602"}, how


@pytest.mark.promise("S3")
def test_a_replayed_state_starts_no_second_job(meet: Meet, job: Arguments, named: Named) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job())
    first = made(client.tick_all(question))
    assert [made(client.tick_all(question)) for _ in range(3)] == [first] * 3
    assert len(named(question.arguments)) == 1


@pytest.mark.promise("S3")
def test_a_replayed_state_with_more_ticks_attaches_nothing_more(meet: Meet, job: Arguments, named: Named) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job(secrets=["API_KEY", "OTHER_KEY"]))
    first = made(client.answer(question, {"API_KEY": True, "OTHER_KEY": False}))
    assert made(client.tick_all(question)) == first
    assert [one["secrets"] for one in named(question.arguments)] == [["API_KEY"]]


@pytest.mark.promise("S3")
@pytest.mark.parametrize("action", ["decline", "cancel", "accept"])
def test_a_state_that_was_answered_with_no_is_no_good_for_a_yes(
    meet: Meet, job: Arguments, nothing_new: Quiet, action: str
) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job())
    with nothing_new():
        assert outcome(client.answer(question, {} if action == "accept" else None, action=action)).startswith("consent")
        assert outcome(client.tick_all(question)) == "consent_spent"


CHANGED: list[dict[str, Any]] = [
    {"command": ["false"]}, {"secrets": ["API_KEY", "OTHER_KEY"]}, {"secrets": ["OTHER_KEY"]},
    {"files": {"p.md": "other"}}, {"files": {"cards/a.md": "---\nmodel: sonnet\n---\n"}}, {"env": {"MODE": "other"}},
    {"flavor": "cpu-upgrade"}, {"timeout": "2h"}, {"labels": {"a": "b"}}, {"name": "other"}, {"attempts": 3},
    {"image": "python:3.11"}, {"expose": [8080]}, {"expose_public": [8080]}, {"namespace": "elsewhere"},
    {"volumes": ["hf://buckets/local/things:/things"]}, {"dry_run": False},
]  # fmt: skip


@pytest.mark.promise("S2")
def test_an_argument_file_card_or_variable_changed_after_the_question_is_refused(
    meet: Meet, job: Arguments, nothing_new: Quiet
) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job(files={"p.md": "one"}))
    with nothing_new():
        for other in CHANGED:
            changed = {**question.arguments, **other}
            reply = client.answer(question, dict.fromkeys(question.names, True), arguments=changed)
            assert outcome(reply) == REFUSED, other


@pytest.mark.promise("S2")
def test_an_answer_to_another_question_is_refused(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    client = meet("modern")
    harmless, wanted = client.ask("submit_job", job()), client.ask("submit_job", job(command=["env"]))
    wanted.state = harmless.state
    with nothing_new():
        assert outcome(client.tick_all(wanted)) == REFUSED


@pytest.mark.promise("S2")
def test_an_answer_to_another_tools_question_is_refused(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job())
    with nothing_new():
        reply = client.call(
            "schedule_job", {**question.arguments, "schedule": "@daily"}, requestState=question.state,
            inputResponses={"tools.schedule_job:ask": {"action": "accept", "content": {"API_KEY": True}}},
        )  # fmt: skip
        assert outcome(reply) == REFUSED


@pytest.mark.promise("S5")
def test_a_state_is_good_for_its_own_caller_only(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    question = meet("modern", name="one client").ask("submit_job", job())
    with nothing_new():
        assert outcome(meet("modern", name="another client").tick_all(question)) == REFUSED


@pytest.mark.promise("S2")
@pytest.mark.parametrize("state", [None, "v1.AAAA", "null"])
def test_a_forged_first_shot_answer_is_not_read(
    meet: Meet, job: Arguments, nothing_new: Quiet, state: str | None
) -> None:
    client = meet("modern")
    forged = {"tools.submit_job:ask": {"action": "accept", "content": {"API_KEY": True}}}
    with nothing_new():
        reply = client.call(
            "submit_job", job(), inputResponses=forged, **({} if state is None else {"requestState": state})
        )
        assert outcome(reply) in {"asked", REFUSED}


@pytest.mark.promise("S3")
def test_one_yes_sent_many_times_at_once_starts_one_job(meet: Meet, job: Arguments, named: Named) -> None:
    client = meet("modern")
    question = client.ask("submit_job", job())
    replies: list[Message] = []
    start = threading.Barrier(6)

    def submit() -> None:
        start.wait(timeout=10)
        replies.append(client.tick_all(question))

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(replies) == 6
    assert len({made(reply) for reply in replies if outcome(reply) == "sent"}) == 1
    assert {outcome(reply) for reply in replies} <= {"sent", "consent_spent"}
    assert len(named(question.arguments)) == 1


@pytest.mark.promise("S3", "S4")
def test_an_expired_state_is_refused(env: dict[str, str], job: Arguments, nothing_new: Quiet, transport: str) -> None:
    hurried = {**env, "HF_JOBS_MCP_ASK_SECONDS": "0.3"}

    def attack(client: Attacker) -> None:
        question = client.ask("submit_job", job())
        asked = time.time()
        wait_until(lambda: time.time() > asked + 0.35)
        with nothing_new():
            assert outcome(client.tick_all(question)) == REFUSED

    if transport == "http":
        with http_server(hurried) as url:
            attack(Attacker(Http(url), "modern"))
    else:
        with stdio(hurried) as line:
            attack(Attacker(line, "modern"))


@pytest.mark.promise("S4")
def test_a_state_from_before_a_restart_is_refused(env: dict[str, str], job: Arguments, nothing_new: Quiet) -> None:
    with stdio(env) as before:
        question = Attacker(before, "modern").ask("submit_job", job())
    with stdio(env) as after, nothing_new():
        assert outcome(Attacker(after, "modern").tick_all(question)) == REFUSED
