"""How jobs are doing: one, several, or those that match."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations
from pydantic import Field

from jobs.client.many import runs_of
from jobs.client.wait import LONGEST_WAIT, wait_for_change
from jobs.display_text import one_line
from jobs.durations import words
from jobs.errors import BadArgument, HubError, IsSchedule
from jobs.spec.workspace import LABEL
from jobs.stage import KNOWN, RUNNING, finished
from tools.registry import Arguments, tool
from tools.replies import shapes
from tools.replies.budget import FINISHED_BYTES, LIST_BYTES, POLL_BYTES, fitted, without
from tools.replies.schedules import rows, with_last_runs
from tools.services import Connected, Services, services_of

if TYPE_CHECKING:
    from jobs.client.models import Job, ScheduledJob

_MOST_AT_ONCE = 50
_LINE = 120
_RUNS = 10
_TAIL_SECONDS = 10.0


class JobStatus(Arguments):
    job_id: str | list[str] | None = Field(None, description="ID or namespace/ID; a list; or none, to list by filters")
    stage: str | list[str] | None = Field(None, description="Filter, e.g. RUNNING")
    labels: dict[str, str] | None = Field(None, description="Filter")
    limit: int = Field(10, ge=1, le=_MOST_AT_ONCE)
    namespace: str | None = Field(None, json_schema_extra={"x-mcp-header": "Namespace"})
    wait_seconds: float = Field(0, ge=0, le=LONGEST_WAIT, description="For a change of stage")
    cursor: str | None = Field(None, description="Of the last reply: only changes")


class StatusReply(shapes.JobStatusView):
    """One job's status as fields of its own; several as `jobs`."""

    id: str | None = None  # type: ignore[assignment]  # A list has none of its own.
    hub: str
    jobs: list[shapes.JobStatusView] | None = None
    cursor: str | None = None
    truncated: bool | None = None


async def job_status(request: JobStatus, ctx: Context[Any, Any]) -> StatusReply:
    """Say how a job is doing: stage, `succeeded` (false also where COMPLETED hides a failed agent), cost, and for a
    failure its cause and what to do. With wait_seconds it returns when the stage changes: prefer that to polling.
    Without job_id it lists jobs, newest first.
    """
    services = services_of(ctx)
    connected = await services.connect()
    if request.job_id is None:
        return await _listed(services, connected, request)
    ids = [request.job_id] if isinstance(request.job_id, str) else list(dict.fromkeys(request.job_id))
    if not 0 < len(ids) <= _MOST_AT_ONCE:
        raise BadArgument(
            f"`job_id` takes 1 to {_MOST_AT_ONCE} ids.", hint="Leave it out to list jobs by filters.", field="job_id"
        )
    namespace = request.namespace

    tail = _Tail(services, connected)

    async def tick(seen: Mapping[str, Job | HubError], elapsed: float) -> None:
        if request.wait_seconds:
            await services.progress(ctx, elapsed, request.wait_seconds, await _progress(tail, seen, elapsed))

    seen = await wait_for_change(
        connected.hub,
        ids,
        seconds=request.wait_seconds,
        namespace=namespace,
        before=_known(request.cursor, ids),
        on_tick=tick,
    )
    cursor = _cursor(seen)
    if len(ids) > 1:
        views = await _views(services, connected, seen)
        same = request.cursor == cursor
        reply = StatusReply(
            hub=connected.name,
            jobs=None if same else views,
            unchanged=same or None,
            message=None if same else _unread(views),
            cursor=cursor,
        )
        return fitted(reply, LIST_BYTES, _LIST_STEPS)
    found = seen[ids[0]]
    if isinstance(found, IsSchedule):
        return await _of_schedule(services, connected, found.schedule)
    if isinstance(found, HubError):
        raise found
    if request.cursor == cursor:
        return StatusReply(hub=connected.name, **shapes.unchanged(found).model_dump(exclude_none=True), cursor=cursor)
    one = await view_of(services, connected, ids[0], found)
    following = _next(found) if finished(found.stage) else None
    reply = StatusReply(**{**dict(one), "hub": connected.name, "cursor": cursor, "next": one.next or following})
    return fitted(reply, FINISHED_BYTES, _ENDED_STEPS) if following else fitted(reply, POLL_BYTES, _RUNNING_STEPS)


TOOL = tool(
    job_status,
    JobStatus,
    StatusReply,
    title="Status of jobs",
    annotations=ToolAnnotations(read_only_hint=True),
)


async def view_of(services: Services, connected: Connected, job_id: str, found: Job | HubError) -> shapes.JobStatusView:
    """One job as `job_status` shows it."""
    return (await _views(services, connected, {job_id: found}))[0]


async def _views(
    services: Services, connected: Connected, seen: Mapping[str, Job | HubError]
) -> list[shapes.JobStatusView]:
    mask_given = services.masker().mask
    jobs = [found for found in seen.values() if not isinstance(found, HubError)]
    outcomes = await services.outcomes.of_many(connected.hub, jobs, services.mask_of, deep=True)
    prices = await connected.hub.prices_at_hand() if jobs else ()
    return [
        shapes.missing(job_id, found)
        if isinstance(found, HubError)
        else shapes.status(
            found, prices, outcome=outcomes[found.id], mask=services.mask_of(found), mask_given=mask_given
        )
        for job_id, found in seen.items()
    ]


