"""What the end of an attempt means for its job: a stage and a message in the Hub's words, or another attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_hub.store.job_table import CANCELED, COMPLETED, ERROR, SCHEDULING

if TYPE_CHECKING:
    from local_hub.runner.attempt import Exit
    from local_hub.store.job_table import JobRow

#: Messages of jobs that were ended from outside.
TIMEOUT = "Job timeout"
LOST = "Job was lost: its supervisor was killed or the machine was restarted"
DISK = "Job was ended: no space left on the disk of this machine"
PROCESSES = "Job was ended: it had more processes than this machine allows a job"
MEMORY = "Reason: OOMKilled"

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 360_000


@dataclass(frozen=True)
class ExitDecision:
    """The stage a job has earned. With `again_after_ms` it waits for another attempt instead of ending."""

    stage: str
    message: str | None
    again_after_ms: int | None = None


def of(job: JobRow, ended: Exit) -> ExitDecision:
    """Judge an ended attempt. Timeouts and cancellations are never tried again; everything else that failed may be."""
    if job.cancel_asked or ended.reason == "canceled":
        return ExitDecision(CANCELED, None)
    if ended.reason == "exited" and ended.code == 0:
        return ExitDecision(COMPLETED, job.message)
    if ended.reason == "timeout":
        return ExitDecision(ERROR, TIMEOUT)
    failure = _failure(ended)
    if job.attempt < job.attempts:
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << (job.attempt - 1))
        message = f"Attempt {job.attempt} of {job.attempts}: {failure}. Next in {pause // 1000} s"
        return ExitDecision(SCHEDULING, message, pause)
    return ExitDecision(ERROR, failure)


def _failure(ended: Exit) -> str:
    if ended.reason == "lost":
        return LOST
    if ended.reason == "disk":
        return DISK
    if ended.reason == "processes":
        return PROCESSES
    reason = MEMORY if ended.reason == "memory" else "Reason: Error"
    return f"Job failed with exit code: {ended.code}. {reason}"
