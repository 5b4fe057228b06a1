"""A namespace of the operator's choice is a default and no wall: what an organisation has is found by its bare id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import clear, short_home
from tests.mcp_session import Person, data, environment, over_stdio

pytestmark = pytest.mark.anyio

JOB = {"command": ["true"], "image": "python:3.12", "namespace": "local-team"}


@pytest.fixture
def own_home() -> Iterator[Path]:
    with short_home() as folder:
        try:
            yield folder
        finally:
            clear(folder)


async def test_a_bare_id_of_an_organisation_is_found_by_all_tools(own_home: Path) -> None:
    env = environment(own_home, HF_JOBS_MCP_NAMESPACE="local")
    async with over_stdio(env, person=Person()) as client:

        async def call(tool: str, **arguments: object) -> dict[str, object]:
            return data(await client.call_tool(tool, arguments))

        job = (await call("submit_job", **JOB))["id"]
        schedule = (await call("schedule_job", **JOB, schedule="@yearly"))["id"]
    async with over_stdio(env, person=Person()) as client:  # One that has seen neither.
        await call("job_status", job_id=job)
        await call("fetch_results", job_id=job)
        await call("manage_job", job_id=job, action="label", labels={"a": "b"})
        assert (await call("manage_job", job_id=job, action="rerun"))["namespace"] == "local-team"
    for action, more in (
        ("suspend", {}), ("resume", {}), ("label", {"labels": {"a": "b"}}), ("trigger", {}),
        ("reschedule", {"schedule": "@monthly"}), ("list", {}), ("delete", {}),
    ):  # fmt: skip
        async with over_stdio(env, person=Person()) as client:
            (one,) = (await call("manage_schedule", scheduled_job_id=schedule, action=action, **more))["schedules"]  # type: ignore[misc]
            assert (one["id"], one["namespace"]) == (schedule, "local-team"), action
