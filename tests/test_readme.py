"""What the README and mcp.json say is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hf_jobs_mcp import main
from server.settings import Settings
from tests.generated_docs import PAGES, readme
from tools import all_tools

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
FLAG_ONLY = {"attach_without_asking"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_readmes_own_test_command() -> None:
    command = next(block.strip() for block in blocks("bash") if "pytest" in block)
    assert f'"{command}"' in (ROOT / ".ci/run").read_text()


def test_every_setting_is_in_the_readme_and_nothing_else() -> None:
    named = {name.lower() for name in re.findall(r"^\| `HF_JOBS_MCP_([A-Z_]+)`", README, re.MULTILINE)}
    assert named == set(Settings.model_fields) - FLAG_ONLY


def test_every_tool_is_in_the_readme() -> None:
    rows = re.findall(r"^\| (`[a-z_]+`.*?) \|", README, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)} == {tool.name for tool in all_tools()}


def test_every_file_the_readme_points_at_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_mcp_json_starts_the_console_script() -> None:
    (described,) = json.loads((ROOT / "mcp.json").read_text())["mcpServers"].values()
    assert described["command"] == "hf-jobs-mcp"
    assert described["args"] == []
    assert callable(main)


@pytest.mark.parametrize("file", sorted(PAGES))
def test_a_generated_page_is_as_the_code_has_it(file: str) -> None:
    assert (ROOT / "docs" / file).read_text() == PAGES[file](), "run: python -m tests.generated_docs"


def test_the_readme_shows_the_question_as_it_is_put() -> None:
    assert readme() == README, "run: python -m tests.generated_docs"


def test_every_page_is_found_from_the_index_and_points_at_what_is_there() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"]:
        if page.name not in {"index.md", "CONTRIBUTING.md"}:
            assert page.relative_to(ROOT / "docs").as_posix() in index
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_place_that_a_guide_names_is_there(page: str) -> None:
    named = {name for name in re.findall(r"`([\w./-]+/[\w./-]*)`", (ROOT / page).read_text()) if "X/" not in name}
    assert len(named) > 10
    assert {name for name in named if not name.startswith("/") and not _is_there(name)} == set()


def _is_there(name: str) -> bool:
    """Whether a path is below the root, below `tests/`, or a folder of a room."""
    rooms = ("", "tests", "jobs", "tools", "consent", "local_hub")
    return any((ROOT / room / name).exists() for room in rooms)
