"""The answers and figures among the documents a job left, each known by its shape and not by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from jobs.errors import HubError
from jobs.results import agent_answer, metrics, trajectory
from jobs.results.artifacts import LARGEST_DOCUMENT
from jobs.results.names import Wanted
from jobs.results.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.results.agent_answer import AgentAnswer
    from jobs.results.artifacts import Artifact, Listing
    from jobs.results.promised import Promised
    from jobs.spec.workspace import Workspace

ANSWER_CHARS = 3_000
_UNNAMED_BYTES = 1 << 20
_READ_IN_ALL = 24 << 20
_MOST_READ = 24
_MOST_ANSWERS = 8
_AT_ONCE = 6
_BRIEF = 128 * 1024
_SESSIONS = ".fast-agent/sessions/*/history_*.json"


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        answers: One for each document that holds an agent's conversation or trajectory, by path.
        more_answers: How many further ones there are that are not shown; `failed` counts them too.
        failed: How many of all have not come to a good end.
        metrics: Figures, by path.
        batches: Of each batch's summary, how many rows failed, of how many.
        missing: What the command promised and is not there.
        paths: Where the answers lie.
    """

    answers: tuple[AgentAnswer, ...] = ()
    more_answers: int = 0
    failed: int = 0
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    batches: Sequence[tuple[int, int]] = ()
    missing: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()


async def look(
    hub: HubClient, job: Job, listed: Listing, promise: Promised, *, mask: Callable[[str], str] = str
) -> Found:
    """Read the documents that were promised, wherever they lie, and the small ones nearest the top. Raises HubError."""
    if listed.workspace is None:
        return Found(missing=promise.results)
    named = await _named(hub, job, listed.workspace, (*promise.results, *promise.summaries))
    kin = [file for file in listed.documents if any(_is_kin(file.path, path) for path in promise.results)]
    others = [file for file in listed.documents if file.size <= _UNNAMED_BYTES]
    wanted = list({file.path: file for file in (*named, *kin, *others)}.values())
    found = await _read(hub, listed.workspace, wanted, mask, {file.path for file in (*named, *kin)})
    there = {file.path for file in named} | found.paths
    missing = tuple(path for path in promise.results if not any(one == path or _is_kin(one, path) for one in there))
    if promise.agents and not found.answers:
        sessions = await _sessions(hub, job, listed.workspace, mask)
        kept = await _read(hub, listed.workspace, sessions, mask, {file.path for file in sessions})
        found = replace(found, answers=kept.answers, failed=kept.failed)
    return replace(found, missing=missing)


async def _named(hub: HubClient, job: Job, workspace: Workspace, paths: Sequence[str]) -> list[Artifact]:
    """The promised files that are there, looked up one by one; inputs as they were given are not."""
    if not paths:
        return []
    walk = Walk(hub, job, workspace, Wanted.parse(paths))
    exact = await walk.exact()
    return [file for file in exact if not file.given and file.size <= LARGEST_DOCUMENT]


async def _sessions(hub: HubClient, job: Job, workspace: Workspace, mask: Callable[[str], str]) -> list[Artifact]:
    """What fast-agent keeps of a conversation by itself."""
    walk = Walk(hub, job, workspace, Wanted((_SESSIONS,)), mask)
    files: list[Artifact] = []
    async for batch in walk.batches():
        files += batch
    return files[-_MOST_ANSWERS:]


@dataclass(frozen=True)
class _Read:
    """What one document turned out to be."""

    file: Artifact
    answer: AgentAnswer | None = None
    is_trajectory: bool = False
    figures: dict[str, Any] | None = None
    batch: tuple[int, int] | None = None


async def _read(
    hub: HubClient, workspace: Workspace, files: Sequence[Artifact], mask: Callable[[str], str], sure: Collection[str]
) -> Found:
    """What is in `files`; those that are `sure` to be an agent's are taken for one without a word on why it stopped."""
    found: list[_Read] = []
    gate = anyio.CapacityLimiter(_AT_ONCE)

    async def one(file: Artifact) -> None:
        async with gate:
            source = f"{workspace.folder}/{file.path}"
            try:
                data = await hub.buckets.read(workspace.bucket, source, max_bytes=LARGEST_DOCUMENT)
                work = partial(_recognised, file, data, mask, sure=file.path in sure)
                read = await anyio.to_thread.run_sync(work) if len(data) > _BRIEF else work()
            except (HubError, ValueError, RecursionError):  # Gone, not to be read, or no document: nothing to find.
                return
            if read is not None:
                found.append(read)

    room = _READ_IN_ALL
    async with anyio.create_task_group() as group:
        for file in files[:_MOST_READ]:
            room -= file.size
            if room < 0:
                break
            group.start_soon(one, file)
    return _told(sorted(found, key=lambda read: read.file.path))


def _recognised(file: Artifact, data: bytes, mask: Callable[[str], str], *, sure: bool) -> _Read | None:
    raw = json.loads(data)
    if trajectory.is_trajectory(raw):
        answer = trajectory.read(raw, path=file.shown, max_chars=ANSWER_CHARS, mask=mask)
        return _Read(file, answer, is_trajectory=True)
    conversation = agent_answer.of_document(raw, path=file.shown, mask=mask, max_chars=ANSWER_CHARS)
    if conversation is not None and (sure or conversation.stop_reason is not None):
        return _Read(file, conversation)
    figures = metrics.read(raw, mask)
    return _Read(file, figures=figures, batch=metrics.failed_rows(raw)) if figures else None


def _told(found: Sequence[_Read]) -> Found:
    conversations = [read.answer for read in found if read.answer is not None and not read.is_trajectory]
    told = {(answer.text, answer.succeeded) for answer in conversations}
    trajectories = [read.answer for read in found if read.answer is not None and read.is_trajectory]
    answers = conversations + [one for one in trajectories if (one.text, one.succeeded) not in told]
    answers.sort(key=lambda answer: (answer.succeeded, answer.path or ""))  # Those that failed come first.
    shown = sorted(answers[:_MOST_ANSWERS], key=lambda answer: answer.path or "")
    share = ANSWER_CHARS // max(1, len(shown))
    return Found(
        answers=tuple(_brief(answer, share) for answer in shown),
        more_answers=max(0, len(answers) - _MOST_ANSWERS),
        failed=sum(not answer.succeeded for answer in answers),
        metrics={read.file.shown: read.figures for read in found if read.figures},
        batches=[read.batch for read in found if read.batch is not None],
        paths=frozenset(read.file.path for read in found if read.answer is not None),
    )


def _brief(answer: AgentAnswer, chars: int) -> AgentAnswer:
    cut = max(0, len(answer.text) - chars)
    return replace(answer, text=answer.text[:chars], text_cut=answer.text_cut + cut) if cut else answer


def _is_kin(path: str, named: str) -> bool:
    """Whether `path` is what several models leave where one is promised at `named`, or lies in another folder."""
    want, have = PurePosixPath(named), PurePosixPath(path)
    return have.suffix == want.suffix and (have.stem == want.stem or have.stem.startswith(want.stem + "-"))
