"""The Inspector, a client that nobody here wrote, lists and calls everything in both eras."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.node_tools import node_tools, run
from tests.hub_process import clear, short_home
from tests.mcp_session import HTTP_TOKEN, environment, http_server

pytestmark = [pytest.mark.node, pytest.mark.timeout(420)]

SECRET = "oscar-7714-papa-quebec"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    assert node_tools()
    with short_home() as home:
        try:
            with http_server(environment(home, MY_TOKEN=SECRET)) as url:
                yield url
        finally:
            clear(home)


@pytest.fixture(scope="module", params=["legacy", "modern"])
def inspect(request: pytest.FixtureRequest, address: str) -> Any:
    """Asks one thing of the server and returns the reply."""
    programs = node_tools()

    def ask(method: str, *flags: str, status: int = 0) -> dict[str, Any]:
        base = ("--cli", address, "--transport", "http", "--protocol-era", request.param)
        token = ("--header", f"Authorization: Bearer {HTTP_TOKEN}")
        done = run(programs, "mcp-inspector", *base, *token, "--method", method, *flags)
        assert done.returncode == status, done.stderr
        reply: dict[str, Any] = json.loads(done.stdout)
        return reply

    ask.era = request.param  # type: ignore[attr-defined]
    return ask


def call(inspect: Any, tool: str, status: int = 0, **arguments: Any) -> dict[str, Any]:
    pairs = [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items()]
    reply = inspect("tools/call", "--tool-name", tool, *(["--tool-arg", *pairs] if pairs else []), status=status)
    return reply if status else reply["structuredContent"]


def test_everything_is_listed(inspect: Any) -> None:
    methods = ("tools/list", "resources/list", "resources/templates/list", "prompts/list")
    with ThreadPoolExecutor(2) as pool:
        tools, resources, templates, prompts = pool.map(inspect, methods)
    assert len(tools["tools"]) == 8
    assert {one["uri"].partition(":")[0] for one in resources["resources"]} == {"skill"}
    assert len(templates["resourceTemplates"]) == 4
    assert len(prompts["prompts"]) == 2


def test_the_schemas_are_portable(inspect: Any) -> None:
    inspect("tools/list", "--strict")


def test_every_tool_is_called(inspect: Any) -> None:
    run_once = {"image": "python:3.12", "command": ["echo", "hello"]}
    job = call(inspect, "submit_job", **run_once)
    where = f"{job['namespace']}/{job['id']}"
    made = call(inspect, "schedule_job", schedule="@yearly", **run_once)

    def follow_up(asked: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        return call(inspect, asked[0], **asked[1])

    with ThreadPoolExecutor(2) as pool:
        status, hardware, plan, schedules = pool.map(
            follow_up,
            [
                ("job_status", {"job_id": where, "wait_seconds": 30}),
                ("list_hardware", {"gpu": True}),
                ("plan_secrets", {"secrets": ["MY_TOKEN"]}),
                ("manage_schedule", {"action": "delete", "scheduled_job_id": made["id"]}),
            ],
        )
    assert status["id"] == job["id"]
    assert hardware["flavors"]
    assert plan["candidates"][0] == {
        "name": "MY_TOKEN", "available": True, "source": "environment", "reasons": ["you asked for it"],
        "confidence": "needed",
    }  # fmt: skip
    assert schedules["message"] == "Deleted."
    labelled = call(inspect, "manage_job", job_id=where, action="label", labels={"seen": "yes"})
    assert labelled["labels"] == {"seen": "yes"}
    results = call(inspect, "fetch_results", job_id=where)
    assert results["log"]["lines"] == ["hello"]
    read = inspect("resources/read", "--uri", f"job://{where}/log")
    assert read["contents"][0]["text"] == "hello\n"
    prompt = inspect("prompts/get", "--prompt-name", "why_did_it_fail", "--prompt-args", f"job_id={where}")
    assert where in prompt["messages"][0]["content"]["text"]


def test_without_a_way_to_ask_nothing_is_sent(inspect: Any) -> None:
    before = call(inspect, "job_status", limit=50)["jobs"]
    waiting = call(inspect, "submit_job", image="python:3.12", command=["true"], secrets=["MY_TOKEN"])
    assert waiting["approval"]["status"] == "pending"
    assert "id" not in waiting
    assert len(call(inspect, "job_status", limit=50)["jobs"]) == len(before)
