"""Everything that will be sent, frozen: what the person is asked about is what is sent, and a digest proves it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from hub_contract.hf_line import HfLine, hf_line
from jobs.commands.missing_files import check_files
from jobs.errors import SpecChanged
from jobs.ids import check_namespace
from jobs.spec import command as commands
from jobs.spec import files as inputs
from jobs.spec import script_header, validate
from jobs.spec.fields import JobFields, ScheduleRequest, rows
from jobs.spec.schedule import Schedule
from jobs.spec.workspace import (
    ENVIRONMENT_NAME,
    INPUTS_MOUNT,
    INPUTS_NAME,
    LABEL,
    MOUNT_PATH,
    Workspace,
    for_submission,
)
from jobs.spec.wrapper import unwrap, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from jobs.spec.fields import JobRequest

DIGEST_VERSION = "hf-jobs-mcp/2"
_KEY_MARK = "{submission}"
_SECRET_MARK = "{secret}"  # noqa: S105 - stands where a value will be, in the digest only


@dataclass(frozen=True, kw_only=True)
class JobSpec(JobFields):
    """A job or a schedule as it will be sent: made by `build` from a request, by `jobs.spec.stored` from a hub's."""

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits over all that will be sent, secret values and the idempotency key aside.

        The body is in it and, beside it, every field as it stands, so that a new field cannot be forgotten.
        """
        said = {part.name: getattr(self, part.name) for part in dataclasses.fields(self)}
        said["files"] = [(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in self.files]
        said["volumes"] = [dataclasses.astuple(mount) for mount in self.volumes]
        body = self.body(_KEY_MARK, dict.fromkeys(self.secret_names, _SECRET_MARK))
        everything = json.dumps([DIGEST_VERSION, body, said], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(everything.encode()).hexdigest()

    def without(self, names: Iterable[str]) -> JobSpec:
        """The same job with some secret names taken away, as when a person did not tick them."""
        gone = set(names)
        return replace(self, secret_names=tuple(name for name in self.secret_names if name not in gone))

    def payload(self, idempotency_key: str, secrets: Mapping[str, str]) -> dict[str, Any]:
        """The body of `POST /api/jobs/{namespace}`, or the `jobSpec` of a schedule.

        Args:
            idempotency_key: Sent as a label; it also names the workspace's folder.
            secrets: Values of exactly `secret_names`.

        Raises:
            SpecChanged: If other secrets come than the ones this spec names.
        """
        if set(secrets) != set(self.secret_names):
            raise SpecChanged("The secrets at hand are not the ones this job was approved for.", field="secrets")
        body: dict[str, Any] = {"arguments": []}
        for _, row in rows(self):
            for path, part in row.wire.items():
                value = None if part.encode is None else part.encode(self)
                if value not in (None, [], {}):
                    place(body, path, value)
        place(body, f"labels.{LABEL}", idempotency_key)
        if self.workspace:
            place(body, f"environment.{ENVIRONMENT_NAME}", MOUNT_PATH)
            if self.files:
                place(body, f"environment.{INPUTS_NAME}", INPUTS_MOUNT)
            body["volumes"] = [*body.get("volumes", ()), *self._own_volumes(idempotency_key)]
        if secrets:
            body["secrets"] = {name: secrets[name] for name in self.secret_names}
        return body

    def body(self, idempotency_key: str, secrets: Mapping[str, str]) -> dict[str, Any]:
        """The whole body to POST: `payload` for a job, or a schedule with it inside."""
        job = self.payload(idempotency_key, secrets)
        if self.schedule is None:
            return job
        return {"jobSpec": job, "schedule": self.schedule, "suspend": self.suspend, "concurrency": self.concurrency}

    def describe(self) -> dict[str, Any]:
        """Plain data for a dry run: names of secrets, sizes and hashes of files, and nothing that is empty."""
        told: dict[str, Any] = {}
        for name, row in rows(self):
            value = getattr(self, name)
            plain = row.plain(value) if row.plain else list(value) if isinstance(value, tuple) else value
            told["secrets" if name == "secret_names" else name] = plain
        return {key: value for key, value in (told | {"digest": self.digest}).items() if value not in _EMPTY}

    def hf_line(self, idempotency_key: str) -> HfLine | None:
        """The `hf jobs …` line that makes the same job; the files are no part of it (`hf_first`)."""
        return hf_line(
            self.payload(idempotency_key, dict.fromkeys(self.secret_names, _SECRET_MARK)),
            self.namespace,
            schedule=self.schedule,
            suspend=self.suspend,
            concurrency=self.concurrency,
        )

    def hf_first(self, idempotency_key: str) -> Iterator[str]:
        """The lines that have to be run before `hf_line`, for the workspace and the files in it."""
        if self.workspace:
            place = self.workspace_of(idempotency_key)
            yield f"hf buckets create {place.bucket} --private --exist-ok"
            if self.files:
                yield f"hf buckets sync FOLDER_WITH_THE_FILES hf://buckets/{place.bucket}/{place.inputs_at}"

    def workspace_of(self, idempotency_key: str) -> Workspace:
        """Where the job of this submission keeps its files; of a schedule, what every run starts from."""
        return for_submission(self.namespace, idempotency_key, scheduled=self.schedule is not None)

    def _own_volumes(self, idempotency_key: str) -> Iterator[dict[str, object]]:
        """The workspace, further folders of the job that lie in it, and the files to read only."""
        folder = self.workspace_of(idempotency_key)
        yield _mount(folder.bucket, folder.mounted, MOUNT_PATH, read_only=False)
        for path in self.outputs:
            yield _mount(folder.bucket, f"{folder.mounted}{path}", path, read_only=False)
        if self.files:
            yield _mount(folder.bucket, folder.inputs_at, INPUTS_MOUNT, read_only=True)


def _mount(bucket: str, path: str, at: str, *, read_only: bool) -> dict[str, object]:
    return {"type": "bucket", "source": bucket, "mountPath": at, "readOnly": read_only, "path": path}


_EMPTY: tuple[Any, ...] = (None, False, [], {})


def place(body: dict[str, Any], path: str, value: Any) -> None:
    """Put `value` at a dotted path, making the objects on the way."""
    *folders, last = path.split(".")
    for folder in folders:
        body = body.setdefault(folder, {})
    body[last] = value


def check_command(spec: JobSpec) -> Callable[[], None]:
    """The last check of what was built: that the command's own files are there. It reads them all and takes time."""
    starts_there = spec.kind == "uv" or spec.schedule is not None
    paths = dict(spec.files)
    brings = spec.image != validate.DEFAULT_UV_IMAGE or bool(spec.packages) or "pyproject.toml" in paths
    return partial(
        check_files,
        unwrap(spec.argv).command,
        paths,
        env={**dict(spec.env), ENVIRONMENT_NAME: MOUNT_PATH},
        installed=brings,
        cwd=MOUNT_PATH if starts_there else None,
    )


