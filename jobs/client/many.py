"""Looking at many jobs at once with few requests."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from jobs.errors import HubError
from jobs.ids import split_job_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.client.client import HubClient
    from jobs.client.models import Job, ScheduledJob

_SIDE_BY_SIDE = 8
_FEW = 3
_LOOKED_THROUGH = 300


async def inspect(
    hub: HubClient, job_ids: Sequence[str], namespace: str | None, *, singly: int | None = None
) -> dict[str, Job | HubError]:
    """Several jobs, by the id as it was given; what could not be had is the error itself.

    More than a few of one namespace are looked for in its list first. Of the others no more than `singly` are then
    asked for one by one; what is beyond is left out. Raises BadArgument for an id that is none.
    """
    wanted = list(dict.fromkeys(job_ids))
    for job_id in wanted:
        split_job_id(job_id)
    found: dict[str, Job | HubError] = {}
    if len(wanted) > _FEW:
        found |= await _listed(hub, wanted, namespace)
    limiter = anyio.CapacityLimiter(_SIDE_BY_SIDE)

    async def one(job_id: str) -> None:
        async with limiter:
            try:
                found[job_id] = await hub.inspect(job_id, namespace)
            except HubError as error:
                found[job_id] = error

    async with anyio.create_task_group() as tasks:
        for job_id in [job_id for job_id in wanted if job_id not in found][:singly]:
            tasks.start_soon(one, job_id)
    return {job_id: found[job_id] for job_id in wanted if job_id in found}


async def runs_of(
    hub: HubClient, found: ScheduledJob, *, marked: Mapping[str, str] | None = None, limit: int
) -> list[Job]:
    """The jobs that a schedule started, newest first, as far as the namespace's newest jobs tell.

    `marked` are labels that its runs alone carry, where there are such: the hub then looks through all jobs.
    """
    jobs = await hub.list_jobs(found.namespace, labels=marked, limit=limit if marked else _LOOKED_THROUGH)
    runs = [job for job in jobs if job.initiator is not None and job.initiator.id == found.id]
    if found.last_job_id is not None and found.last_job_id not in {job.id for job in runs}:
        with suppress(HubError):
            runs.append(await hub.inspect(found.last_job_id, found.namespace))
    return runs[:limit]


async def _listed(hub: HubClient, job_ids: Sequence[str], namespace: str | None) -> dict[str, Job]:
    """Those of the jobs that are among the newest of their namespaces; never fails."""
    found: dict[str, Job] = {}
    with suppress(HubError):
        homes: dict[str, dict[str, list[str]]] = {}
        for job_id in job_ids:
            named, bare = split_job_id(job_id)
            home = named or namespace or await hub.namespace()
            homes.setdefault(home, {}).setdefault(bare, []).append(job_id)
        for home, given in homes.items():
            if len(given) > _FEW:
                jobs = await hub.list_jobs(home, limit=_LOOKED_THROUGH, only=given)
                found |= {job_id: job for job in jobs for job_id in given[job.id]}
    return found
