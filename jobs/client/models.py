"""What a hub says of a job, a schedule, a flavor and a caller.

Names are those of `huggingface_hub.JobInfo` and its kin, and so are the wire's fields (`_jobs_api.py`, 2.4.0). Unlike
those classes nothing here fails on a field that is missing, new or odd: the id of a job that was accepted must
survive whatever else the reply holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Status:
    stage: str
    message: str | None = None
    expose_urls: tuple[str, ...] = ()
    cancel_reason: str | None = None
    """Why the hub itself stopped the job: `NO_CREDITS`, `NO_SUBSCRIPTION`, `RESOURCE_GROUP_LIMIT`."""
    failure_count: int | None = None
    """How many of its attempts have failed."""


@dataclass(frozen=True)
class Durations:
    """Whole seconds, counted by the hub."""

    scheduling_secs: int | None = None
    running_secs: int | None = None


@dataclass(frozen=True)
class Party:
    """The owner of a job, or what set it off (`user`, `org`, `scheduled-job`, `duplicated-job`)."""

    type: str
    id: str
    name: str | None = None


@dataclass(frozen=True)
class MountedVolume:
    type: str
    source: str
    mount_path: str
    path: str | None = None
    revision: str | None = None
    read_only: bool | None = None


@dataclass(frozen=True)
class Job:
    id: str
    namespace: str
    endpoint: str
    status: Status
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    docker_image: str | None = None
    space_id: str | None = None
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    flavor: str | None = None
    timeout_seconds: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[MountedVolume, ...] = ()
    durations: Durations = Durations()
    owner: Party | None = None
    initiator: Party | None = None
    retry: int | None = None
    expose: tuple[int, ...] = ()
    expose_public: tuple[int, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All that the hub said of it."""

    @property
    def stage(self) -> str:
        return self.status.stage

    @property
    def message(self) -> str | None:
        return self.status.message

    @property
    def url(self) -> str:
        return f"{self.endpoint}/jobs/{self.namespace}/{self.id}"


@dataclass(frozen=True)
class ScheduledJob:
    id: str
    namespace: str
    endpoint: str
    schedule: str | None = None
    suspend: bool | None = None
    suspend_reason: str | None = None
    """Why the hub itself suspended it."""
    concurrency: bool | None = None
    created_at: datetime | None = None
    last_job_id: str | None = None
    next_job_run_at: datetime | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    owner: Party | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        return _texts(self.spec.get("labels"))

    @property
    def secrets(self) -> tuple[str, ...]:
        return _names(self.spec.get("secrets"))


@dataclass(frozen=True)
class Accelerator:
    type: str
    model: str
    quantity: str
    vram: str


@dataclass(frozen=True)
class Hardware:
    """A flavor. `unit_cost_usd` is the price of one `unit_label`, which on the Hub is a minute."""

    name: str
    pretty_name: str
    cpu: str
    ram: str
    accelerator: Accelerator | None
    unit_cost_micro_usd: int | None
    unit_cost_usd: float | None
    unit_label: str | None


@dataclass(frozen=True)
class Identity:
    name: str
    orgs: tuple[str, ...] = ()
    type: str = "user"
    role: str | None = None
    """What the token may do: `read`, `write`, or `fineGrained`, and then as `permissions` says."""
    permissions: frozenset[str] = frozenset()

    @property
    def namespaces(self) -> tuple[str, ...]:
        return (self.name, *self.orgs)


def job(raw: Mapping[str, Any], *, endpoint: str, namespace: str) -> Job:
    """A job from the hub's JSON. Raises KeyError when it holds no usable `id`, and nothing else."""
    owner = _party(raw.get("owner"))
    status = _mapping(raw.get("status"))
    durations = _mapping(raw.get("durations"))
    expose = _mapping(raw.get("expose"))
    return Job(
        id=identifier(raw),
        namespace=(owner.name if owner and owner.name else namespace),
        endpoint=endpoint,
        status=Status(
            stage=str(status.get("stage") or "UNKNOWN"),
            message=_text(status.get("message")),
            expose_urls=_strings(status.get("exposeUrls")),
            cancel_reason=_text(status.get("cancelReason")),
            failure_count=_integer(status.get("failureCount")),
        ),
        created_at=moment(raw.get("createdAt")),
        started_at=moment(raw.get("startedAt")),
        finished_at=moment(raw.get("finishedAt")),
        docker_image=_text(raw.get("dockerImage")),
        space_id=_text(raw.get("spaceId")),
        command=_strings(raw.get("command")),
        arguments=_strings(raw.get("arguments")),
        environment=_texts(raw.get("environment")),
        secrets=_names(raw.get("secrets")),
        flavor=_text(raw.get("flavor")),
        timeout_seconds=_integer(raw.get("timeoutSeconds", raw.get("timeout"))),
        labels=_texts(raw.get("labels")),
        volumes=_volumes(raw.get("volumes")),
        durations=Durations(
            scheduling_secs=_integer(durations.get("schedulingSecs")),
            running_secs=_integer(durations.get("runningSecs")),
        ),
        owner=owner,
        initiator=_party(raw.get("initiator")),
        retry=_integer(raw.get("retry")),
        expose=_ports(expose.get("ports")),
        expose_public=_ports(expose.get("portsPublic")),
        raw=raw,
    )


