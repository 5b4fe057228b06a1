"""What tests ask for: a request for a job, or for a schedule where one is given."""

from __future__ import annotations

from typing import Any

from jobs.spec.fields import JobRequest, ScheduleRequest


def requested(**arguments: Any) -> JobRequest:
    if arguments.get("schedule") is not None:
        return ScheduleRequest(**arguments)
    return JobRequest(**{name: value for name, value in arguments.items() if name != "schedule"})
