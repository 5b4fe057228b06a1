"""How a job and a schedule look from outside: the JSON that `JobInfo` and `ScheduledJobInfo` are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_hub import accounts
from local_hub.clock import iso, now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_hub.store.job_table import JobRow
    from local_hub.store.schedule_table import ScheduleRow

WAITS = "Waiting for other jobs on this machine"
WAITS_FOR_DISK = "Waiting for free disk space on this machine"


#: What the Hub shows of a job's spec where it was given. Whatever else is kept with a job is this hub's own.
_SHOWN = (
    "dockerImage",
    "spaceId",
    "flavor",
    "timeout",
    "labels",
    "volumes",
    "expose",
    "network",
    "resourceGroupId",
)
_ALWAYS = ("command", "arguments", "environment", "secrets")


def job(one: JobRow, expose_urls: Sequence[str] | None = None, waits: str = WAITS) -> dict[str, Any]:
    """Return the JSON of one job. Secrets are shown by name only; `waits` says why one that waits does."""
    waiting = one.stage == "SCHEDULING" and not one.handed
    return {
        "type": "job",
        "id": one.id,
        "createdAt": iso(one.created_ms),
        **_present(startedAt=iso(one.started_ms), finishedAt=iso(one.finished_ms)),
        **_spec(one.spec),
        "status": {
            "stage": one.stage,
            "message": one.message or (waits if waiting else None),
            **({"failureCount": one.failures} if one.failures else {}),
            **({"exposeUrls": list(expose_urls)} if expose_urls else {}),
        },
        "durations": _durations(one),
        "createdBy": {"id": accounts.USER.id, "name": accounts.USER.name},
        "owner": accounts.ACCOUNTS[one.namespace].to_json(),
        "initiator": {**one.initiator, **_present(avatarUrl=_avatar(one.initiator))},
    }


def _avatar(initiator: Mapping[str, Any]) -> str | None:
    return accounts.AVATAR if initiator.get("type") in {"user", "org"} else None


def _present(**fields: Any) -> dict[str, Any]:
    """Return the fields that there are: the Hub leaves out what is absent."""
    return {name: value for name, value in fields.items() if value is not None}


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what was asked for, as it is kept; of what was not, only the lists that are always there."""
    given = {key: spec[key] for key in _SHOWN if spec.get(key)}
    return {**{key: spec[key] for key in _ALWAYS}, **given, "retry": spec["attempts"] - 1}


def _durations(one: JobRow) -> dict[str, int]:
    end = one.finished_ms or now_ms()
    started = one.started_ms
    total = {"totalSecs": _seconds(end - one.created_ms)}
    if started is None:
        return total
    return {"schedulingSecs": _seconds(started - one.created_ms), "runningSecs": _seconds(end - started), **total}


def _seconds(milliseconds: int) -> int:
    return max(0, milliseconds // 1000)


def schedule(one: ScheduleRow, next_ms: int | None) -> dict[str, Any]:
    """Return the JSON of one schedule that runs next at `next_ms`."""
    last = {"id": one.last_job_id, "at": iso(one.last_ms)} if one.last_job_id else None
    return {
        "type": "scheduled-job",
        "id": one.id,
        "createdAt": iso(one.created_ms),
        "jobSpec": _spec(one.spec),
        "schedule": one.schedule,
        "suspend": one.suspended,
        "concurrency": one.concurrency,
        "status": {"lastJob": last, "nextJobRunAt": iso(next_ms)},
        "owner": accounts.ACCOUNTS[one.namespace].to_json(),
        "initiator": accounts.USER.to_json(),
    }