def scheduled_job(raw: Mapping[str, Any], *, endpoint: str, namespace: str) -> ScheduledJob:
    """A schedule from the hub's JSON. Raises KeyError when it holds no usable `id`, and nothing else."""
    owner = _party(raw.get("owner"))
    status = _mapping(raw.get("status"))
    last = _mapping(status.get("lastJob"))
    return ScheduledJob(
        id=identifier(raw),
        namespace=(owner.name if owner and owner.name else namespace),
        endpoint=endpoint,
        schedule=_text(raw.get("schedule")),
        suspend=_flag(raw.get("suspend")),
        suspend_reason=_text(raw.get("suspendReason")),
        concurrency=_flag(raw.get("concurrency")),
        created_at=moment(raw.get("createdAt")),
        last_job_id=_text(last.get("id")),
        next_job_run_at=None if raw.get("suspend") is True else moment(status.get("nextJobRunAt")),
        spec=_mapping(raw.get("jobSpec")),
        owner=owner,
    )


def hardware(raw: Mapping[str, Any]) -> Hardware:
    """A flavor from the hub's JSON. Raises KeyError without a `name`."""
    accelerator = _mapping(raw.get("accelerator"))
    price = raw.get("unitCostUSD")
    return Hardware(
        name=str(raw["name"]),
        pretty_name=_text(raw.get("prettyName")) or str(raw["name"]),
        cpu=_text(raw.get("cpu")) or "",
        ram=_text(raw.get("ram")) or "",
        accelerator=Accelerator(
            **{key: _text(accelerator.get(key)) or "" for key in ("type", "model", "quantity", "vram")}
        )
        if accelerator
        else None,
        unit_cost_micro_usd=_integer(raw.get("unitCostMicroUSD")),
        unit_cost_usd=float(price) if isinstance(price, int | float) else None,
        unit_label=_text(raw.get("unitLabel")),
    )


def identity(raw: Mapping[str, Any]) -> Identity:
    """The caller, from `/api/whoami-v2`. Raises KeyError without a `name`."""
    orgs = [_text(_mapping(org).get("name")) for org in _sequence(raw.get("orgs"))]
    token = _mapping(_mapping(raw.get("auth")).get("accessToken"))
    scoped = _sequence(_mapping(token.get("fineGrained")).get("scoped"))
    return Identity(
        name=str(raw["name"]),
        orgs=tuple(org for org in orgs if org),
        type=str(raw.get("type") or "user"),
        role=_text(token.get("role")),
        permissions=frozenset(word for scope in scoped for word in _strings(_mapping(scope).get("permissions"))),
    )


def has_id(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("id"), str)


def identifier(raw: Mapping[str, Any]) -> str:
    value = raw.get("id") if isinstance(raw, Mapping) else None
    if not isinstance(value, str) or not value:
        raise KeyError("id")
    return value


def moment(value: Any) -> datetime | None:
    """An ISO 8601 instant in UTC, or None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, Mapping | list) else str(value)


def _integer(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in _sequence(value))


def _texts(value: Any) -> Mapping[str, str]:
    return {str(key): str(text) for key, text in _mapping(value).items()}


def _names(value: Any) -> tuple[str, ...]:
    """Names only, whether the hub sends a list of them or an object whose values are withheld."""
    return tuple(sorted(str(name) for name in (value if isinstance(value, Mapping | list) else ())))


def _ports(value: Any) -> tuple[int, ...]:
    return tuple(port for port in _sequence(value) if isinstance(port, int))


def _party(value: Any) -> Party | None:
    raw = _mapping(value)
    if not raw:
        return None
    return Party(type=_text(raw.get("type")) or "", id=_text(raw.get("id")) or "", name=_text(raw.get("name")))


def _volumes(value: Any) -> tuple[MountedVolume, ...]:
    return tuple(
        MountedVolume(
            type=_text(raw.get("type")) or "model",
            source=_text(raw.get("source")) or "",
            mount_path=_text(raw.get("mountPath")) or "",
            path=_text(raw.get("path")),
            revision=_text(raw.get("revision")),
            read_only=_flag(raw.get("readOnly")),
        )
        for raw in map(_mapping, _sequence(value))
        if raw
    )
