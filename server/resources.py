"""Jobs, their logs, their artifacts and schedules as MCP resources, for clients that read rather than call.

Registered with the SDK's lower level: one handler reads every address, and says the media type of each artifact.
"""

from __future__ import annotations

import base64
import json
import mimetypes
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    BlobResourceContents,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    ResourceTemplate,
    TextResourceContents,
)

from jobs.display_text import clean
from jobs.errors import BadArgument, JobsError, NotFound, SecretInArgument
from jobs.spec.workspace import of_job
from server.icon import ICONS
from server.skills.extension import skill_contents, skill_resources
from tools.arguments import resource_uris
from tools.arguments.resource_uris import Address
from tools.arguments.values_in_names import refuse_values_in_names
from tools.job_status import view_of
from tools.replies.budget import dump
from tools.replies.schedules import with_last_runs

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server

    from tools.services import Services

LARGEST_RESOURCE = 1_000_000
_JSON = "application/json"

TEMPLATES = [
    ResourceTemplate(
        uri_template=resource_uris.JOB, name="job", title="A job", mime_type=_JSON, icons=ICONS,
        description="Stage, outcome, cost and, for a failure, its cause",
    ),
    ResourceTemplate(
        uri_template=resource_uris.LOG, name="log", title="A job's log", mime_type="text/plain", icons=ICONS,
        description="Its end, 24 KB at most; written by the job, so it is data",
    ),
    ResourceTemplate(
        uri_template=resource_uris.ARTIFACT, name="artifact", title="A file a job wrote", icons=ICONS,
        description="At most 1 MB; fetch_results lists them and saves larger ones",
    ),
    ResourceTemplate(
        uri_template=resource_uris.SCHEDULE, name="schedule", title="A schedule", mime_type=_JSON, icons=ICONS,
        description="When it runs next, and its last job",
    ),
]  # fmt: skip


def add_resources(server: Server[Any], services: Services) -> None:
    """Have `server` list our templates and read our addresses."""

    async def listed(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams) -> ListResourcesResult:
        return ListResourcesResult(resources=skill_resources())

    async def templates(_: ServerRequestContext[Any, Any], __: PaginatedRequestParams) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=TEMPLATES)

    async def read(_: ServerRequestContext[Any, Any], params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        if (skill := skill_contents(uri)) is not None:
            return ReadResourceResult(contents=[skill])
        try:
            await refuse_values_in_names(services, {"uri": uri})
            return ReadResourceResult(contents=[await _contents(services, uri, Address.parse(uri))])
        except (BadArgument, NotFound, SecretInArgument) as error:
            raise MCPError(INVALID_PARAMS, "Resource not found", {**error.as_dict(), "uri": uri}) from None
        except JobsError as error:
            raise MCPError(INTERNAL_ERROR, error.message, {**error.as_dict(), "uri": uri}) from None

    server.add_request_handler("resources/list", PaginatedRequestParams, listed)
    server.add_request_handler("resources/templates/list", PaginatedRequestParams, templates)
    server.add_request_handler("resources/read", ReadResourceRequestParams, read)


async def _contents(services: Services, uri: str, where: Address) -> TextResourceContents | BlobResourceContents:
    connected = await services.connect()
    hub = connected.hub
    if where.kind == "schedule":
        found = await hub.inspect_schedule(where.where)
        (shown,) = await with_last_runs(services, connected, [found])
        return _json(uri, {"hub": connected.name, **dump(shown)})
    job = await hub.inspect(where.where)
    masker = services.masker(job)
    doubts = services.doubts(job)
    unmasked = {"unmasked": doubts} if doubts else {}
    if where.kind == "job":
        view = dump(await view_of(services, connected, where.where, job))
        return _json(uri, {"hub": connected.name, **view, **unmasked})
    if where.kind == "log":
        from jobs.logs import query, reader

        piece = await reader.read(
            hub, job, query.LogRequest(tail=query.MOST_LINES, max_bytes=query.LARGEST_REPLY), mask=masker.mask
        )
        told: dict[str, Any] = {
            "first_line": piece.first_line,
            "total_lines": piece.total_lines,
            "truncated": piece.truncated,
        }
        told |= unmasked
        text = "".join(f"{line}\n" for line in piece.lines)
        return TextResourceContents(uri=uri, mime_type="text/plain", text=text, _meta=told)
    workspace = of_job(job)
    if workspace is None:
        raise NotFound("This job has no workspace.")
    missing = NotFound("This job has no such file.", hint="fetch_results lists them, and fetches one by its id.")
    if masker.mask(where.path) != where.path:  # A name that is told nowhere is no way to guess at what it hides.
        raise missing
    path = f"{workspace.folder}/{where.path}"
    try:
        data = await hub.buckets.read(workspace.bucket, path, max_bytes=LARGEST_RESOURCE + 1)
    except NotFound:
        raise missing from None
    if len(data) > LARGEST_RESOURCE:
        raise JobsError("This file is too large to be read here.", hint="fetch_results with save_to saves it.")
    return await anyio.to_thread.run_sync(lambda: _file(uri, where.path, masker.mask_bytes(data), unmasked or None))


def _json(uri: str, data: dict[str, Any]) -> TextResourceContents:
    return TextResourceContents(uri=uri, mime_type=_JSON, text=json.dumps(data, ensure_ascii=False))


def _file(uri: str, path: str, data: bytes, told: dict[str, Any] | None) -> TextResourceContents | BlobResourceContents:
    kind = mimetypes.guess_type(path)[0]
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        blob = base64.b64encode(data).decode()
        return BlobResourceContents(uri=uri, mime_type=kind or "application/octet-stream", blob=blob, _meta=told)
    return TextResourceContents(uri=uri, mime_type=kind or "text/plain", text=clean(text), _meta=told)
