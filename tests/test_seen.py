"""Every page that a person opens, in a real Chromium: driven, looked at by axe, light and dark, wide and narrow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consent.answering.page import Page, served
from consent.ledger import Approval
from consent.request import ConsentRequest, Fact, Tick
from tests import npm
from tests.browser import CHROMIUM, Browser, browser
from tests.local_hub.pages.hub_of_many import Many, hub_of_many

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

REQUEST = ConsentRequest(
    "submit", "ab" * 32, "Run this job with 2 secrets?",
    (Fact("Runs", "python train.py --data 'a b'"), Fact("Where", "local hub, this machine"), Fact("Costs", "nothing")),
    (Tick("API_KEY", "API_KEY", "train.py:3 reads it", kind="secret", required=False),
     Tick("HF_TOKEN", "HF_TOKEN", "nothing here uses it", kind="secret", required=False)),
    details='{"script": "line one\\nline two"}',
)  # fmt: skip


def questions() -> list[Approval]:
    one = Approval(
        "5a3c9961", REQUEST.digest, "stdio:x", REQUEST, "pending", frozenset(), time.time(), time.time() + 600
    )
    single = ConsentRequest("submit", "cd" * 32, "Run this?", REQUEST.facts, REQUEST.ticks[:1], details=REQUEST.details)
    two = Approval("6b4d0072", single.digest, "stdio:x", single, "pending", frozenset(), time.time(), time.time() + 600)
    return [one, two]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    with hub_of_many(tmp_path_factory.mktemp("seen")) as made:
        yield made


@pytest.fixture(scope="module")
def tab() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@contextmanager
def opened(name: str, tab: Browser, many: Many) -> Iterator[None]:
    """One of the pages, loaded."""
    pages = {
        "jobs": "/",
        "found": "/?q=train",
        "nothing found": "/?q=nosuchword",
        "schedule": f"/schedules/local/{many.schedule}",
        "running job": f"/jobs/local/{many.running}",
        "failed job": f"/jobs/local/{many.failed}",
        "job": f"/jobs/local/{many.trained}",
        "log": f"/jobs/local/{many.trained}/search?q=step",
        "text": f"/jobs/local/{many.trained}/view/0/result.json",
        "table": f"/jobs/local/{many.trained}/view/0/steps.jsonl",
        "picture": f"/jobs/local/{many.trained}/view/0/curve.png",
        "comparison": f"/compare?a={many.trained}&b={many.failed}",
        "unknown": f"/jobs/local/{'0' * 24}",
        "locked": "/login",
    }
    if name == "approval":
        with served(Page(questions, lambda *_: True)) as page:
            tab.open(page.address)
            tab.wait_for("document.querySelectorAll('article').length === 2")
            tab.wait_for("!document.querySelector('button.yes').disabled")
            yield
        return
    if not tab.value(f"location.origin === '{many.endpoint}' && !!localStorage.getItem('session')"):
        tab.open(many.ticket())
        tab.wait_for("!!document.querySelector('#jobs') && location.pathname === '/'")
    tab.value("document.title = 'left'")
    tab.open(f"{many.endpoint}{pages[name]}")
    tab.wait_for("document.title !== 'left' && document.readyState === 'complete' && !!document.querySelector('h1')")
    tab.wait_for(f"location.pathname + location.search === {pages[name]!r}")
    if name not in {"locked", "unknown"}:
        tab.wait_for("document.querySelector('h1').textContent !== 'This page needs a key'")
    yield


NAMES = (
    "jobs", "found", "nothing found", "schedule", "running job", "failed job", "job", "log", "text", "table", "picture",
    "comparison", "unknown", "locked", "approval",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious(name: str, tab: Browser, many: Many) -> None:
    axe = (npm.modules("axe-core@4.14.1") / "axe-core" / "axe.min.js").read_text()
    with opened(name, tab, many):
        for dark in (False, True):
            tab.look(dark=dark)
            assert tab.serious(axe) == [], f"dark: {dark}"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_a_telephone(name: str, tab: Browser, many: Many) -> None:
    tab.look(width=400, height=800)
    with opened(name, tab, many):
        assert tab.value("document.documentElement.scrollWidth") <= 400
        assert tab.value("document.title") != "taken"
    tab.look()


def test_a_person_finds_a_job_reads_it_and_compares_it(tab: Browser, many: Many) -> None:
    """By the forms alone, from the start page on."""
    tab.look()
    with opened("jobs", tab, many):
        tab.problems.clear()
        tab.value("document.querySelector('[name=q]').value = 'train'")
        tab.value("document.querySelector('[name=stage]').value = 'COMPLETED'")
        tab.value("document.querySelector('.find').requestSubmit()")
        tab.wait_for("location.search === '?q=train&stage=COMPLETED'")
        tab.wait_for("document.querySelectorAll('#jobs tbody tr').length === 1")
        tab.value("document.querySelector('#jobs tbody a').click()")
        tab.wait_for(f"location.pathname === '/jobs/local/{many.trained}'")
        tab.wait_for("!!document.querySelector('#files a')")
        tab.value("[...document.querySelectorAll('#files a')].find((a) => a.textContent === 'curve.png').click()")
        tab.wait_for("document.querySelector('img.shown')?.naturalWidth === 160")
        tab.value("document.querySelector('nav a').click()")
        tab.wait_for("!!document.querySelector('form[action$=search] [name=q]')")
        tab.value("document.querySelector('form[action$=search] [name=q]').value = 'needle'")
        tab.value("document.querySelector('form[action$=search]').requestSubmit()")
        tab.wait_for("document.querySelector('pre.log')?.textContent.includes('needle in the log')")
        tab.value("document.querySelector('nav a').click()")
        tab.wait_for("!!document.querySelector('form[action$=compare]')")
        tab.value("document.querySelector('form[action$=compare]').requestSubmit()")
        tab.wait_for("location.pathname === '/compare' && !!document.querySelector('tr.differs')")
        assert tab.value("document.title").startswith("Two jobs compared")
        assert tab.value("document.cookie") == ""
    # Opened without the session in its address, a page is refused first and then finds the session of its origin.
    assert [problem for problem in tab.problems if "401" not in problem] == []


def test_a_search_stays_while_the_list_lives(tab: Browser, many: Many) -> None:
    tab.look()
    with opened("found", tab, many):
        tab.value(
            "document.querySelector('[name=q]').value = 'half typed'; document.querySelector('#jobs').replaceChildren()"
        )
        tab.wait_for("document.querySelectorAll('#jobs tbody tr').length === 2", 60)
        assert tab.value("document.querySelector('[name=q]').value") == "half typed"
