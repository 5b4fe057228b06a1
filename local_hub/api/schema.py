"""What a client may ask for: the body of ``POST /api/jobs/{namespace}``, checked and put into the form we keep."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hub_contract import field_rules
from hub_contract.constants import DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS, SYSTEM_FOLDERS
from local_hub import accounts, errors, flavors

MAX_SPEC_BYTES = 1 << 20

Word = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Variables = dict[str, str | int | float | bool | None]


class VolumeBody(BaseModel):
    """A bucket, or a folder of one, and where the job finds it."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    type: str
    source: str
    mount_path: str = Field(alias="mountPath")
    revision: str | None = None
    read_only: bool = Field(default=False, alias="readOnly")
    path: str | None = None

    @field_validator("read_only", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return False if value is None else value

    @model_validator(mode="after")
    def _check(self) -> VolumeBody:
        if self.type != "bucket":
            raise ValueError(f"volumes of type {self.type[:20]!r} are not on the local hub, buckets are")
        if self.source.count("/") != 1 or not all(self.source.split("/")) or ".." in self.source:
            raise ValueError("the source of a bucket volume is namespace/name")
        if not self.mount_path.startswith("/") or "\0" in self.mount_path:
            raise ValueError("a mount path starts with /")
        self.mount_path = posixpath.normpath("/" + self.mount_path.lstrip("/"))
        if self.mount_path == "/" or any(
            self.mount_path == folder or self.mount_path.startswith(f"{folder}/") for folder in SYSTEM_FOLDERS
        ):
            raise ValueError(f"{self.mount_path} belongs to the system and cannot be a mount path")
        parts = (self.path or "").strip("/").split("/")
        if self.path and (any(part in ("", ".", "..") for part in parts) or "\0" in self.path):
            raise ValueError("the path of a volume stays inside its bucket")
        self.path = "/".join(parts) if self.path else None
        return self

    def to_json(self) -> dict[str, Any]:
        kept = {"type": self.type, "source": self.source, "mountPath": self.mount_path, "readOnly": self.read_only}
        return {**kept, **({"path": self.path} if self.path else {})}


class ExposeSpec(BaseModel):
    """Ports of a job to be reached from outside, the public ones without a token."""

    ports: list[Port] = Field(max_length=field_rules.MAX_PORTS)
    ports_public: list[Port] = Field(default=[], alias="portsPublic", max_length=field_rules.MAX_PORTS)

    @model_validator(mode="after")
    def _subset(self) -> ExposeSpec:
        if not set(self.ports_public) <= set(self.ports):
            raise ValueError("portsPublic lists only ports that are in ports too")
        return self

    def to_json(self) -> dict[str, list[int]]:
        return {"ports": self.ports, "portsPublic": self.ports_public}


class NetworkBody(BaseModel):
    """A group of jobs that reach each other, and the names of this one in it."""

    group: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,45}$")
    aliases: list[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,33}$")]] = Field(default=[], max_length=100)


class LabelsSpec(BaseModel):
    """The body of both label routes."""

    labels: dict[str, str]

    @field_validator("labels")
    @classmethod
    def _check_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        return _labels(labels)


