"""Whether another run wrote into the folder of a job: then what lies there need not be what this one left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import HubError
from jobs.spec.workspace import LABEL, is_shared_by_copies, of_job

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.client.client import HubClient
    from jobs.client.models import Job

_LOOKED_AT = 100
_COPIED = "duplicated-job"


async def shared(hub: HubClient, job: Job, newest: datetime | None) -> str | None:
    """A sentence on the other runs in the job's workspace; None for what is its own alone, as far as the hub tells.

    `newest` is when the last of its files was written: only what came after the job's end is asked about.
    """
    if not is_shared_by_copies(job):
        return None
    if job.initiator is not None and job.initiator.type == _COPIED:
        return f"It is the hub's copy of {job.initiator.id} and worked in the same workspace: files may be that run's."
    if newest is None or job.finished_at is None or newest <= job.finished_at:
        return None
    marked = {LABEL: job.labels[LABEL]} if LABEL in job.labels else None
    try:
        others = await hub.list_jobs(job.namespace, labels=marked, limit=_LOOKED_AT)
    except HubError:
        return None
    place = of_job(job)
    later = [
        (other.started_at or other.created_at, other.id)
        for other in others
        if other.id != job.id and of_job(other) == place and _after(other, job)
    ]
    moments = [(moment, name) for moment, name in later if moment is not None]
    if not moments:
        return None
    moment, name = min(moments)
    since = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"A later run, {name}, wrote into the same workspace from {since} on: files may be that run's."


def _after(other: Job, job: Job) -> bool:
    return other.created_at is not None and job.created_at is not None and other.created_at > job.created_at
