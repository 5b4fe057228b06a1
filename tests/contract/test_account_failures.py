"""The failures that a real account meets most: the right sentence and remedy, no question wasted, nothing half done."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference

from tests.account import KEY
from tests.far_hub import TOKEN, FarHub
from tests.mcp_session import Person, data, environment, error, free_port, over_stdio

pytestmark = pytest.mark.anyio

JOB = {"command": ["sh", "-c", "echo done"], "image": "python:3.12", "secrets": ["MY_API_KEY"]}


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


async def test_a_token_that_may_not_start_jobs_any_more_wastes_no_question_by_any_tool(
    client: Client, far: FarHub, person: Person, tmp_path: Path
) -> None:
    """Made while the token could: by another process, since a yes of the hub's is remembered."""
    job = data(await client.call_tool("submit_job", {**JOB, "name": "first"}))["id"]
    plan = data(await client.call_tool("schedule_job", {**JOB, "schedule": "@yearly"}))["id"]
    await client.call_tool("job_status", {"job_id": job, "wait_seconds": 30})
    far.refuse(r"POST /api/(scheduled-)?jobs/local", 403, "Missing permission: job.write")
    later = Person()
    env = environment(tmp_path / "later", HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=TOKEN, MY_API_KEY=KEY)
    async with over_stdio(env, person=later) as again:
        for tool, given in (
            ("submit_job", JOB),
            ("schedule_job", {**JOB, "schedule": "@daily"}),
            ("manage_job", {"job_id": job, "action": "rerun"}),
            ("manage_schedule", {"scheduled_job_id": plan, "action": "trigger"}),
        ):
            told = error(await again.call_tool(tool, given))
            assert (tool, told["code"]) == (tool, "forbidden")
            assert "job.write" in told["message"] + told["hint"]
    assert later.questions == []


async def test_a_hub_that_cannot_say_who_may_start_jobs_holds_nobody_up(
    client: Client, far: FarHub, person: Person
) -> None:
    far.refuse(r"auth-check", 404, "Not found")
    far.refuse(r"whoami", 500, "Internal error")
    assert data(await client.call_tool("submit_job", {**JOB, "namespace": "local"}))["id"]
    assert len(person.questions) == 1


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_value_where_a_name_belongs_reaches_the_hub_by_no_door(client: Client, far: FarHub) -> None:
    job = data(await client.call_tool("submit_job", {**JOB, "secrets": []}))["id"]
    paths = ResourceTemplateReference(uri="job://{namespace}/{id}/artifacts/{+path}")
    for reference, argument, given in (
        (paths, {"name": "id", "value": ""}, {"namespace": KEY}),
        (paths, {"name": "path", "value": ""}, {"namespace": "local", "id": KEY}),
        (paths, {"name": "path", "value": ""}, {"namespace": KEY, "id": job}),
    ):
        assert (await client.complete(reference, argument, context_arguments=given)).completion.values == []
    with suppress(MCPError):
        await client.subscribe_resource(f"job://local/{KEY}")
    for tool, wrong in (("job_status", {"namespace": KEY}), ("fetch_results", {"job_id": job, "artifacts": [KEY]})):
        assert error(await client.call_tool(tool, wrong))["code"] == "secret_in_argument"
    assert far.asked(KEY) == []


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
    async with over_stdio(environment(tmp_path, HF_TOKEN=TOKEN, MY_API_KEY=KEY, **env), person=person) as client:
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
