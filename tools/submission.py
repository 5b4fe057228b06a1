"""From the arguments of `submit_job` and `schedule_job` to one checked, described submission."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from pydantic import Field

from consent.gate import Approved
from consent.ledger import Consumed
from hub_contract.command_line import command
from hub_contract.constants import DEFAULT_TIMEOUT_SECONDS
from hub_contract.hf_line import HfLine
from jobs.errors import JobsError, SecretUnavailable
from jobs.secrets.vault import how_to_provide
from jobs.spec import cost
from jobs.spec.fields import JobRequest
from jobs.spec.schedule import Schedule
from jobs.submit import new_idempotency_key, recover
from tools.guarded import Guarded, OnEvent, Step
from tools.services import Connected, Services
from tools.stored_files import run_by_others

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.client.models import Job, ScheduledJob
    from jobs.secrets.secret_value import Secret
    from jobs.spec.spec import JobSpec

Made = TypeVar("Made", "Job", "ScheduledJob")


class JobArguments(JobRequest, Guarded):
    """The arguments of one job."""

    dry_run: bool = Field(False, description="Only show it")


@dataclass(frozen=True)
class Prepared:
    """A checked submission: exactly what would be sent, and what surrounds it."""

    connected: Connected
    spec: JobSpec
    max_cost_usd: float | None
    monthly_usd: float | None
    sources: dict[str, str]
    next_runs: tuple[str, ...]
    advice: list[str] | None
    """What will probably disappoint, said before it is paid for."""
    unsandboxed: bool
    """Whether a person is asked because the job would run on this machine without a sandbox."""

    def would_send(self) -> dict[str, Any]:
        """What a dry run shows: every field, and the `hf jobs …` line that makes the same job."""
        key = new_idempotency_key()
        line = self.spec.hf_line(key)
        own = [f'eval "$({command("hub", "env")})"'] if self.connected.hub.near else []
        by_hand = {} if line is None else {"hf": line.told(*own, *self.spec.hf_first(key))}
        return {**self.spec.describe(), **by_hand}


async def prepare(services: Services, arguments: JobArguments) -> Prepared:
    """Check everything. Sends nothing.

    Raises:
        JobsError: The first thing that is wrong, before a person is bothered with it.
    """
    from jobs import mount_check
    from jobs.apart.call import apart
    from jobs.secrets.scan import named_in, refuse_values
    from jobs.spec.spec import build

    for name in arguments.secrets:
        services.vault.check(name)
    named = named_in(arguments.command or (), env=arguments.env, labels=arguments.labels)
    masker = services.masker()
    await anyio.to_thread.run_sync(lambda: refuse_values(dict(_texts(arguments)), masker, named=named))
    connected = await services.connect()
    hub = connected.hub
    hardware, namespace, unsandboxed = await _at_once(
        hub.hardware, partial(hub.namespace, arguments.namespace), partial(services.asks_for, hub)
    )
    flavors = [item.name for item in hardware]
    # A script may have a megabyte, and reading it keeps nobody else waiting.
    later: list[Callable[[], None]] = []
    spec = await anyio.to_thread.run_sync(
        partial(build, arguments, hub=hub.endpoint, namespace=namespace, flavors=flavors, check=later.append)
    )
    size = sum(len(data) for _, data in spec.files) + sum(map(len, spec.command))
    for check in later:
        await apart(check, size=size)
    for name in spec.secret_names:
        services.vault.check(name)
    await mount_check.check(hub, spec)
    sources = await _sources(services, spec)
    next_runs: tuple[str, ...] = ()
    if spec.schedule is not None:
        moments = Schedule.parse(spec.schedule).next(3, services.first_asked(spec.digest))
        next_runs = tuple(moment.strftime("%Y-%m-%d %H:%M UTC") for moment in moments)
    monthly = cost.max_monthly_cost_usd(spec, hardware)
    told = await apart(_advice, spec, size=size)
    worst = cost.max_cost_usd(spec, hardware)
    return Prepared(connected, spec, worst, monthly, sources, next_runs, told, unsandboxed)


async def describe(
    services: Services,
    arguments: JobArguments,
    create: Callable[[HubClient, JobSpec, dict[str, Secret], str, OnEvent], Awaitable[Made]],
    inspect: Callable[[HubClient, str, str | None], Awaitable[Made]],
) -> Step[Prepared, Made]:
    """The step of a submission: `create` sends it once under an idempotency key, `inspect` looks at an earlier one."""
    from consent.describe import Description, asked, details
    from consent.wording.reasons import reading
    from jobs import mount_check

    prepared = await prepare(services, arguments)
    hub, spec = prepared.connected.hub, prepared.spec
    scheduled = spec.schedule is not None

    async def send(grant: Approved, note: OnEvent) -> Made:
        allowed = spec.without(grant.withheld)
        values = await anyio.to_thread.run_sync(services.vault.take, allowed.secret_names)
        return await create(hub, allowed, values, grant.idempotency_key, note)

    async def find(used: Consumed) -> Made | None:
        if used.result is not None:
            return await inspect(hub, used.result, used.namespace)
        made = await recover(hub, spec.namespace, used.idempotency_key, scheduled=scheduled)
        return made  # type: ignore[return-value]  # noqa: RET504 - a schedule where one was made, else a job

    told = Description(
        action="schedule" if scheduled else "submit",
        spec=spec,
        digest=spec.digest,
        hub_name=prepared.connected.name,
        max_cost_usd=prepared.max_cost_usd,
        monthly_usd=prepared.monthly_usd,
        risked_usd=await services.gate.risked(),
        run_by_others=await run_by_others(hub, spec),
        confirm_above_usd=services.policy.confirm_above_usd,
        unsandboxed=prepared.unsandboxed,
        sources=prepared.sources,
        next_runs=prepared.next_runs,
        details=details(spec),
        read=await reading(spec),
    )

    def by_hand(grant: Approved) -> HfLine | None:
        return spec.without(grant.withheld).hf_line(grant.idempotency_key)

    question = await asked(told)
    ready = partial(mount_check.make_workspace, hub, spec)
    return Step(prepared, question, spec.namespace, send, find, told.worst_usd, by_hand, ready)


async def _at_once(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What each of `calls` gives, asked side by side; of several failures the first counts."""
    found: list[Any] = [None] * len(calls)

    async def one(index: int, call: Callable[[], Awaitable[Any]]) -> None:
        try:
            found[index] = await call()
        except JobsError as error:
            found[index] = error

    async with anyio.create_task_group() as group:
        for index, call in enumerate(calls):
            group.start_soon(one, index, call)
    for each in found:
        if isinstance(each, JobsError):
            raise each
    return found


