"""The protocol's conformance suite against our server over HTTP, in both eras; CONFORMANCE.md says what applies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.node_tools import node_tools, run
from tests.hub_process import clear, short_home
from tests.mcp_session import environment, http_server

pytestmark = [pytest.mark.node, pytest.mark.timeout(420)]

ERAS = ("2025-11-25", "2026-07-28")
TABLE = Path(__file__).with_name("CONFORMANCE.md")
_ROW = re.compile(r"^\| `(?P<name>[a-z0-9-]+)` \| (?P<legacy>[^|]+) \| (?P<modern>[^|]+) \|", re.MULTILINE)
_STAMP = re.compile(r"^server-(?P<name>.+)-\d{4}-\d\d-\d\dT[\d-]+Z$")


def table(era: str) -> dict[str, bool]:
    """Every scenario of an era that the table names, and whether it applies to us."""
    column = "legacy" if era == ERAS[0] else "modern"
    cells = {row["name"]: row[column].strip() for row in _ROW.finditer(TABLE.read_text())}
    return {name: cell == "applies" for name, cell in cells.items() if cell != "-"}


Checks = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    programs = node_tools()
    assert programs
    with short_home() as home:
        try:
            with http_server(environment(home), "--insecure-no-auth") as url:
                yield url
        finally:
            clear(home)


@pytest.fixture(scope="module", params=ERAS)
def outcome(
    request: pytest.FixtureRequest, address: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Checks]:
    """All scenarios of one era, run in one go."""
    folder = tmp_path_factory.mktemp("conformance")
    flags = ("--suite", "all", "--spec-version", request.param, "-o", str(folder))
    run(node_tools(), "conformance", "server", "--url", address, *flags, timeout=200)
    found: Checks = {}
    for place in folder.glob("*/checks.json"):
        name = _STAMP.fullmatch(place.parent.name)
        assert name is not None, place
        found[name["name"]] = json.loads(place.read_text())
    return request.param, found


def failures(checks: list[dict[str, Any]]) -> list[str]:
    """What failed, without what the suite itself says it could not try for want of its fixture tools."""
    return [
        f"{check['id']}: {check.get('errorMessage', '')[:300]}"
        for check in checks
        if check["status"] == "FAILURE" and not (check.get("details") or {}).get("untestable")
    ]


def test_what_applies_passes(outcome: tuple[str, Checks]) -> None:
    era, found = outcome
    wrong = {name: failures(found[name]) for name, applies in table(era).items() if applies}
    assert {name: what for name, what in wrong.items() if what} == {}


def test_the_table_names_every_scenario(outcome: tuple[str, Checks]) -> None:
    era, found = outcome
    assert set(table(era)) == set(found)


def test_every_message_in_every_scenario_is_valid_by_the_schema(outcome: tuple[str, Checks]) -> None:
    _, found = outcome
    invalid = {
        name: check.get("errorMessage")
        for name, checks in found.items()
        for check in checks
        if check["id"] == "wire-schema-valid" and check["status"] == "FAILURE"
    }
    assert invalid == {}
