"""Attacks on approvals that are given out of band, and what a person at a terminal sees and says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # It ships no types.
import pytest

from consent.ledger import MOST_WAITING, Ledger
from tests.consent.attacks.conftest import Arguments, Meet
from tests.consent.attacks.person import at_a_terminal
from tests.consent.attacks.wire import Attacker, Http, Message, Stdio, made, outcome, stdio
from tests.hub_process import wait_until
from tests.mcp_session import SERVER, http_server

#: A client that lives on when its server has ended.
CLIENT = "import subprocess, sys; subprocess.call(sys.argv[1:]); sys.stdin.read()"

Quiet = Callable[[], AbstractContextManager[None]]
Named = Callable[[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    """The very file the servers use."""
    opened = Ledger(home / "consent.sqlite3")
    yield opened
    opened.close()


def waiting(reply: Message) -> str:
    assert outcome(reply) == "waits", reply
    return str(reply["result"]["structuredContent"]["approval"]["id"])


@pytest.mark.promise("S4")
def test_a_person_at_a_terminal_approves_and_the_same_call_goes_through_once(
    env: dict[str, str], meet: Meet, job: Arguments, named: Named, era: str
) -> None:
    client = meet(era, capabilities={}, name="cannot ask")
    number = waiting(client.call("submit_job", job()))
    seen = at_a_terminal(env, "approve", number, types=["y", "y"])
    assert (seen.status, "Approved" in seen.text) == (0, True), seen.text
    assert "python:3.12" in seen.text
    first = made(client.call("submit_job", job()))
    assert made(client.call("submit_job", job())) == first
    assert [one["secrets"] for one in named(job())] == [["API_KEY"]]


@pytest.mark.promise("S4")
def test_a_person_who_says_no_is_heard_once_and_can_be_asked_again(
    env: dict[str, str], meet: Meet, job: Arguments, nothing_new: Quiet
) -> None:
    client = meet("modern", capabilities={}, name="cannot ask")
    with nothing_new():
        number = waiting(client.call("submit_job", job()))
        assert "Declined" in at_a_terminal(env, "approve", number, types=["n", "n"]).text
        assert outcome(client.call("submit_job", job())) == "consent_declined"
        assert waiting(client.call("submit_job", job())) != number


@pytest.mark.promise("S4")
@pytest.mark.parametrize("stdin", ["y\ny\n", ""], ids=["yes", "nothing"])
def test_approve_without_a_terminal_answers_nothing(
    env: dict[str, str], ledger: Ledger, modern_line: Any, job: Arguments, stdin: str
) -> None:
    number = waiting(Attacker(modern_line, "modern", {}, "no terminal").call("submit_job", job()))
    for arguments in ((number,), (number, "--browser"), ()):
        done = subprocess.run(
            [*SERVER, "approve", *arguments], env=env, input=stdin, capture_output=True, text=True, timeout=30, check=False
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert "terminal" in done.stderr
    found = ledger.get(number)
    assert found is not None
    assert found.status == "pending"


@pytest.mark.promise("S4")
def test_an_id_that_a_tool_returned_is_no_approval(
    modern_line: Any, job: Arguments, nothing_new: Quiet, ledger: Ledger
) -> None:
    client = Attacker(modern_line, "modern", {}, "has the id")
    number = waiting(client.call("submit_job", job()))
    with nothing_new():
        for claim in ({"approval": number}, {"approval_id": number}, {"id": number}):
            assert outcome(client.call("submit_job", job(**claim))) == "unknown_argument"
        forged = {"tools.submit_job:ask": {"action": "accept", "content": {"API_KEY": True, "approval": number}}}
        assert outcome(client.call("submit_job", job(), inputResponses=forged)) == "waits"


@pytest.mark.promise("S5")
def test_an_approval_is_no_good_for_another_caller(
    meet: Meet, job: Arguments, nothing_new: Quiet, ledger: Ledger, era: str
) -> None:
    number = waiting(meet(era, capabilities={}, name="one client").call("submit_job", job()))
    assert ledger.answer(number, frozenset({"API_KEY"}))
    with nothing_new():
        assert waiting(meet(era, capabilities={}, name="another client").call("submit_job", job())) != number


@pytest.mark.promise("S5")
def test_an_approval_given_over_stdio_is_no_good_over_http(
    modern_line: Any, url: str, job: Arguments, nothing_new: Quiet, ledger: Ledger
) -> None:
    number = waiting(Attacker(modern_line, "modern", {}, "same name").call("submit_job", job()))
    assert ledger.answer(number, frozenset({"API_KEY"}))
    over_http = Http(url)
    with nothing_new():
        assert waiting(Attacker(over_http, "modern", {}, "same name").call("submit_job", job())) != number
    over_http.close()


@pytest.mark.promise("S5")
def test_an_approval_is_no_good_for_the_holder_of_another_token(
    env: dict[str, str], url: str, job: Arguments, nothing_new: Quiet, ledger: Ledger
) -> None:
    mine = Http(url)
    number = waiting(Attacker(mine, "modern", {}, "same name").call("submit_job", job()))
    assert ledger.answer(number, frozenset({"API_KEY"}))
    token = "another-bearer-token-for-tests"
    with http_server({**env, "HF_JOBS_MCP_HTTP_TOKEN": token}) as elsewhere, nothing_new():
        other = Http(elsewhere, token=token)
        assert waiting(Attacker(other, "modern", {}, "same name").call("submit_job", job())) != number
        other.close()
    mine.close()


@pytest.mark.promise("S5")
def test_an_approval_is_no_good_for_another_process_that_calls_itself_the_same(
    env: dict[str, str], job: Arguments, nothing_new: Quiet, ledger: Ledger
) -> None:
    """Asked at once, and asked again when the first one has ended and its client lives on."""
    arguments = job()
    with nothing_new():
        with stdio(env) as first, stdio(env) as second:
            number = waiting(Attacker(first, "modern", {}, "twins").call("submit_job", arguments))
            assert ledger.answer(number, frozenset({"API_KEY"}))
            assert waiting(Attacker(second, "modern", {}, "twins").call("submit_job", arguments)) != number
        line = Stdio(env, command=(sys.executable, "-c", CLIENT, *SERVER))
        try:
            number = waiting(Attacker(line, "modern", {}, "cousins").call("submit_job", arguments))
            assert ledger.answer(number, frozenset({"API_KEY"}))
            (server,) = psutil.Process(line.process.pid).children()
            server.kill()
            wait_until(lambda: not server.is_running())
            with stdio(env) as elsewhere:
                assert waiting(Attacker(elsewhere, "modern", {}, "cousins").call("submit_job", arguments)) != number
        finally:
            line.close()
    found = ledger.get(number)
    assert found is not None
    assert found.status == "approved"


@pytest.mark.promise("S2")
@pytest.mark.parametrize(
    "other", [{"command": ["env"]}, {"secrets": ["API_KEY", "OTHER_KEY"]}, {"files": {"a": "b"}}, {"env": {"AA": "b"}}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_an_approval_is_no_good_for_anything_else(
    modern_line: Any, job: Arguments, nothing_new: Quiet, ledger: Ledger, other: dict[str, Any]
) -> None:
    client = Attacker(modern_line, "modern", {}, "swaps")
    number = waiting(client.call("submit_job", job()))
    assert ledger.answer(number, frozenset({"API_KEY"}))
    with nothing_new():
        assert waiting(client.call("submit_job", job(**other))) != number


@pytest.mark.promise("S3", "S4")
def test_an_approval_outlives_a_restart_and_is_good_once_all_the_same(
    env: dict[str, str], job: Arguments, named: Named, ledger: Ledger
) -> None:
    arguments = job()
    with stdio(env) as line:
        number = waiting(Attacker(line, "modern", {}, "restarts").call("submit_job", arguments))
    assert ledger.answer(number, frozenset({"API_KEY"}))
    ids = []
    for _ in range(2):
        with stdio(env) as line:
            ids.append(made(Attacker(line, "modern", {}, "restarts").call("submit_job", arguments)))
    assert ids[0] == ids[1]
    assert len(named(arguments)) == 1


@pytest.mark.promise("S3")
def test_an_approval_used_by_many_calls_at_once_starts_one_job(
    meet: Meet, job: Arguments, named: Named, ledger: Ledger
) -> None:
    arguments = job()
    client = meet("modern", capabilities={}, name="in a hurry")
    assert ledger.answer(waiting(client.call("submit_job", arguments)), frozenset({"API_KEY"}))
    replies: list[Message] = []
    start = threading.Barrier(5)

    def submit() -> None:
        start.wait(timeout=10)
        replies.append(client.call("submit_job", arguments))

    threads = [threading.Thread(target=submit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert {outcome(reply) for reply in replies} <= {"sent", "consent_spent"}
    assert len(named(arguments)) == 1


@pytest.mark.promise("S3")
def test_a_yes_at_the_terminal_and_a_yes_in_the_client_are_one_yes(
    modern_line: Any, job: Arguments, named: Named, ledger: Ledger
) -> None:
    client = Attacker(modern_line, "modern", name="asks twice")
    arguments = job()
    question = client.ask("submit_job", arguments)
    cancelled = client.ask("submit_job", arguments)
    assert outcome(client.answer(cancelled, None, action="cancel")) == "consent_cancelled"
    (number,) = [item.id for item in ledger.pending() if item.caller.endswith(":asks twice")]
    assert ledger.answer(number, frozenset({"API_KEY"}))
    first = made(client.tick_all(question))
    assert made(client.tick_all(question)) == first
    assert not ledger.answer(number, frozenset({"API_KEY"}))
    assert len(named(arguments)) == 1


@pytest.mark.promise("S3")
def test_a_yes_at_the_terminal_uses_up_the_question_that_the_call_brought_back(
    modern_line: Any, job: Arguments, named: Named, ledger: Ledger
) -> None:
    client = Attacker(modern_line, "modern", name="brings it back")
    arguments = job()
    question = client.ask("submit_job", arguments)
    client.answer(client.ask("submit_job", arguments), None, action="cancel")
    (number,) = [item.id for item in ledger.pending() if item.caller.endswith(client.name)]
    assert ledger.answer(number, frozenset({"API_KEY"}))
    first = made(client.call("submit_job", arguments, requestState=question.state))
    assert made(client.tick_all(question)) == first
    assert len(named(arguments)) == 1


@pytest.mark.promise("S14")
def test_a_question_is_in_the_record_once_whatever_the_rounds(
    meet: Meet, job: Arguments, home: Path, era: str, transport: str
) -> None:
    client = meet(era)
    arguments = job(labels={"once": f"{era}-{transport}"})
    made(client.tick_all(client.ask("submit_job", arguments)))
    events = [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]
    (last,) = [one["digest"] for one in events[-2:] if one["event"] == "answered"]
    assert [one["event"] for one in events if one.get("digest") == last] == ["asked", "answered", "submitted"]


@pytest.mark.promise("S4")
@pytest.mark.parametrize("where", ["client", "terminal"])
def test_a_yes_and_a_no_in_two_places_are_a_no(
    modern_line: Any, job: Arguments, nothing_new: Quiet, ledger: Ledger, where: str
) -> None:
    client = Attacker(modern_line, "modern", name=f"no in the {where}")
    with nothing_new():
        question = client.ask("submit_job", job())
        client.answer(client.ask("submit_job", job()), None, action="cancel")
        (number,) = [item.id for item in ledger.pending() if item.caller.endswith(client.name)]
        if where == "client":
            assert ledger.answer(number, frozenset({"API_KEY"}))
            assert outcome(client.answer(question, None, action="decline")) == "consent_declined"
        else:
            assert ledger.answer(number, None)
            assert outcome(client.tick_all(question)) == "consent_declined"
        assert outcome(client.call("submit_job", job())) == "asked"


@pytest.mark.promise("S4")
def test_no_caller_can_bury_a_question_under_others(modern_line: Any, job: Arguments, ledger: Ledger) -> None:
    client = Attacker(modern_line, "modern", {}, "floods")
    room = MOST_WAITING - len(ledger.pending())
    for number in range(room):
        waiting(client.call("submit_job", job(labels={"number": str(number)})))
    assert outcome(client.call("submit_job", job(labels={"number": "last"}))) == "consent_unavailable"
    assert len(ledger.pending()) == MOST_WAITING


@pytest.mark.promise("S6")
def test_the_terminal_shows_everything_that_would_be_sent(
    env: dict[str, str], modern_line: Any, job: Arguments, ledger: Ledger
) -> None:
    script = "\n".join(f"print('line {number} of the script')" for number in range(60))
    client = Attacker(modern_line, "modern", {}, "long script")
    number = waiting(client.call("submit_job", job(script=script, command=None)))
    seen = at_a_terminal(env, "approve", number, types=["y", "n"])
    assert "line 59 of the script" in seen.text
    assert seen.text.index("Not shown: all 60 lines of script.py") < seen.text.index("line 59 of the script")


@pytest.mark.promise("S14")
def test_the_record_tells_the_whole_story_and_no_value(
    env: dict[str, str], home: Path, modern_line: Any, job: Arguments, ledger: Ledger
) -> None:
    client = Attacker(modern_line, "modern", {}, "for the record")
    number = waiting(client.call("submit_job", job()))
    at_a_terminal(env, "approve", number, types=["n", "y"])
    sent = made(client.call("submit_job", job()))
    done = subprocess.run(
        [*SERVER, "audit", "--json"], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    story = [(item["event"], item.get("answer")) for item in entries[-4:]]
    assert story == [("put aside", None), ("answered", "yes"), ("answered", "yes"), ("submitted", None)]
    assert entries[-1]["id"] == sent
    assert len({item["digest"] for item in entries[-4:-1]}) == 1
    assert "tango-9931" not in (home / "audit.jsonl").read_text()
