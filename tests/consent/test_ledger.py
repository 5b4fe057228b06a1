"""The ledger: each yes once, for one digest, one caller and a limited time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from consent.ledger import APPROVED_FOR, MOST_OF_ONE, MOST_WAITING, Ledger
from consent.request import ConsentRequest, Fact, Tick
from jobs.errors import ConsentSpent, ConsentUnavailable

ME = "stdio:test"
REQUEST = ConsentRequest(
    "submit",
    "ab" * 32,
    "Run this?",
    (Fact("Runs", "true"),),
    (Tick("HF_TOKEN", "HF_TOKEN", "why", kind="secret", required=False),),
    "all",
)
TICKED = frozenset({"HF_TOKEN"})


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite3", clock)
    yield opened
    opened.close()


def test_a_request_survives_the_ledger_unchanged(ledger: Ledger) -> None:
    assert ledger.put_aside(REQUEST, ME, 60).request == REQUEST


def test_the_same_request_is_put_aside_once(ledger: Ledger) -> None:
    assert ledger.put_aside(REQUEST, ME, 60).id == ledger.put_aside(REQUEST, ME, 60).id
    assert len(ledger.pending()) == 1


def test_one_callers_flood_keeps_no_other_callers_question_out(ledger: Ledger) -> None:
    for number in range(MOST_WAITING):
        ledger.put_aside(replace(REQUEST, digest=f"{number:064x}"), "stdio:flood", 60)
    with pytest.raises(ConsentUnavailable):
        ledger.put_aside(replace(REQUEST, digest="f" * 64), "stdio:flood", 60)
    assert ledger.put_aside(REQUEST, ME, 60).status == "pending"


@pytest.mark.promise("S4")
def test_names_are_free_and_make_no_more_room(ledger: Ledger) -> None:
    names = (f"http:00ff:name {number}" for number in range(MOST_OF_ONE + 1))
    for name in islice(names, MOST_OF_ONE):
        ledger.put_aside(REQUEST, name, 60)
    with pytest.raises(ConsentUnavailable):
        ledger.put_aside(REQUEST, next(names), 60)
    for other in ("http:00fe:me", "stdio:00ff:name 1"):
        assert ledger.put_aside(REQUEST, other, 60).status == "pending"


@pytest.mark.promise("S5")
def test_another_callers_question_is_not_mine(ledger: Ledger) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    ledger.answer(approval.id, TICKED)
    assert ledger.find(REQUEST.digest, "http:other") is None
    with pytest.raises(ConsentSpent):
        ledger.spend("approval:x", REQUEST.digest, "http:other", "s1", approval.id)


@pytest.mark.promise("S2")
def test_an_approval_is_good_for_its_digest_only(ledger: Ledger) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    ledger.answer(approval.id, TICKED)
    with pytest.raises(ConsentSpent):
        ledger.spend("approval:x", "cd" * 32, ME, "s1", approval.id)


@pytest.mark.promise("S3")
def test_an_approval_is_spent_once(ledger: Ledger) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    ledger.answer(approval.id, TICKED)
    ledger.spend(f"approval:{approval.id}", REQUEST.digest, ME, "s1", approval.id)
    with pytest.raises(ConsentSpent):
        ledger.spend("another key", REQUEST.digest, ME, "s2", approval.id)


@pytest.mark.parametrize("answer", [None, "nothing"])
@pytest.mark.promise("S4")
def test_an_approval_nobody_gave_cannot_be_spent(ledger: Ledger, answer: str | None) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    if answer is None:
        ledger.answer(approval.id, None)
    with pytest.raises(ConsentSpent):
        ledger.spend("k", REQUEST.digest, ME, "s", approval.id)


@pytest.mark.promise("S4")
def test_a_question_runs_out(ledger: Ledger, clock: Clock) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    clock.now += 61
    assert ledger.pending() == []
    assert not ledger.answer(approval.id, TICKED)


@pytest.mark.promise("S4")
def test_an_approval_runs_out(ledger: Ledger, clock: Clock) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    ledger.answer(approval.id, TICKED)
    clock.now += APPROVED_FOR + 1
    with pytest.raises(ConsentSpent):
        ledger.spend("k", REQUEST.digest, ME, "s", approval.id)


@pytest.mark.promise("S3")
def test_a_question_is_answered_once(ledger: Ledger) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    assert ledger.answer(approval.id, None)
    assert not ledger.answer(approval.id, TICKED)


@pytest.mark.promise("S3")
def test_a_key_is_spent_once_by_all_processes_together(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def spend(submission: str) -> None:
        mine = Ledger(path)
        start.wait(timeout=10)
        try:
            mine.spend("state:one", "ab" * 32, ME, submission)
            outcomes.append("spent")
        except ConsentSpent:
            outcomes.append("refused")
        finally:
            mine.close()

    threads = [threading.Thread(target=spend, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["refused"] * 7 + ["spent"]


@pytest.mark.promise("S3")
def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "l.sqlite3")
    first.spend("state:one", "ab" * 32, ME, "s1")
    first.record("s1", "local", "job1")
    first.close()
    second = Ledger(tmp_path / "l.sqlite3")
    spent = second.spent("state:one")
    with pytest.raises(ConsentSpent):
        second.spend("state:one", "ab" * 32, ME, "s2")
    second.close()
    assert spent is not None
    assert (spent.idempotency_key, spent.namespace, spent.result) == ("s1", "local", "job1")


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Ledger(tmp_path / "l.sqlite3").close()
    assert (tmp_path / "l.sqlite3").stat().st_mode & 0o077 == 0


def test_old_questions_are_cleared_away(ledger: Ledger, clock: Clock) -> None:
    approval = ledger.put_aside(REQUEST, ME, 60)
    clock.now += 2 * 86_400
    assert ledger.get(approval.id) is None


def test_what_is_sent_unasked_at_once_stays_below_the_limit_together(tmp_path: Path, clock: Clock) -> None:
    ledgers = [Ledger(tmp_path / "consent.sqlite3", clock) for _ in range(4)]
    told: list[bool] = []
    threads = [
        threading.Thread(target=lambda one=one: told.extend(one.risk(0.9, 5.0, 60.0) for _ in range(5)))
        for one in ledgers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(True) == 5
    assert ledgers[0].risked(60.0) == pytest.approx(4.5)
    assert ledgers[0].risk(0.0, 1.0, 60.0), "what costs nothing is not held up by what was spent"
    clock.now += 61
    assert ledgers[0].risk(0.9, 5.0, 60.0)
    for ledger in ledgers:
        ledger.close()
