"""The MCP Bundle: what is in it, that its host can start it, and what the bundle's own tool from npm says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from uv import find_uv_bin

from server.settings import Settings
from tests import npm
from tests.contract.node_tools import run
from tests.mcp_session import data, environment
from tools import all_tools

ROOT = Path(__file__).resolve().parents[2]
MANIFEST: dict[str, Any] = json.loads((ROOT / "bundle" / "manifest.json").read_text())
#: What stands for itself in an environment where the person left a field of the form empty.
ENV: dict[str, str] = MANIFEST["server"]["mcp_config"]["env"]


def pack(*arguments: object) -> None:
    command = [sys.executable, str(ROOT / "bundle" / "pack.py"), *map(str, arguments)]
    subprocess.run(command, capture_output=True, check=True, timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    laid_out = tmp_path_factory.mktemp("bundle") / "files"
    pack("--folder", laid_out)
    return laid_out


def test_the_manifest_says_what_the_project_and_the_tools_say() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (MANIFEST["name"], MANIFEST["version"]) == (project["name"], project["version"])
    assert MANIFEST["license"] == project["license"]
    assert MANIFEST["compatibility"]["runtimes"]["python"] == project["requires-python"]
    assert [one["name"] for one in MANIFEST["tools"]] == [tool.name for tool in all_tools()]


def test_every_field_of_the_form_reaches_the_server_and_secrets_are_sensitive() -> None:
    fields = MANIFEST["user_config"]
    assert {f"${{user_config.{name}}}" for name in fields} == set(ENV.values())
    settings = {f"HF_JOBS_MCP_{name.upper()}" for name in Settings.model_fields}
    secrets = {name for name in ENV if not name.startswith("HF_JOBS_MCP_")}
    assert set(ENV) - secrets <= settings
    for name, reference in ENV.items():
        told = fields[reference.removeprefix("${user_config.").removesuffix("}")]
        assert told.get("sensitive", False) is (name in secrets), name
        assert told["required"] is False
        assert told.get("default", "") in {"", "auto"}


def test_the_bundle_holds_the_sources_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    pack(tmp_path / "one.mcpb")
    pack(tmp_path / "two.mcpb")
    assert (tmp_path / "one.mcpb").read_bytes() == (tmp_path / "two.mcpb").read_bytes()
    names = set(zipfile.ZipFile(tmp_path / "one.mcpb").namelist())
    assert names == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"manifest.json", "pyproject.toml", MANIFEST["server"]["entry_point"]} <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops.isdisjoint({"tests", "bench", "docs", ".venv", ".git", "bundle"})
    assert not any("__pycache__" in name or "/." in f"/{name}" for name in names)


def filled(folder: Path, answers: dict[str, str]) -> StdioServerParameters:
    """The server as a host starts it: what was not filled in is empty, or stands as it is."""
    config = MANIFEST["server"]["mcp_config"]
    env = {name: answers.get(name, ENV[name]) for name in ENV}
    return StdioServerParameters(
        command=find_uv_bin(),
        args=[part.replace("${__dirname}", str(folder)) for part in config["args"]],
        cwd="/",
        env=env,
    )


@pytest.mark.parametrize("empty", [True, False], ids=["empty fields", "fields as they stand"])
def test_a_host_starts_the_unpacked_bundle_with_a_form_that_was_left_empty(
    folder: Path, tmp_path: Path, empty: bool
) -> None:
    told = filled(folder, dict.fromkeys(ENV, "") if empty else {})
    told.env = {**environment(tmp_path), **(told.env or {}), "HF_HOME": str(tmp_path)}

    async def ask() -> dict[str, Any]:
        with anyio.fail_after(100):
            async with Client(stdio_client(told)) as client:
                assert len((await client.list_tools()).tools) == len(MANIFEST["tools"])
                asked = {"secrets": ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"]}
                return data(await client.call_tool("plan_secrets", asked))

    plan = anyio.run(ask)
    assert [one["available"] for one in plan["candidates"]] == [False, False]
    assert not list(Path("/").glob("*user_config*"))


def test_the_bundles_own_tool_validates_and_packs_it(tmp_path: Path) -> None:
    programs = npm.modules("@anthropic-ai/mcpb@2.1.2") / ".bin"
    folder = tmp_path / "files"
    pack("--folder", folder)
    valid = run(programs, "mcpb", "validate", str(folder / "manifest.json"))
    assert valid.returncode == 0, valid.stdout + valid.stderr
    theirs, ours = tmp_path / "theirs.mcpb", tmp_path / "ours.mcpb"
    packed = run(programs, "mcpb", "pack", str(folder), str(theirs))
    assert packed.returncode == 0, packed.stdout + packed.stderr
    pack(ours)
    assert {*zipfile.ZipFile(theirs).namelist()} == {*zipfile.ZipFile(ours).namelist()}
    told = run(programs, "mcpb", "unpack", str(ours), str(tmp_path / "unpacked"))
    assert told.returncode == 0, told.stdout + told.stderr
    assert (tmp_path / "unpacked" / "manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()


def test_the_variables_of_a_settings_form_that_stand_as_they_are_count_as_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.settings import from_environment

    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("HF_JOBS_MCP_"):
            monkeypatch.delenv(name)
    plain = from_environment()
    for name in Settings.model_fields:
        monkeypatch.setenv(f"HF_JOBS_MCP_{name.upper()}", f"${{user_config.{name}}}")
    assert from_environment() == plain
