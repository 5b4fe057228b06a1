"""What came of a job that ended: did it do its work, and if not, why. Read once it is settled; an end never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import anyio.to_thread

from hub_contract.constants import is_loopback
from jobs import stage
from jobs.client.client import HubClient
from jobs.client.models import Job
from jobs.errors import HubError
from jobs.logs import reader
from jobs.results import answers, artifacts, diagnosis, document
from jobs.results.agent_answer import AgentAnswer
from jobs.results.answers import Found
from jobs.results.artifacts import Listing
from jobs.results.diagnosis import Diagnosis
from jobs.results.promised import Promised, promised
from jobs.spec.wrapper import unwrap

_REMEMBERED = 500
_SETTLED_AFTER = timedelta(seconds=90)
"""A far hub's mount writes files back for up to 45 seconds after the end."""

_SIDE_BY_SIDE = 6
_READ_OF_A_FAR_HUB = 6
"""How many ends one look at many jobs reads: each takes a few requests, and an account has so many a minute."""

NOT_READ = "Whether it succeeded was not looked into."
_AGENT_FAILED = "The process ended well, but the agent inside did not: this is not a success."
_BATCH_FAILED = "The process ended well, but no row of the batch came through: this is not a success."
_BATCH_PARTLY = "Some rows of the batch failed; the metrics say how many."
_NOT_YET = "What --results names is not there (yet): files can arrive up to a minute after the end. Look again."
_NOT_ALL = "An agent answered, but a file that another --results names is not there."
_ELSEWHERE = (
    "--results names a place outside the workspace, so its answer cannot be read; the exit status alone says no."
)
_UNSAID = "fast-agent left no results, and its exit status says nothing of the agent's success: see the log."
_PACKED = "What --results names is not there; the command packs files, so it may be in one of the archives."
_SAID_NOTHING = "The agent ended well, but without a word: whether it did what it was for is not known."
_BROKE_OFF = "The process ended well, but an evaluation's log says that it broke off: this is not a success."
_NOT_LOOKED_AT = "More files than were read could hold an agent's answer, so whether all succeeded is not known."
_UNREAD = "The agent's results could not be read, so whether it succeeded is not known."
_NO_DOCUMENT = "With --json-schema the output is one JSON document, and it is none: this is not a success."
_SENT_ON = (">", "|")
_NO_RESULTS = Diagnosis(
    "no_results",
    "The process ended well, but the file that fast-agent's --results names is not in the workspace.",
    suggestion="Look at the log for what the agent did instead, and at the artifacts for what else it wrote.",
)
_EMPTY = (
    "Nothing is in its workspace: what a job writes elsewhere than /workspace ($HF_JOB_WORKSPACE), such as /tmp or "
    "its image's own folder, goes with the container."
)


@dataclass(frozen=True)
class Outcome:
    """The word of the fast-agents inside, and the likeliest cause of a failure.

    Attributes:
        succeeded: Whether the job did what it was for; None where nothing tells.
        words: What the stage alone does not say, in a sentence.
        diagnosis: None for a job that did what it was for.
        answers: One for each agent, the first few; `more_answers` counts the rest.
        metrics: Figures that it left, by path.
        note: Where it left nothing: why that may be.
    """

    succeeded: bool | None
    words: str | None = None
    diagnosis: Diagnosis | None = None
    answers: tuple[AgentAnswer, ...] = ()
    more_answers: int = 0
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    note: str | None = None


