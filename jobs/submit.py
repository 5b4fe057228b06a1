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
from jobs.errors import HubBroken, HubError, HubTimeout, HubUnreachable, RateLimited, SubmissionUnknown
from jobs.spec.workspace import LABEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jobs.client.client import HubClient
    from jobs.client.models import Job, ScheduledJob
    from jobs.secrets.secret_value import Secret
    from jobs.spec.spec import JobSpec

    OnEvent = Callable[[str, Mapping[str, str]], Awaitable[None]]


class _Record(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime | None: ...


Made = TypeVar("Made", bound=_Record)

_STEPS = (0.0, 0.2, 0.5, 1.0, 2.0)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class RetryPolicy:
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


def new_idempotency_key() -> str:
    """A label no other submission has; it also names the workspace's folder. The date lets a person sort folders."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{randomness.token_hex(6)}"


async def submit(
    hub: HubClient,
    spec: JobSpec,
    secrets: Mapping[str, Secret],
    idempotency_key: str,
    *,
    on_event: OnEvent | None = None,
    policy: RetryPolicy | None = None,
) -> Job:
    """Upload the job's files, then make the job, once.

    Args:
        hub: Where to.
        spec: What was approved.
        secrets: Values of exactly the spec's `secret_names`, revealed only while a request is written.
        idempotency_key: From `new_idempotency_key`.
        on_event: Told `uploaded`, `unclear`, `made` (with `id`), `found` (with `id`), `removed` (with `id`).
        policy: Time limits; at most about a minute in all.

    Raises:
        SubmissionUnknown: When the job may exist and cannot be seen; `recover` finds it later.
        HubError: When no job was made.
    """
    operation = _CreateOnce(
        send=lambda limits: hub.submit(spec.namespace, _body(spec, secrets, idempotency_key), read=limits.reply),
        find=lambda: hub.find_by_label(spec.namespace, LABEL, idempotency_key),
        remove=lambda job: hub.cancel(job.id, spec.namespace),
        idempotency_key=idempotency_key,
        on_event=on_event or _ignore,
        policy=policy or RetryPolicy(),
    )
    await _upload(hub, spec, idempotency_key, operation.on_event)
    return await operation.run()


async def schedule(
    hub: HubClient,
    spec: JobSpec,
    secrets: Mapping[str, Secret],
    idempotency_key: str,
    *,
    on_event: OnEvent | None = None,
    policy: RetryPolicy | None = None,
) -> ScheduledJob:
    """Upload the files that every run starts from, then make the schedule, once; as `submit` does."""
    operation = _CreateOnce(
        send=lambda limits: hub.schedule(spec.namespace, _body(spec, secrets, idempotency_key), read=limits.reply),
        find=lambda: hub.list_schedules(spec.namespace, labels={LABEL: idempotency_key}),
        remove=lambda made: hub.delete_schedule(made.id, spec.namespace),
        idempotency_key=idempotency_key,
        on_event=on_event or _ignore,
        policy=policy or RetryPolicy(),
    )
    await _upload(hub, spec, idempotency_key, operation.on_event)
    return await operation.run()


async def recover(
    hub: HubClient, namespace: str, idempotency_key: str, *, scheduled: bool = False
) -> Job | ScheduledJob | None:
    """What a submission made, if it made anything: for a caller whose reply was lost. Raises HubError."""
    if scheduled:
        schedules = await hub.list_schedules(namespace, labels={LABEL: idempotency_key})
        return min(schedules, key=_age, default=None)
    return min(await hub.find_by_label(namespace, LABEL, idempotency_key), key=_age, default=None)


async def rerun(hub: HubClient, job: Job, *, on_event: OnEvent | None = None, policy: RetryPolicy | None = None) -> Job:
    """Run a job again with everything the hub stored of it, its secrets too. Never sent again once it may have left."""

    async def reruns() -> list[Job]:
        jobs = await hub.list_jobs(job.namespace, labels=_mark(job.labels), limit=50)
        return [other for other in jobs if other.initiator and other.initiator.id == job.id]

    return await _without_label(
        lambda limits: hub.duplicate(job.id, job.namespace, read=limits.reply), reruns, on_event, policy
    )


async def trigger(
    hub: HubClient, scheduled: ScheduledJob, *, on_event: OnEvent | None = None, policy: RetryPolicy | None = None
) -> Job:
    """Run a schedule now, apart from its times. Never sent again once it may have left. Raises Conflict."""

    async def runs() -> list[Job]:
        jobs = await hub.list_jobs(scheduled.namespace, labels=_mark(scheduled.labels), limit=50)
        return [job for job in jobs if job.initiator and job.initiator.id == scheduled.id]

    return await _without_label(
        lambda limits: hub.run_schedule(scheduled.id, scheduled.namespace, read=limits.reply), runs, on_event, policy
    )


@dataclass(frozen=True)
class _CreateOnce(Generic[Made]):
    """One thing to be made, how to ask for it, how to find it, and how to take a second one away (None: not ours)."""

    send: Callable[[RetryPolicy], Awaitable[Made]]
    find: Callable[[], Awaitable[list[Made]]]
    remove: Callable[[Made], Awaitable[None]] | None
    idempotency_key: str | None
    on_event: OnEvent
    policy: RetryPolicy

    async def earlier(self) -> Made | None:
        """What an earlier call made, if it made anything."""
        found = await self.find()
        if not found:
            return None
        kept = await self._keep(found)
        await self.on_event("found", {"id": kept.id})
        return kept

    async def run(self) -> Made:
        started = anyio.current_time()
        unclear = False
        for sent in range(1, self.policy.sends + 1):
            try:
                made = await self._send()
            except HubError as error:
                doubtful = _may_have_made(error)
                if doubtful:
                    await self.on_event("unclear", {"code": error.code})
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
                made = await self.send(self.policy)
            except HubError as error:
                trouble = error.with_traceback(None)
            else:
                await self.on_event("made", {"id": made.id})
                return made
        raise trouble  # without the frames that held the body and its values

    def _looking_time(self, error: HubError) -> float:
        if not _may_have_made(error):
            return 0.0
        return self.policy.settle if isinstance(error, HubTimeout | HubUnreachable) else self.policy.settle / 3

    def _again(self, error: HubError, sent: int, elapsed: float) -> bool:
        if sent >= self.policy.sends or elapsed + (error.retry_after or 0.0) > self.policy.total:
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
                    await self.on_event("removed", {"id": other.id})
        return kept

    def _unknown(self) -> SubmissionUnknown:
        where = f"with the label {LABEL}={self.idempotency_key}" if self.idempotency_key else "among the newest jobs"
        return SubmissionUnknown(
            "The hub may or may not have taken this; it was not sent again.",
            hint=f"Look {where} (job_status) before you try again.",
        )


async def _without_label(
    send: Callable[[RetryPolicy], Awaitable[Job]],
    find: Callable[[], Awaitable[list[Job]]],
    on_event: OnEvent | None,
    policy: RetryPolicy | None,
) -> Job:
    before = {job.id for job in await find()}

    async def new() -> list[Job]:
        return [job for job in await find() if job.id not in before]

    operation = _CreateOnce(
        send=send,
        find=new,
        remove=None,
        idempotency_key=None,
        on_event=on_event or _ignore,
        policy=policy or RetryPolicy(),
    )
    return await operation.run()


def _may_have_made(error: HubError) -> bool:
    """Whether a job can exist in spite of this failure: no clear answer came, or not from whom it should."""
    return isinstance(error, HubBroken | HubTimeout | HubUnreachable | RateLimited) and not never_sent(error)


def _body(spec: JobSpec, secrets: Mapping[str, Secret], idempotency_key: str) -> Mapping[str, Any]:
    return spec.body(idempotency_key, {name: secret.reveal() for name, secret in secrets.items()})


async def _upload(hub: HubClient, spec: JobSpec, idempotency_key: str, on_event: OnEvent) -> None:
    if not spec.workspace:
        return
    workspace = spec.workspace_of(idempotency_key)
    await hub.ensure_bucket(workspace.bucket)
    if uploads := workspace.uploads(spec.files):
        await hub.upload(workspace.bucket, uploads)
    await on_event("uploaded", {"workspace": workspace.uri})


def _mark(labels: Mapping[str, str]) -> dict[str, str]:
    return {LABEL: labels[LABEL]} if LABEL in labels else {}


def _age(made: _Record) -> tuple[datetime, str]:
    return (made.created_at or _EARLIEST, made.id)


async def _ignore(kind: str, fields: Mapping[str, str]) -> None:
    """For a caller that asked to be told of nothing."""
