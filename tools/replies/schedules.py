"""What replies show of schedules: when each runs next, how its last run is doing, and what it has run so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import BadArgument, HubError
from jobs.spec.schedule import Schedule
from jobs.stopped_by_hub import suspended
from tools.replies import shapes
from tools.replies.shapes import JobStatusView, View

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobs.client.models import Job, ScheduledJob
    from tools.services import Connected, Services

_LOOKED_UP_SINGLY = 4


class ScheduleView(View):
    id: str
    namespace: str
    schedule: str | None = None
    suspend: bool | None = None
    concurrency: bool | None = None
    next_runs: list[str] | None = None
    last_job: str | None = None
    last_stage: str | None = None
    last_succeeded: bool | None = None
    name: str | None = None
    message: str | None = None


def schedule_view(found: ScheduledJob, now: datetime) -> ScheduleView:
    """A schedule as the hub tells of it: of its last run the id only."""
    runs: list[str] = []
    if found.schedule is not None and not found.suspend:
        try:
            moments = Schedule.parse(found.schedule).next(3, now)
            runs = [moment.strftime("%Y-%m-%d %H:%M UTC") for moment in moments]
        except BadArgument:  # A schedule in words that only the hub knows; its own next run is what can be told.
            runs = [str(found.next_job_run_at)] if found.next_job_run_at else []
    return ScheduleView(
        id=found.id,
        namespace=found.namespace,
        schedule=found.schedule,
        suspend=found.suspend or None,
        concurrency=found.concurrency or None,
        next_runs=runs or None,
        last_job=_last(found),
        name=found.labels.get("name"),
        message=suspended(found.suspend_reason) if found.suspend else None,
    )


async def with_last_runs(
    services: Services, connected: Connected, found: Sequence[ScheduledJob], runs: Sequence[JobStatusView] = ()
) -> list[ScheduleView]:
    """The schedules, each with how its last run is doing; `runs` are rows of jobs that were looked at already."""
    last = {row.id: row for row in runs}
    wanted = [place for one in found if (place := _last(one)) is not None and one.last_job_id not in last]
    if wanted:
        looked = await connected.hub.inspect_many(wanted, singly=None if connected.hub.near else _LOOKED_UP_SINGLY)
        jobs = [job for job in looked.values() if not isinstance(job, HubError)]
        last |= {row.id: row for row in await rows(services, connected, jobs)}
    now = services.now()
    return [_told(schedule_view(one, now), last.get(one.last_job_id or "")) for one in found]


async def rows(services: Services, connected: Connected, jobs: Sequence[Job]) -> list[JobStatusView]:
    """Jobs as a list shows them: whether each succeeded, and nothing of why not."""
    mask_given = services.masker().mask
    outcomes = await services.outcomes.of_many(connected.hub, jobs, services.mask_of)
    shown = ("id", "namespace", "stage", "finished", "succeeded", "message", "running_secs", "created_at", "flavor")
    views = []
    for job in jobs:
        whole = shapes.status(job, outcome=outcomes[job.id], mask=services.mask_of(job))
        kept = {name: getattr(whole, name) for name in shown}
        views.append(JobStatusView(**kept, labels=shapes.labels(job.labels, mask_given)))
    return views


def _told(view: ScheduleView, last: JobStatusView | None) -> ScheduleView:
    if last is None:
        return view
    return view.model_copy(update={"last_stage": last.stage, "last_succeeded": last.succeeded})


def _last(found: ScheduledJob) -> str | None:
    return f"{found.namespace}/{found.last_job_id}" if found.last_job_id else None
