"""What came of a job: an agent's failure and a promise that was not kept are no success."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from jobs.client.client import HubClient
from jobs.client.models import Job
from jobs.results.outcome import Outcomes
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from jobs.stage import COMPLETED
from jobs.submit import new_idempotency_key, submit
from tests.jobs.conftest import ended

pytestmark = pytest.mark.anyio

Run = Callable[..., Awaitable[Job]]


async def agent_job(hub: HubClient, shell: str, results: str = "result.json") -> Job:
    """A job that runs fast-agent, though a shell script stands in for it: only files and exit status matter."""
    line = f'cd "$HF_JOB_WORKSPACE" && PATH="$PWD/bin:$PATH" && chmod +x bin/* && fast-agent go --results {results}'
    files = {"bin/fast-agent": f"#!/bin/sh\n{shell}\n"}
    spec = build(
        JobRequest(command=("sh", "-c", line), files=files, image="python:3.12"), hub=hub.endpoint, namespace="local"
    )
    return await ended(hub, await submit(hub, spec, {}, new_idempotency_key()))


def results(stop_reason: str) -> str:
    text = [{"type": "text", "text": "done"}]
    return json.dumps({"messages": [{"role": "assistant", "content": text, "stop_reason": stop_reason}]})


async def test_a_job_that_promised_results_and_left_none_did_not_succeed(hub: HubClient) -> None:
    job = await agent_job(hub, "true")
    outcome = await Outcomes().of(hub, job, str)
    assert outcome is not None
    assert outcome.diagnosis is not None
    assert outcome.diagnosis.cause == "no_results"
    assert job.stage == COMPLETED
    assert outcome.succeeded is False


async def test_results_written_elsewhere_leave_it_open_and_say_why(hub: HubClient) -> None:
    outcome = await Outcomes().of(hub, await agent_job(hub, "true", "/tmp/elsewhere.json"), str)
    assert outcome is not None
    assert outcome.succeeded is None
    assert outcome.words is not None
    assert "outside the workspace" in outcome.words


@pytest.mark.parametrize(("stop_reason", "well"), [("endTurn", True), ("error", False), ("cancelled", False)])
async def test_the_agents_own_word_decides(hub: HubClient, stop_reason: str, well: bool) -> None:
    job = await agent_job(hub, f"echo '{results(stop_reason)}' > result.json")
    outcome = await Outcomes().of(hub, job, str)
    assert outcome is not None
    assert outcome.succeeded is well
    assert (outcome.diagnosis is None) is well


async def test_an_end_is_read_once(hub: HubClient, run: Run) -> None:
    job = await run("exit 3")
    outcomes = Outcomes()
    first = await outcomes.of(hub, job, str)
    assert first is not None
    assert await outcomes.of(hub, job, str) is first


async def test_a_running_job_has_no_outcome(hub: HubClient, run: Run) -> None:
    job = await run("sleep 60", wait=False)
    try:
        assert await Outcomes().of(hub, job, str) is None
    finally:
        await hub.cancel(job.id)
