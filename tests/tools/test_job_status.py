"""How jobs are doing: waits that end when something happens, little to read when nothing did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from server.app import assemble
from server.settings import Settings
from tests.mcp_session import MODES, data, error, over_http
from tests.tools.waiting import VALUE, ended, run, submit, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


async def test_a_wait_ends_with_the_job(client: Client) -> None:
    job = await submit(client, "sleep 1.2; echo done")
    with anyio.fail_after(30):
        status = await ended(client, job["id"])
    assert (status["stage"], status["finished"], status["succeeded"]) == ("COMPLETED", True, True)
    assert status["running_secs"] >= 1
    assert status["next"] == f'fetch_results(job_id="local/{job["id"]}")'
    assert status["workspace"].startswith("hf://buckets/local/jobs-artifacts/")


async def test_attempts_that_failed_are_counted(client: Client) -> None:
    again = "cd $HF_JOB_WORKSPACE; echo x >> tries; [ $(wc -l < tries) -gt 2 ]"
    assert (await run(client, again, attempts=4))["message"].startswith("2 attempts failed. ")
    assert (await run(client, "exit 3", attempts=2))["message"].startswith("2 attempts failed. ")
    assert "failed" not in (await run(client, "true", attempts=2)).get("message", "")


async def test_a_wait_ends_at_its_limit(client: Client) -> None:
    job = await submit(client, "sleep 60")
    await until(client, job["id"], "RUNNING")
    status = data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 0.5}))
    assert (status["stage"], status["finished"]) == ("RUNNING", False)
    assert "succeeded" not in status
    assert status["cost_usd"] <= status["max_cost_usd"]
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})


async def test_a_wait_with_a_cursor_ends_at_once_when_the_stage_has_moved(client: Client) -> None:
    job = await submit(client, "sleep 60")
    running = await until(client, job["id"], "RUNNING")
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    await ended(client, job["id"])
    with anyio.fail_after(20):
        asked = {"job_id": job["id"], "wait_seconds": 45, "cursor": running["cursor"]}
        assert data(await client.call_tool("job_status", asked))["stage"] == "CANCELED"


async def test_an_unchanged_poll_says_little_more_than_that(client: Client) -> None:
    job = await run(client, "true")
    same = data(await client.call_tool("job_status", {"job_id": job["id"], "cursor": job["cursor"]}))
    assert same == {"hub": "local", "id": job["id"], "stage": "COMPLETED", "unchanged": True, "cursor": job["cursor"]}


@pytest.mark.parametrize("mode", MODES)
async def test_progress_tells_stage_time_and_the_last_line_masked(url: str, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with over_http(url, mode=mode) as client:
        words = f"{VALUE[:8]}''{VALUE[8:]}"
        job = await submit(client, f"printf '\\033[31mkey {words}\\n'; sleep 3")
        await until(client, job["id"], "RUNNING")
        asked = {"job_id": job["id"], "wait_seconds": 20}
        status = data(await client.call_tool("job_status", asked, progress_callback=hear))
    assert status["finished"]
    assert [total for _, total, _ in told] == [20] * len(told)
    assert sorted(progress for progress, _, _ in told) == [progress for progress, _, _ in told]
    assert any(
        message and message.startswith("RUNNING ") and "key ***MY_API_KEY***" in message for _, _, message in told
    )
    assert not any(VALUE in str(message) or "\x1b" in str(message) for _, _, message in told)


@pytest.mark.parametrize("mode", MODES)
async def test_a_cancelled_wait_ends_at_once(home: Path, mode: str) -> None:
    """In memory, so that what the server still does can be seen: its tasks are back to what they were."""
    app = assemble(Settings(home=home, hub="local"))
    try:
        async with Client(app.server, mode=mode) as client:
            job = await submit(client, "sleep 60")
            await until(client, job["id"], "RUNNING")
            before = len(anyio.get_running_tasks())
            begun = anyio.Event()

            async def hear(*_: Any) -> None:
                begun.set()

            async with anyio.create_task_group() as group:
                wait = {"job_id": job["id"], "wait_seconds": 45}
                group.start_soon(lambda: client.call_tool("job_status", wait, progress_callback=hear))
                await begun.wait()
                assert len(anyio.get_running_tasks()) > before
                group.cancel_scope.cancel()
            with anyio.fail_after(10):
                while len(anyio.get_running_tasks()) > before:
                    await anyio.wait_all_tasks_blocked()
            await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    finally:
        await app.close()


async def test_several_jobs_at_once_with_one_that_never_was(client: Client) -> None:
    one, two = await submit(client, "true"), await submit(client, "false")
    none = "0123456789abcdef01234567"
    ids = [one["id"], none, f"local/{two['id']}"]
    with anyio.fail_after(60):
        while True:
            reply = data(await client.call_tool("job_status", {"job_id": ids, "wait_seconds": 30}))
            if all(job.get("finished") for job in reply["jobs"] if job["id"] != none):
                break
    first, missing, last = reply["jobs"]
    assert (first["id"], first["succeeded"], last["id"], last["succeeded"]) == (one["id"], True, two["id"], False)
    assert last["diagnosis"]["cause"]
    assert (missing["id"], missing["error"]["code"]) == (none, "not_found")
    same = data(await client.call_tool("job_status", {"job_id": ids, "cursor": reply["cursor"]}))
    assert same == {"hub": "local", "unchanged": True, "cursor": reply["cursor"]}


async def test_filters_are_the_hubs_own(client: Client) -> None:
    labels = {"suite": "filters"}
    good = await run(client, "true", labels={**labels, "kind": "good"})
    bad = await run(client, "false", labels={**labels, "kind": "bad"})

    async def listed(**asked: Any) -> list[str]:
        reply = data(await client.call_tool("job_status", asked))
        return [job["id"] for job in reply["jobs"]]

    assert await listed(labels=labels) == [bad["id"], good["id"]], "newest first"
    assert await listed(labels=labels, stage="error") == [bad["id"]]
    assert await listed(labels=labels, stage=["COMPLETED", "CANCELED"]) == [good["id"]]
    assert await listed(labels={"kind": "good"}) == [good["id"]]
    cut = data(await client.call_tool("job_status", {"labels": labels, "limit": 1}))
    assert ([job["id"] for job in cut["jobs"]], cut["truncated"]) == ([bad["id"]], True)


async def test_a_failure_comes_with_its_cause_and_what_to_do(client: Client) -> None:
    status = await run(client, "python3", "-c", "import os; print('begin'); os.environ['STARS_TOKEN']")
    assert (status["stage"], status["succeeded"]) == ("ERROR", False)
    diagnosis = status["diagnosis"]
    assert diagnosis["cause"] == "missing_secret"
    assert "STARS_TOKEN" in diagnosis["summary"]
    assert any("KeyError" in line for line in diagnosis["evidence"])
    assert "plan_secrets" in diagnosis["suggestion"]


async def test_an_organisations_job_is_found_by_its_bare_id(client: Client) -> None:
    job = await submit(client, "true", namespace="local-team")
    status = await ended(client, job["id"])
    assert status["namespace"] == "local-team"
    elsewhere = await client.call_tool("job_status", {"job_id": job["id"], "namespace": "local"})
    assert error(elsewhere)["code"] == "not_found"
