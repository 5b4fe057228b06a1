"""What tools report of themselves, known by its shape."""

from __future__ import annotations

import json

import pytest

from jobs.results import metrics, reports


def rows(*oks: bool, ids: tuple[int, ...] = ()) -> bytes:
    made = [
        {"id": one, "row_number": one, "ok": ok, "result": None, "error": None}
        for one, ok in zip(ids or range(len(oks)), oks, strict=True)
    ]
    return "\n".join(map(json.dumps, made)).encode()


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        (rows(True, False, False), (2, 3)),
        (rows(True), (0, 1)),
        (rows(False, True, ids=(7, 7)), (0, 1)),
        (rows(True) + b"\n{cut off", (0, 1)),
        (b'{"row_number": 1, "ok": "yes", "result": 1, "error": 2}', None),
        (b'{"text": "row_number"}\n{"text": 2}', None),
        (b"", None),
        (b"[" * 50_000, None),
    ],
)
def test_rows_of_a_batch_are_counted_as_they_went_last(data: bytes, counted: tuple[int, int] | None) -> None:
    assert reports.batch_rows(data) == counted


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('<?xml version="1.0"?><testsuites><testsuite name="p" errors="0" failures="2" tests="42" time="3.2"><testcase/></testsuite></testsuites>',
         {"errors": 0, "failures": 2, "tests": 42, "time": 3.2}),
        ("<testsuites tests='9' failures='1'><testsuite tests='4'/><testsuite tests='5' failures='1'/></testsuites>", {"tests": 9, "failures": 1}),
        ('<testsuite tests="4"/><testsuite tests="5" failures="1"/>', {"tests": 9, "failures": 1}),
        ("<svg><text>tests</text></svg>", None),
        ('<testsuite tests="1.2.3"/>', None),
    ],
)  # fmt: skip
def test_a_junit_file_is_counted(text: str, counts: dict[str, float] | None) -> None:
    assert reports.junit(text.encode()) == counts


def test_an_evaluation_says_of_itself_that_it_broke_off() -> None:
    log = {"version": 2, "status": "error", "eval": {"task": "arc"}, "results": None}
    assert reports.broke_off(log)
    assert not reports.broke_off({**log, "status": "success"})
    assert not reports.broke_off({"status": "error"})
    assert not reports.broke_off([])


def test_scores_and_test_counts_are_figures() -> None:
    score = {"name": "match", "metrics": {"accuracy": {"name": "accuracy", "value": 0.75}, "odd": 1}}
    log = {"version": 2, "status": "success", "eval": {}, "results": {"total_samples": 4, "scores": [score, 7]}}
    assert metrics.read(log) == {"match accuracy": 0.75}
    report = {"exitcode": 1, "duration": 2.5, "summary": {"passed": 41, "failed": 1}, "tests": []}
    assert metrics.read(report) == {"passed": 41, "failed": 1, "exitcode": 1, "duration": 2.5}
