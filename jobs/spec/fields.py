"""The one table of a job's fields: what can be asked for, what is sent for it, and how a person reads it.

`JobRequest` is what a caller may ask for, with the words an agent reads. `JobFields` is the same once it is checked,
and beside each of its fields stands a `Row`: the rule, the place in the hub's job spec both ways, and the line in the
question. Tool schemas, a script's header, checks, body, digest, dry run, every question and the reading of what a hub
has stored come from here; a new field is a line in each class and its rule in `validate`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub_contract.constants import DEFAULT_TIMEOUT_SECONDS
from jobs import durations
from jobs.spec import validate, volume
from jobs.spec.volume import VolumeSpec

Items = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class InHeader:
    """Marks what a uv script's `[tool.hf-jobs]` table may say; how its word and the request's go together.

    `first`: the request's, else the header's. `each`: merged by key, by name or by mount path.
    """

    merge: Literal["first", "each"] = "first"


Names = Annotated[tuple[str, ...], InHeader("each")]


class JobRequest(BaseModel):
    """What a caller asks for, before anything of it is checked; None and empty mean not given.

    `files` maps a path in the workspace to its text; `volumes` are written as for `hf jobs run -v`; `secrets` are
    names.
    """

    model_config = ConfigDict(extra="forbid")

    command: tuple[str, ...] | None = Field(None, description="Words to run")
    script: str | None = Field(None, description="A uv script's text, instead of command")
    packages: tuple[str, ...] = Field((), description="For uv; makes it a uv job")
    python: Annotated[str | None, InHeader()] = Field(None, description='For uv jobs, e.g. "3.13"')
    image: Annotated[str | None, InHeader()] = Field(None, description="Without packages, script: a container job")
    flavor: Annotated[str | None, InHeader()] = Field(None, description="See list_hardware; default cpu-basic")
    timeout: Annotated[str | float | None, InHeader()] = Field(None, description='"45m", "2h", or seconds; default 30m')
    env: Annotated[dict[str, str], InHeader("each")] = Field({}, description="Plain, no secrets")
    secrets: Names = Field((), description="Variables' NAMES, never values")
    files: dict[str, str] = Field({}, description="Path → text, in the working folder")
    volumes: Names = Field((), description='"hf://buckets/ns/name:/mount[:ro]"')
    workspace: bool = True
    outputs: tuple[str, ...] = Field((), description="More folders to keep: /output")
    name: Annotated[str | None, InHeader()] = None
    labels: Annotated[dict[str, str], InHeader("each")] = {}
    namespace: Annotated[str | None, InHeader()] = Field(None, description="Who owns and pays")
    attempts: int | None = None
    expose: tuple[int, ...] = Field((), description="Ports; need a token")
    expose_public: tuple[int, ...] = Field((), description="Ports, open to anyone")
    network_group: Annotated[str | None, InHeader()] = Field(None, description="Its jobs reach each other")
    network_aliases: Annotated[tuple[str, ...], InHeader()] = Field((), description="Its names there")
    resource_group_id: str | None = Field(None, description="Of an organisation")

    @property
    def is_scheduled(self) -> bool:
        return isinstance(self, ScheduleRequest)

    @property
    def is_uv(self) -> bool:
        """Whether `uv run` starts it: anything but a command in an image of the caller's own."""
        return bool(
            self.script is not None
            or self.packages
            or self.python
            or self.image is None
            or self.script_file is not None
        )

    @property
    def script_file(self) -> str | None:
        """The file among `files` that the command runs as a uv script, which is how a script gets arguments."""
        if not self.command or not self.command[0].endswith(".py"):
            return None
        path = self.command[0].removeprefix("./")
        return path if path in self.files else None


class ScheduleRequest(JobRequest):
    """A job that is to run again and again, as it is asked for."""

    schedule: str = Field(description='UTC: "@hourly", "@daily", … or five cron fields, e.g. "0 9 * * 1"')
    suspend: bool | None = Field(None, description="Start suspended")
    concurrency: bool | None = Field(None, description="Let runs overlap; default false")


@dataclass(frozen=True, slots=True)
class Part:
    """One key of the hub's job spec.

    Args:
        decode: From the hub's JSON to the field's value; ValueError for what it cannot tell in full.
        encode: From the job to the hub's JSON; None and empty are not sent, and None here is read only.
    """

    decode: Callable[[Any], Any]
    encode: Callable[[JobFields], Any] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What there is to know of one checked field.

    Args:
        label: What the question calls it; empty where another row shows it too.
        show: The field for a person: text, or a list of names with what is said of each; None or empty shows nothing.
        wire: Where it stands in the hub's job spec, dots for what is nested; the first that is there is read.
        check: From the request to the value; None for what `jobs.spec.spec.build` makes of several.
        plain: The field as a dry run tells it.
    """

    label: str = ""
    show: Callable[[JobFields], str | Items | None] | None = None
    wire: Mapping[str, Part] = field(default_factory=dict)
    check: Callable[[JobRequest], Any] | None = None
    plain: Callable[[Any], Any] | None = None


def rows(job: type[JobFields] | JobFields) -> list[tuple[str, Row]]:
    """The table: each field's name with its row, in the order a person reads them."""
    return [(part.name, part.metadata["row"]) for part in dataclasses.fields(job) if "row" in part.metadata]


