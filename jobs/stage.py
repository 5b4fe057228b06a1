"""What a stage means. The words are `huggingface_hub.JobStage`'s; one we do not know is never read as an end."""

from __future__ import annotations

COMPLETED = "COMPLETED"
CANCELED = "CANCELED"
ERROR = "ERROR"
DELETED = "DELETED"
SCHEDULING = "SCHEDULING"
RUNNING = "RUNNING"

KNOWN = (SCHEDULING, RUNNING, COMPLETED, ERROR, CANCELED, DELETED)
_ENDS = frozenset({COMPLETED, CANCELED, ERROR, DELETED})


def finished(stage: str | None) -> bool:
    """Whether the job will not run further. Unknown stages have not ended."""
    return stage in _ENDS


def succeeded(stage: str | None) -> bool | None:
    """Whether the job did what it was for, as far as its stage tells: None until it ends.

    What it left may say otherwise (`jobs.results.outcome`): an agent that failed is not success.
    """
    return stage == COMPLETED if finished(stage) else None
