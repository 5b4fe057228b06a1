"""Why a name is wanted is said with its purpose first and its place whole, and that calls of models cost extra."""

from __future__ import annotations

from typing import Any

import pytest

from consent.describe import Description, details, request
from consent.question import text
from jobs.planning.required_secrets import needs
from jobs.spec.spec import build
from tests.job_requests import requested


def _question(**asked: Any) -> list[str]:
    spec = build(requested(**asked), hub="http://127.0.0.1:9", namespace="me")
    action = "submit" if spec.schedule is None else "schedule"
    script = asked.get("script")
    read = needs(spec.command, script, {**asked.get("files", {}), **({"script.py": script} if script else {})})
    facts: dict[str, Any] = {"hub_name": "local", "max_cost_usd": 0.01, "read": read}
    told = Description(action=action, spec=spec, digest=spec.digest, details=details(spec), **facts)
    return text(request(told)).split("\n")


OVERLAY = "name: q\nprovider: generic\nmodel: a/b\nconnection:\n  auth: env\n  api_key_env: ACME_API_KEY\n"
GITHUB = "import os\ntoken = os.getenv('GITHUB_TOKEN') or os.getenv('GH_TOKEN')\n"
PUSH = "from trl import SFTConfig\nSFTConfig(output_dir='o', push_to_hub=True, report_to='wandb')\n"
LOCAL = "from openai import OpenAI\nOpenAI(base_url='http://localhost:11434/v1', api_key='ollama')\n"


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({"script": PUSH, "secrets": ("HF_TOKEN",)}, ["Secret HF_TOKEN: to push to the Hub, script.py:2"]),
        ({"script": PUSH, "secrets": ("WANDB_API_KEY",)}, ["Secret WANDB_API_KEY: to log runs, script.py:2"]),
        (
            {"script": "from openai import OpenAI\nOpenAI()\n", "secrets": ("OPENAI_API_KEY",)},
            ["Secret OPENAI_API_KEY: to call a model, script.py:2"],
        ),
        (
            {"command": ("hf", "upload", "me/r", "o"), "image": "python:3.12", "secrets": ("HF_TOKEN",)},
            ["Secret HF_TOKEN: to push to the Hub, hf upload"],
        ),
        (
            {"script": GITHUB, "secrets": ("GITHUB_TOKEN", "GH_TOKEN")},
            [
                "Secret GH_TOKEN: script.py:2 reads it, or GITHUB_TOKEN",
                "Secret GITHUB_TOKEN: script.py:2 reads it, or GH_TOKEN",
            ],
        ),
        ({"script": GITHUB, "secrets": ("GITHUB_TOKEN",)}, ["Secret GITHUB_TOKEN: script.py:2 reads it"]),
        (
            {
                "command": ("fast-agent", "go", "--model", "q", "-m", "hi"),
                "packages": ("fast-agent-mcp",),
                "files": {".fast-agent/model-overlays/acme-models.yaml": OVERLAY},
                "secrets": ("ACME_API_KEY",),
            },
            ["Secret ACME_API_KEY: acme-models.yaml:6 puts it in"],
        ),
    ],
)
def test_a_name_is_asked_for_with_its_purpose_and_its_place(asked: dict[str, Any], lines: list[str]) -> None:
    shown = _question(**asked)
    assert [line for line in shown if line.startswith("Secret ")] == lines


@pytest.mark.parametrize(
    ("asked", "costs"),
    [
        (
            {"script": "from openai import OpenAI\nOpenAI()\n", "secrets": ("OPENAI_API_KEY",)},
            "nothing here but models",
        ),
        (
            {
                "command": ("fast-agent", "go", "--model", "haiku", "-m", "hi"),
                "packages": ("fast-agent-mcp",),
                "secrets": ("ANTHROPIC_API_KEY",),
            },
            "nothing here but models",
        ),
        ({"script": PUSH, "secrets": ("HF_TOKEN",)}, "nothing here"),
        ({"script": GITHUB, "secrets": ("GITHUB_TOKEN",)}, "nothing here"),
    ],
)
def test_costs_say_that_calls_of_models_are_billed_besides(asked: dict[str, Any], costs: str) -> None:
    said = next(line for line in _question(**asked) if line.startswith("Costs "))
    assert said.split(None, 1)[1].startswith(f"{costs} (")


def test_a_key_that_nothing_uses_costs_nothing_extra() -> None:
    shown = _question(script=LOCAL, secrets=("OPENAI_API_KEY",))
    assert "Secret OPENAI_API_KEY: NOTHING in this job uses it" in shown
    assert any(line.startswith("Costs  nothing here (") for line in shown)
