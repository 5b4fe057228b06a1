"""What a command promises to leave, however the fast-agent in it is wrapped."""

from __future__ import annotations

import pytest

from jobs.results.promised import Promised, of_command

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


def shell(line: str) -> Promised:
    return of_command([*UV, "bash", "-c", line])


def test_what_runs_instead_or_in_a_branch_is_not_promised_for_sure() -> None:
    found = shell("fast-agent go --results a.json || fast-agent go --results b.json")
    assert (found.instead, found.optional) == ((("a.json", "b.json"),), {"b.json"})
    assert shell("fast-agent go --results a.json || ( fast-agent go --results b.json )").optional == {"b.json"}
    found = shell("if x; then fast-agent go --results a.json; fi; fast-agent go --results b.json")
    assert (found.results, found.optional) == (("a.json", "b.json"), {"a.json"})
    assert shell("case $1 in a) fast-agent go --results a.json;; esac").optional == {"a.json"}
    assert shell("if fast-agent go --results a.json; then :; fi").optional == frozenset()


@pytest.mark.parametrize(
    ("line", "documents"),
    [
        ("fast-agent go --json-schema s.json > out.json", ("out.json",)),
        ("fast-agent go --json-schema s.json 2> err.txt", ()),
        ("fast-agent go --json-schema s.json 1>out/a.json 2>&1", ("out/a.json",)),
        ("fast-agent go --json-schema s.json >/dev/null", ()),
        ("fast-agent go --message hi > out.json", ()),
    ],
)
def test_the_file_that_takes_a_document_is_known(line: str, documents: tuple[str, ...]) -> None:
    assert shell(line).documents == documents


def test_rows_are_promised_and_a_name_that_is_cut_is_not_known() -> None:
    assert shell("fast-agent batch run -i a.csv -o out/rows.jsonl").batches == ("out/rows.jsonl",)
    found = shell('M=a/b; fast-agent go --results "${M##*/}.json"')
    assert (found.results, found.elsewhere) == ((), True)
    assert shell("fast-agent go --results a.json; mv a.json b.json").moves


@pytest.mark.parametrize("command", [["python", "go"], ["fast-agent", "check"], ["echo", "fast-agent", "go"], []])
def test_other_commands_run_no_agent(command: list[str]) -> None:
    assert not of_command(command).agents
