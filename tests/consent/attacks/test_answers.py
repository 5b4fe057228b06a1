"""Attacks with answers: what was ticked, who answers, when, and to which question, in both eras."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.consent.attacks.conftest import Arguments, Meet
from tests.consent.attacks.wire import Attacker, Http, made, outcome, stdio
from tests.hub_process import wait_until
from tests.mcp_session import http_server

Quiet = Callable[[], AbstractContextManager[None]]
Named = Callable[[dict[str, Any]], list[dict[str, Any]]]

NO_YES: dict[str, Any] = {
    "nothing": {},
    "unticked": {"API_KEY": False, "OTHER_KEY": False},
    "text": {"API_KEY": "true", "OTHER_KEY": "yes"},
    "numbers": {"API_KEY": 1, "OTHER_KEY": 1},
    "null": {"API_KEY": None},
    "a list": {"API_KEY": [True]},
    "another name": {"HF_TOKEN": True},
    "more than was asked": {"API_KEY": True, "OTHER_KEY": True, "HF_TOKEN": True},
    "a word for everything": {"confirm": True},
    "the request itself": {"request": True},
    "no content": None,
}


@pytest.mark.promise("S2")
def test_an_accept_without_a_proper_tick_is_no_yes(meet: Meet, job: Arguments, nothing_new: Quiet, era: str) -> None:
    client = meet(era)
    with nothing_new():
        for way, content in NO_YES.items():
            question = client.ask("submit_job", job(secrets=["API_KEY", "OTHER_KEY"]))
            reply = client.answer(question, content)
            assert outcome(reply) not in {"sent", "waits"}, (way, reply)
            assert "tango" not in json.dumps(reply)


@pytest.mark.promise("S2", "S14")
def test_an_answer_that_is_not_the_form_gets_words_and_a_line_in_the_record(
    meet: Meet, job: Arguments, nothing_new: Quiet, home: Path, era: str
) -> None:
    client = meet(era)
    with nothing_new():
        for way in ("text", "null", "another name", "more than was asked", "no content"):
            question = client.ask("submit_job", job(secrets=["API_KEY", "OTHER_KEY"]))
            reply = client.answer(question, NO_YES[way])
            told = json.loads(reply["result"]["content"][0]["text"])["error"]
            assert told["code"] == "consent_not_given", way
            assert "not the form" in told["message"]
            assert "nothing was sent" in told["message"]
            assert "approve" in told["hint"]
            last = json.loads((home / "audit.jsonl").read_text().splitlines()[-1])
            assert (last["event"], last["answer"]) == ("answered", "not the form"), way


@pytest.mark.promise("S2")
def test_ticks_without_an_accept_are_no_yes(meet: Meet, job: Arguments, nothing_new: Quiet, era: str) -> None:
    client = meet(era)
    with nothing_new():
        for action in ("decline", "cancel", "ACCEPT", "yes", ""):
            question = client.ask("submit_job", job())
            assert outcome(client.answer(question, {"API_KEY": True}, action=action)) != "sent", action


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    "capabilities", [{}, {"elicitation": {"url": {}}}, {"sampling": {}}], ids=["none", "url", "sampling"]
)
def test_a_client_that_cannot_ask_and_answers_all_the_same_sends_nothing(
    meet: Meet, job: Arguments, nothing_new: Quiet, era: str, capabilities: dict[str, Any]
) -> None:
    client = meet(era, capabilities=capabilities)
    given = {"action": "accept", "content": {"API_KEY": True}}
    with nothing_new():
        if era == "legacy":
            for number in range(4):
                client.line.send({"jsonrpc": "2.0", "id": number, "result": given})
            reply = client.call("submit_job", job())
        else:
            reply = client.call("submit_job", job(), inputResponses={"tools.submit_job:ask": given})
        assert outcome(reply) == "waits"


@pytest.mark.promise("S2")
def test_answers_sent_before_the_question_are_not_read(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    client = meet("legacy", name="too early")
    with nothing_new():
        for number in range(6):
            client.line.send(
                {"jsonrpc": "2.0", "id": number, "result": {"action": "accept", "content": {"API_KEY": True}}}
            )
        question = client.ask("submit_job", job())
        assert outcome(client.answer(question, None, action="decline")) == "consent_declined"


@pytest.mark.promise("S3")
def test_a_replayed_legacy_answer_answers_nothing_else(meet: Meet, job: Arguments, named: Named) -> None:
    client = meet("legacy")
    first = client.ask("submit_job", job())
    made(client.tick_all(first))
    yes = {"jsonrpc": "2.0", "id": first.number, "result": {"action": "accept", "content": {"API_KEY": True}}}
    client.line.send(yes)
    second = client.ask("submit_job", job())
    client.line.send(yes)
    assert "AGAIN" in second.message
    assert outcome(client.answer(second, None, action="decline")) == "consent_declined"
    client.line.send(yes)
    assert len(named(first.arguments)) == 1


@pytest.mark.promise("S3")
def test_one_legacy_answer_sent_many_times_at_once_starts_one_job(meet: Meet, job: Arguments, named: Named) -> None:
    client = meet("legacy")
    question = client.ask("submit_job", job())
    yes = {"jsonrpc": "2.0", "id": question.number, "result": {"action": "accept", "content": {"API_KEY": True}}}
    threads = [threading.Thread(target=client.line.send, args=(yes,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    made(client.reply(question.call))
    assert len(named(question.arguments)) == 1


@pytest.mark.promise("S2", "S5")
def test_an_answer_to_another_question_does_not_answer_this_one(
    meet: Meet, job: Arguments, named: Named, nothing_new: Quiet
) -> None:
    """Two questions are open; each yes counts for the one whose number it bears."""
    client = meet("legacy")
    first, second = client.ask("submit_job", job()), client.ask("submit_job", job(secrets=["OTHER_KEY"]))
    with nothing_new():
        assert outcome(client.answer(second, {"API_KEY": True})) != "sent"
    made(client.answer(first, {"API_KEY": True}))
    assert [one["secrets"] for one in named(first.arguments)] == [["API_KEY"]]


@pytest.mark.promise("S5")
def test_an_answer_in_another_session_is_not_read(url: str, job: Arguments, nothing_new: Quiet) -> None:
    mine, other = (Attacker(Http(url), "legacy").hello() for _ in range(2))
    with nothing_new():
        question = mine.ask("submit_job", job())
        yes = {"jsonrpc": "2.0", "id": question.number, "result": {"action": "accept", "content": {"API_KEY": True}}}
        other.line.send(yes)
        assert outcome(mine.answer(question, None, action="decline")) == "consent_declined"
    for client in (mine, other):
        client.line.close()  # type: ignore[attr-defined]


@pytest.mark.promise("S4")
def test_nobody_answers_in_time_and_a_late_yes_counts_for_nothing(
    env: dict[str, str], job: Arguments, nothing_new: Quiet, transport: str
) -> None:
    hurried = {**env, "HF_JOBS_MCP_ASK_SECONDS": "0.5"}

    def attack(client: Attacker) -> None:
        with nothing_new():
            question = client.ask("submit_job", job())
            assert outcome(client.reply(question.call)) == "consent_timed_out"
            yes = {"action": "accept", "content": {"API_KEY": True}}
            client.line.send({"jsonrpc": "2.0", "id": question.number, "result": yes})
            reply = client.call("submit_job", job(dry_run=True))
            assert "id" not in reply["result"]["structuredContent"]

    if transport == "http":
        with http_server(hurried) as address:
            line = Http(address)
            attack(Attacker(line, "legacy").hello())
            line.close()
    else:
        with stdio(hurried) as process:
            attack(Attacker(process, "legacy").hello())


@pytest.mark.promise("S4")
def test_a_call_cancelled_with_its_question_open_sends_nothing(meet: Meet, job: Arguments, nothing_new: Quiet) -> None:
    client = meet("legacy")
    with nothing_new():
        question = client.ask("submit_job", job())
        client.line.send(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": question.call}}
        )
        yes = {"action": "accept", "content": {"API_KEY": True}}
        client.line.send({"jsonrpc": "2.0", "id": question.number, "result": yes})
        assert outcome(client.call("submit_job", job(dry_run=True))) == "sent"


@pytest.mark.promise("S3")
def test_a_lost_reply_is_recovered_without_a_second_job(meet: Meet, job: Arguments, named: Named, era: str) -> None:
    """The yes arrives, the reply is never read; the caller calls again and finds out what became of it."""
    client = meet(era)
    question = client.ask("submit_job", job())
    if era == "modern":
        lost = client.start(
            "submit_job", question.arguments, requestState=question.state,
            inputResponses={question.key: {"action": "accept", "content": {"API_KEY": True}}},
        )  # fmt: skip
    else:
        lost = question.call
        yes = {"action": "accept", "content": {"API_KEY": True}}
        client.line.send({"jsonrpc": "2.0", "id": question.number, "result": yes})
    (one,) = wait_until(lambda: named(question.arguments))
    client.reply(lost)
    if era == "modern":
        assert made(client.tick_all(question)) == one["id"]
    again = client.ask("submit_job", question.arguments)
    assert "AGAIN" in again.message
    refusal = client.answer(again, None, action="decline")
    assert one["id"] in json.dumps(refusal)
    assert len(named(question.arguments)) == 1


@pytest.mark.promise("S1")
def test_no_argument_stands_for_consent(meet: Meet, job: Arguments, nothing_new: Quiet, era: str) -> None:
    client = meet(era)
    claims: list[dict[str, Any]] = [
        {"confirm": True}, {"approved": True}, {"consent": "yes"}, {"approval": "abcd1234"}, {"API_KEY": True},
        {"answer": {"action": "accept"}}, {"request": {}}, {"ctx": {}},
    ]  # fmt: skip
    with nothing_new():
        for claim in claims:
            assert outcome(client.call("submit_job", job(**claim))) == "unknown_argument", claim


@pytest.mark.promise("S1")
def test_no_variable_of_the_environment_stands_for_consent(
    env: dict[str, str], job: Arguments, nothing_new: Quiet
) -> None:
    pushy = {
        **env, "HF_JOBS_MCP_ATTACH_WITHOUT_ASKING": "true", "HF_JOBS_MCP_BYPASS": "1", "HF_JOBS_MCP_YES": "1",
        "HF_JOBS_MCP_DANGEROUSLY_ATTACH_SECRETS_WITHOUT_ASKING_ANYONE": "1",
    }  # fmt: skip
    with stdio(pushy) as line, nothing_new():
        assert outcome(Attacker(line, "modern", {}).call("submit_job", job())) == "waits"


@pytest.mark.promise("S1")
def test_the_operators_flag_attaches_without_asking_and_the_record_says_so(
    env: dict[str, str], home: Any, job: Arguments
) -> None:
    with stdio(env, "--dangerously-attach-secrets-without-asking-anyone") as line:
        made(Attacker(line, "modern", {}).call("submit_job", job()))
    assert '"event":"bypassed"' in (home / "audit.jsonl").read_text().splitlines()[-2]
