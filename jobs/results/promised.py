"""What a job's command says it will leave: the answers and summaries of the fast-agents it runs, however wrapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.commands.fast_agent import of_reading
from jobs.commands.reader import read
from jobs.errors import HubError
from jobs.results.walk import inputs_of
from jobs.spec.workspace import of_job, outputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.commands.fast_agent import FastAgentCall

_MOST_SCRIPTS = 8
_LONGEST_SCRIPT = 64 * 1024
_ANSWERS = "go"
_MOVERS = frozenset({"mv", "cp", "rsync", "install", "rename"})
_PACKERS = frozenset({"gzip", "zip", "xz", "zstd", "bzip2", "7z", "tar", "pigz"})


@dataclass(frozen=True)
class Promised:
    """What the fast-agent calls of a command name.

    Attributes:
        agents: Whether one of them runs an agent to its end.
        results: Paths in the workspace at which a conversation or trajectory is promised.
        elsewhere: Whether one is promised outside the workspace, or at a path that only the job knows.
        summaries: Paths at which the summary of a batch is promised.
        document: Whether one writes nothing but a JSON document to its standard output.
        documents: Paths of the files that such documents are sent to.
        batches: Paths at which the rows of a batch are promised.
        optional: Those of all paths that are promised in one branch of several, or where another agent failed.
        instead: Pairs of paths: the second is written where the agent that writes the first failed.
        moves: Whether the command moves or copies files, so that an answer may lie elsewhere in the end.
        packs: Whether it packs files.
    """

    agents: bool = False
    results: tuple[str, ...] = ()
    elsewhere: bool = False
    summaries: tuple[str, ...] = ()
    document: bool = False
    documents: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    instead: tuple[tuple[str, str], ...] = ()
    moves: bool = False
    packs: bool = False

    @property
    def all_named(self) -> bool:
        """Whether every answer that is promised has a name that is known."""
        return bool(self.results) and not self.elsewhere


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
    reading = read(command, files, env=environment)
    calls = [call for call in of_reading(reading) if call.subcommand in {"go", "batch run"}]
    answering = [call for call in calls if call.subcommand == _ANSWERS]
    places = [_places(call, outputs) for call in answering]
    results = [inside for found in places for inside in found if inside is not None]
    schemas = [call for call in answering if call.json_schema is not None]
    documents = [_inside(call, call.call.stdout, outputs) for call in schemas]
    rows = [(call, _inside(call, call.output, outputs)) for call in calls if call.subcommand != _ANSWERS]
    summaries = (_inside(call, call.summary, outputs) for call in calls)
    return Promised(
        agents=bool(answering),
        results=tuple(dict.fromkeys(results)),
        elsewhere=any(None in found for found in places),
        summaries=tuple(dict.fromkeys(path for path in summaries if path is not None)),
        document=len(answering) == 1 and bool(schemas),
        documents=tuple(dict.fromkeys(path for path in documents if path is not None)),
        batches=tuple(dict.fromkeys(path for _, path in rows if path is not None)),
        optional=frozenset(
            inside
            for call, found in [*zip(answering, places, strict=True), *((call, [path]) for call, path in rows)]
            for inside in found
            if inside is not None and (call.call.choice or call.call.instead)
        ),
        instead=_instead(answering, places),
        moves=any(call.program in _MOVERS for call in reading.calls),
        packs=any(call.program in _PACKERS for call in reading.calls),
    )


def _places(call: FastAgentCall, outputs: Sequence[str]) -> list[str | None]:
    """Where a call leaves what it said; None for each place outside the workspace."""
    return [_inside(call, path, outputs) for path in dict.fromkeys((call.results, call.trajectory)) if path]


def _inside(call: FastAgentCall, path: str | None, outputs: Sequence[str]) -> str | None:
    return call.in_workspace(path, outputs=outputs) if path else None


def _instead(answering: Sequence[FastAgentCall], places: Sequence[Sequence[str | None]]) -> tuple[tuple[str, str], ...]:
    """What is written by the agents on both sides of each `||`."""
    return tuple(
        (first, second)
        for at in range(1, len(answering))
        if answering[at].call.instead
        for first, second in zip(places[at - 1], places[at], strict=False)
        if first is not None and second is not None and first != second
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
