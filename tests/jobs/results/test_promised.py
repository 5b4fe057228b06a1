"""What a command promises to leave, however the fast-agent in it is wrapped."""

from __future__ import annotations

import pytest

from jobs.results.promised import of_command

UV = ["uv", "run", "--directory", "/workspace", "--with", "fast-agent-mcp", "--"]


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        (["fast-agent", "go", "--results", "r.json"], ("r.json",)),
        (["fast-agent-mcp", "go", "--results=out/r.json"], ("out/r.json",)),
        (["uvx", "fast-agent-mcp@latest", "go", "--results", "r.json"], ("r.json",)),
        ([*UV, "fast-agent", "go", "--results", "/workspace/r.json"], ("r.json",)),
        ([*UV, "bash", "-c", "cd sub && fast-agent go --results a.json; fast-agent go --results=../b.json"],
         ("sub/a.json", "b.json")),
        (["env", "A=1", "sh", "-lc", "exec fast-agent go -m hi --results r.json | tee log"], ("r.json",)),
        (["sh", "run.sh", "fast-agent", "go", "--results", "r.json"], ("r.json",)),
        (["fast-agent", "go", "--trajectory-output", "t.json"], ("t.json",)),
        (["fast-agent", "go", "--message", "hi"], ()),
    ],
)  # fmt: skip
def test_an_agents_results_are_promised_where_the_command_says(command: list[str], paths: tuple[str, ...]) -> None:
    found = of_command(command)
    assert (found.agents, found.results, found.elsewhere) == (True, paths, False)


def test_a_script_beside_the_command_is_read() -> None:
    assert of_command(["bash", "run.sh"], {"run.sh": "fast-agent go --results q.json"}).results == ("q.json",)


def test_a_further_folder_of_the_job_lies_in_its_workspace() -> None:
    command = ["sh", "-c", "cd /out && fast-agent go --results a.json; fast-agent go --results=/out/b/c.json"]
    assert of_command(command, outputs=["/out"]).results == ("out/a.json", "out/b/c.json")
    assert of_command(command, outputs=["/ou"]).elsewhere


@pytest.mark.parametrize("place", ["/tmp/r.json", "$OUT/r.json", "~/r.json", "../r.json"])
def test_a_place_outside_the_workspace_is_known_as_one(place: str) -> None:
    found = of_command([*UV, "sh", "-c", f"fast-agent go --results {place}"])
    assert (found.agents, found.results, found.elsewhere) == (True, (), True)


def test_a_batch_promises_its_summary_and_a_schema_a_document() -> None:
    assert of_command(["fast-agent", "batch", "run", "--summary-output", "s.json"]).summaries == ("s.json",)
    assert of_command(["fast-agent", "go", "--json-schema", "s.json"]).document


@pytest.mark.parametrize("command", [["python", "go"], ["fast-agent", "check"], ["echo", "fast-agent", "go"], []])
def test_other_commands_run_no_agent(command: list[str]) -> None:
    assert not of_command(command).agents
