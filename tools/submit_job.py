"""Run one job: check it, ask the person, send it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations

from consent.gate import NotAsked
from consent.question import Answer
from jobs.spec import workspace
from jobs.submit import submit
from tools import guarded, submission
from tools.guarded import CANNOT_ASK, Done, OnEvent, PendingApproval, Step
from tools.registry import tool
from tools.replies.shapes import View
from tools.services import Services, services_of
from tools.submission import JobArguments, Prepared, prepare

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.secrets.secret_value import Secret
    from jobs.spec.spec import JobSpec


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


async def ask(request: JobArguments, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question to the person, or why none is put; None for a dry run."""
    return None if request.dry_run else await guarded.ask(request, ctx, _describe)


async def submit_job(
    request: JobArguments, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> JobHandle:
    """Run a command, a container or a uv script as a Hugging Face Job. A person is asked before any name in
    `secrets` is attached. For a fast-agent automation: command=["fast-agent","go","--model","sonnet","--message",
    "…","--results","result.json"], packages=["fast-agent-mcp"], python="3.13", secrets as plan_secrets named them.
    What it writes into its working folder is kept. A reply without `id`: nothing was sent.
    """
    if request.dry_run:
        prepared = await prepare(services_of(ctx), request)
        dry = "Dry run: nothing was sent."
        return _handle(prepared, message=dry, would_send=prepared.would_send(), advice=prepared.advice)
    return _told(await guarded.perform(request, answer, ctx, _describe))


TOOL = tool(
    submit_job,
    JobArguments,
    JobHandle,
    title="Run a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False),
)


async def _describe(services: Services, request: JobArguments) -> Step[Prepared, Job]:
    async def create(
        hub: HubClient, spec: JobSpec, values: dict[str, Secret], idempotency_key: str, note: OnEvent
    ) -> Job:
        return await submit(hub, spec, values, idempotency_key, on_event=note)

    return await submission.describe(services, request, create, lambda hub, *which: hub.inspect(*which))


def _told(done: Done[Prepared, Job]) -> JobHandle:
    job = done.made
    if job is None:
        return _handle(done.of, max_cost_usd=None, approval=done.approval, message=CANNOT_ASK)
    place = workspace.of_job(job)
    return _handle(
        done.of,
        namespace=job.namespace,
        id=job.id,
        stage=job.stage,
        url=job.url,
        secrets=list(job.secrets) or None,
        withheld=list(done.withheld) or None,
        max_cost_usd=None if done.again else done.of.max_cost_usd,
        workspace=place.uri if place is not None else None,
        message="This is the job that answer started already; no second one was sent." if done.again else None,
        advice=None if done.again else done.of.advice,
        next=f'job_status(job_id="{job.namespace}/{job.id}", wait_seconds=45)',
    )


def _handle(prepared: Prepared, **more: Any) -> JobHandle:
    told = {"namespace": prepared.spec.namespace, "stage": None, "max_cost_usd": prepared.max_cost_usd}
    return JobHandle(hub=prepared.connected.name, **{**told, **more})
