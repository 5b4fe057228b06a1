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
from jobs.results import agent_answer, metrics, reports, trajectory
from jobs.results.artifacts import LARGEST_DOCUMENT, could_answer
from jobs.results.document import last_document
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
_MOST_READ_NEAR = 300
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
        failed: How many of all have not come to a good end, and count.
        silent: How many ended without a word.
        metrics: Figures, by path.
        batches: Of each batch, how many rows failed, of how many.
        broke_off: How many evaluations say of themselves that they came to no good end.
        missing: What the command promised and is not there.
        unclaimed: How many answers lie where none was promised.
        unread: How many files that could be an agent's were not looked into.
        paths: Where the answers lie; `bad` are those that came to no good end.
        documents: Of each promised JSON document that is there, its text, None for what is no document.
    """

    answers: tuple[AgentAnswer, ...] = ()
    more_answers: int = 0
    failed: int = 0
    silent: int = 0
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    batches: Sequence[tuple[int, int]] = ()
    broke_off: int = 0
    missing: tuple[str, ...] = ()
    unclaimed: int = 0
    unread: int = 0
    paths: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    documents: Mapping[str, str | None] = field(default_factory=dict)


async def look(
    hub: HubClient, job: Job, listed: Listing, promise: Promised, *, mask: Callable[[str], str] = str
) -> Found:
    """Read the documents that were promised, wherever they lie, and the small ones nearest the top. Raises HubError."""
    if listed.workspace is None:
        return Found(missing=(*promise.results, *promise.batches))
    asked = (*promise.results, *promise.summaries, *promise.batches)
    named = await _named(hub, job, listed.workspace, asked)
    kin = [file for file in listed.documents if any(_is_kin(file.path, path) for path in promise.results)]
    others = [file for file in listed.documents if file.size <= _UNNAMED_BYTES]
    wanted = list({file.path: file for file in (*named, *kin, *others)}.values())
    sure = {file.path for file in (*named, *kin)}
    found = await _read(hub, listed.workspace, wanted, mask, sure)
    there = {file.path for file in named} | found.paths
    missing = tuple(
        path
        for path in (*promise.results, *promise.batches)
        if not any(one == path or _is_kin(one, path) for one in there)
    )
    if promise.agents and not found.answers:
        sessions = await _sessions(hub, job, listed.workspace, mask)
        kept = await _read(hub, listed.workspace, sessions, mask, {file.path for file in sessions})
        found = replace(found, answers=kept.answers, failed=kept.failed, silent=kept.silent)
    found = replace(found, unread=found.unread + listed.further, documents=await _documents(hub, job, listed, promise))
    return _weighed(found, promise, missing)


def _weighed(found: Found, promise: Promised, missing: tuple[str, ...]) -> Found:
    """What counts of it: where one agent stands in for another that failed, that one's end does not."""
    forgiven: set[str] = set()
    for first, second in reversed(promise.instead):
        if second in forgiven or (second in found.paths and second not in found.bad):
            forgiven.add(first)
        if first in found.paths and first not in found.bad:
            forgiven.add(second)
    unclaimed = sum(not any(_is_kin(path, one) for one in promise.results) for path in found.paths)
    return replace(
        found,
        missing=tuple(path for path in missing if path not in forgiven),
        failed=found.failed - len(forgiven & found.bad),
        unclaimed=unclaimed,
    )


