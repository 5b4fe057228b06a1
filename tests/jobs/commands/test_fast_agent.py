"""A fast-agent call is the same call however it is wrapped."""

from __future__ import annotations

import pytest

from jobs.commands.fast_agent import fast_agent_calls

LINE = "fast-agent go --model haiku --message 'say hi' --results out/r.json"
WORDS = ["fast-agent", "go", "--model", "haiku", "--message", "say hi", "--results", "out/r.json"]
GO = WORDS[1:]
WRAPPER = 'd="${HF_JOB_WORKSPACE:-/workspace}"; mkdir -p "$d" || exit 1; cd "$d" || exit 1; exec "$@"'

WRAPPINGS: list[tuple[list[str], dict[str, str]]] = [
    (WORDS, {}),
    (["/usr/local/bin/fast-agent", *GO], {}),
    (["fast-agent-mcp", *GO], {}),
    (["uvx", "fast-agent-mcp@latest", *GO], {}),
    (["uvx", "--python", "3.13", "--from", "fast-agent-mcp==0.10.48", "fast-agent", *GO], {}),
    (["uvx", "--from=git+https://github.com/evalstate/fast-agent", "fast-agent", *GO], {}),
    (["uv", "tool", "run", "fast-agent-mcp", *GO], {}),
    (["pipx", "run", "--spec", "fast-agent-mcp", "fast-agent", *GO], {}),
    (["uv", "run", "--with", "fast-agent-mcp", *WORDS], {}),
    (["uv", "--offline", "run", "--with", "fast-agent-mcp", "--", *WORDS], {}),
    (["uv", "run", "--directory", "/workspace", "--no-project", "--python", "3.13", "--with", "x>=1", *WORDS], {}),
    (["sh", "-c", WRAPPER, "hf-jobs-mcp-run", "uv", "run", "--no-project", "--with", "fast-agent-mcp", *WORDS], {}),
    (["env", "A=1", "-u", "B", *WORDS], {}),
    (["env", "-S", "A=1 " + LINE], {}),
    (["timeout", "60", *WORDS], {}),
    (["timeout", "-k", "5s", "--signal=INT", "60", *WORDS], {}),
    (["nohup", "nice", "-n", "10", *WORDS], {}),
    (["stdbuf", "-oL", *WORDS], {}),
    (["tini", "--", *WORDS], {}),
    (["some-launcher", "--x", "1", *WORDS], {}),
    (["python", "-m", "fast_agent", *GO], {}),
    (["bash", "-c", LINE], {}),
    (["bash", "-lc", f"set -e; cd /workspace && {LINE} && ls -la"], {}),
    (["bash", "-euxo", "pipefail", "-c", f"{LINE} 2>&1 | tee log.txt"], {}),
    (["sh", "-c", f"( {LINE} ) || true"], {}),
    (["sh", "-c", f"if true; then\n  {LINE}\nfi"], {}),
    (["sh", "-c", f"exec {LINE}"], {}),
    (["sh", "-c", f"X=$({LINE}); echo $X"], {}),
    (["sh", "-c", 'exec "$@"', "x", *WORDS], {}),
    (["sh", "-c", f"M=haiku; {LINE.replace('haiku', '$M')}"], {}),
    (["sh", "-c", f"{LINE.replace('haiku', '${M:-haiku}')}"], {}),
    (["bash", "-c", "A=(--model haiku --message 'say hi'); fast-agent go \"${A[@]}\" --results out/r.json"], {}),
    (["bash", "-c", f'run() {{ timeout 9 "$@"; }}\nrun {LINE}'], {}),
    (["bash", "-c", f"for m in haiku; do {LINE.replace('haiku', '$m')}; done"], {}),
    (["bash", "-c", f"case $1 in a|b) {LINE};; *) exit 1;; esac"], {}),
    (["bash", "-c", f"cat > go.sh <<'EOF'\n{LINE}\nEOF\nbash go.sh"], {}),
    (["bash", "-c", f"bash <<EOF\n{LINE}\nEOF"], {}),
    (["bash", "-c", LINE.replace(" --", " \\\n  --")], {}),
    (["bash", "-c", f'eval "{LINE}"'], {}),
    (["sh", "-c", f'sh -c "{LINE}"'], {}),
    (["sh", "run.sh"], {"run.sh": f"#!/bin/sh\n# a comment with 'a quote\n{LINE}\n"}),
    (["./run.sh"], {"run.sh": f"#!/usr/bin/env bash\n{LINE}\n"}),
    (["bash", "-x", "/workspace/bin/run.sh", "haiku"], {"bin/run.sh": LINE.replace("haiku", '"$1"')}),
    (["sh", "run.sh", *WORDS], {"run.sh": 'cd "$(dirname "$0")"\nexec "$@"\n'}),
    (["sh", "run.sh", *WORDS], {}),
    (["sh", "-c", ". ./env.sh; " + LINE.replace("haiku", "$M")], {"env.sh": "export M=haiku\n"}),
    (["make", "answer"], {"Makefile": f"M = haiku\nother:\n\techo no\nanswer: other\n\t@{LINE.replace('haiku', '$(M)')}\n"}),
    (["python", "main.py"], {"main.py": f"import subprocess, sys\nsubprocess.run({WORDS!r}, check=True)\n"}),
    (["python", "main.py"], {"main.py": f"import os\nos.system({LINE!r})\n"}),
    (["python", "-c", f"import subprocess\nsubprocess.run({LINE!r}, shell=True)"], {}),
    (["papermill", "n.ipynb", "o.ipynb"], {"n.ipynb": '{"cells": [{"cell_type": "code", "source": ["!' + LINE + '"]}]}'}),
]  # fmt: skip


