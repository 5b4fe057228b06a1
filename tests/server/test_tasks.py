"""The tasks extension: a client that declares it gets a task for a submitted job, and the results from the task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Implementation, Request, RequestParams, Result
from pydantic import ConfigDict

from tests.mcp_session import Person, data, environment, error, http_server, over_http, over_stdio

pytestmark = pytest.mark.anyio

JOB = {"image": "python:3.12", "command": ["sh", "-c", "echo done; echo '{\"a\": 1}' > $HF_JOB_WORKSPACE/r.json"]}
LONG = {"image": "python:3.12", "command": ["sleep", "60"]}
VALUE = "lima-6621-echo-bravo"


class AnyResult(Result):
    model_config = ConfigDict(extra="allow")


class Created(Result):
    model_config = ConfigDict(extra="allow")
    result_type: Literal["task"] = "task"


class Declares(ClientExtension):
    """A client that holds tasks. It asks for one until it has ended, and remembers all it saw."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, *, cancels: bool = False) -> None:
        self.cancels = cancels
        self.seen: list[dict[str, Any]] = []

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=Created, resolve=self._wait)]

    async def _wait(self, created: Created, ctx: ClaimContext) -> CallToolResult:
        task = created.model_dump(by_alias=True)
        self.seen.append(task)
        if self.cancels:
            await ask(ctx.session, "tasks/cancel", task["taskId"])
        with anyio.fail_after(30):
            while task["status"] == "working":
                await anyio.sleep(0.05)
                task = await ask(ctx.session, "tasks/get", task["taskId"])
        self.seen.append(task)
        return CallToolResult.model_validate(task.get("result") or {"content": [], "isError": True})


class TaskParams(RequestParams):
    taskId: str  # noqa: N815 - the wire's name


async def ask(session: Any, method: str, task_id: str) -> dict[str, Any]:
    request = Request[TaskParams, str](method=method, params=TaskParams(taskId=task_id))
    result = await session.send_request(request, AnyResult)
    return result.model_dump(by_alias=True)


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home, MY_TOKEN=VALUE)) as address:
        yield address


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_submitted_job_is_a_task_and_its_results_are_the_tasks(home: Path, url: str, transport: str) -> None:
    tasks = Declares()
    connect = (
        over_http(url, extensions=[tasks]) if transport == "http" else over_stdio(environment(home), extensions=[tasks])
    )
    async with connect as client:
        reply = data(await client.call_tool("submit_job", JOB))
    created, ended = tasks.seen
    assert (created["status"], created["ttlMs"]) == ("working", None)
    assert (ended["status"], ended["resultType"], ended["taskId"]) == ("completed", "complete", created["taskId"])
    assert (reply["succeeded"], reply["log"]["lines"]) == (True, ["done"])
    assert reply["artifacts"][0]["json"] == {"a": 1}


async def test_the_person_is_asked_before_there_is_a_task(url: str) -> None:
    tasks, person = Declares(), Person()
    async with over_http(url, extensions=[tasks], person=person) as client:
        data(await client.call_tool("submit_job", {**JOB, "secrets": ["MY_TOKEN"]}))
        assert len(person.questions) == 1
        person.action = "decline"
        refused = error(await client.call_tool("submit_job", {**JOB, "name": "other", "secrets": ["MY_TOKEN"]}))
    assert refused["code"] == "consent_declined"
    assert len(tasks.seen) == 2


async def test_a_cancelled_task_is_a_cancelled_job(url: str) -> None:
    tasks = Declares(cancels=True)
    async with over_http(url, extensions=[tasks]) as client:
        await client.call_tool("submit_job", LONG)
        status = data(await client.call_tool("job_status", {"job_id": tasks.seen[0]["taskId"]}))
    assert tasks.seen[1]["status"] == "cancelled"
    assert status["stage"] == "CANCELED"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_does_not_declare_tasks_gets_a_job(url: str, mode: str) -> None:
    async with over_http(url, mode=mode) as client:
        job = data(await client.call_tool("submit_job", JOB))
        assert job["stage"] in {"SCHEDULING", "RUNNING", "COMPLETED"}
        with pytest.raises(MCPError) as refused:
            await ask(client.session, "tasks/get", f"{job['namespace']}/{job['id']}")
    assert refused.value.error.code == (-32021 if mode == "auto" else -32601)


async def test_other_tools_and_dry_runs_stay_as_they_are(url: str) -> None:
    tasks = Declares()
    async with over_http(url, extensions=[tasks]) as client:
        assert data(await client.call_tool("submit_job", {**JOB, "dry_run": True}))["would_send"]
        assert data(await client.call_tool("list_hardware", {}))["flavors"]
    assert tasks.seen == []


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
@pytest.mark.parametrize("task_id", ["nothing", "local/0000000000000000deadbeef", "../../etc"])
async def test_a_task_that_is_none_is_an_invalid_parameter(url: str, method: str, task_id: str) -> None:
    async with over_http(url, extensions=[Declares()]) as client:
        with pytest.raises(MCPError) as refused:
            await ask(client.session, method, task_id)
    assert refused.value.error.code == -32602


async def test_a_task_outlives_the_server_that_made_it(home: Path, url: str) -> None:
    tasks = Declares(cancels=True)
    async with over_stdio(environment(home), extensions=[tasks]) as client:
        await client.call_tool("submit_job", LONG)
    async with over_http(url, extensions=[Declares()]) as client:
        task = await ask(client.session, "tasks/get", tasks.seen[0]["taskId"])
    assert task["status"] == "cancelled"


@pytest.mark.promise("S5")
async def test_another_clients_task_is_none_and_so_is_a_job_that_was_made_without_one(url: str) -> None:
    mine, other = Declares(cancels=True), Implementation(name="another", version="1")
    async with over_http(url, extensions=[mine]) as client:
        await client.call_tool("submit_job", LONG)
    async with over_http(url) as client:
        plain = data(await client.call_tool("submit_job", LONG))
    task_id, job_id = mine.seen[0]["taskId"], f"{plain['namespace']}/{plain['id']}"
    async with over_http(url, extensions=[Declares()], client_info=other) as client:
        for method in ("tasks/get", "tasks/update", "tasks/cancel"):
            for wanted in (task_id, job_id):
                with pytest.raises(MCPError) as refused:
                    await ask(client.session, method, wanted)
                assert refused.value.error.code == -32602
        assert data(await client.call_tool("job_status", {"job_id": job_id}))["stage"] != "CANCELED"
        await client.call_tool("manage_job", {"job_id": job_id, "action": "cancel"})