class JobBody(BaseModel):
    """A job as it is asked for; unknown fields are ignored, as newer clients may send them."""

    model_config = ConfigDict(extra="ignore")

    command: list[Word] = Field(default=[], min_length=1)
    arguments: list[str] = []
    environment: Variables = {}
    secrets: Variables = {}
    flavor: str
    timeout_seconds: int | None = Field(default=None, alias="timeoutSeconds", ge=1, le=MAX_TIMEOUT_SECONDS)
    attempts: int = Field(default=1, ge=1)
    labels: dict[str, str] = {}
    volumes: list[VolumeBody] = Field(default=[], min_length=1, max_length=50)
    expose: ExposeSpec | None = None
    docker_image: str | None = Field(default=None, alias="dockerImage", min_length=1)
    space_id: str | None = Field(default=None, alias="spaceId", min_length=1)
    ssh: dict[str, Any] | None = None
    network: NetworkBody | None = None
    resource_group_id: str | None = Field(default=None, alias="resourceGroupId", pattern=r"^[0-9a-fA-F]{24}$")

    @field_validator("labels")
    @classmethod
    def _check_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        return _labels(labels)

    @field_validator("environment", "secrets")
    @classmethod
    def _check_variables(cls, variables: Variables, info: ValidationInfo) -> Variables:
        form = field_rules.VARIABLE if info.field_name == "environment" else field_rules.SECRET
        for name, value in variables.items():
            if not form.fullmatch(name):
                least = ", two characters at least" if info.field_name == "environment" else ""
                raise ValueError(f"a variable's name has letters, digits and _ only and starts with a letter{least}")
            if "\0" in str(value):
                raise ValueError(f"the value of {name} holds a NUL character")
        return variables

    @field_validator("flavor")
    @classmethod
    def _check_flavor(cls, flavor: str) -> str:
        if flavor not in flavors.by_name():
            raise ValueError(f"unknown flavor {flavor!r}; the flavors are {', '.join(flavors.by_name())}")
        return flavor

    @model_validator(mode="after")
    def _check(self) -> JobBody:
        if (self.docker_image is None) == (self.space_id is None):
            raise ValueError("a job has a dockerImage or a spaceId, and not both")
        if not self.command and not self.arguments:
            raise ValueError("a job has a command")
        if any("\0" in part for part in (*self.command, *self.arguments)):
            raise ValueError("the command holds a NUL character")
        mount_paths = [volume.mount_path for volume in self.volumes]
        if len(set(mount_paths)) != len(mount_paths):
            raise ValueError("two volumes have one mount path")
        return self

    def not_done(self) -> list[str]:
        """Return what this machine does not do of what is asked, in a sentence each, for the job's message."""
        missing = []
        if self.network:
            missing.append("network group: its jobs share this machine's network, without host names of their own")
        if self.resource_group_id:
            missing.append("resource group: kept, but nothing is counted for it here")
        return missing

    def to_json(self) -> dict[str, Any]:
        """Return what is kept and shown: everything but the values of the secrets."""
        return {
            "dockerImage": self.docker_image,
            "spaceId": self.space_id,
            "command": self.command,
            "arguments": self.arguments,
            "environment": _texts(self.environment),
            "secrets": sorted(self.secrets),
            "flavor": self.flavor,
            "timeout": self.timeout_seconds or DEFAULT_TIMEOUT_SECONDS,
            "attempts": self.attempts,
            "labels": self.labels,
            "volumes": [volume.to_json() for volume in self.volumes],
            "expose": self.expose.to_json() if self.expose and self.expose.ports else None,
            "network": self.network.model_dump() if self.network else None,
            "resourceGroupId": self.resource_group_id,
            "notDone": self.not_done(),
        }

    def secret_values(self) -> dict[str, str]:
        return _texts(self.secrets)


def _in_the_hubs_form(schedule: str) -> str:
    """Refuse what the Hub's API would refuse, though this hub could make sense of it."""
    if not schedule.startswith("@") and field_rules.cron_fields(schedule) is None:
        raise ValueError(
            f"{schedule[:100]!r} is neither a preset nor a cron line as the Hub takes them: fields of numbers, *, */5, "
            "1-5 or 1,2,3, without names and without ranges inside lists"
        )
    return schedule


Cron = Annotated[str, AfterValidator(_in_the_hubs_form)]


class ScheduleSpec(BaseModel):
    """The body of ``POST /api/scheduled-jobs/{namespace}``."""

    job_spec: JobBody = Field(alias="jobSpec")
    schedule: Cron
    suspend: bool = False
    concurrency: bool = False

    @field_validator("suspend", "concurrency", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return False if value is None else value


class RescheduleSpec(BaseModel):
    """The body of ``POST /api/scheduled-jobs/{namespace}/{id}/schedule``."""

    schedule: Cron


def _texts(variables: Variables) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in variables.items()}


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if not field_rules.LABEL_KEY.fullmatch(key) or not field_rules.LABEL_VALUE.fullmatch(value):
            raise ValueError(
                "keys and values of labels have at most 100 characters, each a letter, a digit, a dot, - or _"
            )
    return labels


def parse(kind: type[BaseModel], body: bytes) -> Any:
    """Return the body as `kind`, or raise the Hub's 400 with a sentence that repeats no value of a secret."""
    if len(body) > MAX_SPEC_BYTES:
        raise errors.ApiError(413, f"A request has at most {MAX_SPEC_BYTES} bytes.", code="PayloadTooLarge")
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: "
            + problem["msg"].removeprefix("Value error, ")
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise errors.invalid("; ".join(problems[:5])) from None


def job(body: bytes) -> JobBody:
    """Return a checked job, refusing with its own sentence what only the real Hub has."""
    wanted: JobBody = parse(JobBody, body)
    refuse_what_is_not_here(wanted)
    return wanted


def refuse_what_is_not_here(wanted: JobBody) -> None:
    if wanted.ssh and wanted.ssh.get("enabled", True):
        raise errors.unsupported("SSH into a job")
    for volume in wanted.volumes:
        namespace = volume.source.split("/")[0]
        if namespace not in accounts.ACCOUNTS:
            raise errors.not_found(f"Bucket {volume.source} not found.", code="RepoNotFound")
