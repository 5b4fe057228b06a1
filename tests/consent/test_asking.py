"""Secrets reach a job after a yes with a tick, and in no other case is there a job."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from huggingface_hub import HfApi

from local_hub.process.daemon import read_state
from tests.mcp_session import MODES, TRANSPORTS, Person, data, environment, error, http_server, over_http, over_stdio

pytestmark = pytest.mark.anyio

VALUE = "tango-9931-foxtrot-whisky"
OTHER = "quebec-5520-lima-november"
PROVE = (
    "import hashlib, os; print(hashlib.sha256(os.environ['API_KEY'].encode()).hexdigest(), os.environ.get('OTHER_KEY'))"
)
JOB: dict[str, Any] = {"image": "python:3.12", "command": ["python3", "-c", PROVE], "secrets": ["API_KEY"]}


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home, API_KEY=VALUE, OTHER_KEY=OTHER)) as address:
        yield address


@pytest.fixture(params=TRANSPORTS)
def connect(request: pytest.FixtureRequest, home: Path, url: str) -> Any:
    """Opens a client over this transport."""
    if request.param == "http":
        return lambda **more: over_http(url, **more)
    return lambda **more: over_stdio(environment(home, API_KEY=VALUE, OTHER_KEY=OTHER), **more)


def jobs(home: Path) -> set[str]:
    state = read_state(home)
    if state is None:
        return set()
    return {job.id for job in HfApi(endpoint=state.endpoint, token=state.token).list_jobs(namespace="local")}


@asynccontextmanager
async def nothing_new(home: Path) -> AsyncIterator[None]:
    before = await anyio.to_thread.run_sync(jobs, home)
    yield
    assert await anyio.to_thread.run_sync(jobs, home) == before


async def log_of(home: Path, job_id: str) -> str:
    state = read_state(home)
    assert state is not None
    api = HfApi(endpoint=state.endpoint, token=state.token)
    await anyio.to_thread.run_sync(lambda: api.wait_for_job(job_id=job_id, namespace="local", timeout=60))
    return "\n".join(await anyio.to_thread.run_sync(lambda: list(api.fetch_job_logs(job_id=job_id, namespace="local"))))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.promise("S11")
async def test_a_ticked_name_reaches_the_job_and_its_value_no_reply(connect: Any, home: Path, mode: str) -> None:
    person = Person()
    async with connect(mode=mode, person=person) as client:
        result = await client.call_tool("submit_job", JOB)
        job = data(result)
        assert VALUE not in result.model_dump_json()
        assert VALUE not in person.questions[0].model_dump_json()
    assert job["secrets"] == ["API_KEY"]
    assert hashlib.sha256(VALUE.encode()).hexdigest() in await log_of(home, job["id"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.promise("S2")
async def test_an_unticked_name_is_withheld_and_reported(connect: Any, home: Path, mode: str) -> None:
    person = Person(ticks=lambda names: ["API_KEY"])
    async with connect(mode=mode, person=person) as client:
        job = data(await client.call_tool("submit_job", {**JOB, "secrets": ["OTHER_KEY", "API_KEY"]}))
    assert (job["secrets"], job["withheld"]) == (["API_KEY"], ["OTHER_KEY"])
    log = await log_of(home, job["id"])
    assert "None" in log
    assert OTHER not in log


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.promise("S4")
async def test_any_answer_but_a_ticked_yes_sends_nothing(connect: Any, home: Path, mode: str) -> None:
    person = Person(ticks=lambda names: [])
    async with connect(mode=mode, person=person) as client, nothing_new(home):
        for action, code in (
            ("decline", "consent_declined"), ("cancel", "consent_cancelled"), ("accept", "consent_not_given"),
        ):  # fmt: skip
            person.action = action
            assert error(await client.call_tool("submit_job", JOB))["code"] == code


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.promise("S4")
async def test_a_client_that_cannot_ask_gets_a_pending_approval_and_no_job(connect: Any, home: Path, mode: str) -> None:
    async with connect(mode=mode) as client, nothing_new(home):
        reply = data(await client.call_tool("submit_job", JOB))
    assert reply["stage"] is None
    assert "id" not in reply
    assert reply["approval"]["status"] == "pending"
    assert reply["approval"]["id"] in reply["approval"]["how"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_job_without_secrets_asks_nobody(connect: Any, home: Path, mode: str) -> None:
    async with connect(mode=mode, person=None) as client:
        assert data(await client.call_tool("submit_job", {**JOB, "secrets": []}))["id"]


async def test_a_dry_run_asks_nobody_and_sends_nothing(connect: Any, home: Path) -> None:
    person = Person()
    async with connect(person=person) as client, nothing_new(home):
        reply = data(await client.call_tool("submit_job", {**JOB, "dry_run": True}))
    assert person.questions == []
    assert reply["would_send"]["secrets"] == ["API_KEY"]
    assert "id" not in reply


async def test_a_missing_value_is_said_before_anyone_is_asked(connect: Any, home: Path) -> None:
    person = Person()
    async with connect(person=person) as client, nothing_new(home):
        failed = error(await client.call_tool("submit_job", {**JOB, "secrets": ["API_KEY", "NOT_SET_KEY"]}))
    assert failed["code"] == "secret_unavailable"
    assert "NOT_SET_KEY" in failed["message"]
    assert person.questions == []
