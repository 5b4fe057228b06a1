"""What replies show, and how few bytes it takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jobs.client.models import Durations, Hardware, Job, MountedVolume, Status
from jobs.errors import NotFound
from jobs.results.diagnosis import Diagnosis
from jobs.results.outcome import Outcome
from tools.replies import shapes

ID = "687fb701029421ae5549d998"
LABEL = "20261121T211826-92c85485066c"
NOW = datetime(2026, 11, 21, 21, 18, 26, tzinfo=UTC)
HARDWARE = (Hardware("a10g-large", "", "", "", None, 25_000, 0.025, "minute"),)


def a_job(stage: str, **more: object) -> Job:
    parts: dict[str, object] = {
        "id": ID,
        "namespace": "a-long-organisation-name",
        "endpoint": "https://huggingface.co",
        "status": Status(stage, "Job failed with exit code: 1. Reason: Error" if stage == "ERROR" else None),
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": NOW,
        "flavor": "a10g-large",
        "timeout_seconds": 7200,
        "durations": Durations(12, 3456),
        "labels": {"name": "training-run", "team": "research", "hf-jobs-mcp": LABEL},
        "secrets": ("ANTHROPIC_API_KEY", "HF_TOKEN"),
        "volumes": (MountedVolume("bucket", "a-long-organisation-name/jobs-artifacts", "/workspace", LABEL),),
    }
    return Job(**{**parts, **more})


def bytes_of(shown: object) -> int:
    return len(shown.model_dump_json(exclude_none=True, by_alias=True).encode())


@pytest.mark.parametrize("stage", ["SCHEDULING", "RUNNING", "SOMETHING_NEW"])
def test_a_running_poll_is_small_and_honest(stage):
    shown = shapes.status(a_job(stage), HARDWARE)
    assert bytes_of(shown) <= 330
    assert shown.finished is False
    assert shown.succeeded is None
    assert shown.stage == stage


def test_a_finished_poll_with_a_full_diagnosis_is_within_its_bytes():
    evidence = tuple("é" * 100 for _ in range(3)) + tuple("x" * 60 for _ in range(3))
    found = Diagnosis("exception", "It raised ValueError.", evidence, "Mend the code that the traceback names.")
    assert bytes_of(shapes.status(a_job("ERROR"), HARDWARE, outcome=Outcome(False, diagnosis=found))) <= 1_500


def test_an_unchanged_poll_is_a_few_dozen_bytes():
    assert bytes_of(shapes.unchanged(a_job("RUNNING"))) <= 80


@pytest.mark.parametrize(
    ("stage", "agent", "succeeded"),
    [
        ("COMPLETED", None, True),
        ("COMPLETED", True, True),
        ("COMPLETED", False, False),
        ("ERROR", None, False),
        ("CANCELED", None, False),
        ("DELETED", None, False),
        ("RUNNING", None, None),
        ("NEW_STAGE", None, None),
    ],
)
def test_success_is_only_what_is_one(stage, agent, succeeded):
    assert shapes.status(a_job(stage), outcome=None if agent is None else Outcome(agent)).succeeded is succeeded


def test_costs_are_shown_so_far_and_at_worst():
    shown = shapes.status(a_job("RUNNING"), HARDWARE)
    assert shown.cost_usd == pytest.approx(1.44)
    assert shown.max_cost_usd == pytest.approx(3.0)


def test_what_strangers_wrote_is_bounded_cleaned_and_masked():
    labels = {f"key{number}": "\x1b[31m\u202e" + "x" * 500 for number in range(50)}
    job = a_job("ERROR", status=Status("ERROR", "\x1b]0;title\x07secretvalue " + "y" * 9000), labels=labels)
    shown = shapes.status(job, mask=lambda text: text.replace("secretvalue", "***KEY***"))
    assert "\x1b" not in shown.model_dump_json()
    assert "secretvalue" not in (shown.message or "")
    assert len(shown.message or "") <= 300
    assert len(shown.labels or {}) <= 12


def test_our_own_label_is_not_shown():
    assert shapes.labels({"hf-jobs-mcp": "x"}) is None
    assert shapes.labels({"hf-jobs-mcp": "x", "team": "a"}) == {"team": "a"}


def test_a_job_that_could_not_be_seen_carries_the_error():
    shown = shapes.missing(ID, NotFound("The hub knows no such job.", hint="Give namespace/ID."))
    assert shown.error == {
        "code": "not_found",
        "message": "The hub knows no such job.",
        "retryable": False,
        "hint": "Give namespace/ID.",
    }


def test_a_path_is_told_as_it_is() -> None:
    """Two blanks side by side, or a letter of any script, belong to a name."""
    from tools.replies.shapes import few

    assert few(["/home/Zoë  Müller/out  1.txt"]) == ["/home/Zoë  Müller/out  1.txt"]
    assert few(["a\nb\x1b[31m"]) == ["a b"]
