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


def succeeded(stage: str | None, *, agent_succeeded: bool | None = None) -> bool | None:
    """Whether the job did what it was for: None until it ends.

    `agent_succeeded` is the word of the agent inside, where one left results. An agent that failed is not
    success, whatever exit status its process gave; one that says nothing leaves the stage to speak.
    """
    if not finished(stage):
        return None
    return stage == COMPLETED and agent_succeeded is not False
