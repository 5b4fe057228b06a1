"""Run a job again and again on a cron line: check it, ask the person about every run, send it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import ConfigDict, Field

from consent.gate import NotAsked
from consent.question import Answer
from jobs.spec.fields import ScheduleRequest
from jobs.spec.workspace import LABEL
from jobs.submit import schedule
from tools import guarded, submission
from tools.guarded import CANNOT_ASK, Done, OnEvent, PendingApproval, Step
from tools.registry import tool
from tools.replies.shapes import View
from tools.services import Services, services_of
from tools.submission import JobArguments, Prepared, prepare

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.client.models import ScheduledJob
    from jobs.secrets.secret_value import Secret
    from jobs.spec.spec import JobSpec


def _told_once(schema: dict[str, Any]) -> None:
    schema["properties"].pop("outputs", None)  # Refused with a reason: each run has a folder of its own.
    for name, part in schema["properties"].items():
        if name in JobArguments.model_fields:
            part.pop("description", None)


class ScheduleArguments(ScheduleRequest, JobArguments):
    """As for one job, which is where each argument is described."""

    model_config = ConfigDict(json_schema_extra=_told_once)


class ScheduleHandle(View):
    """A schedule; or, without an id, one that waits for a person; or what a dry run would send."""

    hub: str
    namespace: str
    id: str | None = None
    schedule: str
    suspend: bool | None = None
    next_runs: list[str]
    secrets: list[str] | None = None
    withheld: list[str] | None = None
    max_cost_usd: float | None = Field(None, description="Of each run")
    workspace: str | None = None
    message: str | None = None
    approval: PendingApproval | None = None
    would_send: dict[str, Any] | None = None
    advice: list[str] | None = None
    next: str | None = None


async def ask(request: ScheduleArguments, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question to the person, or why none is put; None for a dry run."""
    return None if request.dry_run else await guarded.ask(request, ctx, _describe)


async def schedule_job(
    request: ScheduleArguments, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> ScheduleHandle:
    """Like submit_job, on a schedule (UTC). The person is told that EVERY run carries the secrets. The reply has the
    next run times; each run is a job with a workspace of its own.
    """
    if request.dry_run:
        prepared = await prepare(services_of(ctx), request)
        return _handle(prepared, message="Dry run: nothing was sent.", would_send=prepared.would_send())
    return _told(await guarded.perform(request, answer, ctx, _describe))


TOOL = tool(
    schedule_job,
    ScheduleArguments,
    ScheduleHandle,
    title="Schedule a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False),
)


async def _describe(services: Services, request: ScheduleArguments) -> Step[Prepared, ScheduledJob]:
    async def create(
        hub: HubClient, spec: JobSpec, values: dict[str, Secret], idempotency_key: str, note: OnEvent
    ) -> ScheduledJob:
        return await schedule(hub, spec, values, idempotency_key, on_event=note)

    return await submission.describe(services, request, create, lambda hub, *which: hub.inspect_schedule(*which))


def _told(done: Done[Prepared, ScheduledJob]) -> ScheduleHandle:
    made, prepared = done.made, done.of
    if made is None:
        return _handle(prepared, approval=done.approval, message=CANNOT_ASK)
    where = f"{made.namespace}/{made.id}"
    key = made.labels.get(LABEL)
    return _handle(
        prepared,
        id=made.id,
        suspend=made.suspend or None,
        secrets=list(made.secrets),
        withheld=list(done.withheld),
        workspace=prepared.spec.workspace_of(key).uri if key and prepared.spec.workspace else None,
        message="This is the schedule that answer made already; no second one was made." if done.again else None,
        next=f'manage_schedule(scheduled_job_id="{where}", action="trigger") runs it now',
    )


def _handle(prepared: Prepared, **more: Any) -> ScheduleHandle:
    return ScheduleHandle(
        hub=prepared.connected.name,
        namespace=prepared.spec.namespace,
        schedule=prepared.spec.schedule or "",
        next_runs=list(prepared.next_runs),
        max_cost_usd=prepared.max_cost_usd,
        advice=prepared.advice,
        **{key: value for key, value in more.items() if value not in (None, [])},
    )