def build(
    request: JobRequest,
    *,
    hub: str,
    namespace: str,
    flavors: Collection[str] | None = None,
    check: Callable[[Callable[[], None]], None] = lambda call: call(),
) -> JobSpec:
    """Check a request and fix what will be sent.

    Args:
        request: What was asked for; its script's header is merged in.
        hub: The endpoint it will go to.
        namespace: Whose job it is when the request and its script's header do not say.
        flavors: The names on the hub's live hardware list; None skips that check.
        check: Is given `check_command` of what was built, to call it now or somewhere else.

    Raises:
        BadArgument: For the first field that is wrong, by name, with a hint and without its value.
        SecretInArgument: For a secret name with a value attached.
    """
    commands.check_one_of_two(request)
    is_uv = request.is_uv
    request = script_header.merge(request)
    secrets = validate.check_secret_names(request.secrets)
    files = inputs.check_files(request.files, request.script)
    command = (inputs.SCRIPT_NAME,) if request.command is None else validate.check_command(request.command)
    packages = validate.check_packages(request.packages)
    python = validate.check_python(request.python)
    scheduled = request if isinstance(request, ScheduleRequest) else None
    paths = dict(files)
    if scheduled:
        commands.check_scheduled(command)
    if is_uv:
        runs = commands.uv_argv(
            command, packages, python, scheduled=scheduled is not None, paths=paths, has_workspace=request.workspace
        )
    else:
        runs = command
    checked = {name: row.check(request) for name, row in rows(JobSpec) if row.check}
    exposed = validate.check_ports(request.expose, field="expose")
    spec = JobSpec(
        hub=hub.rstrip("/"),
        namespace=check_namespace(request.namespace or namespace),
        kind="uv" if is_uv else "container",
        command=command,
        argv=wrap(runs, files, scheduled=scheduled is not None and request.workspace),
        packages=packages,
        python=python,
        flavor=validate.check_flavor(validate.DEFAULT_FLAVOR if request.flavor is None else request.flavor, flavors),
        env=validate.check_env(request.env, secrets),
        secret_names=secrets,
        files=files,
        expose=tuple(port for port in exposed if port not in checked["expose_public"]),
        schedule=None if scheduled is None else Schedule.parse(scheduled.schedule).expression,
        suspend=bool(scheduled and scheduled.suspend),
        concurrency=bool(scheduled and scheduled.concurrency),
        **checked,
    )
    check(check_command(spec))
    return spec
