"""Everything that will be sent, frozen: what the person is asked about is what is sent, and a digest proves it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from jobs import durations
from jobs.errors import BadArgument, SpecChanged
from jobs.ids import check_namespace
from jobs.spec import command as commands
from jobs.spec import files as inputs
from jobs.spec import script_header, validate, volume
from jobs.spec.schedule import Schedule
from jobs.spec.workspace import ENVIRONMENT_NAME, LABEL, MOUNT_PATH, Workspace, for_submission

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from jobs.spec.request import JobRequest
    from jobs.spec.volume import VolumeSpec

DIGEST_VERSION = "hf-jobs-mcp/1"
_SUBMISSION_MARK = "{submission}"
_SECRET_MARK = "{secret}"  # noqa: S105 - stands where a value will be, in the digest only


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job or a schedule, checked and in one canonical form; `build` makes it.

    Attributes:
        hub: The endpoint it goes to.
        namespace: Whose job it will be.
        kind: `uv` if `uv run` starts it in its workspace, `container` if the image's own command line is used.
        command: What the caller wants to run, as a person reads it.
        argv: Exactly what is sent as the command.
        image: A container image or the address of a Space.
        flavor: The hardware.
        timeout_seconds: After which the hub stops an attempt.
        attempts: How often it is tried in all.
        env: Plain variables, sorted pairs.
        secret_names: Names whose values are attached when it is sent, sorted.
        labels: The caller's labels with `name` among them, sorted pairs.
        volumes: The caller's mounts; the workspace is not among them.
        files: What is placed in the workspace, sorted pairs of path and bytes; the script is `script.py`.
        packages: Requirements that are among `argv`, for people to read.
        python: The Python version that is among `argv`.
        expose: Ports reachable with a token that can read the namespace, without the public ones.
        expose_public: Ports reachable by anybody.
        schedule: A preset or five cron fields in UTC, or None for a job that runs once.
        suspend: Whether the schedule starts suspended.
        concurrency: Whether a run may start while the last one still runs.
        workspace: Whether the job has a workspace.
    """

    hub: str
    namespace: str
    kind: Literal["uv", "container"]
    command: tuple[str, ...]
    argv: tuple[str, ...]
    image: str
    flavor: str
    timeout_seconds: int
    attempts: int = 1
    env: tuple[tuple[str, str], ...] = ()
    secret_names: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    volumes: tuple[VolumeSpec, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    packages: tuple[str, ...] = ()
    python: str | None = None
    expose: tuple[int, ...] = ()
    expose_public: tuple[int, ...] = ()
    schedule: str | None = None
    suspend: bool = False
    concurrency: bool = False
    workspace: bool = True

    @property
    def name(self) -> str | None:
        return dict(self.labels).get("name")

    @property
    def script(self) -> str | None:
        """The text of the script that `argv` runs, if it is a uv script that travels with the job."""
        text = dict(self.files).get(self.command[0].removeprefix("./")) if self.kind == "uv" else None
        return None if text is None else text.decode()

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over everything that will be sent, secret values and the submission's label aside."""
        return self._digest_of(self.body(_SUBMISSION_MARK, dict.fromkeys(self.secret_names, _SECRET_MARK)))

    @property
    def fingerprint(self) -> str:
        """The digest's first twelve digits in groups of four, for a person to compare."""
        digest = self.digest
        return f"{digest[:4]}-{digest[4:8]}-{digest[8:12]}"

    def without(self, names: Iterable[str]) -> JobSpec:
        """The same job with some secret names taken away, as when a person did not tick them."""
        gone = set(names)
        return replace(self, secret_names=tuple(name for name in self.secret_names if name not in gone))

    def payload(self, submission: str, secrets: Mapping[str, str]) -> dict[str, Any]:
        """The body of `POST /api/jobs/{namespace}`, or the `jobSpec` of a schedule.

        Args:
            submission: The submission's label, which also names the workspace's folder.
            secrets: Values of exactly `secret_names`.

        Raises:
            SpecChanged: If other secrets come than the ones this spec names.
        """
        if set(secrets) != set(self.secret_names):
            raise SpecChanged("The secrets at hand are not the ones this job was approved for.", field="secrets")
        space = validate.space_of(self.image)
        volumes = [volume.payload() for volume in self.volumes]
        environment = dict(self.env)
        if self.workspace:
            volumes.append(self._workspace_volume(submission))
            environment[ENVIRONMENT_NAME] = MOUNT_PATH
        body: dict[str, Any] = {
            "command": list(self.argv),
            "arguments": [],
            "environment": environment,
            "flavor": self.flavor,
            "timeoutSeconds": self.timeout_seconds,
            "attempts": self.attempts,
            "labels": {**dict(self.labels), LABEL: submission},
            "volumes": volumes,
            "dockerImage" if space is None else "spaceId": self.image if space is None else space,
        }
        if secrets:
            body["secrets"] = {name: secrets[name] for name in self.secret_names}
        if self.expose or self.expose_public:
            ports = list(dict.fromkeys((*self.expose, *self.expose_public)))
            body["expose"] = {"ports": ports, "portsPublic": list(self.expose_public)}
        return body

    def body(self, submission: str, secrets: Mapping[str, str]) -> dict[str, Any]:
        """The whole body to POST: `payload` for a job, or a schedule with it inside."""
        job = self.payload(submission, secrets)
        if self.schedule is None:
            return job
        return {"jobSpec": job, "schedule": self.schedule, "suspend": self.suspend, "concurrency": self.concurrency}

    def covers(self, body: Mapping[str, Any], submission: str) -> bool:
        """Whether `body` is what the digest was made of, but for secret values and the submission's label.

        For the moment before sending: it reads the body itself and not what made it.
        """
        plain = _marked(body, submission)
        return plain is not None and self._digest_of(plain) == self.digest

    def check_approved(self, digest: str) -> None:
        """Compare with the digest that a person agreed to.

        Raises:
            SpecChanged: If anything that would be sent is different now.
        """
        if self.digest != digest:
            raise SpecChanged(
                "What would be sent is no longer what was approved.",
                hint="Call again, so that the person is asked anew.",
            )

    def describe(self) -> dict[str, Any]:
        """Plain data for a dry run: names of secrets, sizes and hashes of files, and nothing that is empty."""
        files = [
            {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in self.files
        ]
        parts: dict[str, Any] = {
            "hub": self.hub,
            "namespace": self.namespace,
            "kind": self.kind,
            "command": list(self.command),
            "argv": list(self.argv),
            "image": self.image,
            "flavor": self.flavor,
            "timeout_seconds": self.timeout_seconds,
            "attempts": self.attempts if self.attempts > 1 else None,
            "env": dict(self.env),
            "secrets": list(self.secret_names),
            "labels": dict(self.labels),
            "volumes": [volume.uri for volume in self.volumes],
            "files": files,
            "expose": list(self.expose),
            "expose_public": list(self.expose_public),
            "schedule": self.schedule,
            "suspend": self.suspend or None,
            "concurrency": self.concurrency or None,
            "digest": self.digest,
        }
        return {key: value for key, value in parts.items() if value not in (None, [], {})}

    def workspace_of(self, submission: str) -> Workspace:
        """Where the job of this submission keeps its files; of a schedule, what every run starts from."""
        return for_submission(self.namespace, submission, scheduled=self.schedule is not None)

    def _workspace_volume(self, submission: str) -> dict[str, object]:
        place = self.workspace_of(submission)
        return {
            "type": "bucket",
            "source": place.bucket,
            "mountPath": MOUNT_PATH,
            "readOnly": False,
            "path": place.root,
        }

    def _digest_of(self, body: Mapping[str, Any]) -> str:
        """Hash the body and, beside it, every field as it stands, so that a new field cannot be forgotten."""
        said = {part.name: getattr(self, part.name) for part in dataclasses.fields(self)}
        said["files"] = [(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in self.files]
        said["volumes"] = [dataclasses.astuple(mount) for mount in self.volumes]
        everything = json.dumps([DIGEST_VERSION, body, said], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(everything.encode()).hexdigest()


def build(request: JobRequest, *, hub: str, namespace: str, flavors: Collection[str] | None = None) -> JobSpec:
    """Check a request and fix what will be sent.

    Args:
        request: What was asked for; its script's header is merged in.
        hub: The endpoint it will go to.
        namespace: Whose job it is when the request and its script's header do not say.
        flavors: The names on the hub's live hardware list; None skips that check.

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
    schedule = None if request.schedule is None else Schedule.parse(request.schedule).expression
    if schedule is None and (request.suspend is not None or request.concurrency is not None):
        raise BadArgument("`suspend` and `concurrency` are for schedules.", hint="Use schedule_job.", field="schedule")
    paths = dict(files)
    if schedule is not None:
        commands.check_scheduled(command)
    if is_uv:
        commands.check_uv(command, paths, request)
        argv = commands.uv_argv(command, packages, python, scheduled=schedule is not None, paths=paths)
    else:
        argv = commands.argv(command, scheduled=schedule is not None)
        if schedule is None:
            commands.check_container(command, paths)
    exposed = validate.check_ports(request.expose, field="expose")
    public = validate.check_ports(request.expose_public, field="expose_public")
    return JobSpec(
        hub=hub.rstrip("/"),
        namespace=check_namespace(request.namespace or namespace),
        kind="uv" if is_uv else "container",
        command=command,
        argv=argv,
        image=validate.check_image(validate.DEFAULT_UV_IMAGE if request.image is None else request.image),
        flavor=validate.check_flavor(validate.DEFAULT_FLAVOR if request.flavor is None else request.flavor, flavors),
        timeout_seconds=durations.DEFAULT_SECONDS if request.timeout is None else durations.seconds(request.timeout),
        attempts=validate.check_attempts(request.attempts),
        env=validate.check_env(request.env, secrets),
        secret_names=secrets,
        labels=validate.check_labels(request.labels, request.name),
        volumes=volume.parse_all(request.volumes),
        files=files,
        packages=packages,
        python=python,
        expose=tuple(port for port in exposed if port not in public),
        expose_public=public,
        schedule=schedule,
        suspend=bool(request.suspend),
        concurrency=bool(request.concurrency),
    )


def _marked(body: Mapping[str, Any], submission: str) -> dict[str, Any] | None:
    """A copy of `body` with a digest's marks where this submission and its secret values stand; None if they do not."""
    plain = dict(body)
    if isinstance(job := plain.get("jobSpec"), dict):
        inner = _marked(job, submission)
        return None if inner is None else {**plain, "jobSpec": inner}
    labels = plain.get("labels")
    if not isinstance(labels, dict) or labels.get(LABEL) != submission:
        return None
    plain["labels"] = {**labels, LABEL: _SUBMISSION_MARK}
    if isinstance(plain.get("secrets"), dict):
        plain["secrets"] = dict.fromkeys(plain["secrets"], _SECRET_MARK)
    mounts = []
    for mount in plain.get("volumes", ()):
        if mount.get("mountPath") != MOUNT_PATH:
            mounts.append(mount)
        elif mount.get("path") != submission:
            return None
        else:
            mounts.append({**mount, "path": _SUBMISSION_MARK})
    plain["volumes"] = mounts
    return plain
