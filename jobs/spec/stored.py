"""A job or a schedule that a hub has stored, read back into the very fields it was made of.

What the table of fields does not know, or cannot tell in full, is kept as it stands: the hub would run it again, so a
person is shown it and the digest covers it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub_contract.constants import DEFAULT_TIMEOUT_SECONDS
from jobs.spec import command as commands
from jobs.spec.fields import rows
from jobs.spec.spec import JobSpec
from jobs.spec.workspace import (
    ENVIRONMENT_NAME,
    INPUTS_FOLDER,
    INPUTS_MOUNT,
    INPUTS_NAME,
    LABEL,
    MOUNT_PATH,
    RUNS_FOLDER,
    WORK_FOLDER,
)
from jobs.spec.wrapper import unwrap

_STATE = frozenset(
    """
    id createdAt startedAt finishedAt status durations owner initiator createdBy hfToken resourceGroup type endpoint url
    sandboxed
    """.split()  # noqa: SIM905 - reads best as running text
)
"""What a hub tells of a job's life and its people; a second run of it has its own."""

_USUAL_ARCHITECTURE = ("arch", "amd64")
_AGAIN = "again"


@dataclass(frozen=True)
class StoredJob:
    """What a hub would run again.

    Attributes:
        spec: Its fields; of files only the hub's bucket knows.
        workspace: The URI of the folder of ours that it mounts, or None.
        inputs: Its files, as (path, sha256): the command compares them before anything runs.
        unknown: What the table does not know, in the hub's own words.
        kept: All that the digest is made of.
    """

    spec: JobSpec
    workspace: str | None
    inputs: tuple[tuple[str, str], ...]
    unknown: Mapping[str, Any]
    kept: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """64 hexadecimal digits over all of it."""
        text = json.dumps([self.spec.hub, self.spec.namespace, self.kept], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def inputs_in(self) -> tuple[str, str] | None:
        """The bucket and the folder of its files; None without a workspace of ours."""
        if self.workspace is None:
            return None
        owner, name, path = self.workspace.removeprefix("hf://buckets/").split("/", 2)
        return f"{owner}/{name}", f"{path.rpartition('/')[0]}/{INPUTS_FOLDER}"

    @property
    def details(self) -> str:
        """All of it in the hub's own words."""
        return json.dumps(self.kept, indent=1, sort_keys=True, default=str)

    def anew(self, spec: JobSpec) -> JobSpec | None:
        """The job as a new submission with a workspace of its own, which it needs lest it writes over what is kept.

        Args:
            spec: The job with the bytes of its files.

        Returns:
            None where the same could not be sent, and for what gets a folder of its own from the hub's `duplicate` too.
        """
        if self.workspace is None or not self.workspace.endswith(f"/{WORK_FOLDER}"):
            return None
        job = self.kept["job"]
        told = job.get("timeoutSeconds", job.get("timeout")) is not None and job.get("flavor")
        if not told or {path for path, _ in spec.files} != {path for path, _ in self.inputs}:
            return None
        if {key: value for key, value in self.unknown.items() if (key, value) != _USUAL_ARCHITECTURE}:
            return None
        sent = read(spec.payload(_AGAIN, dict.fromkeys(spec.secret_names, "")), hub=spec.hub, namespace=spec.namespace)
        return spec if not sent.unknown and replace(sent.spec, files=spec.files) == spec else None


def read(
    raw: Mapping[str, Any],
    *,
    hub: str,
    namespace: str,
    schedule: str | None = None,
    suspend: bool | None = None,
    concurrency: bool | None = None,
) -> StoredJob:
    """From a job's JSON, or a schedule's `jobSpec` with what the schedule says."""
    kept = {key: value for key, value in raw.items() if key not in _STATE}
    rest = copy.deepcopy(kept)
    workspace, outputs = _take_workspace(rest)
    _join_arguments(rest)
    values: dict[str, Any] = {}
    for name, row in rows(JobSpec):
        for path, part in row.wire.items():
            taken = _take(rest, path)
            try:
                value = None if taken in _NOTHING else part.decode(taken)
            except (ValueError, TypeError, KeyError):
                _put_back(rest, path, taken)
                continue
            if value is not None and values.setdefault(name, value) != value:
                _put_back(rest, path, taken)
    argv = values.pop("argv", ())
    inner = unwrap(argv)
    command, is_uv, packages, python = commands.parse_argv(inner.command)
    public = values.get("expose_public", ())
    values["expose"] = tuple(port for port in values.get("expose", ()) if port not in public)
    told: dict[str, Any] = {"image": "", "flavor": "", "timeout_seconds": DEFAULT_TIMEOUT_SECONDS, **values}
    spec = JobSpec(
        hub=hub.rstrip("/"),
        namespace=namespace,
        kind="uv" if is_uv else "container",
        command=command,
        argv=argv,
        packages=packages,
        python=python,
        schedule=schedule,
        suspend=bool(suspend),
        concurrency=bool(concurrency),
        workspace=workspace is not None,
        outputs=outputs,
        **told,
    )
    said = {"schedule": schedule, "suspend": suspend, "concurrency": concurrency}
    return StoredJob(spec, workspace, inner.files, _without_empty(rest), {"job": kept, **said})


_NOTHING: tuple[Any, ...] = (None, [], {}, "")


def _take(raw: dict[str, Any], path: str) -> Any:
    *folders, last = path.split(".")
    for folder in folders:
        inner = raw.get(folder)
        if not isinstance(inner, dict):
            return None
        raw = inner
    return raw.pop(last, None)


def _put_back(raw: dict[str, Any], path: str, value: Any) -> None:
    *folders, last = path.split(".")
    for folder in folders:
        raw = raw.setdefault(folder, {})
    raw[last] = value


def _take_workspace(raw: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Take our mounts, our variables and our label out of `raw`, where they are exactly as we send them.

    Returns the folder, and where further folders of the job that lie in it are mounted.
    """
    mounts = raw.get("volumes")
    if not isinstance(mounts, list):
        return None, ()
    ours = [mount for mount in mounts if _is_ours(mount, MOUNT_PATH, read_only=False)]
    if len(ours) != 1:
        return None, ()
    mounted = ours[0]["path"].strip("/")
    root, _, last = mounted.rpartition("/")
    root = root if root and last in {WORK_FOLDER, RUNS_FOLDER} else mounted
    files = [mount for mount in mounts if _is_ours(mount, INPUTS_MOUNT, read_only=True)]
    files = [mount for mount in files if mount["path"].strip("/").rpartition("/")[0] == root]
    outputs = [mount for mount in mounts if _is_output(mount, ours[0]["source"], mounted)]
    raw["volumes"] = [mount for mount in mounts if not any(mount is own for own in (*ours, *files, *outputs))]
    variables, labels = raw.get("environment"), raw.get("labels")
    for name, at in ((ENVIRONMENT_NAME, MOUNT_PATH), *([(INPUTS_NAME, INPUTS_MOUNT)] if files else [])):
        if isinstance(variables, dict) and variables.get(name) == at:
            del variables[name]
    if isinstance(labels, dict) and labels.get(LABEL) == root:
        del labels[LABEL]
    return f"hf://buckets/{ours[0]['source']}/{mounted}", tuple(sorted(mount["mountPath"] for mount in outputs))


def _is_output(mount: Any, bucket: str, mounted: str) -> bool:
    at = mount.get("mountPath") if isinstance(mount, dict) else None
    return (
        isinstance(at, str)
        and at.startswith("/")
        and _is_ours(mount, at, read_only=False)
        and (mount["source"], mount["path"]) == (bucket, f"{mounted}{at}")
    )


def _is_ours(mount: Any, at: str, *, read_only: bool) -> bool:
    return (
        isinstance(mount, dict)
        and (mount.get("type"), mount.get("mountPath")) == ("bucket", at)
        and all(isinstance(mount.get(key), str) and mount[key] for key in ("source", "path"))
        and bool(mount.get("readOnly")) == read_only
        and not {key for key, value in mount.items() if value is not None}
        - {"type", "mountPath", "source", "path", "readOnly"}
    )


def _join_arguments(raw: dict[str, Any]) -> None:
    if isinstance(raw.get("command") or [], list) and isinstance(raw.get("arguments"), list):
        raw["command"] = [*(raw.get("command") or ()), *raw.pop("arguments")]


def _without_empty(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is left, without what says nothing."""
    kept = {}
    for key, value in raw.items():
        inner = _without_empty(value) if isinstance(value, dict) else value
        if inner not in _NOTHING:
            kept[key] = inner
    return kept