def _advice(spec: JobSpec) -> list[str] | None:
    from jobs.planning.advice import advice

    given = spec.timeout_seconds != DEFAULT_TIMEOUT_SECONDS
    return list(advice(spec, timeout_given=given)) or None


async def _sources(services: Services, spec: JobSpec) -> dict[str, str]:
    """Where each value would come from. A name without a value is an error now, not after the person said yes."""
    found = [await anyio.to_thread.run_sync(services.vault.look, name) for name in spec.secret_names]
    missing = [item.name for item in found if not item.available]
    if missing:
        raise SecretUnavailable(
            f"No value is available here for {', '.join(missing)}.",
            hint=how_to_provide(missing),
            field="secrets",
        )
    return {item.name: item.source for item in found if item.source is not None}


def _texts(arguments: JobArguments) -> Iterator[tuple[str, str]]:
    """Every text the caller wrote, by the path of its field, for the scan for values."""
    for field, value in arguments.model_dump(exclude={"dry_run"}).items():
        if isinstance(value, str):
            yield field, value
        elif isinstance(value, list | tuple):
            yield from ((f"{field}[{index}]", item) for index, item in enumerate(value) if isinstance(item, str))
        elif isinstance(value, dict):
            for index, (key, item) in enumerate(value.items()):
                yield f"{field} (name {index + 1})", key
                yield f"{field} (entry {index + 1})", item
