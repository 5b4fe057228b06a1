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