async def _documents(hub: HubClient, job: Job, listed: Listing, promise: Promised) -> dict[str, str | None]:
    """The texts of the files that take the JSON document of an agent with a schema."""
    if listed.workspace is None or not promise.documents:
        return {}
    found: dict[str, str | None] = {}
    for file in await _named(hub, job, listed.workspace, promise.documents):
        source = f"{listed.workspace.folder}/{file.path}"
        try:
            data = await hub.buckets.read(listed.workspace.bucket, source, max_bytes=LARGEST_DOCUMENT)
        except HubError:
            continue
        lines = data.decode(errors="replace").split("\n")
        found[file.path] = await anyio.to_thread.run_sync(last_document, lines)
    return found


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
    figures: Mapping[str, Any] | None = None
    batch: tuple[int, int] | None = None
    broke_off: bool = False


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
    chosen: list[Artifact] = []
    for file in files[: _MOST_READ_NEAR if hub.near else _MOST_READ]:
        room -= file.size
        if room < 0:
            break
        chosen.append(file)
    async with anyio.create_task_group() as group:
        for file in chosen:
            group.start_soon(one, file)
    unread = sum(could_answer(file) for file in files[len(chosen) :])
    return replace(_told(sorted(found, key=lambda read: read.file.path)), unread=unread)


def _recognised(file: Artifact, data: bytes, mask: Callable[[str], str], *, sure: bool) -> _Read | None:
    counted, rows = reports.junit(data), reports.batch_rows(data)
    if rows is not None:
        return _Read(file, figures={"failed_rows": rows[0], "processed_rows": rows[1]}, batch=rows)
    if counted is not None or not file.path.endswith(".json"):
        return _Read(file, figures=counted) if counted else None
    return _of_json(file, json.loads(data), mask, sure=sure)


def _of_json(file: Artifact, raw: Any, mask: Callable[[str], str], *, sure: bool) -> _Read | None:
    if trajectory.is_trajectory(raw):
        answer = trajectory.read(raw, path=file.shown, max_chars=ANSWER_CHARS, mask=mask)
        return _Read(file, answer, is_trajectory=True)
    conversation = agent_answer.of_document(raw, path=file.shown, mask=mask, max_chars=ANSWER_CHARS)
    if conversation is not None and (sure or conversation.stop_reason is not None):
        return _Read(file, conversation)
    figures, broke_off = metrics.read(raw, mask), reports.broke_off(raw)
    if not figures and not broke_off:
        return None
    return _Read(file, figures=figures, batch=metrics.failed_rows(raw), broke_off=broke_off)


def _told(found: Sequence[_Read]) -> Found:
    told = {
        (read.answer.text, read.answer.succeeded)
        for read in found
        if read.answer is not None and not read.is_trajectory
    }
    kept = [
        (read.answer, read.file.path)
        for read in found
        if read.answer is not None and not (read.is_trajectory and (read.answer.text, read.answer.succeeded) in told)
    ]
    kept.sort(key=lambda one: (one[0].succeeded, one[0].path or ""))  # Those that failed come first.
    shown = sorted((answer for answer, _ in kept[:_MOST_ANSWERS]), key=lambda answer: answer.path or "")
    share = ANSWER_CHARS // max(1, len(shown))
    bad = frozenset(path for answer, path in kept if not answer.succeeded)
    return Found(
        answers=tuple(_brief(answer, share) for answer in shown),
        more_answers=max(0, len(kept) - _MOST_ANSWERS),
        failed=len(bad),
        silent=sum(answer.succeeded and answer.silent for answer, _ in kept),
        metrics=dict([(read.file.shown, read.figures) for read in found if read.figures][:_MOST_READ]),
        batches=[read.batch for read in found if read.batch is not None],
        broke_off=sum(read.broke_off for read in found),
        paths=frozenset(read.file.path for read in found if read.answer is not None),
        bad=bad,
    )


def _brief(answer: AgentAnswer, chars: int) -> AgentAnswer:
    cut = max(0, len(answer.text) - chars)
    return replace(answer, text=answer.text[:chars], text_cut=answer.text_cut + cut) if cut else answer


def _is_kin(path: str, named: str) -> bool:
    """Whether `path` is what several models leave where one is promised at `named`, or lies in another folder."""
    want, have = PurePosixPath(named), PurePosixPath(path)
    return have.suffix == want.suffix and (have.stem == want.stem or have.stem.startswith(want.stem + "-"))
