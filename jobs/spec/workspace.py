"""The folder that outlives a job: where it is, on any hub and from any machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BUCKET_NAME = "jobs-artifacts"
"""The private bucket of a namespace; `huggingface_hub.constants.HF_JOBS_ARTIFACTS_BUCKET_NAME`."""

MOUNT_PATH = "/workspace"
ENVIRONMENT_NAME = "HF_JOB_WORKSPACE"
LABEL = "hf-jobs-mcp"
"""The label that carries the submission, and so names the workspace's folder."""

MANIFEST = ".hf-jobs-mcp.json"
INPUTS_FOLDER = "inputs"
RUNS_FOLDER = "runs"
_MANIFEST_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder in a bucket.

    Attributes:
        bucket: `namespace/name` of the bucket.
        folder: Where the job reads and writes, without slashes at the ends.
        root: The submission's folder: the same, except for a run of a schedule, whose folder lies inside it.
        inputs_at: Where the inputs were uploaded.
    """

    bucket: str
    folder: str
    root: str
    inputs_at: str

    @property
    def uri(self) -> str:
        return f"hf://buckets/{self.bucket}/{self.folder}"

    @property
    def manifest_path(self) -> str:
        """The manifest's path inside the bucket."""
        return f"{self.root}/{MANIFEST}"

    def uploads(self, files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
        """What to put into the bucket before the job starts: path in the bucket → bytes, the manifest among them."""
        files = tuple(files)
        placed = {f"{self.inputs_at}/{path}": data for path, data in files}
        return {**placed, self.manifest_path: manifest(files)}


def for_submission(namespace: str, submission: str, *, scheduled: bool = False) -> Workspace:
    """The workspace of a job, or what all runs of a schedule start from, before it is submitted.

    Args:
        namespace: Who owns the bucket.
        submission: The submission's label, which is the folder's name.
        scheduled: Whether each run gets a folder of its own, with the inputs copied into it.
    """
    inputs_at = f"{submission}/{INPUTS_FOLDER}" if scheduled else submission
    return Workspace(f"{namespace}/{BUCKET_NAME}", submission, submission, inputs_at)


class VolumeLike(Protocol):
    """A mount as a job tells of it; `huggingface_hub.Volume` does."""

    @property
    def type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def mount_path(self) -> str: ...
    @property
    def path(self) -> str | None: ...


class JobLike(Protocol):
    """What a job tells about its workspace; `huggingface_hub.JobInfo` does."""

    @property
    def id(self) -> str: ...
    @property
    def volumes(self) -> Sequence[VolumeLike] | None: ...
    @property
    def command(self) -> Sequence[str] | None: ...


def of_job(job: JobLike) -> Workspace | None:
    """The workspace of a job that is or was on a hub, from the job alone; None if it has none of ours.

    Ours is the bucket folder mounted at `/workspace`, where a spec lets nobody else mount anything; labels can be
    rewritten, so they are not asked. A job that a schedule started runs our wrapper, and its folder is
    `runs/{job id}` inside.
    """
    for volume in job.volumes or ():
        if volume.type == "bucket" and volume.mount_path == MOUNT_PATH and volume.path:
            root = volume.path.strip("/")
            if is_wrapped(job.command or ()):
                return Workspace(volume.source, f"{root}/{RUNS_FOLDER}/{job.id}", root, f"{root}/{INPUTS_FOLDER}")
            return Workspace(volume.source, root, root, root)
    return None


_WRAPPED = "hf-jobs-mcp-run"
WRAPPER = (
    f'd="${{{ENVIRONMENT_NAME}:-{MOUNT_PATH}}}"; i="$d/{INPUTS_FOLDER}"; '
    f'd="$d/{RUNS_FOLDER}/${{JOB_ID:-$(date -u +%Y%m%dT%H%M%SZ)-$$}}"; mkdir -p "$d" || exit 1; '
    'if [ -d "$i" ]; then cp -R "$i/." "$d/" || exit 1; fi; '
    f'cd "$d" || exit 1; export {ENVIRONMENT_NAME}="$d"; exec "$@"'
)
"""What each run of a schedule does first: a folder of its own, the inputs copied, and then the command in it."""

_WRAPPERS = frozenset({WRAPPER})
"""This version's wrapper and every one that an earlier version sent; put the old text here when it changes."""


def wrap(argv: Sequence[str]) -> tuple[str, ...]:
    """`argv` with the wrapper of a scheduled run before it; the image needs `sh`, `mkdir` and `cp`."""
    return ("sh", "-c", WRAPPER, _WRAPPED, *argv)


def unwrap(argv: Sequence[str]) -> tuple[str, ...]:
    """The command inside the wrapper, for a person to read; anything but a wrapper of ours, to the letter, stays."""
    if is_wrapped(argv) and argv[2] in _WRAPPERS:
        return tuple(argv[4:])
    return tuple(argv)


def is_wrapped(argv: Sequence[str]) -> bool:
    """Whether `wrap` made it, in this version or another: what stands for `$0` stays the same."""
    return tuple(argv[:2]) == ("sh", "-c") and tuple(argv[3:4]) == (_WRAPPED,)


def manifest(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The manifest's bytes: which files were inputs, with size and hash, so that outputs can be told from them."""
    inputs = {path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in files}
    return json.dumps({"version": 1, "inputs": inputs}, sort_keys=True, indent=1).encode()


def read_manifest(data: bytes) -> dict[str, tuple[str, int]]:
    """Input path → (sha256, size) from a manifest's bytes; empty if a job overwrote it with something else."""
    if len(data) > _MANIFEST_LIMIT:
        return {}
    try:
        inputs = json.loads(data)["inputs"]
        return {str(path): (str(entry["sha256"]), int(entry["size"])) for path, entry in inputs.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
