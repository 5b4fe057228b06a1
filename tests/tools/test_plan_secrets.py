"""Which names a job needs, why, and whether a value is here; never a value."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from tests.mcp_session import data, environment, http_server, over_http, over_stdio

pytestmark = pytest.mark.anyio

VALUE = "yankee-1174-tango-bravo"
FILED = "oscar-3391-hotel-romeo"


@pytest.fixture(scope="module")
def env(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    filed = tmp_path_factory.mktemp("secrets") / "secrets.env"
    filed.write_text(f"FILED_TOKEN={FILED}\nSHORT_TOKEN=abc\n")
    filed.chmod(0o600)
    # fast-agent itself is asked in tests/jobs; without a package index the built-in table answers, and at once.
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(filed.parent / "empty")}
    return environment(home, **offline, MY_API_KEY=VALUE, ANTHROPIC_API_KEY=VALUE, HF_JOBS_MCP_SECRETS_FILE=str(filed))


@pytest.fixture(scope="module")
def url(env: dict[str, str]) -> Iterator[str]:
    with http_server(env) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


async def plan(client: Client, **asked: Any) -> dict[str, dict[str, Any]]:
    result = await client.call_tool("plan_secrets", asked)
    shown = result.model_dump_json()
    assert VALUE not in shown
    assert FILED not in shown
    return {item["name"]: item for item in data(result)["candidates"]}


async def test_a_uv_scripts_header_and_its_reads(client: Client) -> None:
    script = (
        '# /// script\n# dependencies = []\n# [tool.hf-jobs]\n# secrets = ["FILED_TOKEN"]\n# ///\n'
        "import os\nkey = os.environ['MY_API_KEY']\nhome = os.environ['HOME']\n"
    )
    found = await plan(client, script=script)
    assert {"FILED_TOKEN", "MY_API_KEY"} <= set(found)
    assert (found["MY_API_KEY"]["available"], found["MY_API_KEY"]["source"]) == (True, "environment")
    assert (found["FILED_TOKEN"]["available"], found["FILED_TOKEN"]["source"]) == (True, "secrets file")
    assert all(item["reasons"] for item in found.values())


async def test_a_fast_agent_commands_models(client: Client) -> None:
    found = await plan(client, command=["fast-agent", "go", "--models", "sonnet,kimi", "--message", "hi"])
    assert set(found) == {"ANTHROPIC_API_KEY", "HF_TOKEN"}
    assert found["ANTHROPIC_API_KEY"]["available"] is True
    assert "sonnet" in found["ANTHROPIC_API_KEY"]["reasons"][0]


async def test_a_cards_model_outranks_the_commands(client: Client) -> None:
    card = "---\nname: one\nmodel: sonnet\n---\nBe brief.\n"
    found = await plan(
        client, command=["fast-agent", "go", "--card", "cards", "--model", "kimi"], files={"cards/one.md": card}
    )
    assert "ANTHROPIC_API_KEY" in found


async def test_models_say_who_resolved_them(client: Client) -> None:
    result = data(await client.call_tool("plan_secrets", {"models": ["sonnet", "no-such-model-4711"]}))
    known, unknown = result["models"]
    assert (known["input"], known["secret"]) == ("sonnet", "ANTHROPIC_API_KEY")
    assert known["resolved_by"] == "built-in table"
    assert unknown.get("error") or unknown.get("secret") is None


async def test_names_that_were_asked_for(client: Client) -> None:
    found = await plan(client, secrets=["NOT_HERE_TOKEN", "SHORT_TOKEN"])
    assert found["NOT_HERE_TOKEN"]["available"] is False
    assert found["NOT_HERE_TOKEN"]["reasons"] == ["you asked for it"]
    assert "too short to be masked" in found["SHORT_TOKEN"]["note"]


async def test_the_hubs_own_token_comes_with_a_warning(client: Client) -> None:
    result = data(await client.call_tool("plan_secrets", {"secrets": ["HF_TOKEN"]}))
    assert "fine-grained" in result["note"]


async def test_an_unexpanded_variable_is_absent(env: dict[str, str]) -> None:
    async with over_stdio({**env, "EMPTY_TOKEN": "${EMPTY_TOKEN}"}) as client:
        assert (await plan(client, secrets=["EMPTY_TOKEN"]))["EMPTY_TOKEN"]["available"] is False


async def test_an_operators_list_is_kept_to(env: dict[str, str]) -> None:
    async with over_stdio({**env, "HF_JOBS_MCP_SECRETS": "FILED_TOKEN"}) as client:
        found = await plan(client, script="import os\nos.environ['MY_API_KEY']\nos.environ['FILED_TOKEN']\n")
    assert "note" not in found["FILED_TOKEN"]
    assert found["MY_API_KEY"]["note"]


RAW = "Tr0ub4dor&3xyz"


@pytest.mark.parametrize(
    "asked",
    [
        {"command": ["true"], "env": {"DB_PASSWORD": RAW}},
        {"command": ["sh", "-c", f"export WANDB_API_KEY={'0123456789abcdef' * 2}01234567; python t.py"]},
        {"command": ["git", "clone", f"https://me:{RAW[:9]}@github.com/a/b"]},
        {"command": ["tool", "--api-key", RAW]},
        {"script": f"password = '{RAW}'"},
        {"command": ["sh", "x.sh"], "files": {"x.sh": f"curl -u me:{RAW} https://example.com"}},
    ],
)
@pytest.mark.parametrize("tool", ["plan_secrets", "submit_job"])
async def test_a_raw_value_is_refused_wherever_it_stands(client: Client, tool: str, asked: dict[str, Any]) -> None:
    result = await client.call_tool(tool, {**asked, **({"dry_run": True} if tool == "submit_job" else {})})
    assert result.is_error
    assert "secret_in_argument" in result.model_dump_json()
    assert RAW[:9] not in result.model_dump_json()


async def test_a_plan_says_how_sure_it_is_and_what_it_could_not_read(client: Client) -> None:
    asked = {
        "command": ["fast-agent", "go", "--card", "hf://x/y/a.md", "--model", "$system.none", "-m", "hi"],
        "script": None,
        "env": {"WANDB_API_KEY": "none"},
        "files": {"t.py": "import os, wandb\nwandb.init()\nos.getenv('A_TOKEN') or os.getenv('B_TOKEN')\n"},
    }
    plan = data(await client.call_tool("plan_secrets", {name: value for name, value in asked.items() if value}))
    found = {one["name"]: one for one in plan["candidates"]}
    assert set(found) == {"A_TOKEN", "B_TOKEN"}
    assert found["A_TOKEN"]["confidence"] == "one of"
    assert found["A_TOKEN"]["one_of"] == ["A_TOKEN", "B_TOKEN"]
    assert any("hf://" in each for each in plan["unread"])
    assert any("model reference" in each for each in plan["unread"])


async def test_an_empty_plan_says_that_libraries_may_look_for_more(client: Client) -> None:
    plan = data(await client.call_tool("plan_secrets", {"command": ["nvidia-smi"]}))
    assert plan["candidates"] == []
    assert "libraries may look for more" in plan["note"]


async def test_a_plan_of_many_names_stays_within_8_kib(client: Client) -> None:
    script = "import os\n" + "\n".join(f"os.environ['A_RATHER_LONG_NAME_{n:03}_API_KEY']" for n in range(300))
    result = await client.call_tool("plan_secrets", {"script": script})
    plan = data(result)
    assert len(json.dumps(plan, ensure_ascii=False).encode()) <= 8 * 1024
    assert "more names were left out" in plan["note"]