def _row(*, default: Any = dataclasses.MISSING, **parts: Any) -> Any:
    return field(default=default, metadata={"row": Row(**parts)})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not text")  # noqa: TRY004 - whatever the hub says is data, not a programmer's mistake
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError("not a whole number")
    return int(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _ports(value: Any) -> tuple[int, ...]:
    return tuple(sorted(map(_integer, _list(value))))


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - as above
    return tuple(sorted((_text(name), _text(text)) for name, text in value.items()))


def _names(value: Any) -> tuple[str, ...]:
    """Names only, whether the hub sends a list of them or an object whose values are withheld."""
    return tuple(sorted(map(_text, value if isinstance(value, Mapping) else _list(value))))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError("not a list")  # noqa: TRY004 - as above
    return list(value)


def _hardware(job: JobFields) -> str:
    tries = f", up to {job.attempts} attempts" if job.attempts > 1 else ""
    return f"{job.flavor or 'not told'}, at most {durations.words(job.timeout_seconds)}{tries}"


def _sizes(job: JobFields) -> Items:
    return [
        (path, f" ({len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]})") for path, data in job.files
    ]


def _when(job: JobFields) -> str | None:
    if job.schedule is None:
        return None
    overlap = ", runs may overlap" if job.concurrency else ""
    return f"{job.schedule} UTC{overlap}{' (suspended: it waits until it is resumed)' if job.suspend else ''}"


def _listed(ports: tuple[int, ...], words: str) -> str | None:
    return f"{', '.join(map(str, ports))}{words}" if ports else None


def _known_as(aliases: tuple[str, ...]) -> str:
    return f", known there as {', '.join(aliases)}" if aliases else ""


def _plain_files(files: tuple[tuple[str, bytes], ...]) -> list[dict[str, Any]]:
    return [{"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in files]


@dataclass(frozen=True, kw_only=True)
class JobFields:
    """A job's fields, checked and in one canonical form.

    Attributes:
        hub: The endpoint it goes to.
        namespace: Whose job it will be.
        kind: `uv` if `uv run` starts it in its workspace, `container` if the image's own command line is used.
        schedule: A preset or five cron fields in UTC, or None for a job that runs once.
        suspend: Whether the schedule starts suspended.
        concurrency: Whether a run may start while the last one still runs.
        command: What the caller wants to run, as a person reads it.
        argv: Exactly what is sent as the command.
        packages: Requirements that are among `argv`.
        python: The Python version that is among `argv`.
        image: A container image or the address of a Space.
        flavor: The hardware.
        timeout_seconds: After which the hub stops an attempt.
        attempts: How often it is tried in all.
        secret_names: Names whose values are attached when it is sent, sorted.
        files: What is placed in the workspace, sorted pairs of path and bytes; the script is `script.py`.
        env: Plain variables, sorted pairs.
        volumes: The caller's mounts; the workspace is not among them.
        workspace: Whether it has a folder of its own in a bucket, where its files are and what it writes is kept.
        outputs: Further folders that are kept in it, sorted; `/a/b` is `a/b` there.
        labels: The caller's labels with `name` among them, sorted pairs.
        expose: Ports reachable with a token that can read the namespace, without the public ones.
        expose_public: Ports reachable by anybody.
        network_group: The jobs of a namespace that reach each other on every port, or None.
        network_aliases: Names by which the group's jobs reach this one, sorted.
        resource_group_id: The organisation's resource group that it belongs to and is paid by, or None.
    """

    hub: str = _row()
    namespace: str = _row(label="Namespace", show=lambda job: job.namespace)
    kind: Literal["uv", "container"] = _row()
    schedule: str | None = _row(default=None, label="Schedule", show=_when)
    suspend: bool = _row(default=False)
    concurrency: bool = _row(default=False)
    command: tuple[str, ...] = _row(label="Runs", show=lambda job: shlex.join(job.command))
    argv: tuple[str, ...] = _row(wire={"command": Part(_texts, lambda job: list(job.argv))})
    packages: tuple[str, ...] = _row(
        default=(), label="Packages", show=lambda job: [(name, "") for name in job.packages]
    )
    python: str | None = _row(default=None, label="Python", show=lambda job: job.python)
    image: str = _row(
        label="Image",
        show=lambda job: job.image or "not told",
        check=lambda asked: validate.check_image(validate.DEFAULT_UV_IMAGE if asked.image is None else asked.image),
        wire={
            "dockerImage": Part(_text, lambda job: None if validate.space_of(job.image) else job.image),
            "spaceId": Part(lambda raw: validate.SPACE + _text(raw), lambda job: validate.space_of(job.image)),
        },
    )
    flavor: str = _row(label="Hardware", show=_hardware, wire={"flavor": Part(_text, lambda job: job.flavor)})
    timeout_seconds: int = _row(
        check=lambda asked: DEFAULT_TIMEOUT_SECONDS if asked.timeout is None else durations.seconds(asked.timeout),
        wire={"timeoutSeconds": Part(_integer, lambda job: job.timeout_seconds), "timeout": Part(_integer)},
    )
    attempts: int = _row(
        default=1,
        check=lambda asked: validate.check_attempts(asked.attempts),
        wire={
            "attempts": Part(_integer, lambda job: job.attempts),
            "retry": Part(lambda raw: _integer(raw) + 1),
        },
        plain=lambda value: value if value > 1 else None,
    )
    secret_names: tuple[str, ...] = _row(default=(), wire={"secrets": Part(_names)})
    files: tuple[tuple[str, bytes], ...] = _row(default=(), label="Files", show=_sizes, plain=_plain_files)
    env: tuple[tuple[str, str], ...] = _row(
        default=(),
        label="Variables",
        show=lambda job: [(name, f"={json.dumps(value, ensure_ascii=False)}") for name, value in job.env],
        wire={"environment": Part(_pairs, lambda job: dict(job.env))},
        plain=dict,
    )
    volumes: tuple[VolumeSpec, ...] = _row(
        default=(),
        label="Volumes",
        show=lambda job: [(mount.uri, "") for mount in job.volumes],
        check=lambda asked: volume.parse_all(asked.volumes),
        wire={"volumes": Part(volume.stored, lambda job: [mount.payload() for mount in job.volumes])},
        plain=lambda value: [mount.uri for mount in value],
    )
    workspace: bool = _row(
        default=True,
        check=lambda asked: validate.check_workspace(asked.workspace, (asked.files, asked.script)),
        plain=lambda value: None if value else "none",
    )
    outputs: tuple[str, ...] = _row(
        default=(),
        label="Keeps",
        show=lambda job: [(path, " (in the workspace)") for path in job.outputs],
        check=lambda asked: volume.check_outputs(
            asked.outputs, asked.volumes, workspace=asked.workspace, scheduled=asked.is_scheduled
        ),
    )
    labels: tuple[tuple[str, str], ...] = _row(
        default=(),
        label="Labels",
        show=lambda job: [(key, f"={value}") for key, value in job.labels],
        check=lambda asked: validate.check_labels(asked.labels, asked.name),
        wire={"labels": Part(_pairs, lambda job: dict(job.labels))},
        plain=dict,
    )
    expose: tuple[int, ...] = _row(
        default=(),
        label="Ports",
        show=lambda job: _listed(job.expose, " (needs a token)"),
        wire={"expose.ports": Part(_ports, lambda job: list(dict.fromkeys((*job.expose, *job.expose_public))))},
    )
    expose_public: tuple[int, ...] = _row(
        default=(),
        label="PUBLIC",
        show=lambda job: _listed(job.expose_public, ": ports open to anyone"),
        check=lambda asked: validate.check_ports(asked.expose_public, field="expose_public"),
        wire={"expose.portsPublic": Part(_ports, lambda job: list(job.expose_public))},
    )

    network_group: str | None = _row(
        default=None,
        label="Network",
        show=lambda job: job.network_group and f"{job.network_group}{_known_as(job.network_aliases)}",
        check=lambda asked: validate.check_network_group(asked.network_group, scheduled=asked.is_scheduled),
        wire={"network.group": Part(_text, lambda job: job.network_group)},
    )
    network_aliases: tuple[str, ...] = _row(
        default=(),
        check=lambda asked: validate.check_network_aliases(asked.network_aliases, asked.network_group),
        wire={"network.aliases": Part(_names, lambda job: list(job.network_aliases))},
    )

    resource_group_id: str | None = _row(
        default=None,
        label="Group",
        show=lambda job: job.resource_group_id and f"{job.resource_group_id} (resource group, which pays)",
        check=lambda asked: validate.check_resource_group(asked.resource_group_id),
        wire={"resourceGroupId": Part(_text, lambda job: job.resource_group_id)},
    )

    @property
    def name(self) -> str | None:
        return dict(self.labels).get("name")

    @property
    def script(self) -> str | None:
        """The text of the script that `argv` runs, if it is a uv script that travels with the job."""
        text = dict(self.files).get(self.command[0].removeprefix("./")) if self.kind == "uv" and self.command else None
        return None if text is None else text.decode()
