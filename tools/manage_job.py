"""What can be done with a job that exists: cancel it, run it again, label it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import Field

from consent.gate import Approved, NotAsked
from consent.ledger import Consumed
from consent.question import Answer
from jobs.client.models import Job
from jobs.spec import stored, workspace
from jobs.stage import finished
from jobs.submit import rerun
from tools import guarded, replies
from tools.arguments.labels import new_labels
from tools.guarded import CANNOT_ASK, Done, Guarded, OnEvent, PendingApproval, Step
from tools.registry import tool
from tools.replies import View
from tools.services import Services, services_of


class ManageJob(Guarded):
    job_id: str = Field(description="ID or namespace/ID")
    action: Literal["cancel", "rerun", "label"]
    labels: dict[str, str] | None = Field(None, description="For label: all the labels it should have")
    namespace: str | None = None


class ManagedJob(View):
    hub: str
    id: str | None = None
    namespace: str
    stage: str | None = Field(json_schema_extra={"type": ["string", "null"]})
    message: str | None = None
    labels: dict[str, str] | None = None
    secrets: list[str] | None = None
    url: str | None = None
    approval: PendingApproval | None = None
    next: str | None = None


async def ask(request: ManageJob, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question about running it again; None for what reuses nothing."""
    return await guarded.ask(request, ctx, _describe) if request.action == "rerun" else None


async def manage_job(
    request: ManageJob, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> ManagedJob:
    """Cancel, rerun or label a job. A rerun sends the same job again, with the secrets the hub keeps for it, and asks
    the person first when there are any.
    """
    services = services_of(ctx)
    connected = await services.connect()
    if request.action == "rerun":
        return _rerun(connected.name, await guarded.perform(request, answer, ctx, _describe))
    hub = connected.hub
    job = await hub.inspect(request.job_id, request.namespace)
    where = f"{job.namespace}/{job.id}"
    if request.action == "label":
        return _view(connected.name, await hub.set_labels(where, new_labels(services, request.labels, job.labels)))
    if finished(job.stage):
        return _view(connected.name, job, message="It had ended already; nothing was done.")
    await hub.cancel(where)
    return _view(connected.name, await hub.inspect(where))


TOOL = tool(
    manage_job,
    ManageJob,
    ManagedJob,
    title="Manage a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True),
)


async def _describe(services: Services, request: ManageJob) -> Step[Job, Job]:
    """The job as the hub tells it now, and what the person would be asked about running it again."""
    connected = await services.connect()
    hub = connected.hub
    job = await hub.inspect(request.job_id, request.namespace)
    kept = stored.read(job.raw, hub=hub.endpoint, namespace=job.namespace)

    async def send(_: Approved, note: OnEvent) -> Job:
        return await rerun(hub, job, on_event=note)

    async def find(used: Consumed) -> Job | None:
        return None if used.result is None else await hub.inspect(used.result, used.namespace)

    return await guarded.step_of_stored(services, "rerun", job, kept, target=job.id, send=send, find=find)


def _rerun(hub: str, done: Done[Job, Job]) -> ManagedJob:
    if done.made is None:
        return ManagedJob(hub=hub, namespace=done.of.namespace, stage=None, approval=done.approval, message=CANNOT_ASK)
    if done.again:
        return _view(hub, done.made, message="This is the job that answer started already; no second one was sent.")
    shared = "It writes into the first run's workspace: files of the same name are overwritten."
    return _view(hub, done.made, message=shared if workspace.of_job(done.made) else None)


def _view(hub: str, job: Job, message: str | None = None) -> ManagedJob:
    return ManagedJob(
        hub=hub,
        id=job.id,
        namespace=job.namespace,
        stage=job.stage,
        message=message or job.message,
        labels=replies.labels(job.labels),
        secrets=list(job.secrets) or None,
        url=job.url,
        next=None if finished(job.stage) else f'job_status(job_id="{job.namespace}/{job.id}", wait_seconds=45)',
    )
