"""How much a model has to read: the list of tools, polls and replies keep within their bytes, whatever a job leaves.

Bytes are those of the reply's data, the one form that a model is given; `whole` counts everything a result carries but
pictures, both forms and all links.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp_types import CallToolResult

from tests.mcp_session import Person, data, environment, http_server, over_http

pytestmark = pytest.mark.anyio

SNAPSHOT = Path(__file__).with_name("tool_list.json")
KIB = 1024
VALUE = "hotel-8817-victor-yankee"
NAMES = [f"A_RATHER_LONG_NAME_{number:02}_API_KEY" for number in range(12)]

#: Everything at once: a long log of wide lines, many files, several agents' answers with errors, a failure with a trace.
WORST = r"""
import json, os, pathlib, sys
os.chdir(os.environ["HF_JOB_WORKSPACE"])
for i in range(400):
    folder = pathlib.Path(f"a folder with a name that goes on for a while {i % 7}")
    folder.mkdir(exist_ok=True)
    (folder / f"результат-{i}.txt").write_text("Ünïcödé \"quoted\" \\ line\n" * 400)
for name in ("sonnet", "kimi", "gpt", "gemini", "haiku", "opus", "qwen", "llama", "glm"):
    said = {"role": "assistant", "content": [{"type": "text", "text": "\"Ω\" " * 9000}], "stop_reason": "error",
            "tool_results": {str(n): {"content": [{"type": "text", "text": "no " * 500}], "isError": True} for n in range(20)}}
    pathlib.Path(f"result-{name}.json").write_text(json.dumps({"messages": [said]}))
for i in range(3000):
    print(f"{i:06} Ünïcödé \"quoted\" \\ \t " + "wide " * 120)
def deep(n):
    if n:
        deep(n - 1)
    raise RuntimeError("a long word " * 200)
deep(60)
"""


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home, **dict.fromkeys(NAMES, VALUE))) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url, person=Person()) as connected:
        yield connected


@pytest.fixture(scope="module")
async def worst(url: str) -> str:
    """The id of a job that leaves as much as it can, everywhere."""
    async with over_http(url, person=Person()) as connected:
        asked = {
            "command": ["python3", "/workspace/fast-agent", "go", "--results", "result.json"],
            "files": {"fast-agent": WORST},
            "image": "python:3.12",
            "secrets": NAMES,
            "labels": {f"label-{number}-" + "k" * 60: "v" * 90 for number in range(10)},
            "name": "n" * 90,
            "namespace": "local-team",
            "flavor": "cpu-performance",
        }
        job = data(await connected.call_tool("submit_job", asked))
        while not data(await connected.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 30}))["finished"]:
            pass
    return f"local-team/{job['id']}"


def size(reply: Any) -> int:
    return len(json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode())


def whole(result: CallToolResult) -> int:
    plain = result.model_copy(update={"content": [block for block in result.content if block.type != "image"]})
    return len(plain.model_dump_json(by_alias=True, exclude_none=True).encode())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_list_of_tools_is_at_most_13_000_bytes(url: str, mode: str) -> None:
    async with over_http(url, mode=mode) as connected:
        listed = await connected.list_tools()
    assert len(listed.tools) == 8
    assert all(tool.output_schema for tool in listed.tools)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 13_000


async def test_the_list_of_tools_is_the_one_that_was_looked_at(client: Client) -> None:
    """Set HF_JOBS_MCP_UPDATE_SNAPSHOT=1 to take the new list, and read the difference before you commit it."""
    listed = [
        tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in (await client.list_tools()).tools
    ]
    text = json.dumps(listed, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("HF_JOBS_MCP_UPDATE_SNAPSHOT") == "1":
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()


async def test_tools_say_what_they_do_to_the_world(client: Client) -> None:
    hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {
        "plan_secrets",
        "job_status",
        "list_hardware",
    }
    changing = {name: hint.destructive_hint for name, hint in hints.items() if not hint.read_only_hint}
    assert {name for name, destructive in changing.items() if destructive} == {"manage_job", "manage_schedule"}
    assert None not in changing.values()


async def test_a_poll_of_a_running_job_is_at_most_400_bytes(client: Client) -> None:
    asked = {
        "command": ["sh", "-c", "echo begun; sleep 60"],
        "image": "a-registry.example/an/image-with-a-rather-long-name:and-a-long-tag-1.2.3",
        "namespace": "local-team",
        "flavor": "cpu-performance",
        "labels": {f"label-{number}": "v" * 90 for number in range(10)},
        "secrets": NAMES,
        "expose": [8000, 8001, 8002],
        "timeout": "5h",
    }
    job = data(await client.call_tool("submit_job", asked))
    where = {"job_id": f"local-team/{job['id']}"}
    try:
        running = {"stage": "SCHEDULING"}
        while running["stage"] == "SCHEDULING":
            running = data(await client.call_tool("job_status", {**where, "wait_seconds": 5}))
        assert running["stage"] == "RUNNING"
        assert size(running) <= 400, running
        same = data(await client.call_tool("job_status", {**where, "cursor": running["cursor"]}))
        assert size(same) <= 150, same
    finally:
        await client.call_tool("manage_job", {**where, "action": "cancel"})


async def test_a_poll_of_a_finished_job_is_at_most_1500_bytes(client: Client, worst: str) -> None:
    status = data(await client.call_tool("job_status", {"job_id": worst}))
    assert status["diagnosis"]["evidence"]
    assert size(status) <= 1_500, status


async def test_a_default_log_reply_is_at_most_8_kib(client: Client) -> None:
    job = data(
        await client.call_tool(
            "submit_job", {"image": "x", "command": ["python3", "-c", "[print(i, 'Ω\"' * 90) for i in range(3000)]"]}
        )
    )
    while not data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 30}))["finished"]:
        pass
    result = await client.call_tool("fetch_results", {"job_id": job["id"]})
    assert len(data(result)["log"]["lines"]) > 5
    assert whole(result) <= 8 * KIB


async def test_a_default_reply_with_files_and_answers_is_at_most_16_kib(client: Client, worst: str) -> None:
    result = await client.call_tool("fetch_results", {"job_id": worst})
    assert data(result)["answers"]
    assert size(data(result)) <= 16 * KIB


@pytest.mark.parametrize(
    "asked",
    [
        {"lines": 2000},
        {"lines": "head:2000"},
        {"lines": "1-2000"},
        {"lines": "errors"},
        {"search": "wide", "lines": 2000},
        {"search": "/[0-9]+/", "lines": 2000},
        {"lines": 2000, "artifacts": ["*"]},
        {"artifacts": ["*.txt", "*.json"]},
    ],
    ids=str,
)
async def test_no_reply_is_ever_above_32_kib(client: Client, worst: str, asked: dict[str, Any]) -> None:
    result = await client.call_tool("fetch_results", {"job_id": worst, **asked})
    assert data(result)["log"]["lines"]
    assert whole(result) <= 32 * KIB


async def test_a_long_list_of_jobs_keeps_within_its_bytes(client: Client, worst: str) -> None:
    result = await client.call_tool("job_status", {"namespace": "local-team", "limit": 50})
    assert worst.partition("/")[2] in {job["id"] for job in data(result)["jobs"]}
    assert size(data(result)) <= 16 * KIB
    many = await client.call_tool("job_status", {"job_id": [worst, *(f"local-team/{n:024x}" for n in range(49))]})
    assert whole(many) <= 32 * KIB
