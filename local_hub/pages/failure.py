"""Why a job failed, as far as its hub can tell: what its exit status means, and the line of its log that says most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_hub.display_text import shortened
from local_hub.pages.program import span
from local_hub.store.job_table import ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_hub.store.job_table import JobRow

_MEANINGS = {
    1: "The program ended with an error of its own.",
    2: "The program was started in a way that it does not understand, or ended with an error of its own.",
    97: "A file of the job was not the one that was approved, so nothing was run.",
    126: "The command is there and cannot be run: it is no program, or may not be executed.",
    127: "The command was not found. A container job needs it in its image; a uv job in its packages.",
    134: "The program aborted.",
    137: "The program was killed from outside: often it needed more memory than there is.",
    139: "The program crashed: it touched memory that is not its own.",
    143: "The program was asked to end from outside.",
}
_SAYS = re.compile(r"\b(?:error|exception|fatal|failed|failure|denied|refused|cannot|killed|no such)\b", re.IGNORECASE)
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning)\b.*")
_TRACEBACK = "Traceback (most recent call last)"


def why(job: JobRow, log: Sequence[str]) -> list[str]:
    """Return sentences, the plainest first; none for a job that has not failed. `log` is the end of its log."""
    if job.stage != ERROR:
        return []
    told = []
    if job.message == "Job timeout":
        told.append(f"It was stopped at its time limit of {span(job.spec['timeout'] * 1000)}.")
    elif job.exit_code is not None and job.exit_code:
        told.append(_MEANINGS.get(job.exit_code, f"The program ended with exit status {job.exit_code}."))
    line = evidence(log)
    if line:
        told.append(f"Its log says: {shortened(line, 400)}")
    return told


def evidence(log: Sequence[str]) -> str:
    """Return the line that says most: the end of the last traceback, else the last line that tells of an error."""
    begins = [number for number, line in enumerate(log) if _TRACEBACK in line]
    for line in log[begins[-1] + 1 :] if begins else ():
        if _RAISED.match(line):
            return line
    return next((line for line in reversed(log) if _SAYS.search(line)), "")
