"""Submitting exactly once, as far as a network allows it.

Every submission carries a label of its own. A request that got no clear answer is looked up by it before anything is
sent again, and after a time-out nothing is sent again at all: the request may still be on its way.
"""

from __future__ import annotations

import secrets as randomness
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import anyio

from jobs.client.error_map import never_sent
from jobs.errors import HubBroken, HubError, HubTimeout, HubUnreachable, RateLimited, SpecChanged, SubmissionUnknown
from jobs.spec.workspace import LABEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jobs.client.client import HubClient
    from jobs.client.models import Job, ScheduledJob
    from jobs.secrets.secret_value import Secret
    from jobs.spec.spec import JobSpec

    OnEvent = Callable[[str, Mapping[str, str]], None]


class _Record(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime | None: ...


Made = TypeVar("Made", bound=_Record)

_STEPS = (0.0, 0.2, 0.5, 1.0, 2.0)
_DAWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Patience:
    """How long a submission may take.

    Args:
        reply: Seconds to wait for the hub's answer to one request.
        settle: Seconds to go on looking for what a request that was cut or timed out may have made.
        sends: Requests in all that may be made for one submission.
        total: Seconds after which no further request is made.
    """

    reply: float = 20.0
    settle: float = 6.0
    sends: int = 3
    total: float = 35.0


def new_submission() -> str:
    """A label no other submission has; it also names the workspace's folder. The date lets a person sort folders."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{randomness.token_hex(6)}"


async def submit(
    hub: HubClient,
    spec: JobSpec,
    secrets: Mapping[str, Secret],
    submission: str,
    *,
    resumed: bool = False,
    on_event: OnEvent | None = None,
    patience: Patience | None = None,
) -> Job:
    """Upload the job's files, then make the job, once.

    Args:
        hub: Where to.
        spec: What was approved; the body that leaves is compared with its digest.
        secrets: Values of exactly the spec's `secret_names`, revealed only while a request is written.
        submission: From `new_submission`.
        resumed: Whether an earlier call with this submission may have sent it; then it is looked for first.
        on_event: Told `uploaded`, `unclear`, `made` (with `id`), `found` (with `id`), `removed` (with `id`).
        patience: Time limits; at most about a minute in all.

    Raises:
        SubmissionUnknown: When the job may exist and cannot be seen; `recover` finds it later.
        HubError: When no job was made.
    """
    errand = _Errand(
        send=lambda limits: hub.submit(spec.namespace, _body(spec, secrets, submission), read=limits.reply),
        find=lambda: hub.find_by_label(spec.namespace, LABEL, submission),
        remove=lambda job: hub.cancel(job.id, spec.namespace),
        submission=submission,
        on_event=on_event or _ignore,
        patience=patience or Patience(),
    )
    if resumed and (earlier := await errand.earlier()) is not None:
        return earlier
    await _upload(hub, spec, submission, errand.on_event)
    return await errand.run()


async def schedule(
    hub: HubClient,
    spec: JobSpec,
    secrets: Mapping[str, Secret],
    submission: str,
    *,
    resumed: bool = False,
    on_event: OnEvent | None = None,
    patience: Patience | None = None,
) -> ScheduledJob:
    """Upload the files that every run starts from, then make the schedule, once; as `submit` does."""
    errand = _Errand(
        send=lambda limits: hub.schedule(spec.namespace, _body(spec, secrets, submission), read=limits.reply),
        find=lambda: hub.list_schedules(spec.namespace, labels={LABEL: submission}),
        remove=lambda made: hub.delete_schedule(made.id, spec.namespace),
        submission=submission,
        on_event=on_event or _ignore,
        patience=patience or Patience(),
    )
    if resumed and (earlier := await errand.earlier()) is not None:
        return earlier
    await _upload(hub, spec, submission, errand.on_event)
    return await errand.run()


async def recover(
    hub: HubClient, namespace: str, submission: str, *, scheduled: bool = False
) -> Job | ScheduledJob | None:
    """What a submission made, if it made anything: for a caller whose reply was lost. Raises HubError."""
    if scheduled:
        schedules = await hub.list_schedules(namespace, labels={LABEL: submission})
        return min(schedules, key=_age, default=None)
    return min(await hub.find_by_label(namespace, LABEL, submission), key=_age, default=None)


async def rerun(hub: HubClient, job: Job, *, on_event: OnEvent | None = None, patience: Patience | None = None) -> Job:
    """Run a job again with everything the hub stored of it, its secrets too. Never sent again once it may have left."""

    async def reruns() -> list[Job]:
        jobs = await hub.list_jobs(job.namespace, labels=_mark(job.labels), limit=50)
        return [other for other in jobs if other.initiator and other.initiator.id == job.id]

    return await _without_label(
        lambda limits: hub.duplicate(job.id, job.namespace, read=limits.reply), reruns, on_event, patience
    )


async def trigger(
    hub: HubClient, scheduled: ScheduledJob, *, on_event: OnEvent | None = None, patience: Patience | None = None
) -> Job:
    """Run a schedule now, apart from its times. Never sent again once it may have left. Raises Conflict."""

    async def runs() -> list[Job]:
        jobs = await hub.list_jobs(scheduled.namespace, labels=_mark(scheduled.labels), limit=50)
        return [job for job in jobs if job.initiator and job.initiator.id == scheduled.id]

    return await _without_label(
        lambda limits: hub.run_schedule(scheduled.id, scheduled.namespace, read=limits.reply), runs, on_event, patience
    )


@dataclass(frozen=True)
class _Errand(Generic[Made]):
    """One thing to be made, how to ask for it, how to find it, and how to take a second one away (None: not ours)."""

    send: Callable[[Patience], Awaitable[Made]]
    find: Callable[[], Awaitable[list[Made]]]
    remove: Callable[[Made], Awaitable[None]] | None
    submission: str | None
    on_event: OnEvent
    patience: Patience

    async def earlier(self) -> Made | None:
        """What an earlier call made, if it made anything."""
        found = await self.find()
        if not found:
            return None
        kept = await self._keep(found)
        self.on_event("found", {"id": kept.id})
        return kept

    async def run(self) -> Made:
        started = anyio.current_time()
        unclear = False
        for sent in range(1, self.patience.sends + 1):
            try:
                made = await self._send()
            except HubError as error:
                doubtful = _may_have_made(error)
                if doubtful:
                    self.on_event("unclear", {"code": error.code})
                unclear = unclear or doubtful
                found = await self._look(error, seconds=self._looking_time(error)) if unclear else None
                if found is not None:
                    return found
                if not self._again(error, sent, anyio.current_time() - started):
                    raise
                await anyio.sleep(max(error.retry_after or 0.0, _STEPS[min(sent, len(_STEPS) - 1)]))
            else:
                return await self._keep_one(made) if unclear else made
        raise AssertionError("unreachable: the last send returns or raises")  # pragma: no cover

    async def _send(self) -> Made:
        """One request, not torn by a cancelled call: what was sent is answered, and the answer noted, first."""
        with anyio.CancelScope(shield=True):
            try:
                made = await self.send(self.patience)
            except HubError as error:
                trouble = error.with_traceback(None)
            else:
                self.on_event("made", {"id": made.id})
                return made
        raise trouble  # without the frames that held the body and its values

    def _looking_time(self, error: HubError) -> float:
        if not _may_have_made(error):
            return 0.0
        return self.patience.settle if isinstance(error, HubTimeout | HubUnreachable) else self.patience.settle / 3

    def _again(self, error: HubError, sent: int, elapsed: float) -> bool:
        if sent >= self.patience.sends or elapsed + (error.retry_after or 0.0) > self.patience.total:
            return False
        if never_sent(error) or isinstance(error, RateLimited):
            return True
        return _may_have_made(error) and self.remove is not None and not isinstance(error, HubTimeout)

    async def _look(self, error: HubError, *, seconds: float) -> Made | None:
        """What was made after all, looked for until `seconds` have passed.

        None when the hub can be asked and knows nothing, unless the request may still be under way.
        """
        started = anyio.current_time()
        asked = False
        step = 0
        while True:
            try:
                found = await self.earlier()
                asked = True
                if found is not None:
                    return found
            except HubError as trouble:
                if not trouble.retryable:
                    raise self._unknown() from error
            wait = _STEPS[min(step, len(_STEPS) - 1)] or 0.1
            if anyio.current_time() - started + wait > seconds:
                break
            await anyio.sleep(wait)
            step += 1
        if not asked or isinstance(error, HubTimeout) or (self.remove is None and isinstance(error, HubUnreachable)):
            raise self._unknown() from error
        return None

    async def _keep_one(self, made: Made) -> Made:
        try:
            found = await self.find()
        except HubError:
            return made
        return await self._keep([made, *(other for other in found if other.id != made.id)])

    async def _keep(self, found: list[Made]) -> Made:
        """The oldest of what carries our label; a younger one is a request that arrived late, and is taken away."""
        kept, *late = sorted(found, key=_age)
        if self.remove is not None:
            for other in late:
                with suppress(HubError):
                    await self.remove(other)
                    self.on_event("removed", {"id": other.id})
        return kept

    def _unknown(self) -> SubmissionUnknown:
        where = f"with the label {LABEL}={self.submission}" if self.submission else "among the newest jobs"
        return SubmissionUnknown(
            "The hub may or may not have taken this; it was not sent again.",
            hint=f"Look {where} (job_status) before you try again.",
        )


async def _without_label(
    send: Callable[[Patience], Awaitable[Job]],
    find: Callable[[], Awaitable[list[Job]]],
    on_event: OnEvent | None,
    patience: Patience | None,
) -> Job:
    before = {job.id for job in await find()}

    async def new() -> list[Job]:
        return [job for job in await find() if job.id not in before]

    errand = _Errand(
        send=send,
        find=new,
        remove=None,
        submission=None,
        on_event=on_event or _ignore,
        patience=patience or Patience(),
    )
    return await errand.run()


def _may_have_made(error: HubError) -> bool:
    """Whether a job can exist in spite of this failure: no clear answer came, or not from whom it should."""
    return isinstance(error, HubBroken | HubTimeout | HubUnreachable | RateLimited) and not never_sent(error)


def _body(spec: JobSpec, secrets: Mapping[str, Secret], submission: str) -> Mapping[str, Any]:
    body = spec.body(submission, {name: secret.reveal() for name, secret in secrets.items()})
    if not spec.covers(body, submission):
        raise SpecChanged(
            "What would be sent is not what was approved.", hint="Call again, so that the person is asked."
        )
    return body


async def _upload(hub: HubClient, spec: JobSpec, submission: str, on_event: OnEvent) -> None:
    if not spec.workspace:
        return
    workspace = spec.workspace_of(submission)
    await hub.ensure_bucket(workspace.bucket)
    await hub.upload(workspace.bucket, workspace.uploads(spec.files))
    on_event("uploaded", {"workspace": workspace.uri})


def _mark(labels: Mapping[str, str]) -> dict[str, str]:
    return {LABEL: labels[LABEL]} if LABEL in labels else {}


def _age(made: _Record) -> tuple[datetime, str]:
    return (made.created_at or _DAWN, made.id)


def _ignore(kind: str, fields: Mapping[str, str]) -> None:
    """What happens on the way interests nobody."""
