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

INPUTS_MOUNT = "/hf-job-inputs"
"""Where a job's files are mounted, to read only; what its command sees are copies that were compared."""

INPUTS_NAME = "HF_JOB_INPUTS"

LABEL = "hf-jobs-mcp"
"""The label that carries the submission, and so names the workspace's folder."""

MANIFEST = ".hf-jobs-mcp.json"
INPUTS_FOLDER = "inputs"
WORK_FOLDER = "work"
RUNS_FOLDER = "runs"
_EARLIER_WRAPPER = "hf-jobs-mcp-run"
_MANIFEST_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder in a bucket.

    Attributes:
        bucket: `namespace/name` of the bucket.
        folder: Where the job reads and writes, without slashes at the ends.
        root: The submission's folder, which holds `folder`, the inputs and the manifest, apart from each other.
        inputs_at: Where the inputs were uploaded.
        mounted: What is mounted at `MOUNT_PATH`: `folder`, or the folder of all runs of a schedule.
    """

    bucket: str
    folder: str
    root: str
    inputs_at: str
    mounted: str

    @property
    def uri(self) -> str:
        return f"hf://buckets/{self.bucket}/{self.folder}"

    @property
    def manifest_path(self) -> str:
        """The manifest's path inside the bucket."""
        return f"{self.root}/{MANIFEST}"

    def uploads(self, files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
        """What to put into the bucket before the job starts: path in the bucket → bytes; nothing without files."""
        files = tuple(files)
        if not files:
            return {}
        placed = {f"{self.inputs_at}/{path}": data for path, data in files}
        return {**placed, self.manifest_path: manifest(files)}


def for_submission(namespace: str, submission: str, *, scheduled: bool = False) -> Workspace:
    """The workspace of a job, or what all runs of a schedule start from, before it is submitted.

    Args:
        namespace: Who owns the bucket.
        submission: The submission's label, which is the folder's name.
        scheduled: Whether each run gets a folder of its own.
    """
    mounted = f"{submission}/{RUNS_FOLDER if scheduled else WORK_FOLDER}"
    return Workspace(f"{namespace}/{BUCKET_NAME}", mounted, submission, f"{submission}/{INPUTS_FOLDER}", mounted)


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
    rewritten, so they are not asked. A run of a schedule has the folder of its id inside what is mounted. Earlier
    versions mounted the submission's folder itself, with inputs, runs and manifest in it.
    """
    for volume in job.volumes or ():
        if volume.type == "bucket" and volume.mount_path == MOUNT_PATH and volume.path:
            mounted = volume.path.strip("/")
            root, _, last = mounted.rpartition("/")
            if root and last in {WORK_FOLDER, RUNS_FOLDER}:
                folder = f"{mounted}/{job.id}" if last == RUNS_FOLDER else mounted
                return Workspace(volume.source, folder, root, f"{root}/{INPUTS_FOLDER}", mounted)
            if tuple((job.command or ())[3:4]) == (_EARLIER_WRAPPER,):
                folder = f"{mounted}/{RUNS_FOLDER}/{job.id}"
                return Workspace(volume.source, folder, mounted, f"{mounted}/{INPUTS_FOLDER}", mounted)
            return Workspace(volume.source, mounted, mounted, mounted, mounted)
    return None


def is_shared_by_copies(job: JobLike) -> bool:
    """Whether the hub's own copy of the job works in the very folder of the first, and not in one of its own."""
    place = of_job(job)
    return place is not None and not place.folder.endswith(f"/{job.id}")


def outputs_of(job: JobLike) -> tuple[str, ...]:
    """The further folders of a job that lie in its workspace: `/a/b` is `a/b` there."""
    workspace = of_job(job)
    if workspace is None:
        return ()
    return tuple(
        volume.mount_path
        for volume in job.volumes or ()
        if (volume.type, volume.source, volume.path)
        == ("bucket", workspace.bucket, f"{workspace.mounted}{volume.mount_path}")
    )


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
