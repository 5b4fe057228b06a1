"""Jobs, logs, artifacts and schedules read as resources, and completed by what the hub knows."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from tests.mcp_session import MODES, data, environment, http_server, over_http

pytestmark = pytest.mark.anyio

VALUE = "whisky-4410-tango-sierra"
MAKE = """
import os, pathlib
os.chdir(os.environ["HF_JOB_WORKSPACE"])
pathlib.Path("result.json").write_text('{"answer": 42}')
pathlib.Path("note.txt").write_text("plain \\x1b[31mred\\x1b[0m " + os.environ["LEAK"])
pathlib.Path("raw.bin").write_bytes(bytes(range(256)))
pathlib.Path("large.bin").write_bytes(b"x" * 1_000_001)
print("made")
"""


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home, MY_TOKEN=VALUE)) as address:
        yield address


@pytest.fixture(params=MODES)
async def client(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Client]:
    async with over_http(url, mode=request.param) as connected:
        yield connected


@pytest.fixture(scope="module")
async def job(url: str) -> dict[str, Any]:
    """A job that left one file of every kind, among them one with a secret's value that it got by other ways."""
    code = MAKE.replace('os.environ["LEAK"]', f'"{VALUE[:9]}" + "{VALUE[9:]}"')
    async with over_http(url) as connected:
        made = data(
            await connected.call_tool("submit_job", {"image": "python:3.12", "command": ["python3", "-c", code]})
        )
        while not data(await connected.call_tool("job_status", {"job_id": made["id"], "wait_seconds": 20}))["finished"]:
            pass
    return made


def address(job: dict[str, Any], tail: str = "") -> str:
    return f"job://{job['namespace']}/{job['id']}{tail}"


async def read(client: Client, uri: str) -> Any:
    return (await client.read_resource(uri)).contents[0]


async def test_the_templates_are_listed_with_titles_and_icons(client: Client) -> None:
    templates = (await client.list_resource_templates()).resource_templates
    assert {template.uri_template for template in templates} == {
        "job://{namespace}/{id}",
        "job://{namespace}/{id}/log",
        "job://{namespace}/{id}/artifacts/{+path}",
        "schedule://{namespace}/{id}",
    }
    assert all(template.title and template.icons for template in templates)


async def test_a_job_reads_as_its_status_and_its_log_as_text(client: Client, job: dict[str, Any]) -> None:
    status = json.loads((await read(client, address(job))).text)
    assert (status["hub"], status["id"], status["stage"], status["succeeded"]) == (
        "local",
        job["id"],
        "COMPLETED",
        True,
    )
    log = await read(client, address(job, "/log"))
    assert (log.mime_type, log.text) == ("text/plain", "made\n")


async def test_an_artifact_reads_as_what_it_is(client: Client, job: dict[str, Any]) -> None:
    result = await read(client, address(job, "/artifacts/result.json"))
    assert (result.mime_type, json.loads(result.text)) == ("application/json", {"answer": 42})
    raw = await read(client, address(job, "/artifacts/raw.bin"))
    assert base64.b64decode(raw.blob) == bytes(range(256))


async def test_an_artifact_shows_no_secret_and_no_terminal_codes(client: Client, job: dict[str, Any]) -> None:
    note = (await read(client, address(job, "/artifacts/note.txt"))).text
    assert note.startswith("plain red ")
    assert VALUE not in note


async def test_a_file_that_is_too_large_says_how_to_get_it(client: Client, job: dict[str, Any]) -> None:
    with pytest.raises(MCPError) as refused:
        await read(client, address(job, "/artifacts/large.bin"))
    assert "save_to" in refused.value.error.data["hint"]


@pytest.mark.parametrize(
    "tail", ["/artifacts/../x", "/artifacts/%2e%2e/x", "/artifacts//etc/passwd", "/nothing", "/log/more"]
)
async def test_an_address_that_leads_elsewhere_is_not_found(client: Client, job: dict[str, Any], tail: str) -> None:
    with pytest.raises(MCPError) as refused:
        await read(client, address(job, tail))
    assert refused.value.error.code == -32602


async def test_an_unknown_job_is_not_found(client: Client) -> None:
    with pytest.raises(MCPError) as refused:
        await read(client, "job://local/0000000000000000deadbeef")
    assert refused.value.error.code == -32602
    assert refused.value.error.data["uri"] == "job://local/0000000000000000deadbeef"


async def test_fetch_results_links_to_what_it_does_not_show(client: Client, job: dict[str, Any]) -> None:
    result = await client.call_tool("fetch_results", {"job_id": job["id"]})
    links = {block.uri: block for block in result.content if block.type == "resource_link"}
    assert set(links) == {address(job, "/artifacts/raw.bin"), address(job, "/artifacts/large.bin")}
    assert links[address(job, "/artifacts/large.bin")].size == 1_000_001
    assert base64.b64decode((await read(client, address(job, "/artifacts/raw.bin"))).blob) == bytes(range(256))


async def test_a_schedule_reads_as_its_next_runs(client: Client) -> None:
    asked = {"schedule": "@daily", "image": "python:3.12", "command": ["true"], "suspend": False}
    made = data(await client.call_tool("schedule_job", asked))
    found = json.loads((await read(client, f"schedule://{made['namespace']}/{made['id']}")).text)
    assert (found["id"], len(found["next_runs"])) == (made["id"], 3)
    values = await complete(client, "schedule://{namespace}/{id}", "id", made["id"][:4])
    assert made["id"] in values


async def complete(client: Client, uri: str, name: str, begun: str, **given: str) -> list[str]:
    ref = ResourceTemplateReference(uri=uri)
    result = await client.complete(ref, {"name": name, "value": begun}, context_arguments=given or None)
    return list(result.completion.values)


async def test_ids_namespaces_paths_and_flavors_are_completed(client: Client, job: dict[str, Any]) -> None:
    assert await complete(client, "job://{namespace}/{id}", "namespace", "lo") == ["local", "local-team"]
    assert job["id"] in await complete(client, "job://{namespace}/{id}", "id", job["id"][:6], namespace="local")
    path = await complete(client, "job://{namespace}/{id}/artifacts/{+path}", "path", "r", id=job["id"])
    assert path == ["raw.bin", "result.json"]
    prompt = PromptReference(name="run_an_agent")
    flavors = (await client.complete(prompt, {"name": "flavor", "value": "cpu-"})).completion.values
    assert "cpu-basic" in flavors


async def test_what_cannot_be_completed_is_an_empty_answer(client: Client) -> None:
    assert await complete(client, "job://{namespace}/{id}", "id", "zz", namespace="../..") == []
    assert await complete(client, "job://{namespace}/{id}", "colour", "re") == []


async def test_the_prompts_lead_through_the_tools_that_exist(client: Client) -> None:
    listed = (await client.list_prompts()).prompts
    assert [prompt.name for prompt in listed] == ["run_an_agent", "why_did_it_fail"]
    tools = {tool.name for tool in (await client.list_tools()).tools}
    agent = (await client.get_prompt("run_an_agent", {"task": "Count the stars."})).messages[0].content.text
    failed = (await client.get_prompt("why_did_it_fail", {"job_id": "local/abc"})).messages[0].content.text
    assert "Count the stars." in agent
    assert "local/abc" in failed
    for asked in (("no_such_prompt", {}), ("run_an_agent", {"model": "kimi"})):
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(*asked)
        assert refused.value.error.code == -32602
    for text in (agent, failed):
        assert (
            {"plan_secrets", "submit_job", "job_status", "fetch_results"} & tools & set(text.replace(",", " ").split())
        )
