"""What could stand in an address or a prompt: namespaces, ids, flavors, paths, as the hub knows them right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types import CompleteRequestParams, CompleteResult, Completion, PromptReference

from jobs.errors import JobsError
from tools.arguments import resource_uris
from tools.arguments.values_in_names import refuse_values_in_names

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server

    from jobs.client.client import HubClient
    from tools.services import Services

MOST_VALUES = 100
"""The protocol's own bound."""

_FULL = {"job_id"}


def add_completions(server: Server[Any], services: Services) -> None:
    """Have `server` complete the arguments of our resource templates and prompts."""

    async def complete(_: ServerRequestContext[Any, Any], params: CompleteRequestParams) -> CompleteResult:
        begun = params.argument.value
        given = dict(params.context.arguments or {}) if params.context else {}
        place = params.ref.name if isinstance(params.ref, PromptReference) else params.ref.uri
        try:
            await refuse_values_in_names(services, given)
            known = await _values(services, place, params.argument.name, given)
        except JobsError:  # Nothing to offer is an answer; the call itself will say what is wrong.
            known = []
        fitting = [value for value in dict.fromkeys(known) if value.lower().startswith(begun.lower())]
        more = len(fitting) > MOST_VALUES
        return CompleteResult(completion=Completion(values=fitting[:MOST_VALUES], total=len(fitting), has_more=more))

    server.add_request_handler("completion/complete", CompleteRequestParams, complete)


async def _values(services: Services, place: str, name: str, given: dict[str, str]) -> list[str]:
    if name not in {"namespace", "id", "job_id", "flavor", "path"}:
        return []
    hub = (await services.connect()).hub
    if name == "namespace":
        return list((await hub.whoami()).namespaces)
    if name == "flavor":
        return [flavor.name for flavor in await hub.hardware()]
    home = given.get("namespace")
    if name == "path":
        return await _paths(services, hub, home, given.get("id"))
    if place == resource_uris.SCHEDULE:
        return [schedule.id for schedule in await hub.list_schedules(home, limit=MOST_VALUES)]
    jobs = await hub.list_jobs(home, limit=MOST_VALUES)
    return [f"{job.namespace}/{job.id}" if name in _FULL else job.id for job in jobs]


async def _paths(services: Services, hub: HubClient, home: str | None, job_id: str | None) -> list[str]:
    if not job_id:
        return []
    from jobs.results import artifacts

    job = await hub.inspect(job_id, home)
    listed = await artifacts.listing(hub, job, mask=services.masker(job).mask)
    return [file.path for file in listed.files if not file.masked]
