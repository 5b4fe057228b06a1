"""What a job's stage and the hub's own words tell: cancelled, waiting too long, out of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobs import stage
from jobs.durations import words as duration
from jobs.results.diagnosis.advice import Flavors
from jobs.results.diagnosis.model import Diagnosis, last
from jobs.stopped_by_hub import stop_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.client.models import Hardware, Job

LONG_WAIT = 300
"""Seconds of SCHEDULING from which on it is worth a word: a CPU flavor takes seconds, a GPU a few minutes."""

_TIMED_OUT = re.compile(r"time[d ]?-?\s?out|deadline ?exceeded", re.IGNORECASE)
_BAR = re.compile(r"(\d+)/(\d+) ?\[(?:[\d:]+)<([\d:]+)")
_OF = re.compile(
    r"\b(?:step|epoch|iter(?:ation)?|batch|chunk|sample|file|row)s?\W{0,3}(\d+) ?(?:/|of) ?(\d+)", re.IGNORECASE
)
_CHECKPOINT = re.compile(
    r"\S*checkpoint[-_/]?\w*\d+\S*|\S*(?:epoch|step)[-_=]?\d+\S*\.(?:ckpt|pt|pth|safetensors)", re.IGNORECASE
)


def canceled(job: Job, lines: Sequence[str]) -> Diagnosis:
    """Why a job was cancelled, as far as the hub says."""
    reason = job.status.cancel_reason
    said = f"{reason or ''} {job.message or ''}"
    if (known := stop_reason(reason, job.message)) is not None:
        remedy = f"{known.remedy}, then submit again; what is in the workspace is kept."
        return Diagnosis(known.cause, f"The hub cancelled it: {known.because}.", last(lines), remedy)
    if reason:
        return Diagnosis(
            "canceled", "The hub cancelled it.", last(lines), "See the message, and the job's page.", reason
        )
    if re.search(r"preempt|evict|drain", said, re.IGNORECASE):
        return Diagnosis("evicted", "The hub took the machine away.", last(lines), "Submit it again, with attempts=2.")
    return Diagnosis(
        "canceled",
        "It was cancelled before it ended, by a person or a program with this account.",
        (),
        "What it wrote to its workspace until then is kept; submit again to run it whole.",
    )


def waiting(job: Job, hardware: Sequence[Hardware], now: datetime | None = None) -> Diagnosis | None:
    """A word on a job that has waited long for its machine; None while the wait is usual."""
    if job.stage != stage.SCHEDULING:
        return None
    waited = job.durations.scheduling_secs
    if waited is None and job.created_at is not None:
        waited = int(((now or datetime.now(UTC)) - job.created_at).total_seconds())
    if waited is None or waited < LONG_WAIT:
        return None
    flavors = Flavors(hardware)
    mine = flavors.of(job.flavor)
    alike = [
        item
        for item in flavors.cheapest(
            [item for item in flavors.rentable() if bool(item.accelerator) == bool(mine and mine.accelerator)]
        )
        if item.name != job.flavor
    ]
    others = ", ".join(flavors.named(item) for item in alike[:3])
    return Diagnosis(
        "waiting",
        f"It has waited {duration(waited)} for {job.flavor or 'its flavor'}; usual are seconds for a CPU, a few"
        " minutes for a GPU.",
        (),
        f"Wait on, or cancel it and submit on another flavor{f', e.g. {others}' if others else ''}.",
    )


def timeout(job: Job, lines: Sequence[str]) -> Diagnosis | None:
    """A job the hub stopped at its timeout, with how far it had come."""
    if not _TIMED_OUT.search(job.message or ""):
        return None
    limit = f" of {duration(job.timeout_seconds)}" if job.timeout_seconds else ""
    summary = f"The hub stopped it at its timeout{limit}; what it had not written to its workspace is lost."
    suggestion = "Run it again with a longer timeout (manage_job rerun, timeout='2h'), or give it less work."
    progress = _progress(lines)
    ran = job.durations.running_secs or job.timeout_seconds
    if progress:
        done, whole = progress
        summary = f"{summary[:-1]}. It had done {done} of {whole}."
        if ran and 0 < done <= whole:
            needed = duration(max(60, round(ran * whole / done * 1.2 / 60) * 60))
            all_of_it = duration(round(ran * whole / done))
            suggestion = f"At that rate it takes {all_of_it}: submit again with timeout='{needed}', or less work."
    checkpoint = next((found[0] for line in reversed(lines) if (found := _CHECKPOINT.search(line[-2000:]))), None)
    if checkpoint:
        named = checkpoint.strip("'\".,:;()")[:80]
        suggestion += f" The last checkpoint it told of is {named}: go on from it if it is in the workspace."
    return Diagnosis("timeout", summary, last(lines), suggestion)


def _progress(lines: Sequence[str]) -> tuple[int, int] | None:
    for line in reversed(lines):
        for form in (_BAR, _OF):
            found = form.findall(line[-2000:])
            if found and int(found[-1][1]) > 0:
                return int(found[-1][0]), int(found[-1][1])
    return None
