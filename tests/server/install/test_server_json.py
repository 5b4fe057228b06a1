"""server.json says to the MCP registry what pyproject.toml, the README and the settings say."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from server.install.clients import TOKEN
from server.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
SERVER = json.loads((ROOT / "server.json").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_it_names_this_package_in_this_version() -> None:
    (package,) = SERVER["packages"]
    assert (package["registryType"], package["identifier"], package["runtimeHint"]) == ("pypi", PROJECT["name"], "uvx")
    assert SERVER["version"] == package["version"] == PROJECT["version"]
    assert package["transport"] == {"type": "stdio"}


def test_it_keeps_the_registrys_bounds() -> None:
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", SERVER["name"])
    assert 3 <= len(SERVER["name"]) <= 200
    assert 1 <= len(SERVER["description"]) <= 100
    assert 1 <= len(SERVER["title"]) <= 100
    assert re.fullmatch(
        r"https://static\.modelcontextprotocol\.io/schemas/[\d-]+/server\.schema\.json", SERVER["$schema"]
    )


def test_the_readme_owns_the_name_as_the_registry_asks_of_a_python_package() -> None:
    assert f"mcp-name: {SERVER['name']}" in (ROOT / "README.md").read_text()


def test_its_variables_are_the_servers_own_and_the_token_is_a_secret() -> None:
    (package,) = SERVER["packages"]
    variables = {one["name"]: one for one in package["environmentVariables"]}
    settings = {f"HF_JOBS_MCP_{name.upper()}" for name in Settings.model_fields}
    assert set(variables) <= settings | {TOKEN}
    assert variables[TOKEN]["isSecret"] is True
