"""Run a job again and again on a cron line: check it, ask the person about every run, send it once."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from mcp_types import ToolAnnotations
from pydantic import ConfigDict, Field

from consent.gate import Pending
from consent.ledger import Consumed
from jobs.client.models import ScheduledJob
from jobs.submit import recover, schedule
from tools.pending import PendingApproval, lost, waiting
from tools.registry import tool
from tools.replies import View
from tools.services import services_of
from tools.submission import JobArguments, Prepared, ask, authorise, noting, prepare


def _told_once(schema: dict[str, Any]) -> None:
    own = {"schedule", "suspend", "concurrency"}
    for name, part in schema["properties"].items():
        if name not in own:
            part.pop("description", None)


class ScheduleArguments(JobArguments):
    """As for one job, which is where each argument is described."""

    model_config = ConfigDict(json_schema_extra=_told_once)

    schedule: str = Field(description='UTC: "@hourly", "@daily", … or five cron fields, e.g. "0 9 * * 1"')
    suspend: bool | None = Field(None, description="Start suspended")
    concurrency: bool | None = Field(None, description="Let runs overlap; default false")

    def _schedule(self) -> dict[str, Any]:
        return {"schedule": self.schedule, "suspend": self.suspend, "concurrency": self.concurrency}


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


async def schedule_job(
    request: ScheduleArguments, answer: Annotated[ElicitationResult[Any], Resolve(ask)], ctx: Context[Any, Any]
) -> ScheduleHandle:
    """Like submit_job, on a schedule (UTC). The person is told that EVERY run carries the secrets. The reply has the
    next run times; each run is a job with a workspace of its own.
    """
    services = services_of(ctx)
    prepared = await prepare(services, request)
    if request.dry_run:
        return _handle(prepared, message="Dry run: nothing was sent.", would_send=prepared.spec.describe())
    grant = await services.gate.redeem(prepared.consent, answer, ctx)
    if isinstance(grant, Pending):
        return _handle(
            prepared,
            approval=waiting(grant),
            message="Nothing was sent: this client cannot ask the person, who has to answer first.",
        )
    if isinstance(grant, Consumed):
        note = "This is the schedule that answer made already; no second one was made."
        return _made(prepared, await _recovered(prepared, grant), message=note)
    spec, values = await authorise(services, prepared, grant)
    noted = noting(services, grant, spec.namespace)
    made = await schedule(prepared.connected.hub, spec, values, grant.submission, on_event=noted)
    place = spec.workspace_of(grant.submission).uri if spec.workspace else None
    return _made(prepared, made, secrets=list(spec.secret_names), withheld=list(grant.withheld), workspace=place)


TOOL = tool(
    schedule_job,
    ScheduleArguments,
    ScheduleHandle,
    title="Schedule a job",
    annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False),
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


def _made(prepared: Prepared, made: ScheduledJob, **more: Any) -> ScheduleHandle:
    where = f"{made.namespace}/{made.id}"
    following = f'manage_schedule(scheduled_job_id="{where}", action="trigger") runs it now'
    return _handle(prepared, id=made.id, suspend=made.suspend or None, next=following, **more)


async def _recovered(prepared: Prepared, spent: Consumed) -> ScheduledJob:
    """The schedule of an answer that was used already, for a caller who lost the reply."""
    hub = prepared.connected.hub
    if spent.result is not None:
        return await hub.inspect_schedule(spent.result, spent.namespace)
    found = await recover(hub, prepared.spec.namespace, spent.submission, scheduled=True)
    if not isinstance(found, ScheduledJob):
        raise lost()
    return found