@dataclass
class Outcomes:
    """Remembers the last few hundred ends, by endpoint, namespace and id."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _known: OrderedDict[tuple[str, str, str, bool], Outcome] = field(default_factory=OrderedDict)

    async def of(self, hub: HubClient, job: Job, mask: Callable[[str], str], *, deep: bool = True) -> Outcome | None:
        """The outcome of a job; None while it runs.

        `deep` reads the log of a failed one; otherwise only what decides whether the job succeeded is read. A part
        that cannot be had, files or log, is done without.
        """
        if not stage.finished(job.stage):
            waits = diagnosis.waiting(job, await hub.prices_at_hand()) if job.stage == stage.SCHEDULING else None
            return Outcome(None, diagnosis=waits) if waits else None
        key = (job.endpoint, job.namespace, job.id)
        known = self._known.get((*key, True)) or (None if deep else self._known.get((*key, False)))
        if known is not None:
            return known
        if not deep and job.stage != stage.COMPLETED:
            return Outcome(succeeded=False)
        reading = _Reading(hub, job, mask, recent=self._recent(hub, job))
        found = await reading.outcome(deep=deep)
        if reading.whole:
            self._known[*key, deep] = found
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    async def of_many(
        self, hub: HubClient, jobs: Sequence[Job], mask_of: Callable[[Job], Callable[[str], str]], *, deep: bool = False
    ) -> dict[str, Outcome | None]:
        """As `of`, by id. Of a far hub no more than the first few ends that are not known yet are read.

        Of those that were not read only the stage is known, and that tells of a failure alone.
        """
        left = len(jobs) if hub.near else _READ_OF_A_FAR_HUB
        found: dict[str, Outcome | None] = {}
        gate = anyio.CapacityLimiter(_SIDE_BY_SIDE)

        async def look(job: Job) -> None:
            async with gate:
                found[job.id] = await self.of(hub, job, mask_of(job), deep=deep)

        async with anyio.create_task_group() as group:
            for job in jobs:
                if stage.finished(job.stage) and not self._at_hand(job, deep=deep):
                    left -= 1
                    if left < 0:
                        ended_well = job.stage == stage.COMPLETED
                        found[job.id] = Outcome(None, NOT_READ) if ended_well else Outcome(succeeded=False)
                        continue
                group.start_soon(look, job)
        return found

    def _at_hand(self, job: Job, *, deep: bool) -> bool:
        """Whether the outcome of an ended job takes no request."""
        where = (job.endpoint, job.namespace, job.id)
        known = (*where, True) in self._known or (not deep and (*where, False) in self._known)
        return known or (not deep and job.stage != stage.COMPLETED)

    def _recent(self, hub: HubClient, job: Job) -> bool:
        """Whether files may still arrive: a local hub's workspace is a folder, and is whole at the end."""
        return (
            not is_loopback(hub.endpoint)
            and job.finished_at is not None
            and self.now() - job.finished_at < _SETTLED_AFTER
        )