async def _listed(services: Services, connected: Connected, request: JobStatus) -> StatusReply:
    stages = [request.stage] if isinstance(request.stage, str) else request.stage
    unknown = [stage for stage in stages or () if stage.upper() not in KNOWN]
    if unknown:
        raise BadArgument("`stage` is not a JobStage.", hint=f"One of {', '.join(KNOWN)}.", field="stage")
    hub = connected.hub
    jobs = await hub.list_jobs(
        request.namespace,
        stages=[stage.upper() for stage in stages] if stages else (),
        labels=request.labels,
        limit=request.limit + 1,
    )
    views = await rows(services, connected, jobs[: request.limit])
    more = len(jobs) > request.limit or None
    reply = StatusReply(hub=connected.name, jobs=views, message=_unread(views), truncated=more)
    return fitted(reply, LIST_BYTES, _LIST_STEPS)


def _unread(views: list[shapes.JobStatusView]) -> str | None:
    """Of how many jobs that ended well nobody has looked yet whether they did their work."""
    from jobs.results.outcome import NOT_READ

    count = sum((view.message or "").endswith(NOT_READ) for view in views)
    return f"Whether {count} of them succeeded was not looked into: ask for a few ids at a time." if count else None


async def _of_schedule(services: Services, connected: Connected, found: ScheduledJob) -> StatusReply:
    """What `job_status` answers to the id of a schedule: how its last runs went."""
    marked = {LABEL: found.labels[LABEL]} if LABEL in found.labels else None
    runs = await runs_of(connected.hub, found, marked=marked, limit=_RUNS)
    looked = await rows(services, connected, runs)
    (shown,) = await with_last_runs(services, connected, [found], looked)
    said = [f"A schedule ({shown.schedule or 'of its own'}), not a job"]
    said.append("its last runs, newest first" if runs else "it has not run yet")
    parts = f"{'; '.join(said)}. {shown.message or ''}".strip()
    if shown.next_runs:
        parts = f"{parts} Next: {shown.next_runs[0]}."
    reply = StatusReply(
        id=found.id,
        namespace=found.namespace,
        hub=connected.name,
        message=parts,
        jobs=looked,
        next=_next(runs[0]) if runs else None,
    )
    return fitted(reply, LIST_BYTES, _LIST_STEPS)


def _shorter(evidence: int, labels: int, secrets: int) -> Callable[[StatusReply], StatusReply]:
    """A step that keeps the last lines of the evidence, and the first labels and names; the rest is counted."""

    def step(reply: StatusReply) -> StatusReply:
        diagnosis, names = reply.diagnosis, reply.secrets or []
        if diagnosis is not None:
            kept = [one_line(line, _LINE) for line in (diagnosis.evidence or [])[-evidence:]]
            diagnosis = diagnosis.model_copy(update={"evidence": kept or None})
        more = [f"... {len(names) - secrets} more"] if len(names) > secrets else []
        shown = dict(list((reply.labels or {}).items())[:labels])
        update = {"diagnosis": diagnosis, "labels": shown or None, "secrets": [*names[:secrets], *more] or None}
        return reply.model_copy(update={**update, "truncated": True})

    return step


def _said(length: int) -> Callable[[StatusReply], StatusReply]:
    return lambda reply: reply.model_copy(update={"message": one_line(reply.message or "", length) or None})


def _bare(reply: StatusReply) -> StatusReply:
    """A step that shows of each job in a list what tells how it is."""
    kept = {"id", "namespace", "stage", "finished", "succeeded", "error"}
    jobs = [shapes.JobStatusView(**{name: getattr(job, name) for name in kept}) for job in reply.jobs or ()]
    return reply.model_copy(update={"jobs": jobs, "truncated": True})


_RUNNING_STEPS = (_said(60), without("max_cost_usd"), _said(30), without("message"), without("expose_urls"))
_ENDED_STEPS = (_shorter(3, 3, 6), _said(120), _shorter(2, 1, 4), _shorter(1, 0, 2), without("url"), _said(60))
_LIST_STEPS = (_bare,)


@dataclass
class _Tail:
    """The last line of a job's log for the progress, read anew now and then only where the hub is far away."""

    services: Services
    connected: Connected
    line: str | None = None
    read_at: float = 0.0

    async def of(self, job: Job, elapsed: float) -> str | None:
        from jobs.logs import reader

        hub = self.connected.hub
        if hub.near or elapsed - self.read_at >= _TAIL_SECONDS:
            self.read_at = elapsed
            with suppress(HubError):
                last = await reader.last_lines(hub, job, 1, mask=self.services.masker(job).mask)
                self.line = one_line(last[-1], _LINE) if last else None
        return self.line


async def _progress(tail: _Tail, seen: Mapping[str, Job | HubError], elapsed: float) -> str:
    if len(seen) > 1:
        done = sum(not isinstance(job, HubError) and finished(job.stage) for job in seen.values())
        return f"{done} of {len(seen)} finished"
    (job,) = seen.values()
    if isinstance(job, HubError):
        return "the hub does not answer; trying again"
    parts = [job.stage, words(job.durations.running_secs or 0) if job.stage == RUNNING else ""]
    if job.stage == RUNNING and (line := await tail.of(job, elapsed)):
        parts.append(line)
    return " ".join(part for part in parts if part)


def _next(job: Job) -> str:
    return f'fetch_results(job_id="{job.namespace}/{job.id}")'


def _cursor(seen: Mapping[str, Job | HubError]) -> str:
    """The stages, in the order asked, and a hash of what else would be news."""
    stages = ["?" if isinstance(job, HubError) else one_line(job.stage, 20) for job in seen.values()]
    messages = [job.code if isinstance(job, HubError) else job.message for job in seen.values()]
    return f"{'.'.join(stages)}:{hashlib.sha256(repr(messages).encode()).hexdigest()[:6]}"


def _known(cursor: str | None, ids: list[str]) -> dict[str, str]:
    stages = (cursor or "").partition(":")[0].split(".")
    return dict(zip(ids, stages, strict=True)) if len(stages) == len(ids) and cursor else {}
