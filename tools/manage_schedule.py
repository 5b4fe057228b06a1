"""What can be done with a schedule that exists: look, stop, start, run now, change, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import Field

from consent.gate import Approved, NotAsked
from consent.ledger import Consumed
from consent.question import Answer
from consent.request import Action
from jobs.errors import BadArgument
from jobs.spec.schedule import Schedule
from jobs.submit import trigger
from tools import guarded
from tools.arguments.labels import new_labels
from tools.guarded import CANNOT_ASK, Done, Guarded, OnEvent, PendingApproval, Step
from tools.registry import tool
from tools.replies.schedules import ScheduleView, schedule_view, with_last_runs
from tools.replies.shapes import View
from tools.services import Services, services_of

if TYPE_CHECKING:
    from jobs.client.models import ScheduledJob

_GUARDED: dict[str, Action] = {"trigger": "trigger", "resume": "resume", "reschedule": "reschedule"}
_MOST = 50


class ManageSchedule(Guarded):
    action: Literal["list", "suspend", "resume", "trigger", "reschedule", "label", "delete"]
    scheduled_job_id: str | None = Field(None, description="ID or namespace/ID; not for list")
    schedule: str | None = Field(None, description="For reschedule")
    labels: dict[str, str] | None = Field(None, description="For label: all of them; for list: a filter")
    namespace: str | None = None


class Schedules(View):
    """`schedules` has the one that was acted on, or all that were asked for."""

    hub: str
    schedules: list[ScheduleView]
    job: str | None = Field(None, description="The job that trigger started, as namespace/ID")
    message: str | None = None
    truncated: bool | None = None
    approval: PendingApproval | None = None
    next: str | None = None


@dataclass(frozen=True)
class _Changed:
    """The schedule after what was done to it, and the job that was started."""

    schedule: ScheduledJob
    job: str | None = None


async def ask(request: ManageSchedule, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question for what reuses stored secrets; None for what does not."""
    return await guarded.ask(request, ctx, _describe) if request.action in _GUARDED else None


async def manage_schedule(
    request: ManageSchedule, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> Schedules:
    """List schedules, or suspend, resume, trigger (run now), reschedule, label or delete one. A person is asked
    before stored secrets are used again.
    """
    services = services_of(ctx)
    if request.action == "list":
        return await _list(services, request)
    if request.action in _GUARDED:
        return await _told(services, await guarded.perform(request, answer, ctx, _describe))
    connected = await services.connect()
    hub = connected.hub
    found = await hub.inspect_schedule(_id(request), request.namespace)
    where = f"{found.namespace}/{found.id}"
    if request.action == "delete":
        await hub.delete_schedule(where)
        return Schedules(hub=connected.name, schedules=[schedule_view(found, services.now())], message="Deleted.")
    if request.action == "suspend":
        await hub.suspend_schedule(where)
    else:
        await hub.set_schedule_labels(where, new_labels(request.labels, found.labels))
    return Schedules(hub=connected.name, schedules=[schedule_view(await hub.inspect_schedule(where), services.now())])


TOOL = tool(
    manage_schedule,
    ManageSchedule,
    Schedules,
    title="Manage schedules",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True),
)


async def _describe(services: Services, request: ManageSchedule) -> Step[ScheduledJob, _Changed]:
    """The schedule as the hub tells it now, and what the person would be asked about it."""
    from jobs.spec import stored

    if request.action == "reschedule" and request.schedule is None:
        raise BadArgument("`schedule` is missing.", hint='For example "@daily".', field="schedule")
    wanted = Schedule.parse(request.schedule or "").expression if request.action == "reschedule" else None
    connected = await services.connect()
    hub = connected.hub
    found = await hub.inspect_schedule(_id(request), request.namespace)
    where = f"{found.namespace}/{found.id}"
    kept = stored.read(
        found.spec,
        hub=hub.endpoint,
        namespace=found.namespace,
        schedule=wanted or found.schedule,
        suspend=found.suspend,
        concurrency=found.concurrency,
    )

    async def send(_: Approved, note: OnEvent) -> _Changed:
        if request.action == "trigger":
            made = await trigger(hub, found, on_event=note)
            return _Changed(await hub.inspect_schedule(where), f"{made.namespace}/{made.id}")
        if wanted is None:
            await hub.resume_schedule(where)
        else:
            await hub.reschedule(where, wanted)
        await note("made", {"id": found.id})
        return _Changed(await hub.inspect_schedule(where))

    async def find(used: Consumed) -> _Changed | None:
        job = f"{used.namespace}/{used.result}" if request.action == "trigger" else None
        return None if used.result is None else _Changed(found, job)

    before = found.schedule if wanted is not None else None
    action = _GUARDED[request.action]
    return await guarded.step_of_stored(
        services, action, found, kept, target=found.id, send=send, find=find, before=before
    )


async def _told(services: Services, done: Done[ScheduledJob, _Changed]) -> Schedules:
    connected = await services.connect()
    shown = done.of if done.made is None else done.made.schedule
    job = None if done.made is None else done.made.job
    done_already = "That was done already." if done.again else None
    return Schedules(
        hub=connected.name,
        schedules=[schedule_view(shown, services.now())],
        job=job,
        approval=done.approval,
        message=CANNOT_ASK if done.approval is not None else done_already,
        next=f'job_status(job_id="{job}", wait_seconds=45)' if job else None,
    )


async def _list(services: Services, request: ManageSchedule) -> Schedules:
    connected = await services.connect()
    if request.scheduled_job_id is not None:
        found = [await connected.hub.inspect_schedule(_id(request), request.namespace)]
    else:
        found = await connected.hub.list_schedules(request.namespace, labels=request.labels)
    views = await with_last_runs(services, connected, found[:_MOST])
    return Schedules(hub=connected.name, schedules=views, truncated=len(found) > _MOST or None)


def _id(request: ManageSchedule) -> str:
    if request.scheduled_job_id is None:
        raise BadArgument(
            "`scheduled_job_id` is missing.", hint='action="list" shows the ids.', field="scheduled_job_id"
        )
    return request.scheduled_job_id
