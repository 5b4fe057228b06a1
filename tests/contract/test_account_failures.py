"""The failures that a real account meets most: the right sentence and remedy, no question wasted, nothing half done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from tests.far_hub import TOKEN, FarHub, far_hub
from tests.hub_process import running_hub, short_home
from tests.mcp_session import Person, data, environment, error, free_port, over_stdio

pytestmark = pytest.mark.anyio

JOB = {"command": ["sh", "-c", "echo done"], "image": "python:3.12", "secrets": ["MY_API_KEY"]}
KEY = {"MY_API_KEY": "a-key-of-this-person-4711"}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[FarHub]:
    with short_home() as home, running_hub(home) as state, far_hub(state.endpoint, state.token) as far:
        yield far


@pytest.fixture
def far(stand_in: FarHub) -> FarHub:
    stand_in.forget()
    stand_in.left = 900
    return stand_in


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
async def client(far: FarHub, person: Person, tmp_path: Path) -> AsyncIterator[Client]:
    env = environment(tmp_path, HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=TOKEN, **KEY)
    async with over_stdio(env, person=person) as connected:
        yield connected


TOKENS: dict[str, dict[str, Any]] = {
    "a token that only reads": {"role": "read"},
    "a fine-grained token without jobs": {
        "role": "fineGrained",
        "fineGrained": {"global": [], "scoped": [{"permissions": ["repo.write", "repo.content.read"]}]},
    },
}


@pytest.mark.parametrize("case", TOKENS)
@pytest.mark.parametrize("workspace", [True, False])
async def test_a_token_that_may_not_start_jobs_is_told_before_anyone_is_asked(
    client: Client, far: FarHub, person: Person, case: str, workspace: bool
) -> None:
    far.change("whoami", lambda who: {**who, "auth": {"type": "access_token", "accessToken": TOKENS[case]}})
    far.refuse(r"POST /api/jobs/local", 403, "Missing permission: job.write")
    told = error(await client.call_tool("submit_job", {**JOB, "workspace": workspace}))
    assert told["code"] == "forbidden"
    assert "job.write" in told["message"] + told["hint"]
    assert "settings/tokens" in told["hint"]
    assert person.questions == []
    assert far.asked(r"POST .*(?<!job.write)$") == []


@pytest.mark.parametrize("workspace", [True, False])
async def test_a_namespace_of_strangers_is_told_before_anyone_is_asked(
    client: Client, far: FarHub, person: Person, workspace: bool
) -> None:
    told = error(await client.call_tool("submit_job", {**JOB, "namespace": "strangers", "workspace": workspace}))
    assert told["code"] in {"forbidden", "not_found"}
    assert "namespace" in told["message"] + told["hint"]
    assert "local" in told["hint"]
    assert person.questions == []
    assert far.asked(r"POST /api/jobs/strangers$") == []


async def test_a_token_that_is_refused_is_told_before_anyone_is_asked(
    client: Client, far: FarHub, person: Person
) -> None:
    far.refuse(r".", 401, "Invalid username or password.")
    told = error(await client.call_tool("submit_job", JOB))
    assert told["code"] == "token_refused"
    assert "settings/tokens" in told["hint"]
    assert person.questions == []


UNREACHABLE: dict[str, tuple[dict[str, str], str, str]] = {
    "a name that is none": ({"HF_JOBS_MCP_HUB": "https://no-such-hub.invalid"}, "resolved", "spelling"),
    "a proxy that is down": (
        {"HF_JOBS_MCP_HUB": "https://hub.example", "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}, "proxy", "NO_PROXY",
    ),
    "offline": ({"HF_JOBS_MCP_HUB": "huggingface", "HF_HUB_OFFLINE": "1"}, "OFFLINE", "HF_HUB_OFFLINE"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREACHABLE)
async def test_a_hub_out_of_reach_says_why_by_every_tool_and_asks_nobody(
    person: Person, tmp_path: Path, case: str
) -> None:
    env, words, remedy = UNREACHABLE[case]
    async with over_stdio(environment(tmp_path, HF_TOKEN=TOKEN, **KEY, **env), person=person) as client:
        for name, arguments in (("submit_job", JOB), ("job_status", {}), ("list_hardware", {})):
            told = error(await client.call_tool(name, arguments))
            assert words in told["message"], told
            assert remedy in told["message"] + told["hint"], told
    assert person.questions == []


BY_THE_HUB = {
    "NO_CREDITS": ("payment", "settings/billing"),
    "NO_SUBSCRIPTION": ("no_subscription", "settings/billing"),
    "RESOURCE_GROUP_LIMIT": ("spend_limit", "administrator"),
}


@pytest.mark.parametrize("reason", BY_THE_HUB)
async def test_a_job_that_the_hub_cancelled_says_why(client: Client, far: FarHub, reason: str) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "command": ["sleep", "60"]}))
    await client.call_tool("manage_job", {"job_id": job["id"], "action": "cancel"})
    status = {"stage": "CANCELED", "message": None, "cancelReason": reason}
    far.change(rf"GET /api/jobs/local/{job['id']}$", lambda raw: {**raw, "status": status})
    cause, remedy = BY_THE_HUB[reason]
    for tool in ("job_status", "fetch_results"):
        told = data(await client.call_tool(tool, {"job_id": job["id"]}))
        assert told["diagnosis"]["cause"] == cause
        assert remedy in told["diagnosis"]["suggestion"]


STARTS = {
    "no uv": (
        'Job failed with exit code: 128. Reason: StartError: failed to create task: exec: "uv": executable file not found',
        "uv",
    ),
    "no image": ("Failed to pull image: NotFound: failed to resolve reference docker.io/x/y:z", "image"),
    "no mount": ("MountFailure: volume could not be mounted", "mount"),
}


@pytest.mark.parametrize("case", STARTS)
async def test_an_image_or_a_mount_that_does_not_do_is_told_by_what_it_lacks(
    client: Client, far: FarHub, case: str
) -> None:
    message, word = STARTS[case]
    job = data(await client.call_tool("submit_job", {**JOB, "command": ["false"]}))
    for _ in range(5):
        if data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 10}))["finished"]:
            break
    again = data(await client.call_tool("submit_job", {**JOB, "command": ["false"]}))
    far.change(
        rf"GET /api/jobs/local/{again['id']}$", lambda raw: {**raw, "status": {"stage": "ERROR", "message": message}}
    )
    told = data(await client.call_tool("job_status", {"job_id": again["id"]}))
    assert word in told["diagnosis"]["summary"].lower(), told["diagnosis"]
    assert told["diagnosis"]["suggestion"]
    assert told["diagnosis"]["cause"] != "failed"
