"""Who runs next: a fair queue in front of the few jobs that this machine runs at once."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_hub import flavors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from local_hub.store.job_table import JobRow

SMALLEST_CAPACITY = 4
PATIENCE_MS = 60_000


def capacity() -> int:
    """Return how many small jobs run at once: two for each processor, four at least."""
    return max(SMALLEST_CAPACITY, 2 * (os.cpu_count() or 1))


def weight(job: JobRow, limit: int) -> int:
    """Return how many small jobs this one counts for: one for every two processors of its flavor, never all but one."""
    return max(1, min(flavors.by_name()[job.spec["flavor"]].cpus // 2, limit // 2))


@dataclass(frozen=True)
class Admission:
    """The jobs to start now, and the moment at which it is worth asking again (None: when something changes)."""

    start: tuple[JobRow, ...]
    again_ms: int | None


def admit(waiting: Sequence[JobRow], running: Iterable[JobRow], *, limit: int, now_ms: int) -> Admission:
    """Choose among the jobs that wait.

    Whoever has least running goes first, where "who" is a schedule or else a namespace, so that a burst from one does
    not keep the others waiting; among equals the oldest goes first. A large job that does not fit is overtaken by
    small ones for a minute, then everything waits for it.
    """
    load: Counter[str] = Counter()
    for job in running:
        load[_group(job)] += weight(job, limit)
    free = limit - sum(load.values())
    if free <= 0:
        return Admission((), None)
    queues: dict[str, list[JobRow]] = {}
    later: list[int] = []
    for job in waiting:
        if job.not_before_ms > now_ms:
            later.append(job.not_before_ms)
        else:
            queues.setdefault(_group(job), []).append(job)
    for queue in queues.values():
        queue.sort(key=_age)
    start: list[JobRow] = []
    while free > 0 and (chosen := _next(queues, load, free, limit, now_ms)):
        start.append(chosen)
        free -= weight(chosen, limit)
        load[_group(chosen)] += weight(chosen, limit)
    return Admission(tuple(start), min(later, default=None))


def _next(queues: dict[str, list[JobRow]], load: Counter[str], free: int, limit: int, now_ms: int) -> JobRow | None:
    """Take the next job out of its queue; None when none fits, or when one that does not has waited long enough."""
    for group in sorted(queues, key=lambda group: (load[group], _age(queues[group][0]))):
        queue = queues[group]
        for place, job in enumerate(queue):
            if weight(job, limit) <= free:
                del queue[place]
                if not queue:
                    del queues[group]
                return job
            if now_ms - max(job.created_ms, job.not_before_ms) > PATIENCE_MS:
                return None
    return None


def _age(job: JobRow) -> tuple[int, str]:
    return job.created_ms, job.id


def _group(job: JobRow) -> str:
    return job.schedule_id or job.namespace
