"""What the hub keeps of a job or a schedule that is to run again, as far as the question about it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from consent.describe import StoredRun
from jobs import durations
from jobs.client.models import Job


def of_spec(spec: Mapping[str, Any]) -> StoredRun:
    """One run of a schedule, from its `jobSpec` in the wire's names (`huggingface_hub.JobSpec`)."""
    seconds = spec.get("timeoutSeconds", spec.get("timeout"))
    retry = spec.get("retry")
    attempts = spec.get("attempts", retry + 1 if isinstance(retry, int) else 1)
    expose = spec.get("expose") or {}
    return StoredRun(
        command=tuple(map(str, [*(spec.get("command") or ()), *(spec.get("arguments") or ())])),
        image=str(spec.get("dockerImage") or spec.get("spaceId") or ""),
        flavor=str(spec.get("flavor") or ""),
        timeout_seconds=seconds if isinstance(seconds, int) else durations.DEFAULT_SECONDS,
        attempts=attempts if isinstance(attempts, int) else 1,
        env=tuple(sorted((str(name), str(value)) for name, value in (spec.get("environment") or {}).items())),
        volumes=tuple(_mounts((item.get("source"), item.get("mountPath")) for item in spec.get("volumes") or ())),
        ports=tuple(expose.get("ports") or ()),
        public_ports=tuple(expose.get("portsPublic") or ()),
    )


def of_job(job: Job) -> StoredRun:
    """The same job once more."""
    return StoredRun(
        command=(*job.command, *job.arguments),
        image=job.docker_image or job.space_id or "",
        flavor=job.flavor or "",
        timeout_seconds=job.timeout_seconds or durations.DEFAULT_SECONDS,
        attempts=(job.retry or 0) + 1,
        env=tuple(sorted(job.environment.items())),
        volumes=tuple(_mounts((volume.source, volume.mount_path) for volume in job.volumes)),
        ports=job.expose,
        public_ports=job.expose_public,
    )


def stored_parts(job: Job) -> dict[str, Any]:
    """Everything of a job that running it again would send again."""
    return {
        "image": job.docker_image,
        "space": job.space_id,
        "command": job.command,
        "arguments": job.arguments,
        "environment": dict(job.environment),
        "secrets": job.secrets,
        "flavor": job.flavor,
        "timeout": job.timeout_seconds,
        "labels": dict(job.labels),
        "volumes": [vars(volume) for volume in job.volumes],
        "retry": job.retry,
        "expose": [job.expose, job.expose_public],
    }


def _mounts(pairs: Iterable[tuple[Any, Any]]) -> Iterable[str]:
    return (f"{source} at {mount}" for source, mount in pairs)
