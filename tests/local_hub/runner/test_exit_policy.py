"""What the end of an attempt means for its job: its stage and message, or another attempt after a pause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local_hub.runner import exit_policy
from local_hub.runner.attempt import Exit
from local_hub.store.job_table import new_job

SPEC = {"flavor": "cpu-basic", "attempts": 3, "labels": {}, "secrets": ["K"]}


@pytest.mark.parametrize(
    ("attempt", "ended", "stage", "message"),
    [
        (1, Exit(0, "exited", 0), "COMPLETED", "note"),
        (
            1,
            Exit(2, "exited", 0),
            "SCHEDULING",
            "Attempt 1 of 3: Job failed with exit code: 2. Reason: Error. Next in 1 s",
        ),
        (2, Exit(137, "lost", 0), "SCHEDULING", "Attempt 2 of 3: Job was lost"),
        (3, Exit(2, "exited", 0), "ERROR", "Job failed with exit code: 2. Reason: Error"),
        (3, Exit(137, "memory", 0), "ERROR", "Job failed with exit code: 137. Reason: OOMKilled"),
        (1, Exit(143, "timeout", 0), "ERROR", "Job timeout"),
        (1, Exit(0, "timeout", 0), "ERROR", "Job timeout"),
        (1, Exit(143, "canceled", 0), "CANCELED", None),
        (3, Exit(143, "disk", 0), "ERROR", "Job was ended: no space left"),
    ],
)
def test_the_verdict_on_an_attempt(attempt: int, ended: Exit, stage: str, message: str | None) -> None:
    job = replace(new_job("local", SPEC, {}), attempt=attempt, message="note")
    found = exit_policy.of(job, ended)
    assert found.stage == stage
    assert (found.message or "").startswith(message or "")
    assert (found.again_after_ms is not None) == (stage == "SCHEDULING")


def test_pauses_between_attempts_double_up_to_a_limit() -> None:
    pauses = []
    for attempt in range(1, 10):
        job = replace(new_job("local", {**SPEC, "attempts": 10}, {}), attempt=attempt)
        pauses.append(exit_policy.of(job, Exit(1, "exited", 0)).again_after_ms)
    assert pauses[:3] == [1000, 2000, 4000]
    assert max(pauses) <= 360_000


def test_a_cancelled_job_is_cancelled_whatever_its_exit_status() -> None:
    job = replace(new_job("local", SPEC, {}), attempt=1, cancel_asked=True)
    assert exit_policy.of(job, Exit(0, "exited", 0)).stage == "CANCELED"
