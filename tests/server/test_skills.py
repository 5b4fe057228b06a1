"""The skills extension (SEP-2640): list and get, every file a resource with the hash that was told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import Request, RequestParams, Result
from pydantic import ConfigDict

from tests.fast_agent_runtime import configuration, run_fast_agent
from tests.mcp_session import MODES, environment, http_server, over_http

pytestmark = pytest.mark.anyio

SHIPPED = Path(__file__).parents[2] / "skills"
START = "skill://hf-jobs/SKILL.md"


class AnyResult(Result):
    model_config = ConfigDict(extra="allow")


class AnyParams(RequestParams):
    model_config = ConfigDict(extra="allow")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home)) as address:
        yield address


@pytest.fixture(params=MODES)
async def client(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Client]:
    async with over_http(url, mode=request.param) as connected:
        yield connected


async def ask(client: Client, method: str, **params: Any) -> dict[str, Any]:
    request = Request[AnyParams, str](method=method, params=AnyParams(**params))
    result: dict[str, Any] = (await client.session.send_request(request, AnyResult)).model_dump(by_alias=True)
    return result


async def read(client: Client, uri: str) -> str:
    (contents,) = (await client.read_resource(uri)).contents
    text: str = getattr(contents, "text", "")
    return text


async def test_the_extension_is_declared_with_resources(url: str) -> None:
    """To modern clients: the earlier protocol has no place for extensions."""
    async with over_http(url) as client:
        capabilities = client.server_capabilities
        assert "io.modelcontextprotocol/skills" in (capabilities.extensions or {})
        assert capabilities.resources is not None


async def test_every_shipped_file_is_listed_once_and_is_what_its_hash_and_size_say(client: Client) -> None:
    listing = await ask(client, "skills/list")
    assert listing["resultType"] == "complete"
    assert listing["cacheScope"] == "public"
    assert listing["ttlMs"] > 0
    listed: dict[str, dict[str, Any]] = {}
    for skill in listing["skills"]:
        assert skill["uri"] == f"skill://{skill['frontmatter']['name']}/SKILL.md"
        listed |= {file["uri"]: file for file in skill["resources"]}
    on_disk = {f"skill://{path.relative_to(SHIPPED).as_posix()}" for path in SHIPPED.rglob("*") if path.is_file()}
    assert set(listed) == on_disk
    assert len(on_disk) > 1
    for uri, file in listed.items():
        raw = (await read(client, uri)).encode()
        assert file["digest"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        assert file["size"] == len(raw)


async def test_a_skill_is_got_by_its_address_and_its_head_is_the_files(client: Client) -> None:
    skill = (await ask(client, "skills/get", uri=START))["skill"]
    assert skill in (await ask(client, "skills/list"))["skills"]
    head = (await read(client, START)).split("---\n")[1]
    assert skill["frontmatter"] == yaml.safe_load(head)


@pytest.mark.parametrize(
    "uri", ["skill://other/SKILL.md", "skill://hf-jobs/", "skill://hf-jobs/../pyproject.toml", "x"]
)
async def test_what_is_no_skill_of_ours_is_refused(client: Client, uri: str) -> None:
    with pytest.raises(MCPError) as refused:
        await ask(client, "skills/get", uri=uri)
    assert refused.value.error.code == -32602
    with pytest.raises(MCPError):
        await client.read_resource(uri)


async def test_the_files_are_ordinary_resources_that_link_to_each_other(client: Client) -> None:
    resources = {str(one.uri): one for one in (await client.list_resources()).resources}
    assert resources[START].name == "hf-jobs"
    assert resources[START].description
    assert {one.mime_type for one in resources.values()} == {"text/markdown"}
    text = await read(client, START)
    for uri in resources:
        if uri != START:
            assert f"({uri.removeprefix('skill://hf-jobs/')})" in text


DRIVE = """
import asyncio, json, pathlib
from fast_agent import FastAgent
from fast_agent.skills.mcp_registry import install_mcp_registry_skill, scan_mcp_skill_registry

fast = FastAgent("skills", parse_cli_args=False, quiet=True)

@fast.agent("drive", servers=["hf-jobs"], model="passthrough")
async def main():
    async with fast.run() as app:
        client = app.drive.aggregator
        registry = await scan_mcp_skill_registry(client, "hf-jobs")
        (skill,) = registry.skills
        await install_mcp_registry_skill(client, skill, destination_root=pathlib.Path("installed"))
        print("FOUND " + json.dumps([skill.name, skill.description]))

asyncio.run(main())
"""


@pytest.mark.fast_agent
@pytest.mark.timeout(300)
def test_fast_agent_finds_the_skill_and_installs_every_file_of_it(home: Path, tmp_path: Path) -> None:
    configuration(tmp_path, environment(home))
    (tmp_path / "drive.py").write_text(DRIVE)
    done = run_fast_agent(tmp_path, "python", "drive.py", seconds=200)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert lines, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(lines[0].removeprefix("FOUND "))[0] == "hf-jobs"
    (start,) = (tmp_path / "installed").rglob("SKILL.md")
    for path in (SHIPPED / "hf-jobs").rglob("*.md"):
        # fast-agent notes in SKILL.md where it came from; the text is whole.
        installed = (start.parent / path.relative_to(SHIPPED / "hf-jobs")).read_text()
        assert path.read_text().split("---\n")[-1].strip() in installed
