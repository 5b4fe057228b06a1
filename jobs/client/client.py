"""One hub, asked: who am I, what is there, run this, how is it, stop it.

Reads are tried again with jitter; writes are sent once (`jobs.submit` decides whether a submission may be sent again).
All errors are `jobs.errors`; ids and namespaces are checked before they enter a URL.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from hub_contract.constants import is_loopback
from jobs import stage
from jobs.client import error_map, many, models
from jobs.client.buckets import Buckets
from jobs.client.error_map import RequestContext
from jobs.client.retry import READS, Backoff, retrying
from jobs.client.shared_reads import SharedReads
from jobs.client.transport import HubTransport, Limits, Params, parsed
from jobs.errors import Conflict, Forbidden, HubError, IsSchedule, NotFound, Unprocessable
from jobs.ids import check_id, check_namespace, split_job_id

if TYPE_CHECKING:
    from jobs.client.models import Hardware, Identity, Job, ScheduledJob

T = TypeVar("T")

_PRICES_LAST = 600.0
_IDENTITY_LASTS = 3600.0
_ORGS_TRIED = 10


class HubClient:
    """An async face of the Jobs API at `endpoint`.

    Args:
        endpoint: Address without a path, e.g. `https://huggingface.co`.
        token: The caller's token, or None. Never taken from the environment here.
        namespace: Where jobs go and are looked for when a call names none; None is the caller's own user name.
        version: Ours, for the user agent.
        limits: Seconds an exchange may take.
        backoff: How reads are tried again.
        heard: Called with every job and schedule that the hub tells of, before anyone else has it.
        near: Whether it is on this machine and may be asked often; None goes by the address.
        mask: Masks what the hub says of a failure, before it is cut to a line.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        namespace: str | None = None,
        *,
        version: str = "0",
        limits: Limits | None = None,
        backoff: Backoff = READS,
        heard: Callable[[Sequence[Job | ScheduledJob]], Awaitable[None]] | None = None,
        near: bool | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.wire = HubTransport(endpoint, token, version=version, limits=limits, near=near, mask=mask)
        self.near = self.wire.near
        self.endpoint = self.wire.endpoint
        self.buckets = Buckets(self.wire, token, backoff)
        self.backoff = backoff
        self._namespace = check_namespace(namespace) if namespace else None
        self._identity: tuple[float, Identity] | None = None
        self._hardware: tuple[float, tuple[Hardware, ...]] | None = None
        self._homes: dict[str, str] = {}
        self.permitted: set[str] = set()
        self._looks: SharedReads[Job] = SharedReads()
        self._heard = heard

    def __repr__(self) -> str:
        return f"Hub({self.endpoint!r})"

    async def close(self) -> None:
        await self.wire.close()

    async def whoami(self) -> Identity:
        """The caller and their organisations, remembered for an hour. Raises NoToken, TokenRefused."""
        if self._identity and time.monotonic() - self._identity[0] < _IDENTITY_LASTS:
            return self._identity[1]
        asked = self.asked("page")
        identity = await self._read("/api/whoami-v2", asked, models.identity)
        self._identity = (time.monotonic(), identity)
        return identity

    async def namespace(self, given: str | None = None) -> str:
        """`given`, checked, else this hub's default, else the caller's user name."""
        if given:
            return check_namespace(given)
        return self._namespace or (await self.whoami()).name

    async def hardware(self) -> tuple[Hardware, ...]:
        """The live flavors and prices, remembered for ten minutes. Needs no token."""
        if self._hardware and time.monotonic() - self._hardware[0] < _PRICES_LAST:
            return self._hardware[1]
        asked = self.asked("page", signed=False)
        flavors = await self._read("/api/jobs/hardware", asked, lambda raw: tuple(map(models.hardware, raw)))
        self._hardware = (time.monotonic(), flavors)
        return flavors

    async def prices_at_hand(self) -> tuple[Hardware, ...]:
        """`hardware`, or what was last known of it, or nothing: for replies that can do without prices."""
        try:
            return await self.hardware()
        except HubError:
            return self._hardware[1] if self._hardware else ()

    async def is_unsandboxed(self) -> bool:
        """Whether this is a local hub that has no sandbox for its jobs: each can do here what the user can.

        Asked anew each time: a hub may come back at its old address in another way.
        """
        if not is_loopback(self.endpoint):
            return False
        try:
            return await self._read("/api/local-hub/status", self.asked("page"), lambda raw: raw["sandbox"] == "none")
        except NotFound:
            return False

    async def submit(self, namespace: str, payload: Mapping[str, Any], *, read: float | None = None) -> Job:
        """POST a job once. `jobs.submit.submit` is what callers want: it knows what an ambiguous failure means."""
        return await self._job_call(
            "POST", f"/api/jobs/{check_namespace(namespace)}", namespace, body=payload, read=read
        )

    async def inspect(self, job_id: str, namespace: str | None = None) -> Job:
        """A job by `ID` or `namespace/ID`.

        A bare id is looked for in the default namespace, then in the caller's organisations.
        Raises NotFound when none of them has it; IsSchedule when a schedule has that id.
        """
        try:
            return await self._locate(job_id, namespace, self._inspect, "job_id")
        except NotFound as missing:
            try:
                found = await self._locate(job_id, namespace, self._inspect_schedule, "job_id")
            except HubError:
                raise missing from None
        raise IsSchedule(found)

    async def inspect_many(
        self, job_ids: Sequence[str], namespace: str | None = None, *, singly: int | None = None
    ) -> dict[str, Job | HubError]:
        """Several jobs, by the id as it was given; see `jobs.client.many`."""
        return await many.inspect(self, job_ids, namespace, singly=singly)

    async def list_jobs(
        self,
        namespace: str | None = None,
        *,
        stages: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        limit: int = 20,
        only: Collection[str] = (),
    ) -> list[Job]:
        """The newest jobs of a namespace, filtered by the hub: any of `stages`, all of `labels`; of those, `only`."""
        home = await self.namespace(namespace)
        params = [("stage", stage.upper()) for stage in stages]
        params += [("label", f"{key}={value}") for key, value in (labels or {}).items()]
        asked = self.asked("namespace", home)
        found: list[Job] = []
        async with aclosing(self.wire.pages(f"/api/jobs/{home}", asked, self.backoff, params=params)) as pages:
            async for page in pages:
                found += [self._job(item, home) for item in page if models.has_id(item)]
                if len(found) >= limit or (only and {job.id for job in found}.issuperset(only)):
                    break
        return await self._told([job for job in found[:limit] if not only or job.id in only])

    async def find_by_label(self, namespace: str, key: str, value: str, *, limit: int = 20) -> list[Job]:
        """The jobs that carry exactly this label, whatever the hub's filter let through."""
        jobs = await self.list_jobs(namespace, labels={key: value}, limit=limit)
        return [job for job in jobs if job.labels.get(key) == value]

    async def cancel(self, job_id: str, namespace: str | None = None) -> None:
        """Stop a job. Harmless twice, so tried again; one that has ended already is as it should be."""
        home, bare = await self._home(job_id, namespace, "job_id")
        asked = self.asked("job", home, writes=True)
        try:
            await retrying(lambda: self.wire.send("POST", f"/api/jobs/{home}/{bare}/cancel", asked), self.backoff)
        except (Conflict, Unprocessable):
            if not stage.finished((await self._inspect(home, bare)).stage):
                raise

    async def duplicate(self, job_id: str, namespace: str | None = None, *, read: float | None = None) -> Job:
        """POST a rerun once; `jobs.submit.rerun` is what callers want."""
        home, bare = await self._home(job_id, namespace, "job_id")
        return await self._job_call("POST", f"/api/jobs/{home}/{bare}/duplicate", home, what="job", read=read)

    async def set_labels(self, job_id: str, labels: Mapping[str, str], namespace: str | None = None) -> Job:
        """Replace a job's labels."""
        home, bare = await self._home(job_id, namespace, "job_id")
        path, body = f"/api/jobs/{home}/{bare}/labels", {"labels": dict(labels)}
        return await retrying(lambda: self._job_call("PUT", path, home, body=body, what="job"), self.backoff)

    async def schedule(self, namespace: str, body: Mapping[str, Any], *, read: float | None = None) -> ScheduledJob:
        """POST a schedule once; `jobs.submit.schedule` is what callers want."""
        path = f"/api/scheduled-jobs/{check_namespace(namespace)}"
        return await self._schedule_call("POST", path, namespace, body=body, what="namespace", read=read)

    async def inspect_schedule(self, scheduled_job_id: str, namespace: str | None = None) -> ScheduledJob:
        """A schedule by `ID` or `namespace/ID`, found as `inspect` finds a job."""
        return await self._locate(scheduled_job_id, namespace, self._inspect_schedule, "scheduled_job_id")

    async def list_schedules(
        self, namespace: str | None = None, *, labels: Mapping[str, str] | None = None, limit: int = 50
    ) -> list[ScheduledJob]:
        """The schedules of a namespace that carry all of `labels`; the hub filters by the first one only."""
        home = await self.namespace(namespace)
        wanted = dict(labels or {})
        params = [("label", f"{key}={value}") for key, value in list(wanted.items())[:1]]
        asked = self.asked("namespace", home)
        raw = await self._read(f"/api/scheduled-jobs/{home}", asked, list, params=params)
        named = filter(models.has_id, raw)
        found = [models.scheduled_job(item, endpoint=self.endpoint, namespace=home) for item in named]
        return await self._told([item for item in found if wanted.items() <= item.labels.items()][:limit])

    async def delete_schedule(self, scheduled_job_id: str, namespace: str | None = None) -> None:
        """Delete a schedule; jobs it started stay. Tried again after a lost reply, when "not found" means done."""
        home, bare = await self._home(scheduled_job_id, namespace, "scheduled_job_id")
        asked = self.asked("schedule", home, writes=True)
        tried = 0

        async def once() -> None:
            nonlocal tried
            tried += 1
            try:
                await self.wire.send("DELETE", f"/api/scheduled-jobs/{home}/{bare}", asked)
            except NotFound:
                if tried == 1:
                    raise

        await retrying(once, self.backoff)

    async def suspend_schedule(self, scheduled_job_id: str, namespace: str | None = None) -> None:
        await self._schedule_verb(scheduled_job_id, namespace, "suspend")

    async def resume_schedule(self, scheduled_job_id: str, namespace: str | None = None) -> None:
        await self._schedule_verb(scheduled_job_id, namespace, "resume")

    async def reschedule(self, scheduled_job_id: str, schedule: str, namespace: str | None = None) -> ScheduledJob:
        """Change when a schedule runs, and nothing else of it."""
        home, bare = await self._home(scheduled_job_id, namespace, "scheduled_job_id")
        path, body = f"/api/scheduled-jobs/{home}/{bare}/schedule", {"schedule": schedule}
        return await retrying(lambda: self._schedule_call("POST", path, home, body=body), self.backoff)

    async def set_schedule_labels(
        self, scheduled_job_id: str, labels: Mapping[str, str], namespace: str | None = None
    ) -> ScheduledJob:
        """Replace a schedule's labels."""
        home, bare = await self._home(scheduled_job_id, namespace, "scheduled_job_id")
        path, body = f"/api/scheduled-jobs/{home}/{bare}/labels", {"labels": dict(labels)}
        return await retrying(lambda: self._schedule_call("PUT", path, home, body=body), self.backoff)

    async def run_schedule(
        self, scheduled_job_id: str, namespace: str | None = None, *, read: float | None = None
    ) -> Job:
        """POST one run now, once; `jobs.submit.trigger` is what callers want. Raises Conflict while one runs."""
        home, bare = await self._home(scheduled_job_id, namespace, "scheduled_job_id")
        path = f"/api/scheduled-jobs/{home}/{bare}/run"
        return await self._job_call("POST", path, home, what="schedule", read=read)

    # Buckets: a job's inputs and outputs.

    async def ensure_bucket(self, bucket: str) -> None:
        await self.buckets.ensure(bucket)

    async def upload(self, bucket: str, files: Mapping[str, bytes]) -> None:
        await self.buckets.upload(bucket, files)

    # How calls are made.

    def asked(
        self, what: str, namespace: str | None = None, *, writes: bool = False, signed: bool = True
    ) -> RequestContext:
        """What a request is for, which words its errors. Raises NoToken where it has to be `signed` and cannot be."""
        asked = RequestContext(
            what=what,
            endpoint=self.endpoint,
            token=self.wire.has_token,
            namespace=namespace,
            own=(namespace == self._identity[1].name) if self._identity and namespace else None,
            writes=writes,
            near=self.near,
            mask=self.wire.mask,
        )
        if signed and not self.wire.has_token:
            raise error_map.no_token(asked)
        return asked

    async def _read(
        self, path: str, asked: RequestContext, parse: Callable[[Any], T], *, params: Params | None = None
    ) -> T:
        return parsed(await self.wire.read(path, asked, self.backoff, params=params), asked, parse)

    async def _inspect(self, home: str, bare: str) -> Job:
        async def ask() -> Job:
            asked = self.asked("job", home)
            found = await self._read(f"/api/jobs/{home}/{bare}", asked, lambda raw: self._job(raw, home))
            return (await self._told([found]))[0]

        return await self._looks.read((home, bare), ask)

    async def _inspect_schedule(self, home: str, bare: str) -> ScheduledJob:
        found = await self._read(
            f"/api/scheduled-jobs/{home}/{bare}",
            self.asked("schedule", home),
            lambda raw: models.scheduled_job(raw, endpoint=self.endpoint, namespace=home),
        )
        return (await self._told([found]))[0]

    async def _told(self, found: list[T]) -> list[T]:
        """`found`, after whoever has to know first was told of it."""
        if self._heard is not None:
            await self._heard(found)  # type: ignore[arg-type]  # Jobs or schedules; a list of either.
        return found

    async def _locate(
        self, given: str, namespace: str | None, look: Callable[[str, str], Awaitable[T]], field: str
    ) -> T:
        home, bare = await self._home(given, namespace, field)
        try:
            found = await look(home, bare)
        except (NotFound, Forbidden) as missing:
            if namespace or "/" in given:
                raise
            for other in [name for name in (await self.whoami()).namespaces if name != home][:_ORGS_TRIED]:
                with suppress(HubError):
                    found = await look(other, bare)
                    self._remember(bare, other)
                    return found
            raise missing from None
        self._remember(bare, home)
        return found

    async def _home(self, given: str, namespace: str | None, field: str) -> tuple[str, str]:
        named, bare = split_job_id(given, field=field)
        if named or namespace:
            return check_namespace(named or namespace or ""), bare
        return self._homes.get(bare) or await self.namespace(), bare

    def _remember(self, bare: str, home: str) -> None:
        self._homes[check_id(bare)] = home
        while len(self._homes) > 1000:  # noqa: PLR2004 - a bound, not a setting
            self._homes.pop(next(iter(self._homes)))

    def _job(self, raw: Mapping[str, Any], home: str) -> Job:
        job = models.job(raw, endpoint=self.endpoint, namespace=home)
        self._homes.setdefault(job.id, job.namespace)
        return job

    async def _job_call(
        self,
        method: str,
        path: str,
        home: str,
        *,
        body: Any = None,
        what: str = "namespace",
        read: float | None = None,
    ) -> Job:
        asked = self.asked(what, home, writes=True)
        reply = await self.wire.send(method, path, asked, body=body, read=read)
        return (await self._told([parsed(reply, asked, lambda raw: self._job(raw, home))]))[0]

    async def _schedule_call(
        self, method: str, path: str, home: str, *, body: Any, what: str = "schedule", read: float | None = None
    ) -> ScheduledJob:
        asked = self.asked(what, home, writes=True)
        reply = await self.wire.send(method, path, asked, body=body, read=read)
        found = parsed(reply, asked, lambda raw: models.scheduled_job(raw, endpoint=self.endpoint, namespace=home))
        self._remember(found.id, found.namespace)
        return (await self._told([found]))[0]

    async def _schedule_verb(self, scheduled_job_id: str, namespace: str | None, verb: str) -> None:
        home, bare = await self._home(scheduled_job_id, namespace, "scheduled_job_id")
        asked = self.asked("schedule", home, writes=True)
        await retrying(lambda: self.wire.send("POST", f"/api/scheduled-jobs/{home}/{bare}/{verb}", asked), self.backoff)
