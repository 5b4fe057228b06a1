"""What the hub keeps of a job or a schedule that is to run again, as far as the question about it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs import timeout
from jobs.record import Job


@dataclass(frozen=True)
class StoredRun:
    """One run of it. `timeout_seconds` is the Hub's default where the hub tells none."""

    command: tuple[str, ...]
    flavor: str
    timeout_seconds: int
    attempts: int
    public_ports: tuple[int, ...]

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> StoredRun:
        """From a schedule's `jobSpec`, in the wire's names (`huggingface_hub.JobSpec`)."""
        seconds = spec.get("timeoutSeconds", spec.get("timeout"))
        retry = spec.get("retry")
        attempts = spec.get("attempts", retry + 1 if isinstance(retry, int) else 1)
        return cls(
            command=tuple(map(str, [*(spec.get("command") or ()), *(spec.get("arguments") or ())])),
            flavor=str(spec.get("flavor") or ""),
            timeout_seconds=seconds if isinstance(seconds, int) else timeout.DEFAULT_SECONDS,
            attempts=attempts if isinstance(attempts, int) else 1,
            public_ports=tuple((spec.get("expose") or {}).get("portsPublic") or ()),
        )

    @classmethod
    def of_job(cls, job: Job) -> StoredRun:
        return cls(
            command=(*job.command, *job.arguments),
            flavor=job.flavor or "",
            timeout_seconds=job.timeout_seconds or timeout.DEFAULT_SECONDS,
            attempts=(job.retry or 0) + 1,
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
