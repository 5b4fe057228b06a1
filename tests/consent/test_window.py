"""A client that cannot ask: the server opens the page itself, waits in the call, and a click lets the call go through."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from consent.ledger import Ledger
from tests.browser import CHROMIUM, Browser, browser
from tests.consent.attacks.wire import Attacker, Stdio, made, outcome, stdio
from tests.mcp_session import environment

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"), pytest.mark.promise("S4")]

JOB = {"script": "import os\nprint(len(os.environ['API_KEY']))", "secrets": ["API_KEY"], "name": "asked-by-page"}
TAKES_DOWN = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + '\\n')"


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """Where the desktop's browser notes what it was told to open."""
    return tmp_path / "opened.txt"


@pytest.fixture
def server_env(home: Path, tmp_path: Path, opened: Path) -> dict[str, str]:
    starts = shlex.join([sys.executable, "-c", TAKES_DOWN, str(opened)])
    return environment(
        home, HF_JOBS_MCP_ASK="client,browser,terminal", BROWSER=f"{starts} %s", API_KEY="tango-9931-foxtrot"
    )


@contextmanager
def a_person_at_the_browser(opened: Path, press: str) -> Iterator[list[str]]:
    """Opens what the desktop was told to, in a real Chromium, and presses one button."""
    seen: list[str] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with browser() as tab:
                _answer(tab, opened, press, seen)
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        thread.join(180)
        assert not failed, failed


def _answer(tab: Browser, opened: Path, press: str, seen: list[str]) -> None:
    deadline = time.monotonic() + 40
    while not opened.exists() or not opened.read_text().endswith("\n"):
        assert time.monotonic() < deadline, "no page was opened"
        time.sleep(0.05)
    tab.open(opened.read_text().splitlines()[0])
    tab.wait_for(f"document.querySelector({press!r}) && !document.querySelector({press!r}).disabled")
    seen.append(tab.value("document.body.innerText"))
    tab.value(f"document.querySelector({press!r}).click()")
    tab.wait_for("/^(Approved|Declined)/.test(document.querySelector('h1').textContent)")
    assert tab.problems == []


def test_one_call_and_one_click_run_the_job(server_env: dict[str, str], opened: Path) -> None:
    with stdio(server_env) as line, a_person_at_the_browser(opened, "button.yes") as seen:
        client = Attacker(line, "legacy", {}, "a desktop app").hello()
        number = client.start("submit_job", JOB, _meta={"progressToken": 7})
        told = line.take(lambda message: message.get("method") == "notifications/progress", 30)
        assert "browser" in told["params"]["message"]
        reply = client.reply(number, 60)
        assert made(reply)
        assert "API_KEY" in seen[0]
        assert "print(len(os.environ['API_KEY']))" in seen[0]
        file = Path(opened.read_text().splitlines()[0].removeprefix("file://"))
        assert not file.exists()
        assert "127.0.0.1" not in str(reply["result"]["structuredContent"].get("approval"))


def test_a_no_on_the_page_is_a_no_to_the_call(server_env: dict[str, str], opened: Path) -> None:
    with stdio(server_env) as line, a_person_at_the_browser(opened, "button[value=no]"):
        client = Attacker(line, "modern", {}, "a desktop app")
        assert outcome(client.reply(client.start("submit_job", {**JOB, "name": "declined"}), 60)) == "consent_declined"


def test_a_flood_of_questions_opens_one_window_and_an_unanswered_one_waits_for_the_same_call(
    server_env: dict[str, str], opened: Path, home: Path
) -> None:
    with stdio(server_env) as line:
        client = Attacker(line, "modern", {}, "a flood")
        numbers = [client.start("submit_job", {**JOB, "name": f"flood-{number}"}) for number in range(8)]
        ledger = Ledger(home / "consent.sqlite3")
        wait_for(lambda: len([one for one in ledger.pending() if one.caller.endswith("a flood")]) == 8)
        wait_for(opened.exists)
        with browser() as tab:
            tab.open(opened.read_text().splitlines()[0])
            tab.wait_for("document.querySelectorAll('article').length >= 8")
            for one in ledger.pending():
                ledger.answer(one.id, None)
            for number in numbers:
                assert outcome(client.reply(number, 60)) == "consent_declined"
        assert len(opened.read_text().splitlines()) == 1
        ledger.close()


def test_a_client_that_can_ask_opens_no_window(server_env: dict[str, str], opened: Path) -> None:
    with stdio(server_env) as line:
        client = Attacker(line, "modern", name="can ask")
        assert client.ask("submit_job", {**JOB, "name": "in-the-client"}).names == ["API_KEY"]
    assert not opened.exists()


def test_the_person_may_want_the_page_although_the_client_can_ask(server_env: dict[str, str], opened: Path) -> None:
    env = {**server_env, "HF_JOBS_MCP_ASK": "browser,client"}
    with stdio(env) as line, a_person_at_the_browser(opened, "button.yes"):
        client = Attacker(line, "modern", name="can ask too")
        assert made(client.reply(client.start("submit_job", {**JOB, "name": "by-page-all-the-same"}), 60))


def wait_for(true: object, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_display_nothing_is_opened_and_the_command_is_told(server_env: dict[str, str], opened: Path) -> None:
    env = {name: value for name, value in server_env.items() if name != "BROWSER"}
    line = Stdio(env)
    try:
        client = Attacker(line, "modern", {}, "no display")
        reply = client.call("submit_job", {**JOB, "name": "no-display"})
        assert outcome(reply) == "waits"
        assert " approve " in reply["result"]["structuredContent"]["approval"]["how"]
    finally:
        line.close()
    assert not opened.exists()
