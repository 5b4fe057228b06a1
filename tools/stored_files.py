"""What a stored job runs from a bucket: its approved files as they lie there now, and who else runs what is there."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.errors import HubError

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.spec.spec import JobSpec
    from jobs.spec.stored import StoredJob

_LARGEST = 1 << 20
_LOOKED_AT = 100


async def with_files(hub: HubClient, kept: StoredJob) -> tuple[JobSpec, tuple[str, ...]]:
    """The stored job with the bytes of its files, and the names of those that are not what was approved.

    The job itself compares them again, where it runs; this is for the person who is asked.
    """
    files, changed = [], []
    for path, sha256 in kept.inputs:
        data = await _read(hub, kept, path)
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            files.append((path, data))
        else:
            changed.append(path)
    return replace(kept.spec, files=tuple(files)), tuple(changed)


async def run_by_others(hub: HubClient, spec: JobSpec) -> frozenset[str]:
    """The buckets that `spec` may write and from which a job or a schedule with secrets runs.

    A bucket of workspaces is always one. Where the hub cannot be asked, every bucket is.
    """
    from jobs.spec.workspace import BUCKET_NAME

    writable = {mount.source for mount in spec.volumes if mount.type == "bucket" and not mount.read_only}
    found = {source for source in writable if source.rpartition("/")[2] == BUCKET_NAME}
    if not writable - found:
        return frozenset(found)
    try:
        schedules = await hub.list_schedules(spec.namespace)
        jobs = await hub.list_jobs(spec.namespace, limit=_LOOKED_AT)
    except HubError:
        return frozenset(writable)
    mounted = [volume.source for job in jobs if job.secrets for volume in job.volumes]
    for schedule in schedules:
        volumes = schedule.spec.get("volumes") if schedule.secrets else None
        mounted += [str(volume.get("source")) for volume in volumes or () if isinstance(volume, dict)]
    return frozenset(found | writable & set(mounted))


async def _read(hub: HubClient, kept: StoredJob, path: str) -> bytes | None:
    if kept.inputs_in is None:
        return None
    bucket, folder = kept.inputs_in
    try:
        return await hub.buckets.read(bucket, f"{folder}/{path}", max_bytes=_LARGEST + 1)
    except HubError:
        return None
