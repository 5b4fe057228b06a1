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


#: The fields that the registry's schema gives to each part, and the formats of a variable.
FIELDS = {
    "server": {"$schema", "name", "title", "description", "version", "packages", "repository", "websiteUrl", "icons", "remotes"},
    "package": {
        "registryType", "registryBaseUrl", "identifier", "version", "fileSha256", "runtimeHint", "transport",
        "runtimeArguments", "packageArguments", "environmentVariables",
    },
    "variable": {"name", "description", "isRequired", "isSecret", "format", "default", "value", "placeholder", "choices", "variables"},
}  # fmt: skip
FORMATS = {"string", "number", "boolean", "filepath"}


def test_it_has_only_fields_that_the_registrys_schema_knows() -> None:
    (package,) = SERVER["packages"]
    assert set(SERVER) <= FIELDS["server"]
    assert set(package) <= FIELDS["package"]
    for variable in package["environmentVariables"]:
        assert set(variable) <= FIELDS["variable"]
        assert variable.get("format", "string") in FORMATS
        assert all(isinstance(variable.get(name, False), bool) for name in ("isRequired", "isSecret"))
        assert isinstance(variable.get("default", ""), str)


def test_who_publishes_is_told_to_set_the_namespace() -> None:
    assert SERVER["name"] in (ROOT / "docs" / "packages.md").read_text()


def test_the_readme_owns_the_name_as_the_registry_asks_of_a_python_package() -> None:
    assert f"mcp-name: {SERVER['name']}" in (ROOT / "README.md").read_text()


def test_its_variables_are_the_servers_own_and_the_token_is_a_secret() -> None:
    (package,) = SERVER["packages"]
    variables = {one["name"]: one for one in package["environmentVariables"]}
    settings = {f"HF_JOBS_MCP_{name.upper()}" for name in Settings.model_fields}
    assert set(variables) <= settings | {TOKEN}
    assert variables[TOKEN]["isSecret"] is True
