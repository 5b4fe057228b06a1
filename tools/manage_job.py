"""What can be done with a job that exists: cancel it, run it again, label it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import Field, WithJsonSchema

from consent.gate import Approved, NotAsked
from consent.ledger import Consumed
from consent.question import Answer
from jobs import durations
from jobs.errors import BadArgument, JobsError
from jobs.spec import workspace
from jobs.stage import finished
from jobs.submit import recover, rerun, submit
from tools import guarded
from tools.arguments.labels import new_labels
from tools.guarded import CANNOT_ASK, Anew, Done, Guarded, OnEvent, PendingApproval, Step
from tools.registry import tool
from tools.replies import shapes
from tools.replies.shapes import View
from tools.services import Services, services_of
from tools.stored_files import with_files

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.spec.stored import StoredJob


class ManageJob(Guarded):
    job_id: str = Field(description="ID or namespace/ID")
    action: Literal["cancel", "rerun", "label"]
    labels: dict[str, str] | None = Field(None, description="For label: all of them")
    namespace: str | None = None
    timeout: Annotated[str | float | None, WithJsonSchema({"type": "string"})] = None
    """For a rerun, in place of the first one's; a number of seconds too."""


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
    """Cancel, rerun or label a job. A rerun has a workspace of its own; the person is asked if it has secrets."""
    services = services_of(ctx)
    connected = await services.connect()
    if request.timeout is not None and request.action != "rerun":
        raise BadArgument("`timeout` is for action=rerun; nothing was done.", field="timeout")
    if request.action == "rerun":
        return _rerun(services, connected.name, await guarded.perform(request, answer, ctx, _describe))
    hub = connected.hub
    job = await hub.inspect(request.job_id, request.namespace)
    where = f"{job.namespace}/{job.id}"
    if request.action == "label":
        return _view(services, connected.name, await hub.set_labels(where, new_labels(request.labels, job.labels)))
    if finished(job.stage):
        return _view(services, connected.name, job, message="It had ended already; nothing was done.")
    await hub.cancel(where)
    return _view(services, connected.name, await hub.inspect(where))


TOOL = tool(
    manage_job,
    ManageJob,
    ManagedJob,
    title="Manage a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True),
)


@dataclass(frozen=True)
class _First:
    """The job that is run again. `shared` is why the second writes where the first did, if it does."""

    job: Job
    anew: bool
    shared: str | None


async def _describe(services: Services, request: ManageJob) -> Step[_First, Job]:
    """The job as the hub tells it now, and what the person would be asked about running it again.

    It is sent as a new one, with a workspace of its own, where that can be the same job. What cannot is the hub's own
    copy: with secrets whose values only the hub has, with settings no field of ours is, with files that changed.
    """
    from jobs.spec import stored

    connected = await services.connect()
    hub = connected.hub
    job = await hub.inspect(request.job_id, request.namespace)
    kept = stored.read(job.raw, hub=hub.endpoint, namespace=job.namespace)
    found, why = await _anew(services, hub, kept)
    if request.timeout is not None:
        seconds = durations.seconds(request.timeout)
        if found is None:
            raise BadArgument(
                f"{why}, so only the hub can run it again, and as it was; nothing was sent.",
                hint="Leave `timeout` out, or submit it anew.",
                field="timeout",
            )
        found = replace(found, spec=replace(found.spec, timeout_seconds=seconds))
    spec = found.spec if found else None

    async def send(grant: Approved, note: OnEvent) -> Job:
        if spec is None:
            return await rerun(hub, job, on_event=note)
        values = await anyio.to_thread.run_sync(services.vault.take, spec.secret_names)
        return await submit(hub, spec, values, grant.idempotency_key, on_event=note)

    async def find(used: Consumed) -> Job | None:
        if used.result is not None:
            return await hub.inspect(used.result, used.namespace)
        from jobs.client.models import Job

        made = await recover(hub, job.namespace, used.idempotency_key) if spec else None
        return made if isinstance(made, Job) else None

    shared = why if spec is None and workspace.is_shared_by_copies(job) else None
    of = _First(job, spec is not None, shared)
    return await guarded.step_of_stored(services, "rerun", of, kept, target=job.id, send=send, find=find, anew=found)


async def _anew(services: Services, hub: HubClient, kept: StoredJob) -> tuple[Anew | None, str]:
    """The stored job as a new one; or why it cannot be one."""
    spec, changed = await with_files(hub, kept)
    if changed:
        return None, "Its files are not what was approved"
    sources = {}
    for name in spec.secret_names:
        try:
            services.vault.check(name)
        except JobsError:
            return None, f"{name} may not be attached here"
        found = await anyio.to_thread.run_sync(services.vault.look, name)
        if found.source is None:
            return None, f"No value is here for {name}"
        sources[name] = found.source
    again = kept.anew(spec)
    return (Anew(again, sources) if again else None), "The hub keeps settings for it that cannot be sent from here"


def _rerun(services: Services, hub: str, done: Done[_First, Job]) -> ManagedJob:
    first = done.of
    if done.made is None:
        of = first.job.namespace
        return ManagedJob(hub=hub, namespace=of, stage=None, approval=done.approval, message=CANNOT_ASK)
    if done.again:
        said = "This is the job that answer started already; no second one was sent."
        return _view(services, hub, done.made, said)
    if first.shared is not None:
        shared = f"{first.shared}: this is the hub's copy of {first.job.id}, and may overwrite files in its workspace."
        return _view(services, hub, done.made, shared)
    own = f"Its workspace is its own: {first.job.id} keeps its files." if first.anew else None
    return _view(services, hub, done.made, own)


def _view(services: Services, hub: str, job: Job, message: str | None = None) -> ManagedJob:
    return ManagedJob(
        hub=hub,
        id=job.id,
        namespace=job.namespace,
        stage=job.stage,
        message=message or shapes.message(job, None, services.mask_of(job)),
        labels=shapes.labels(job.labels),
        secrets=list(job.secrets) or None,
        url=job.url,
        next=None if finished(job.stage) else f'job_status(job_id="{job.namespace}/{job.id}", wait_seconds=45)',
    )
