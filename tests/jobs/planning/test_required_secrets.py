"""What a job's command, cards and texts will look for."""

from __future__ import annotations

import pytest

from jobs.planning.required_secrets import needs

CARD = "---\nname: a\nmodel: kimi\n---\nBe brief.\n"
OPEN_CARD = "---\nname: b\n---\nBe brief.\n"
GO = ["uv", "run", "--with", "fast-agent-mcp", "fast-agent", "go"]


@pytest.mark.parametrize(
    "command",
    [
        [*GO, "--model", "sonnet,kimi", "--message", "hi"],
        [*GO, "--models=sonnet,kimi"],
        ["/usr/local/bin/fast-agent", "go", "--model=sonnet", "--subagent-model", "kimi"],
        ["sh", "-c", "cd x && fast-agent go --models 'sonnet, kimi' -m \"say hi\""],
    ],
)
def test_models_on_a_fast_agent_command_are_found(command: list[str]) -> None:
    assert needs(command).models == ("sonnet", "kimi")


def test_a_model_option_of_another_program_is_none_of_ours() -> None:
    assert needs(["python", "train.py", "--model", "bert"]).models == ()


def test_a_card_outranks_the_command() -> None:
    found = needs([*GO, "--card", "cards", "--model", "sonnet"], files={"cards/a.md": CARD, "other/b.md": OPEN_CARD})
    assert found.models == ("kimi",)


def test_a_card_that_leaves_its_model_open_takes_the_commands() -> None:
    found = needs([*GO, "--card", "cards", "--model", "sonnet"], files={"cards/a.md": CARD, "cards/b.md": OPEN_CARD})
    assert found.models == ("kimi", "sonnet")


@pytest.mark.parametrize(
    ("path", "text", "options"),
    [
        ("a.md", CARD, ["--card", "a.md"]),
        ("a.md", "\ufeff" + CARD, ["--card=a.md"]),
        ("a.markdown", '+++\nmodel = "kimi"\n+++\nhi', ["--agent-cards", "./a.markdown"]),
        ("tools/a.yaml", "type: agent\nmodel: kimi\ninstruction: hi\n", ["--card-tool", "tools/"]),
        ("a.yml", "model: kimi\n", ["--card", "/workspace/a.yml"]),
        (".fast-agent/agent-cards/a.md", CARD, []),
    ],
)
def test_cards_are_read_in_every_form_fast_agent_reads(path: str, text: str, options: list[str]) -> None:
    assert needs([*GO, *options], files={path: text}).models == ("kimi",)


@pytest.mark.parametrize(
    "text",
    [
        "no front matter",
        "---\n: [\n---\n",
        "---\n- list\n---\n",
        "---\nmodel: 5\n---\n",
        "+++\nx\n+++\n",
        "---\nmodel: kimi\n",
    ],
)
def test_a_broken_card_names_no_model(text: str) -> None:
    assert needs([*GO, "--card", "a.md"], files={"a.md": text}).models == ()


def test_a_card_is_only_read_for_a_fast_agent_command() -> None:
    assert needs(["cat", "a.md"], files={"a.md": CARD}).models == ()


def test_a_configuration_gives_the_default_model_and_its_variables() -> None:
    files = {
        "fast-agent.yaml": "default_model: haiku\nmcp:\n  servers:\n    x:\n      env: {A: '${GITHUB_TOKEN}', B: '${MODE:fast}'}\n"
    }
    found = needs([*GO, "-m", "hi"], files=files)
    assert found.models == ("haiku",)
    assert found.names == {"GITHUB_TOKEN": ["fast-agent.yaml, line 5: ${GITHUB_TOKEN}"]}
    assert found.variables == ("MODE",)
    assert needs([*GO, "--model", "sonnet"], files=files).models == ("sonnet",)
    assert needs([*GO, "--model", "$system.fast"], files={}).models == ()


def test_shell_text_is_read_for_variables() -> None:
    found = needs(["sh", "-c", 'curl -H "Bearer $MY_TOKEN" ${API_KEY:-none} $5 $HOME ${OUT_DIR}'])
    assert list(found.names) == ["API_KEY", "MY_TOKEN"]
    assert found.variables == ("OUT_DIR",)


SCRIPT = """
# /// script
# requires-python = ">=3.12"
# [tool.hf-jobs]
# secrets = ["WEATHER_LOGIN", "lower"]
# ///
import os, openai
from os import environ, getenv
import wandb.sdk as w
print(os.environ["HF_TOKEN"], os.getenv("DEBUG"), environ.get("MY_SECRET", ""), getenv("X_API_KEY"), "\\d")
os.environ["SET_TOKEN"] = "not read"
os.environ[name]
model.push_to_hub("me/it")
"""


def test_a_scripts_reads_header_and_libraries_are_found() -> None:
    found = needs(script=SCRIPT)
    assert list(found.names) == [
        "HF_TOKEN",
        "MY_SECRET",
        "OPENAI_API_KEY",
        "WANDB_API_KEY",
        "WEATHER_LOGIN",
        "X_API_KEY",
    ]
    assert found.variables == ("DEBUG",)
    assert found.names["WEATHER_LOGIN"] == ["the script lists it in [tool.hf-jobs] secrets"]
    assert found.names["HF_TOKEN"] == ["the script reads HF_TOKEN, line 10", "the script, line 13: calls push_to_hub()"]


def test_python_files_are_read_like_scripts() -> None:
    found = needs(
        ["python", "main.py"],
        files={"main.py": "import os; os.environ['A_TOKEN']", "notes.txt": "os.environ['B_TOKEN']"},
    )
    assert found.names == {"A_TOKEN": ["main.py reads A_TOKEN, line 1"]}


def test_models_of_declared_agents_are_found() -> None:
    script = (
        'from fast_agent import FastAgent\nfast = FastAgent("x")\n@fast.agent(model="sonnet")\nasync def main(): ...\n'
    )
    assert needs(script=script).models == ("sonnet",)
    assert needs(script=script.replace("fast_agent", "other")).models == ()


@pytest.mark.parametrize(
    "script",
    ["os.environ['A_TOKEN']\nthis is not python", "os.getenv('A_TOKEN') \0", "(" * 5000 + "os.environ['A_TOKEN']"],
)
def test_text_that_does_not_parse_is_still_searched(script: str) -> None:
    assert list(needs(script=script).names) == ["A_TOKEN"]


def test_a_broken_header_lists_nothing() -> None:
    assert needs(script="# /// script\n# [tool.hf-jobs\n# ///\n").names == {}


def test_nothing_needs_nothing() -> None:
    found = needs()
    assert (found.models, found.names, found.variables) == ((), {}, ())