@pytest.mark.parametrize(("command", "files"), WRAPPINGS, ids=range(len(WRAPPINGS)))
def test_a_call_is_found_in_every_wrapping(command: list[str], files: dict[str, str]) -> None:
    found = fast_agent_calls(command, files)
    assert [(one.subcommand, one.models, one.results) for one in found] == [("go", ("haiku",), "out/r.json")]
    assert found[0].given("--message") == ("say hi",)


@pytest.mark.parametrize(
    "command",
    [
        ["echo", "fast-agent", "go"],
        ["sh", "-c", "echo 'fast-agent go --results r.json'"],
        ["sh", "-c", "# fast-agent go\ntrue"],
        ["pip", "install", "fast-agent-mcp"],
        ["python", "-c", "print('fast-agent go')"],
        ["python", "train.py", "--model", "haiku"],
        ["sh", "-c", "cat <<'EOF'\nfast-agent go --model x\nEOF"],
    ],
)
def test_what_only_speaks_of_it_is_no_call(command: list[str]) -> None:
    assert fast_agent_calls(command) == ()


def test_several_calls_in_one_line_are_all_found() -> None:
    line = "fast-agent go --models a,b --results=x.json && uvx fast-agent-mcp batch run -m c -i in.jsonl -o o.jsonl --summary-output s.json; fast-agent export --hf-url hf://datasets/me/x"
    found = fast_agent_calls(["bash", "-c", line])
    assert [one.subcommand for one in found] == ["go", "batch run", "export"]
    assert [one.models for one in found] == [("a", "b"), ("c",), ()]
    assert (found[0].results, found[1].summary, found[1].output) == ("x.json", "s.json", "o.jsonl")
    assert found[1].given("--input") == ("in.jsonl",)


@pytest.mark.parametrize(
    ("command", "cwd", "inside"),
    [
        (["fast-agent", "go", "--results", "r.json"], "/workspace", "r.json"),
        (["fast-agent", "go", "--results", "./a/../r.json"], None, "r.json"),
        (["fast-agent", "go", "--results=/workspace/a/r.json"], None, "a/r.json"),
        (["fast-agent", "go", "--results=/tmp/r.json"], "/workspace", None),
        (["sh", "-c", "cd /tmp/x && fast-agent go --results r.json"], "/workspace", None),
        (["sh", "-c", "cd sub && fast-agent go --results r.json"], "/workspace", "sub/r.json"),
        (["uv", "run", "--directory", "/workspace", "fast-agent", "go", "--results", "r.json"], None, "r.json"),
    ],
)
def test_where_results_are_written_is_known(command: list[str], cwd: str | None, inside: str | None) -> None:
    (call,) = fast_agent_calls(command, cwd=cwd)
    assert call.results is not None
    assert call.in_workspace(call.results) == inside


def test_variables_that_are_set_for_a_call_come_with_it() -> None:
    for command in (
        ["env", "FAST_AGENT_MODEL=opus", "fast-agent", "go"],
        ["bash", "-lc", "FAST_AGENT_MODEL=opus fast-agent go"],
        ["bash", "-lc", "export FAST_AGENT_MODEL=opus; fast-agent go"],
        ["bash", "-lc", "set -a; M=opus; FAST_AGENT_MODEL=$M; set +a; fast-agent go"],
    ):
        (call,) = fast_agent_calls(command)
        assert call.call.env["FAST_AGENT_MODEL"] == "opus"
    (call,) = fast_agent_calls(["bash", "-lc", "FAST_AGENT_MODEL=opus; fast-agent go"])
    assert "FAST_AGENT_MODEL" not in call.call.env
    (call,) = fast_agent_calls(["fast-agent", "go"], env={"FAST_AGENT_MODEL": "opus"})
    assert call.call.env["FAST_AGENT_MODEL"] == "opus"
