"""Jobs are found newest first, and a page of them costs the same however many there are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_hub.pages.program import text_of
from local_hub.store.job_search import Wanted, newest
from local_hub.store.store import Store

SPEC = {"command": ["echo"], "arguments": ["x"], "environment": {}, "secrets": [], "flavor": "cpu-basic", "timeout": 60,
        "dockerImage": "python:3.12", "spaceId": None, "volumes": [], "labels": {"name": "NAME"}}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "hub.sqlite3")
    yield opened
    opened.close()


def put(store: Store, numbers: range, schedule: str | None = None) -> None:
    def work(db: sqlite3.Connection) -> None:
        for n in numbers:
            spec = json.dumps(SPEC).replace("NAME", f"job-{n}")
            namespace = "local" if n % 3 else "local-team"
            values = (f"{n:024x}", namespace, n, "ERROR" if n % 10 == 0 else "COMPLETED", spec, schedule)
            db.execute(
                "INSERT INTO jobs (id, namespace, created_ms, stage, spec, initiator, schedule_id)"
                " VALUES (?, ?, ?, ?, ?, '{}', ?)", values,
            )  # fmt: skip

    store.write_now(work)


def numbers(store: Store, wanted: Wanted, limit: int = 5) -> tuple[list[int], bool]:
    found, more = store.read_now(lambda db: newest(db, wanted, text_of, limit))
    return [job.created_ms for job in found], more


def test_they_come_newest_first_out_of_every_namespace_page_by_page(store: Store) -> None:
    put(store, range(1, 701))
    assert numbers(store, Wanted()) == ([700, 699, 698, 697, 696], True)
    assert numbers(store, Wanted(after=(3, f"{3:024x}"))) == ([2, 1], False)
    assert numbers(store, Wanted(stage="ERROR"), 3) == ([700, 690, 680], True)
    assert numbers(store, Wanted(("job-69",))) == ([699, 698, 697, 696, 695], True)
    assert numbers(store, Wanted(("job-69",), "ERROR")) == ([690], False)
    assert numbers(store, Wanted(("job-7", "echo"), after=(70, f"{70:024x}"))) == ([7], False)
    assert numbers(store, Wanted(("nosuch",))) == ([], False)
    put(store, range(701, 705), schedule="a")
    assert numbers(store, Wanted(schedule_id="a"), 3) == ([704, 703, 702], True)


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(stage="ERROR"), Wanted(after=(900, f"{900:024x}")), Wanted(("job-9",))]
)
def test_a_page_costs_the_same_of_a_thousand_jobs_and_of_ten_thousand(store: Store, wanted: Wanted) -> None:
    def steps(db: sqlite3.Connection) -> int:
        counted = [0]

        def count() -> int:
            counted[0] += 1
            return 0

        db.set_progress_handler(count, 100)
        newest(db, wanted, text_of, 100)
        db.set_progress_handler(None, 0)
        return counted[0]

    put(store, range(1, 1001))
    few = store.read_now(steps)
    put(store, range(1001, 10_001))
    assert store.read_now(steps) < 3 * few + 50


ODD = {
    "command": ["écho", "ÉTÉ", "e\u0301cole", "quo'ted", 'dou"ble', "back\\slash", "py\u202ethon", "ab\x7fcd", "ﬁne"],
    "labels": {"name": "Train", "team": "ML"},
    "dockerImage": "Registry/Im\u200bage",
    "secrets": ["MY_KEY"],
}


@pytest.mark.parametrize(
    "word",
    [
        "écho", "ÉCHO", "été", "ÉCOLE", "éc", "name=train", "NAME=TRAIN", "team=ml", "=", "quo'", "'quo", 'dou"ble', "back\\",
        "\\slash", "python", "abcd", "FINE", "ﬁne", "image", "my_key", "local", "0000000000000000000000ff", "cpu-basic",
    ],
)  # fmt: skip
def test_whatever_stands_in_the_text_of_a_job_finds_it(store: Store, word: str) -> None:
    """The record is looked at first, and must not lose what the text has."""

    def work(db: sqlite3.Connection) -> None:
        for n, spec in ((255, {**SPEC, **ODD}), (7, {**SPEC, "command": ["true"], "labels": {}, "flavor": "a"})):
            db.execute(
                "INSERT INTO jobs (id, namespace, created_ms, stage, spec, initiator) VALUES (?, ?, ?, 'ERROR', ?, '{}')",
                (f"{n:024x}", "local" if n == 255 else "local-team", n, json.dumps(spec)),
            )

    store.write_now(work)
    found, _ = numbers(store, Wanted((word,)))
    assert 255 in found
    assert numbers(store, Wanted((word, "nosuchword"))) == ([], False)


def test_a_search_that_is_told_to_stop_gives_what_it_found(store: Store) -> None:
    put(store, range(1, 50))
    asked = iter([False] * 3)
    stop = lambda: next(asked, True)  # noqa: E731
    found, more = store.read_now(lambda db: newest(db, Wanted(("job",)), text_of, 100, stop))
    assert ([job.created_ms for job in found], more) == ([49, 48, 47], True)


def test_the_runs_of_one_schedule_among_very_many_jobs_are_found_at_once(store: Store) -> None:
    put(store, range(1, 11), schedule="a")
    put(store, range(11, 5000))
    counted = [0]

    def steps(db: sqlite3.Connection) -> int:
        db.set_progress_handler(lambda: counted.__setitem__(0, counted[0] + 1), 100)  # type: ignore[func-returns-value]
        newest(db, Wanted(schedule_id="a"), text_of, 5)
        db.set_progress_handler(None, 0)
        return counted[0]

    assert store.read_now(steps) < 20
