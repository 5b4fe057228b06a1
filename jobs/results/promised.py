"""What a job's command says it will leave: the answers and summaries of the fast-agents it runs, however wrapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.commands.fast_agent import fast_agent_calls
from jobs.errors import HubError
from jobs.results.walk import inputs_of
from jobs.spec.workspace import of_job, outputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.client.client import HubClient
    from jobs.client.models import Job

_MOST_SCRIPTS = 8
_LONGEST_SCRIPT = 64 * 1024
_ANSWERS = "go"


@dataclass(frozen=True)
class Promised:
    """What the fast-agent calls of a command name.

    Attributes:
        agents: Whether one of them runs an agent to its end.
        results: Paths in the workspace at which a conversation or trajectory is promised.
        elsewhere: Whether one is promised outside the workspace, or at a path that only the job knows.
        summaries: Paths at which the summary of a batch is promised.
        document: Whether one writes nothing but a JSON document to its standard output.
    """

    agents: bool = False
    results: tuple[str, ...] = ()
    elsewhere: bool = False
    summaries: tuple[str, ...] = ()
    document: bool = False


async def promised(hub: HubClient, job: Job) -> Promised:
    """What `job` promises; the shell scripts among its inputs are read where it names them."""
    command = (*job.command, *job.arguments)
    return of_command(command, await _scripts(hub, job, command), job.environment, outputs=outputs_of(job))


def of_command(
    command: Sequence[str],
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    outputs: Sequence[str] = (),
) -> Promised:
    """As `promised`, of a command's words, the texts of what it runs, and further folders in the workspace."""
    calls = [
        call for call in fast_agent_calls(command, files, env=environment) if call.subcommand in {"go", "batch run"}
    ]
    results: dict[str, None] = {}
    summaries: dict[str, None] = {}
    elsewhere = False
    for call in calls:
        named = {call.results, call.trajectory} if call.subcommand == _ANSWERS else set()
        for path in filter(None, named):
            inside = call.in_workspace(path, outputs=outputs)
            if inside is None:
                elsewhere = True
            else:
                results[inside] = None
        if call.summary is not None and (inside := call.in_workspace(call.summary, outputs=outputs)) is not None:
            summaries[inside] = None
    answering = [call for call in calls if call.subcommand == _ANSWERS]
    return Promised(
        agents=bool(answering),
        results=tuple(results),
        elsewhere=elsewhere,
        summaries=tuple(summaries),
        document=len(answering) == 1 and answering[0].json_schema is not None,
    )


async def _scripts(hub: HubClient, job: Job, command: Sequence[str]) -> dict[str, str]:
    """The inputs that the command names, and those that these name, as far as they are small texts."""
    workspace = of_job(job)
    said = "\n".join(command)
    if workspace is None or not any(word for word in command if "." in word or "/" in word or " " in word):
        return {}
    try:
        inputs = await inputs_of(hub, workspace)
    except HubError:
        return {}
    found: dict[str, str] = {}
    for _ in range(2):
        named = [path for path in inputs if path not in found and path.rpartition("/")[2] in said]
        for path in named[: _MOST_SCRIPTS - len(found)]:
            if inputs[path][1] > _LONGEST_SCRIPT:
                continue
            try:
                source = f"{workspace.inputs_at}/{path}"
                data = await hub.buckets.read(workspace.bucket, source, max_bytes=_LONGEST_SCRIPT)
                found[path] = data.decode()
            except (HubError, UnicodeDecodeError):
                continue
            said += "\n" + found[path]
    return found
