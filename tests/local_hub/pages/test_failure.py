"""Why a job failed, in sentences that do not contradict each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local_hub.pages.failure import evidence, why
from local_hub.runner import exit_policy
from local_hub.runner.attempt import Exit
from local_hub.store.job_table import JobRow, new_job

SPEC = {
    "command": ["python", "x.py"],
    "arguments": [],
    "timeout": 600,
    "flavor": "cpu-basic",
    "attempts": 1,
    "labels": {},
}
STALE = [
    "===== Job started at 2026-11-25 12:00:00 =====",
    "Traceback (most recent call last):",
    "  File x",
    "KeyError: 'a'",
]


def failed(code: int | None, reason: str = "exited", **spec: object) -> JobRow:
    """A job as the hub leaves one whose last attempt ended so."""
    job = replace(new_job("local", {**SPEC, **spec}, {}), attempt=1, started_ms=1, exit_code=code)
    decision = exit_policy.of(job, Exit(code or 0, reason, 0))
    return replace(job, stage=decision.stage, message=decision.message)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (143, "timeout", "time limit of 10 min"),
        (137, "memory", "more memory"),
        (137, "lost", "Nothing is known against the program"),
        (143, "disk", "disk"),
        (143, "processes", "more processes"),
    ],
)
def test_what_ended_a_job_from_outside_is_the_one_reason(code: int, reason: str, words: str) -> None:
    (told,) = why(failed(code, reason), STALE)
    assert words in told


@pytest.mark.parametrize(
    ("code", "words"), [(137, "killed from outside"), (143, "SIGTERM"), (130, "SIGINT"), (129, "SIGHUP")]
)
def test_a_signal_from_outside_is_not_in_the_log(code: int, words: str) -> None:
    (told,) = why(failed(code), STALE)
    assert words in told
    assert "more memory" not in told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "an error of its own"), (2, "does not understand"), (3, "an error of its own"), (126, "cannot be run"),
        (127, "not found"), (134, "aborted"), (139, "not its own"), (136, "calculation"), (135, "crashed"),
        (255, "an error of its own"), (200, "an error of its own"), (97, "an error of its own"),
    ],
)  # fmt: skip
def test_an_exit_status_is_explained_once_and_with_what_the_log_says(code: int, words: str) -> None:
    meaning, log = why(failed(code), STALE)
    assert words in meaning
    assert str(code) not in meaning
    assert log == "Its log says: KeyError: 'a'"


def test_a_file_that_was_not_approved_is_told_of_jobs_that_compare_theirs() -> None:
    checked = ["sh", "-c", "text", "hf-jobs-mcp-checked", "--", "python", "x.py"]
    assert "approved" in why(failed(97, command=checked), [])[0]


def test_a_job_that_was_not_started_again_and_one_that_did_not_fail_have_no_evidence() -> None:
    assert why(replace(failed(1), started_ms=None, exit_code=None), STALE) == []
    assert why(replace(failed(1), message="The job's secrets cannot be opened any more", exit_code=None), STALE) == []
    assert why(replace(failed(1), stage="COMPLETED"), STALE) == []
    assert why(replace(failed(1), stage="CANCELED"), STALE) == []


@pytest.mark.parametrize(
    "line",
    [
        "no error", "No errors found.", "0 errors, 0 warnings", "finished without errors", "without any error",
        "12 passed, 0 failed", "0 failed, 0 errors", "errors: 0", "failed=0", "errors: 0, warnings: 2", "errors=0 warnings=2", '{"error": null}', '"errors": []', "error: none",
        "error: 0.0132", "validation error 0.12", "mean squared error: 0.013", "word error rate 0.08", "error_rate=0.1",
        "test error = 3.2e-4", "nothing was refused", "was not refused", "it has not failed", "never failed before",
        "wrote errors.json", "reading data/error.log", "running with --ignore-errors", "--fail-fast", "exceptions.py loaded",
        "INFO error handling is on", "[DEBUG] retry after connection refused", 'level=info msg="error budget"',
        "no exceptions or failures", "None of the runs failed",
    ],
)  # fmt: skip
def test_a_line_that_tells_of_no_error_is_not_the_error(line: str) -> None:
    assert evidence(["starting", line, "ending"]) == ""
    assert evidence(["ValueError: the real error", line]) == "ValueError: the real error"


@pytest.mark.parametrize(
    "line",
    [
        "error: 404 for https://x", "10 errors", "2 failed, 0 errors", "ERROR something", "bash: foo: command not found",
        "Permission denied", "fatal: not a git repository", "thread 'main' panicked at src/main.rs", "Killed",
        "Connection refused", "could not resolve host", "torch.cuda.OutOfMemoryError: CUDA out of memory",
        "level=error msg=x", "no such file or directory: x.py", "cannot open shared object file", "Error: no model was given", "ValueError: too short", "jinja2.exceptions.TemplateSyntaxError: x", "Error: 0 bytes came",
    ],
)  # fmt: skip
def test_a_line_that_tells_of_an_error_is_found(line: str) -> None:
    assert evidence(["starting", line, "ending"]) == line


TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "x.py", line 1, in <module>',
    "    raise Odd",
    "x.NotThere: it",
]


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (TRACEBACK, "x.NotThere: it"),
        ([*TRACEBACK, "error: Recipe `run` failed with exit code 1"], "x.NotThere: it"),
        ([*TRACEBACK, "make: *** [all] Error 1"], "x.NotThere: it"),
        ([*TRACEBACK, "npm ERR! code ELIFECYCLE", "subprocess exited with status 1"], "x.NotThere: it"),
        ([*TRACEBACK, "trying again", "step 2", "fatal: the disk quota is spent"], "fatal: the disk quota is spent"),
        ([*TRACEBACK, "During handling of the above exception:", *TRACEBACK[:3], "KeyError: 'b'"], "KeyError: 'b'"),
        ([*TRACEBACK, "trying again", "0 errors"], "x.NotThere: it"),
        ([*TRACEBACK, "===== Job started at 2026-11-25 12:00:00 =====", "Permission denied"], "Permission denied"),
        ([*TRACEBACK, "===== Job started at 2026-11-25 12:00:00 =====", "nothing"], ""),
        (["error: process failed with exit code 3"], "error: process failed with exit code 3"),
        (
            ["  + Exception Group Traceback (most recent call last):", '  |   File "x.py"', "  | ExceptionGroup: two (2)",
             "  +-+---------------- 1 ----------------", "    | Traceback (most recent call last):", '    |   File "x.py"',
             "    | ValueError: inner", "    +------------------------------------"],
            "ValueError: inner",
        ),
        (["Traceback (most recent call last):", '  File "x.py"'], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_the_line_that_says_most_is_chosen(log: list[str], line: str) -> None:
    assert evidence(log) == line


PIECES = [
    "a.",
    "-",
    "-a",
    "error.",
    "0 ",
    "/",
    "Error: 0",
    "no ",
    "exit ",
    "Traceback (most recent call last):",
    "no error ",
    "a" * 79,
]


@pytest.mark.parametrize("piece", PIECES)
def test_no_line_takes_long_to_be_judged(piece: str) -> None:
    """A pattern that looks ahead at every place would take minutes for one of these."""
    line = piece * ((256 << 10) // len(piece))
    assert len(evidence([line, "x"])) <= 1000
    assert len(evidence([line[:1000]] * 300)) <= 1000
