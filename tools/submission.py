"""What `submit_job` and `schedule_job` share: the arguments, and the way from them to one approved submission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit
from pydantic import Field

from consent.describe import for_spec
from consent.gate import Approved, NotAsked
from consent.question import Answer
from consent.request import ConsentRequest  # Read at run time by the dataclass below.
from jobs import durations
from jobs.errors import SecretUnavailable
from jobs.secrets.scan import refuse_values
from jobs.secrets.secret_value import Secret
from jobs.secrets.vault import how_to_provide
from jobs.spec import cost
from jobs.spec.advice import advice
from jobs.spec.request import JobRequest
from jobs.spec.schedule import Schedule
from jobs.spec.spec import JobSpec, build
from tools.registry import Arguments
from tools.services import Connected, Services, services_of

Names = Annotated[list[str], Field(default_factory=list, description="Environment-variable NAMES, never values")]


class JobArguments(Arguments):
    """The arguments of one job."""

    command: list[str] | None = Field(None, description="Words to run")
    script: str | None = Field(None, description="Text of a uv script, instead of command")
    packages: list[str] = Field(default_factory=list, description="For uv; makes it a uv job")
    python: str | None = Field(None, description='For uv jobs, e.g. "3.13"')
    image: str | None = Field(None, description="Without packages or script: a container job")
    flavor: str | None = Field(None, description="See list_hardware; default cpu-basic")
    timeout: str | float | None = Field(None, description='"45m", "2h", or seconds; default 30m')
    env: dict[str, str] = Field(default_factory=dict, description="Plain variables, no secrets")
    secrets: Names
    files: dict[str, str] = Field(
        default_factory=dict, description="Path → text, in the working folder (prompts, cards)"
    )
    volumes: list[str] = Field(default_factory=list, description='"hf://buckets/ns/name:/mount[:ro]"')
    name: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    namespace: str | None = Field(None, description="User or organisation that owns and pays")
    attempts: int | None = None
    expose: list[int] = Field(default_factory=list, description="Ports, reachable with a token")
    expose_public: list[int] = Field(default_factory=list, description="Ports, open to anyone")
    dry_run: bool = Field(False, description="Only show what would be sent")

    def to_request(self) -> JobRequest:
        return JobRequest(
            command=None if self.command is None else tuple(self.command),
            script=self.script,
            packages=tuple(self.packages),
            python=self.python,
            image=self.image,
            flavor=self.flavor,
            timeout=self.timeout,
            env=self.env,
            secrets=tuple(self.secrets),
            files=self.files,
            volumes=tuple(self.volumes),
            name=self.name,
            labels=self.labels,
            namespace=self.namespace,
            attempts=self.attempts,
            expose=tuple(self.expose),
            expose_public=tuple(self.expose_public),
            **self._schedule(),
        )

    def _schedule(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Prepared:
    """A checked submission: exactly what would be sent, and what the person would be asked."""

    connected: Connected
    spec: JobSpec
    consent: ConsentRequest
    max_cost_usd: float | None
    next_runs: tuple[str, ...]

    @property
    def advice(self) -> list[str] | None:
        """What will probably disappoint, said before it is paid for."""
        given = self.spec.timeout_seconds != durations.DEFAULT_SECONDS
        return list(advice(self.spec, timeout_given=given)) or None


async def prepare(services: Services, arguments: JobArguments) -> Prepared:
    """Check everything, and describe it. Sends nothing.

    Raises:
        JobsError: The first thing that is wrong, before a person is bothered with it.
    """
    for name in arguments.secrets:
        services.vault.check(name)
    refuse_values(dict(_texts(arguments)), services.masker())
    connected = await services.connect()
    hub = connected.hub
    hardware = await hub.hardware()
    namespace = await hub.namespace(arguments.namespace or services.policy.namespace)
    spec = build(
        arguments.to_request(), hub=hub.endpoint, namespace=namespace, flavors=[item.name for item in hardware]
    )
    for name in spec.secret_names:
        services.vault.check(name)
    sources = await _sources(services, spec)
    next_runs: tuple[str, ...] = ()
    if spec.schedule is not None:
        asked_at = services.first_asked(spec.digest)
        moments = Schedule.parse(spec.schedule).next(3, asked_at)
        next_runs = tuple(moment.strftime("%Y-%m-%d %H:%M UTC") for moment in moments)
    worst = cost.max_cost_usd(spec, hardware)
    consent = for_spec(
        spec,
        hub_name=connected.name,
        max_cost_usd=worst,
        confirm_above_usd=services.policy.confirm_above_usd,
        sources=sources,
        next_runs=next_runs,
    )
    return Prepared(connected, spec, consent, worst, next_runs)


async def ask(request: JobArguments, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked | None:
    """The question to the person about a job or a schedule, or why none is put; None for a dry run."""
    if request.dry_run:
        return None
    services = services_of(ctx)
    return await services.gate.pose((await prepare(services, request)).consent, ctx)


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
        elif isinstance(value, list):
            yield from ((f"{field}[{index}]", item) for index, item in enumerate(value) if isinstance(item, str))
        elif isinstance(value, dict):
            for index, (key, item) in enumerate(value.items()):
                yield f"{field} (name {index + 1})", key
                yield f"{field} (entry {index + 1})", item


async def authorise(services: Services, prepared: Prepared, grant: Approved) -> tuple[JobSpec, dict[str, Secret]]:
    """What may be sent under `grant`, and the values for exactly its names, taken now and held by the caller alone.

    Raises:
        SecretUnavailable: A value has gone since the question was put.
    """
    spec = prepared.spec.without(grant.withheld)
    values = await anyio.to_thread.run_sync(services.vault.take, spec.secret_names)
    return spec, values


def noting(services: Services, grant: Approved, namespace: str) -> Callable[[str, Mapping[str, str]], None]:
    """Notes the id the moment the hub tells it, whatever becomes of the call afterwards."""

    def note(event: str, facts: Mapping[str, str]) -> None:
        if event in {"made", "found"}:
            services.gate.record(grant, namespace, facts["id"])

    return note
