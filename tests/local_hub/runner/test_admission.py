"""Who runs next."""

from __future__ import annotations

from dataclasses import replace

from local_hub.runner.admission import PATIENCE_MS, admit
from local_hub.store.job_table import JobRow, new_job

NOW = 1_000_000


def job(
    name: str, created_ms: int = 0, *, flavor: str = "cpu-basic", namespace: str = "local", **fields: object
) -> JobRow:
    made = new_job(namespace, {"flavor": flavor}, {})
    return replace(made, id=name, created_ms=created_ms, **fields)  # type: ignore[arg-type]  # Names are the test's.


def started(waiting: list[JobRow], running: list[JobRow] | None = None, *, limit: int = 4, now: int = NOW) -> list[str]:
    return [one.id for one in admit(waiting, running or [], limit=limit, now_ms=now).start]


def test_the_oldest_go_first_and_no_more_than_there_is_room_for() -> None:
    assert started([job("c", 3), job("a", 1), job("b", 2)], limit=2) == ["a", "b"]
    assert started([job("a")], [job("x"), job("y")], limit=2) == []


def test_a_burst_of_one_does_not_keep_another_waiting() -> None:
    burst = [job(f"burst-{n}", n) for n in range(10)]
    other = job("other", 99, namespace="local-team")
    scheduled = job("scheduled", 100, schedule_id="s")
    assert set(started([*burst, other, scheduled])) == {"burst-0", "other", "scheduled", "burst-1"}


def test_a_larger_flavor_counts_for_more_but_always_fits_an_empty_machine() -> None:
    huge = [job("huge-1", 1, flavor="h200x8"), job("huge-2", 2, flavor="h200x8"), job("huge-3", 3, flavor="h200x8")]
    assert started(huge, limit=4) == ["huge-1", "huge-2"]


def test_a_large_job_is_overtaken_for_a_while_and_then_waited_for() -> None:
    large, small = job("large", NOW - 1000, flavor="cpu-xl"), job("small", NOW - 500)
    running = [job("r1"), job("r2"), job("r3")]
    assert started([large, small], running) == ["small"]
    assert started([large, small], running, now=NOW + PATIENCE_MS) == []


def test_a_job_that_is_to_be_tried_later_waits_until_then() -> None:
    later = job("later", not_before_ms=NOW + 500)
    answer = admit([later], [], limit=4, now_ms=NOW)
    assert (answer.start, answer.again_ms) == ((), NOW + 500)
    assert started([later], now=NOW + 500) == ["later"]
