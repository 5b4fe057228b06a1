"""Run one job: check it, ask the person, send it once."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from mcp_types import ToolAnnotations

from consent.gate import Pending
from consent.ledger import Consumed
from jobs.client.models import Job
from jobs.spec import workspace
from jobs.submit import recover, submit
from tools.pending import PendingApproval, lost, waiting
from tools.registry import tool
from tools.replies import View
from tools.services import Connected, services_of
from tools.submission import JobArguments, Prepared, ask, authorise, noting, prepare


class JobHandle(View):
    """A submitted job; or, without an id, one that waits for a person; or what a dry run would send."""

    hub: str
    namespace: str
    id: str | None = None
    stage: str | None
    url: str | None = None
    secrets: list[str] | None = None
    withheld: list[str] | None = None
    max_cost_usd: float | None = None
    workspace: str | None = None
    message: str | None = None
    approval: PendingApproval | None = None
    would_send: dict[str, Any] | None = None
    advice: list[str] | None = None
    next: str | None = None


async def submit_job(
    request: JobArguments, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> JobHandle:
    """Run a command, a container or a uv script as a Hugging Face Job. A person is asked before any name in
    `secrets` is attached. For a fast-agent automation: command=["fast-agent","go","--model","sonnet","--message",
    "…","--results","result.json"], packages=["fast-agent-mcp"], python="3.13", secrets as plan_secrets named them.
    What it writes into its working folder can be fetched afterwards. A reply without `id`: nothing was sent.
    """
    services = services_of(ctx)
    prepared = await prepare(services, request)
    if request.dry_run:
        return _dry(prepared)
    grant = await services.gate.redeem(prepared.consent, answer, ctx)
    if isinstance(grant, Pending):
        return _waiting(prepared, grant)
    if isinstance(grant, Consumed):
        return await _recovered(prepared, grant)
    spec, values = await authorise(services, prepared, grant)
    noted = noting(services, grant, spec.namespace)
    job = await submit(prepared.connected.hub, spec, values, grant.submission, on_event=noted)
    handle = _handle(prepared.connected, job, withheld=grant.withheld, max_cost_usd=prepared.max_cost_usd)
    return handle.model_copy(update={"advice": prepared.advice})


TOOL = tool(
    submit_job,
    JobArguments,
    JobHandle,
    title="Run a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False),
)


def _handle(
    connected: Connected, job: Job, *, withheld: tuple[str, ...] = (), max_cost_usd: float | None = None, note: str = ""
) -> JobHandle:
    place = workspace.of_job(job)
    return JobHandle(
        hub=connected.name,
        namespace=job.namespace,
        id=job.id,
        stage=job.stage,
        url=job.url,
        secrets=list(job.secrets) or None,
        withheld=list(withheld) or None,
        max_cost_usd=max_cost_usd,
        workspace=place.uri if place is not None else None,
        message=note or None,
        next=f'job_status(job_id="{job.namespace}/{job.id}", wait_seconds=45)',
    )


def _dry(prepared: Prepared) -> JobHandle:
    return JobHandle(
        hub=prepared.connected.name,
        namespace=prepared.spec.namespace,
        stage=None,
        max_cost_usd=prepared.max_cost_usd,
        message="Dry run: nothing was sent.",
        would_send=prepared.spec.describe(),
        advice=prepared.advice,
    )


def _waiting(prepared: Prepared, put_aside: Pending) -> JobHandle:
    return JobHandle(
        hub=prepared.connected.name,
        namespace=prepared.spec.namespace,
        stage=None,
        approval=waiting(put_aside),
        message="Nothing was sent: this client cannot ask the person, who has to answer first.",
    )


async def _recovered(prepared: Prepared, spent: Consumed) -> JobHandle:
    """The job of an answer that was used already, for a caller who lost the reply."""
    hub = prepared.connected.hub
    if spent.result is not None:
        found = await hub.inspect(spent.result, spent.namespace)
    else:
        made = await recover(hub, prepared.spec.namespace, spent.submission)
        if not isinstance(made, Job):
            raise lost()
        found = made
    return _handle(
        prepared.connected, found, note="This is the job that answer started already; no second one was sent."
    )
