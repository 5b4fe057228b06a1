"""What can be done with a job that exists: cancel it, run it again, label it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import Field

from consent.describe import for_stored
from consent.gate import Approved, NotAsked, Pending
from consent.question import Answer
from consent.request import ConsentRequest
from jobs.client.models import Job
from jobs.spec import cost, workspace
from jobs.stage import finished
from jobs.submit import rerun
from tools import replies
from tools.labels import new_labels
from tools.pending import PendingApproval, lost, waiting
from tools.registry import Arguments, tool
from tools.replies import View
from tools.services import Services, services_of
from tools.stored import of_job, stored_parts


class ManageJob(Arguments):
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
    if request.action != "rerun":
        return None
    services = services_of(ctx)
    return await services.gate.pose((await _subject(services, request))[1], ctx)


async def manage_job(
    request: ManageJob, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> ManagedJob:
    """Cancel, rerun or label a job. A rerun sends the same job again, with the secrets the hub keeps for it, and asks
    the person first when there are any.
    """
    services = services_of(ctx)
    connected = await services.connect()
    hub = connected.hub
    namespace = request.namespace or services.policy.namespace
    if request.action == "cancel":
        job = await hub.inspect(request.job_id, namespace)
        if finished(job.stage):
            return _view(connected.name, job, message="It had ended already; nothing was done.")
        await hub.cancel(f"{job.namespace}/{job.id}")
        return _view(connected.name, await hub.inspect(f"{job.namespace}/{job.id}"))
    if request.action == "label":
        job = await hub.inspect(request.job_id, namespace)
        labels = new_labels(services, request.labels, job.labels)
        return _view(connected.name, await hub.set_labels(f"{job.namespace}/{job.id}", labels))
    job, consent = await _subject(services, request)
    grant = await services.gate.redeem(consent, answer, ctx)
    if isinstance(grant, Pending):
        return ManagedJob(
            hub=connected.name,
            namespace=job.namespace,
            stage=None,
            approval=waiting(grant),
            message="Nothing was sent: this client cannot ask the person, who has to answer first.",
        )
    if not isinstance(grant, Approved):
        if grant.result is None:
            raise lost()
        note = "This is the job that answer started already; no second one was sent."
        return _view(connected.name, await hub.inspect(grant.result, grant.namespace), message=note)
    made = await rerun(hub, job)
    services.gate.record(grant, made.namespace, made.id)
    shared = "It writes into the first run's workspace: files of the same name are overwritten."
    return _view(connected.name, made, message=shared if workspace.of_job(made) else None)


TOOL = tool(
    manage_job,
    ManageJob,
    ManagedJob,
    title="Manage a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True),
)


async def _subject(services: Services, request: ManageJob) -> tuple[Job, ConsentRequest]:
    """The job as the hub tells it now, and what the person would be asked about running it again."""
    connected = await services.connect()
    hub = connected.hub
    job = await hub.inspect(request.job_id, request.namespace or services.policy.namespace)
    run = of_job(job)
    return job, for_stored(
        "rerun",
        run.masked(services.masker().mask),
        hub=hub.endpoint,
        hub_name=connected.name,
        namespace=job.namespace,
        target=job.id,
        stored=stored_parts(job),
        secret_names=job.secrets,
        max_cost_usd=cost.max_cost_usd(run, await hub.hardware()),
        confirm_above_usd=services.policy.confirm_above_usd,
    )


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
