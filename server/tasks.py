"""The `io.modelcontextprotocol/tasks` extension (SEP-2663): submit a job and be given its results when it has ended.

A client that declares the extension gets a task instead of a job handle from `submit_job`, once the person has been
asked and the job has an id; everyone else is unaffected. The task *is* the job: its id is `namespace/ID`, only
which client it was made for is kept, in the state folder, so it can be asked for after a restart, and by no client
that gives another name. The result is what `fetch_results` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Error as DatabaseError
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver.server import require_client_extension
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, CallToolRequestParams, CallToolResult, RequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from consent.caller import client_name
from jobs import stage
from jobs.display_text import one_line
from jobs.errors import BadArgument, JobsError, NotFound
from jobs.ids import split_job_id
from tools.fetch_results import FetchResults, results
from tools.registry import reply_result

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from jobs.client.models import Job
    from tools.services import Services

IDENTIFIER = "io.modelcontextprotocol/tasks"
POLL_MS = 2_000

_MODERN = frozenset(MODERN_PROTOCOL_VERSIONS)


class TaskParams(RequestParams):
    task_id: str = Field(alias="taskId", max_length=200)


class UpdateParams(TaskParams):
    input_responses: dict[str, Any] = Field(default_factory=dict, alias="inputResponses")


class Tasks(Extension):
    """Turns a submitted job into a task, and answers for tasks."""

    identifier = IDENTIFIER

    def __init__(self, services: Services) -> None:
        self._services = services

    def methods(self) -> Sequence[MethodBinding]:
        """What the extension adds to the protocol, for modern connections only."""
        return (
            MethodBinding("tasks/get", TaskParams, self._get, _MODERN),
            MethodBinding("tasks/update", UpdateParams, self._update, _MODERN),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, _MODERN),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """A submitted job's handle becomes a task, for a client that can hold one."""
        result = await call_next(ctx)
        if params.name != "submit_job" or not _declared(ctx) or not isinstance(result, CallToolResult):
            return result
        made = result.structured_content or {}
        if result.is_error or "id" not in made:
            return result
        try:
            job = await (await self._services.connect()).hub.inspect(f"{made['namespace']}/{made['id']}")
            await self._keep(f"{job.namespace}/{job.id}", ctx)
        except (
            JobsError,
            OSError,
            DatabaseError,
        ):
            # It was sent: its handle, which has the id, is better than an error.
            return result
        return {"resultType": "task", **self._task(job, "working")}

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        job = await self._job(ctx, params)
        if not stage.finished(job.stage):
            return self._task(job, "working")
        if job.stage == stage.CANCELED:
            return self._task(job, "cancelled")
        try:
            reply = await results(self._services, FetchResults(job_id=f"{job.namespace}/{job.id}"))
        except JobsError as error:
            raise MCPError(INTERNAL_ERROR, error.message, error.as_dict()) from None
        result = reply_result(reply).model_dump(mode="json", by_alias=True, exclude_none=True)
        return {**self._task(job, "completed"), "result": result}

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> HandlerResult:
        """Every question is put before there is a task, so no answer is ever outstanding."""
        await self._job(ctx, params)
        return {}

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        job = await self._job(ctx, params)
        if not stage.finished(job.stage):
            try:
                await (await self._services.connect()).hub.cancel(f"{job.namespace}/{job.id}")
            except JobsError as error:
                raise MCPError(INTERNAL_ERROR, error.message, error.as_dict()) from None
        return {}

    async def _keep(self, task_id: str, ctx: ServerRequestContext[Any, Any]) -> None:
        await anyio.to_thread.run_sync(self._services.gate.ledger.keep_task, task_id, client_name(ctx))

    async def _must_be_of(self, client: str, task_id: str) -> None:
        if not await anyio.to_thread.run_sync(self._services.gate.ledger.is_task_of, task_id, client):
            raise NotFound("That is no task of this client.")

    async def _job(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> Job:
        require_client_extension(ctx, IDENTIFIER)
        try:
            split_job_id(params.task_id, field="taskId")
            await self._must_be_of(client_name(ctx), params.task_id)
            return await (await self._services.connect()).hub.inspect(params.task_id)
        except (BadArgument, NotFound):
            raise MCPError(INVALID_PARAMS, "Failed to retrieve task: Task not found") from None
        except JobsError as error:
            raise MCPError(INTERNAL_ERROR, error.message, error.as_dict()) from None

    def _task(self, job: Job, status: str) -> dict[str, Any]:
        created = job.created_at or job.started_at or datetime.now(UTC)
        updated = job.finished_at or job.started_at or created
        message = f"{job.stage}: {job.message}" if job.message else job.stage
        return {
            "taskId": f"{job.namespace}/{job.id}",
            "status": status,
            "statusMessage": one_line(self._services.masker(job).mask(message), 300),
            "createdAt": created.isoformat(),
            "lastUpdatedAt": updated.isoformat(),
            "ttlMs": None,
            "pollIntervalMs": POLL_MS,
        }


def _declared(ctx: ServerRequestContext[Any, Any]) -> bool:
    capabilities = ctx.session.client_capabilities
    declared = capabilities.extensions if capabilities else None
    return ctx.protocol_version in _MODERN and IDENTIFIER in (declared or {})