@dataclass
class _Reading:
    """One look at an ended job; `whole` says whether another would find the same."""

    hub: HubClient
    job: Job
    mask: Callable[[str], str]
    recent: bool
    whole: bool = True

    async def outcome(self, *, deep: bool) -> Outcome:
        promise = await promised(self.hub, self.job)
        try:
            listed = await artifacts.listing(self.hub, self.job, mask=self.mask)
            found = await answers.look(self.hub, self.job, listed, promise, mask=self.mask)
        except HubError:
            self.whole = False
            listed, found = Listing(None), None
        outcome = await self._verdict(promise, listed, found)
        if outcome.succeeded is False and outcome.diagnosis is None and deep:
            outcome = await self._diagnosed(outcome)
        return outcome

    async def _verdict(self, promise: Promised, listed: Listing, found: Found | None) -> Outcome:
        if self.job.stage != stage.COMPLETED:
            left = found or Found()
            return Outcome(False, answers=left.answers, more_answers=left.more_answers, metrics=left.metrics)
        if found is None:
            return Outcome(None, _UNREAD) if promise.agents else Outcome(succeeded=True)
        self.whole = self.whole and not listed.hurried
        succeeded, words, cause = self._of_files(promise, found, cut=listed.cut)
        told = found.answers
        if succeeded is None and words is _UNSAID:
            succeeded, words, cause, told = await self._of_output(promise, found)
        self.whole = self.whole and not (self.recent and (succeeded is None or cause is not None or not listed.count))
        return Outcome(
            succeeded, words, cause, told, found.more_answers, found.metrics,
            note=_EMPTY if listed.workspace is not None and not listed.count and not listed.cut and not told else None,
        )  # fmt: skip

    def _of_files(
        self, promise: Promised, found: Found, *, cut: bool
    ) -> tuple[bool | None, str | None, Diagnosis | None]:
        """Whether the job succeeded, by what it left; the first rule that applies."""
        failed_batch = any(failed >= rows > 0 for failed, rows in found.batches)
        gone = [path for path in found.missing if path not in promise.optional]
        moved = promise.moves and not promise.elsewhere and 0 < len(found.missing) <= found.unclaimed
        may_hide = bool(found.answers or promise.agents) and not promise.all_named
        rules: tuple[tuple[bool, bool | None, str | None, Diagnosis | None], ...] = (
            (found.failed > 0, False, _AGENT_FAILED, None),
            (failed_batch, False, _BATCH_FAILED, None),
            (found.broke_off > 0, False, _BROKE_OFF, None),
            (bool(found.missing) and self.recent, None, _NOT_ALL if found.answers else _NOT_YET, None),
            (bool(gone) and bool(found.answers) and not found.unclaimed, False, None, _NO_RESULTS),
            (bool(found.missing) and bool(found.answers) and not moved and bool(gone), None, _NOT_ALL, None),
            (bool(found.missing) and promise.packs and not found.answers, None, _PACKED, None),
            (bool(found.missing) and not found.answers and not found.batches, False, None, _NO_RESULTS),
            (may_hide and (cut or found.unread > 0), None, _NOT_LOOKED_AT, None),
            (found.silent > 0, None, _SAID_NOTHING, None),
            (any(failed for failed, _ in found.batches), None, _BATCH_PARTLY, None),
            (bool(found.answers), True, None, None),
            (promise.elsewhere, None, _ELSEWHERE, None),
            (promise.agents, None, _UNSAID, None),
        )
        return next(((verdict, words, cause) for true, verdict, words, cause in rules if true), (True, None, None))

    async def _of_output(
        self, promise: Promised, found: Found
    ) -> tuple[bool | None, str | None, Diagnosis | None, tuple[AgentAnswer, ...]]:
        """What agents without a results file printed, or sent to a file."""
        if promise.document and promise.documents:
            return self._of_sent(promise.documents[0], found)
        try:
            lines = await reader.whole_lines(self.hub, self.job, document.LINES, mask=self.mask)
        except HubError:
            self.whole = False
            return None, _UNREAD, None, ()
        text = await anyio.to_thread.run_sync(document.last_document, lines) if promise.document else None
        if text is not None:
            return True, None, None, (_document(text),)
        if (said := diagnosis.agents_own_word(lines)) is not None:
            return False, _AGENT_FAILED, said, ()
        sent_on = any(sign in word for word in unwrap(self.job.command).command for sign in _SENT_ON)
        return (False, _NO_DOCUMENT, None, ()) if promise.document and not sent_on else (None, _UNSAID, None, ())

    def _of_sent(
        self, path: str, found: Found
    ) -> tuple[bool | None, str | None, Diagnosis | None, tuple[AgentAnswer, ...]]:
        """What an agent's output says that was sent to a file."""
        text = found.documents.get(path)
        if text is None and self.recent and path not in found.documents:
            return None, _NOT_YET, None, ()
        return (True, None, None, (_document(text),)) if text is not None else (False, _NO_DOCUMENT, None, ())

    async def _diagnosed(self, outcome: Outcome) -> Outcome:
        try:
            lines = await reader.whole_lines(self.hub, self.job, diagnosis.LINES_READ, mask=self.mask)
        except HubError:
            self.whole = False
            lines = []
        hardware = await self.hub.prices_at_hand()
        cause = await anyio.to_thread.run_sync(diagnosis.diagnose, self.job, lines, outcome.answers, hardware)
        return replace(outcome, diagnosis=cause)


def _document(text: str) -> AgentAnswer:
    shown = text[: answers.ANSWER_CHARS]
    return AgentAnswer(shown, None, succeeded=True, text_cut=len(text) - len(shown))
