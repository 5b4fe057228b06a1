"""Why a job failed, in words."""

from __future__ import annotations

import pytest

from jobs.client.models import Job, Status
from jobs.logs import reader
from jobs.results.agent_answer import AgentAnswer
from jobs.results.diagnosis import LINES_READ, diagnose, exit_words
from jobs.results.outcome import Outcome
from tools import replies

pytestmark = pytest.mark.anyio


def failed(message: str = "Job failed with exit code: 1. Reason: Error", stage: str = "ERROR") -> Job:
    return Job(id="x", namespace="n", endpoint="http://127.0.0.1:1", status=Status(stage, message), timeout_seconds=60)


TRACE = [
    "starting",
    "Traceback (most recent call last):",
    '  File "/workspace/script.py", line 3, in <module>',
    "    import pandas",
]


@pytest.mark.parametrize(
    ("message", "lines", "cause", "name"),
    [
        ("Job timeout", ["epoch 3"], "timeout", None),
        (None, [*TRACE, "ModuleNotFoundError: No module named 'pandas.core'"], "missing_module", "pandas"),
        (
            None,
            [*TRACE[:3], "    os.environ['WANDB_API_KEY']", "KeyError: 'WANDB_API_KEY'"],
            "missing_secret",
            "WANDB_API_KEY",
        ),
        (None, ["Error: OPENAI_API_KEY is not set"], "missing_secret", "OPENAI_API_KEY"),
        (None, ["script.sh: line 1: HF_TOKEN: unbound variable"], "missing_secret", "HF_TOKEN"),
        (None, ["Please set the environment variable ANTHROPIC_API_KEY"], "missing_secret", "ANTHROPIC_API_KEY"),
        (None, ["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"], "out_of_memory", None),
        ("Job failed with exit code: 137. Reason: OOMKilled", ["loading"], "out_of_memory", None),
        ("Job failed with exit code: 137. Reason: Error", [], "out_of_memory", None),
        (None, ["openai.AuthenticationError: Error code: 401"], "secret_refused", None),
        ("ImagePullBackOff: manifest unknown", [], "image_not_found", None),
        (None, ["  x No solution found when resolving `--with` dependencies:"], "unresolvable_packages", None),
        (
            None,
            [
                "The Anthropic API key is required but not set.",
                "Add it under anthropic.api_key or set the ",
                "ANTHROPIC_API_KEY environment variable.",
            ],
            "missing_secret",
            "ANTHROPIC_API_KEY",
        ),
        (
            None,
            ["Add it to your configuration file under hf.api_key or set the HF_TOKEN "],
            "missing_secret",
            "HF_TOKEN",
        ),
        (None, ["Unknown model or provider for: nosuchmodel."], "unknown_model", None),
        (None, ["error: No interpreter found for Python 3.19"], "no_interpreter", None),
        ("Job failed with exit code: 127. Reason: Error", ["sh: 1: nosuch: not found"], "command_not_found", None),
        (None, ["error: Failed to spawn: `nosuch`"], "command_not_found", None),
        (None, [*TRACE, "ValueError: bad thing"], "exception", None),
        ("Job failed with exit code: 3. Reason: Error", ["bye"], "failed", None),
        ("something new", [], "failed", None),
    ],
)
def test_causes_are_told_apart(message, lines, cause, name):
    found = diagnose(failed(message) if message else failed(), lines)
    assert (found.cause, found.name) == (cause, name)
    assert found.summary.endswith(".")
    assert found.suggestion


def test_the_first_traceback_and_its_error_are_the_evidence():
    lines = [*TRACE, "ValueError: first", "Traceback (most recent call last):", '  File "b", line 1', "OSError: second"]
    found = diagnose(failed(), lines)
    assert found.evidence[-1] == "ValueError: first"
    assert found.summary == "It raised ValueError."


def test_evidence_is_bounded_and_one_line_each():
    found = diagnose(failed(), ["x" * 10_000, "\x1b[31mred\n\u202e"] * 200)
    assert len(found.evidence) <= 6
    assert all(len(line) <= 200 and "\x1b" not in line and "\n" not in line for line in found.evidence)


@pytest.mark.parametrize("stage", ["RUNNING", "SCHEDULING", "COMPLETED", "CANCELED", "SOMETHING_NEW"])
def test_what_has_not_failed_has_no_diagnosis(stage):
    assert diagnose(failed(stage=stage), ["Traceback (most recent call last):", "ValueError: x"]) is None


def test_an_agent_that_failed_behind_completed_is_told():
    bad = AgentAnswer(text="", stop_reason="error", succeeded=False, errors=("Connection error.",))
    good = AgentAnswer(text="fine", stop_reason="endTurn", succeeded=True)
    found = diagnose(failed(stage="COMPLETED"), [], [good, bad])
    assert found.cause == "agent_failed"
    assert "model call failed" in found.summary
    assert found.evidence == ("Connection error.",)
    assert "ended well" in found.summary
    assert "ended well" not in diagnose(failed(), [], [bad]).summary
    refused = AgentAnswer(text="", stop_reason="error", succeeded=False, errors=("invalid x-api-key",))
    assert diagnose(failed(stage="COMPLETED"), [], [refused]).cause == "secret_refused"
    assert diagnose(failed(stage="COMPLETED"), [], [good]) is None


@pytest.mark.parametrize(
    ("code", "words"), [(137, "SIGKILL"), (139, "SIGSEGV"), (143, "SIGTERM"), (127, "not found"), (3, "code 3")]
)
def test_exit_codes_have_words(code, words):
    assert words in exit_words(code)


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("exit 3", "failed"),
        ("kill -9 $$", "out_of_memory"),
        ("nosuchcommand", "command_not_found"),
        ("python3 -c 'import nosuchmodule'", "missing_module"),
        ("python3 -c 'import os; os.environ[\"MY_API_KEY\"]'", "missing_secret"),
        ("python3 -c '1/0'", "exception"),
    ],
)
async def test_real_failures_on_a_real_hub_are_diagnosed(hub, run, command, cause):
    job = await run(command)
    found = diagnose(job, await reader.last_lines(hub, job, LINES_READ))
    assert found.cause == cause
    shown = replies.status(job, await hub.hardware(), outcome=Outcome(False, diagnosis=found))
    assert len(shown.model_dump_json(exclude_none=True)) <= 1500


async def test_a_timeout_is_called_one(hub, run):
    job = await run("echo working; sleep 60", timeout="1s")
    assert diagnose(job, await reader.last_lines(hub, job, 10)).cause == "timeout"
