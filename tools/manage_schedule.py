"""What can be done with a schedule that exists: look, stop, start, run now, change, delete."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import Field

from consent.describe import for_stored
from consent.gate import Approved, NotAsked, Pending
from consent.question import Answer
from consent.request import Action
from jobs.client.models import ScheduledJob
from jobs.errors import BadArgument
from jobs.spec import cost
from jobs.spec.schedule import Schedule
from jobs.submit import trigger
from tools.labels import new_labels
from tools.pending import PendingApproval, lost, waiting
from tools.registry import Arguments, tool
from tools.replies import View
from tools.services import Services, services_of
from tools.stored import of_spec

_GUARDED: dict[str, Action] = {"trigger": "trigger", "resume": "resume", "reschedule": "reschedule"}
_MOST = 50


class ManageSchedule(Arguments):
    action: Literal["list", "suspend", "resume", "trigger", "reschedule", "label", "delete"]
    scheduled_job_id: str | None = Field(None, description="ID or namespace/ID; not for list")
    schedule: str | None = Field(None, description="For reschedule")
    labels: dict[str, str] | None = Field(None, description="For label: all of them; for list: a filter")
    namespace: str | None = None


class ScheduleView(View):
    id: str
    namespace: str
    schedule: str | None = None
    suspend: bool | None = None
    concurrency: bool | None = None
    next_runs: list[str] | None = None
    last_job: str | None = None
    name: str | None = None


class Schedules(View):
    """`schedules` has the one that was acted on, or all that were asked for."""

    hub: str
    schedules: list[ScheduleView]
    job: str | None = Field(None, description="The job that trigger started, as namespace/ID")
    message: str | None = None
    truncated: bool | None = None
    approval: PendingApproval | None = None
    next: str | None = None


async def ask(request: ManageSchedule, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question for what reuses stored secrets; None for what does not."""
    if request.action not in _GUARDED:
        return None
    services = services_of(ctx)
    return await services.gate.pose((await _subject(services, request))[1], ctx)


async def manage_schedule(
    request: ManageSchedule, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> Schedules:
    """List schedules, or suspend, resume, trigger (run now), reschedule, label or delete one. A person is asked
    before stored secrets are used again.
    """
    services = services_of(ctx)
    connected = await services.connect()
    hub = connected.hub
    if request.action == "list":
        return await _list(services, request)
    given = _id(request)
    if request.action in _GUARDED:
        found, consent = await _subject(services, request)
        grant = await services.gate.redeem(consent, answer, ctx)
        if isinstance(grant, Pending):
            return Schedules(
                hub=connected.name,
                schedules=[schedule_view(services, found)],
                approval=waiting(grant),
                message="Nothing was done: this client cannot ask the person, who has to answer first.",
            )
        if not isinstance(grant, Approved):
            if grant.result is None:
                raise lost()
            return Schedules(
                hub=connected.name, schedules=[schedule_view(services, found)], message="That was done already."
            )
        return await _guarded(services, request, found, grant)
    if request.action == "delete":
        found = await hub.inspect_schedule(given, request.namespace)
        await hub.delete_schedule(given, request.namespace)
        return Schedules(hub=connected.name, schedules=[schedule_view(services, found)], message="Deleted.")
    if request.action == "suspend":
        await hub.suspend_schedule(given, request.namespace)
    else:
        present = (await hub.inspect_schedule(given, request.namespace)).labels
        await hub.set_schedule_labels(given, new_labels(services, request.labels, present), request.namespace)
    return Schedules(
        hub=connected.name, schedules=[schedule_view(services, await hub.inspect_schedule(given, request.namespace))]
    )


TOOL = tool(
    manage_schedule,
    ManageSchedule,
    Schedules,
    title="Manage schedules",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True),
)


async def _guarded(services: Services, request: ManageSchedule, found: ScheduledJob, grant: Approved) -> Schedules:
    connected = await services.connect()
    hub = connected.hub
    where = f"{found.namespace}/{found.id}"
    job = None
    if request.action == "trigger":
        made = await trigger(hub, found)
        job = f"{made.namespace}/{made.id}"
    elif request.action == "resume":
        await hub.resume_schedule(where)
    else:
        await hub.reschedule(where, Schedule.parse(request.schedule or "").expression)
    services.gate.record(grant, found.namespace, job or found.id)
    view = schedule_view(services, await hub.inspect_schedule(where))
    following = f'job_status(job_id="{job}", wait_seconds=45)' if job else None
    return Schedules(hub=connected.name, schedules=[view], job=job, next=following)


async def _subject(services: Services, request: ManageSchedule) -> tuple[ScheduledJob, Any]:
    """The schedule as the hub tells it now, and what the person would be asked about it."""
    if request.action == "reschedule":
        if request.schedule is None:
            raise BadArgument("`schedule` is missing.", hint='For example "@daily".', field="schedule")
        Schedule.parse(request.schedule)
    connected = await services.connect()
    hub = connected.hub
    found = await hub.inspect_schedule(_id(request), request.namespace)
    hardware = await hub.hardware()
    run = of_spec(found.spec)
    worst = cost.max_cost_usd(run, hardware)
    return found, for_stored(
        _GUARDED[request.action],
        run.masked(services.masker().mask),
        hub=hub.endpoint,
        hub_name=connected.name,
        namespace=found.namespace,
        target=found.id,
        stored={
            "spec": found.spec,
            "schedule": found.schedule,
            "suspend": found.suspend,
            "concurrency": found.concurrency,
            "to": request.schedule,
        },
        secret_names=found.secrets,
        max_cost_usd=worst,
        confirm_above_usd=services.policy.confirm_above_usd,
        schedule=request.schedule or found.schedule,
    )


async def _list(services: Services, request: ManageSchedule) -> Schedules:
    connected = await services.connect()
    home = await connected.hub.namespace(request.namespace or services.policy.namespace)
    if request.scheduled_job_id is not None:
        found = [await connected.hub.inspect_schedule(_id(request), request.namespace)]
    else:
        found = await connected.hub.list_schedules(home, labels=request.labels)
    views = [schedule_view(services, item) for item in found[:_MOST]]
    return Schedules(hub=connected.name, schedules=views, truncated=len(found) > _MOST or None)


def schedule_view(services: Services, found: ScheduledJob) -> ScheduleView:
    runs: list[str] = []
    if found.schedule is not None and not found.suspend:
        try:
            moments = Schedule.parse(found.schedule).next(3, services.now())
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
        last_job=f"{found.namespace}/{found.last_job_id}" if found.last_job_id else None,
        name=found.labels.get("name"),
    )


def _id(request: ManageSchedule) -> str:
    if request.scheduled_job_id is None:
        raise BadArgument(
            "`scheduled_job_id` is missing.", hint='action="list" shows the ids.', field="scheduled_job_id"
        )
    return request.scheduled_job_id
