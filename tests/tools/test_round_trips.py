"""How many requests a submission makes one after the other: what it costs on a hub that is far away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.far_hub import TOKEN, FarHub, far_hub
from tests.hub_process import running_hub, short_home
from tests.mcp_session import Person, data, environment, over_stdio

pytestmark = pytest.mark.anyio

JOB = {"command": ["true"], "image": "python:3.12"}
FILES = {"files": {"a.txt": "a" * 100, "b.txt": "b" * 200}}

#: The client's library tells its maker how an upload went; nothing waits for it.
NOBODY_WAITS = r"(?<!/telemetry)$"


@pytest.fixture(scope="module")
def far() -> Iterator[FarHub]:
    with short_home() as home, running_hub(home) as state, far_hub(state.endpoint, state.token) as far:
        yield far


async def test_a_submission_asks_a_far_hub_for_nothing_twice(far: FarHub, tmp_path: Path) -> None:
    env = environment(tmp_path, HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=TOKEN)
    async with over_stdio(env, person=Person()) as client:

        async def asked(**more: object) -> list[str]:
            far.seen.clear()
            assert data(await client.call_tool("submit_job", {**JOB, **more}))["id"]
            return far.asked(NOBODY_WAITS)

        first = await asked()
        # What does not depend on each other is asked for side by side, so that one way is waited for.
        assert set(first[:3]) == {"GET /api/jobs/hardware", "GET /api/whoami-v2", "GET /api/local-hub/status"}
        assert [line.partition(" ")[0] for line in first[3:]] == ["POST", "POST"]
        assert len(await asked()) <= 2
        with_files = await asked(**FILES)
        assert len([line for line in with_files if "local-hub" not in line]) <= 5
        assert not [line for line in with_files if line.endswith("/jobs-artifacts")]
        assert len(await asked(**FILES)) <= 6


async def test_what_is_asked_side_by_side_is_under_way_together(far: FarHub, tmp_path: Path) -> None:
    env = environment(tmp_path, HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=TOKEN)
    with far.holding_until(3):
        async with over_stdio(env, person=Person()) as client:
            assert data(await client.call_tool("submit_job", JOB))["id"]
