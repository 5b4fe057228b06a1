"""Attacks on the approval page: who gets in, what a post needs, and what the page lets a browser do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consent.answering.page import Page, served
from consent.ledger import Approval, Ledger
from consent.request import ConsentRequest, Fact, Tick
from tests.consent.attacks.conftest import Arguments
from tests.consent.attacks.person import at_a_terminal
from tests.consent.attacks.wire import Attacker, made, outcome

pytestmark = pytest.mark.promise("S7")

EVIL = "</pre><script>alert(1)</script>"
REQUEST = ConsentRequest(
    "submit", "ab" * 32, "Run this?", (Fact("Runs", EVIL),),
    (Tick("API_KEY", "API_KEY", "from here", kind="secret", required=False), Tick("accept_cost", "Yes, $9", "cost", kind="cost", required=True)),
    details=f"all of it {EVIL}",
)  # fmt: skip


ASKED = Approval("5a3c9961", REQUEST.digest, "stdio:x", REQUEST, "pending", frozenset(), time.time(), time.time() + 600)
OTHER = replace(ASKED, id="77777777", request=replace(REQUEST, title="Run the other?"), asked_at=ASKED.asked_at - 60)


@pytest.fixture
def answers() -> list[tuple[str, frozenset[str] | None]]:
    return []


@pytest.fixture
def page(answers: list[tuple[str, frozenset[str] | None]]) -> Iterator[Page]:
    def record(approval: Approval, ticked: frozenset[str] | None) -> bool:
        answers.append((approval.id, ticked))
        return True

    with served(Page(lambda: [OTHER, ASKED], record)) as shown:
        yield shown


@pytest.fixture
def browser(page: Page) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=page.origin, headers={"Origin": page.origin}) as client:
        yield client


def token_of(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def yes(token: str, *ticks: str, question: str = ASKED.id) -> dict[str, Any]:
    return {"token": token, "question": question, "say": "yes", "tick": list(ticks)}


def test_the_person_ticks_and_the_answer_counts_once(
    page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]
) -> None:
    token = token_of(browser.get(page.address).text)
    assert "Approved" in browser.post("/answer", data=yes(token, "API_KEY", "accept_cost")).text
    browser.post("/answer", data={"token": token, "question": ASKED.id, "say": "no"})
    assert answers == [(ASKED.id, frozenset({"API_KEY", "accept_cost"}))]
    assert page.done.is_set()


def test_boxes_are_empty_and_a_yes_without_the_required_tick_is_none(
    page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]
) -> None:
    html = browser.get(page.address).text
    assert " checked" not in html
    assert "Tick what is needed" in browser.post("/answer", data=yes(token_of(html), "API_KEY")).text
    assert answers == []


def test_a_box_that_was_not_asked_for_is_not_granted(
    page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]
) -> None:
    token = token_of(browser.get(page.address).text)
    browser.post("/answer", data=yes(token, "accept_cost", "HF_TOKEN"))
    assert answers == [(ASKED.id, frozenset({"accept_cost"}))]


def test_a_no_is_a_no(page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]) -> None:
    token = token_of(browser.get(page.address).text)
    browser.post(
        "/answer", data={"token": token, "question": ASKED.id, "say": "no", "tick": ["API_KEY", "accept_cost"]}
    )
    assert answers == [(ASKED.id, None)]


def test_the_ticket_works_once(page: Page, browser: httpx2.Client) -> None:
    first = browser.get(page.address)
    assert first.status_code == 200
    thief = httpx2.get(page.address)
    assert thief.status_code == 403
    assert token_of(first.text) not in thief.text
    assert browser.get(page.address).status_code == 403


@pytest.mark.parametrize("path", ["/", "/answer", "/wrong-ticket", "//", "/../"])
def test_without_the_ticket_nothing_is_shown(page: Page, path: str) -> None:
    reply = httpx2.get(f"{page.origin}{path}")
    assert reply.status_code == 403
    assert "Run this?" not in reply.text


def test_a_post_needs_the_token_and_this_pages_origin(
    page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]
) -> None:
    form = yes(token_of(browser.get(page.address).text), "API_KEY", "accept_cost")
    evil: list[dict[str, Any]] = [
        {"headers": {"Origin": "https://evil.example"}}, {"headers": {"Origin": "null"}},
        {"headers": {"Origin": f"http://127.0.0.1:{page.port + 1}"}}, {"headers": {"Sec-Fetch-Site": "same-site"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}}, {"headers": {"Host": "evil.example"}},
        {"data": {**form, "token": "guess"}}, {"data": {key: form[key] for key in ("question", "say", "tick")}},
        {"data": {**form, "filler": "x" * 70_000}},
    ]  # fmt: skip
    for attack in evil:
        assert browser.post("/answer", **{"data": form, **attack}).status_code in {403, 413, 421}, attack
    assert httpx2.post(f"{page.origin}/answer", data=form).status_code == 403
    assert browser.post("/waiting", headers={"X-Page": "guess"}).status_code == 403
    assert answers == []


def test_no_token_counts_before_the_ticket_was_used(page: Page, browser: httpx2.Client) -> None:
    for guess in ("", page.ticket):
        assert browser.post("/answer", data=yes(guess, "API_KEY", "accept_cost")).status_code == 403


def test_one_page_holds_all_that_waits_and_each_answer_is_its_own(
    page: Page, browser: httpx2.Client, answers: list[tuple[str, frozenset[str] | None]]
) -> None:
    first = browser.get(page.address).text
    assert first.index("Run this?") < first.index("Run the other?")
    second = browser.post("/answer", data=yes(token_of(first), "accept_cost", question=OTHER.id)).text
    assert "Run the other?" not in second
    assert "Run this?" in second
    assert browser.post("/waiting", headers={"X-Page": token_of(first)}).text == ASKED.id
    assert answers == [(OTHER.id, frozenset({"accept_cost"}))]
    assert "answered elsewhere" in browser.post("/answer", data=yes(token_of(first), "API_KEY", question="none")).text


def test_a_page_elsewhere_cannot_read_frame_or_script_it(page: Page, browser: httpx2.Client) -> None:
    reply = browser.get(page.address)
    policy = reply.headers["content-security-policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert reply.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in reply.headers
    assert "set-cookie" not in reply.headers
    assert EVIL not in reply.text
    assert "&lt;script&gt;" in reply.text


def test_another_name_for_this_machine_is_turned_away(page: Page) -> None:
    for host in ("localhost", "evil.example", f"evil.example:{page.port}", ""):
        assert httpx2.get(page.address, headers={"Host": host}).status_code in {400, 421}


def test_from_the_terminal_to_the_page_to_the_job(
    env: dict[str, str], home: Path, modern_line: Any, job: Arguments
) -> None:
    client = Attacker(modern_line, "modern", {}, "by page")
    reply = client.call("submit_job", job())
    assert outcome(reply) == "waits"
    number = reply["result"]["structuredContent"]["approval"]["id"]
    answered: list[str] = []

    def person(text: str) -> None:
        found = re.search(r"works once: (\S+)\s", text)
        if found is None or answered:
            return
        (way,) = (home / "questions").glob("open-*.html")
        assert way.stat().st_mode & 0o077 == 0
        origin = found[1].rpartition("/")[0]
        with httpx2.Client(headers={"Origin": origin}) as browser:
            token = token_of(browser.get(found[1]).text)
            answered.append(browser.post(f"{origin}/answer", data=yes(token, "API_KEY", question=number)).text)

    seen = at_a_terminal({**env, "BROWSER": "true"}, "approve", number, "--browser", watch=person)
    assert "Approved" in answered[0]
    assert (seen.status, "Approved" in seen.text) == (0, True), seen.text
    assert list((home / "questions").glob("open-*.html")) == []
    made(client.call("submit_job", job()))


def test_the_page_closes_when_the_question_runs_out(env: dict[str, str], home: Path) -> None:
    ledger = Ledger(home / "consent.sqlite3")
    number = ledger.put_aside(REQUEST, "stdio:nobody", 2.0).id
    seen = at_a_terminal({**env, "BROWSER": "true"}, "approve", number, "--browser")
    assert seen.status == 1
    found = ledger.get(number)
    ledger.close()
    assert found is None or found.status == "expired"
