"""The store: shared commits, failures that stay their own, and what a page of many jobs finds."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from local_hub import accounts
from local_hub.errors import HubStartError
from local_hub.store import job_table, migrations
from local_hub.store.job_table import new_job
from local_hub.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEC = {"labels": {"a": "1"}, "flavor": "cpu-basic"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "hub.sqlite3")
    yield opened
    opened.close()


def test_writers_that_meet_each_get_their_own_outcome(store: Store) -> None:
    def one(number: int) -> int:
        def work(db: sqlite3.Connection) -> int:
            job_table.insert(db, new_job("local", SPEC, {"n": number}))
            if number % 3 == 0:
                raise ValueError(number)
            return number

        try:
            return store.write_now(work)
        except ValueError:
            return -1

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(one, range(60)))
    assert outcomes == [-1 if number % 3 == 0 else number for number in range(60)]
    kept = store.read_now(job_table.unfinished)
    assert sorted(job.initiator["n"] for job in kept) == [number for number in range(60) if number % 3]


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = Store(tmp_path / "db")
    job = first.write_now(lambda db: job_table.insert(db, new_job("local", SPEC, {})))
    first.close()
    second = Store(tmp_path / "db")
    assert second.read_now(lambda db: job_table.get(db, "local", job.id)) == job
    second.close()


def test_a_final_job_never_changes(store: Store) -> None:
    job = store.write_now(lambda db: job_table.insert(db, new_job("local", SPEC, {})))
    assert store.write_now(lambda db: job_table.finish(db, job.id, job_table.COMPLETED, None))
    assert store.write_now(lambda db: job_table.finish(db, job.id, job_table.ERROR, "late")) is None
    assert store.write_now(lambda db: job_table.change(db, job.id, stage="RUNNING")) is None
    found = store.read_now(lambda db: job_table.get(db, None, job.id))
    assert found is not None
    assert found.stage == "COMPLETED"


def test_pages_meet_without_a_gap_or_a_repetition(store: Store) -> None:
    def fill(db: sqlite3.Connection) -> None:
        for number in range(25):
            job = job_table.insert(db, new_job("local", {**SPEC, "labels": {"odd": str(number % 2)}}, {}))
            if number % 5 == 0:
                job_table.finish(db, job.id, job_table.ERROR, None)

    store.write_now(fill)
    for stages, labels, count in (
        ([], [], 25),
        (["ERROR"], [], 5),
        (["ERROR", "SCHEDULING"], [("odd", "1")], 12),
        (["ERROR", "ERROR"], [("odd", "0")], 3),
    ):
        seen: list[str] = []
        after = None
        while True:
            page = store.read_now(
                lambda db, after=after: job_table.page(db, "local", stages=stages, labels=labels, after=after, limit=4)  # noqa: B023 - Called at once.
            )
            if not page:
                break
            seen += [job.id for job in page]
            after = (page[-1].created_ms, page[-1].id)
        assert len(seen) == len(set(seen)) == count


def test_an_older_database_is_brought_up_to_date_with_all_that_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Store(tmp_path / "db")
    job = old.write_now(lambda db: job_table.insert(db, new_job("local", SPEC, {})))
    old.close()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, "CREATE TABLE later (a);"))
    new = Store(tmp_path / "db")
    assert new.read_now(lambda db: db.execute("PRAGMA user_version").fetchone()[0]) == len(migrations.STEPS)
    assert new.read_now(lambda db: job_table.get(db, "local", job.id)) == job
    assert new.read_now(lambda db: db.execute("SELECT count(*) FROM later").fetchone()[0]) == 0
    new.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path / "db").close()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, "CREATE TABLE half (a); CREATE TABLE jobs (b);"))
    with pytest.raises(HubStartError, match="cannot be used"):
        Store(tmp_path / "db")
    monkeypatch.undo()
    kept = Store(tmp_path / "db")
    assert (
        kept.read_now(lambda db: db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone()[0])
        == 0
    )
    kept.close()


def test_an_id_has_the_shape_of_the_hubs() -> None:
    made = {accounts.new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) == 24 and int(one, 16) for one in made)
