"""Why a job failed, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import diagnosis as bench
from jobs.client import models
from jobs.client.models import Job, Status
from jobs.logs import reader
from jobs.results.agent_answer import AgentAnswer
from jobs.results.diagnosis import LINES_READ, diagnose, exit_words, waiting
from jobs.results.outcome import Outcome
from local_hub.flavors import by_name
from tests.jobs.results.diagnosis.corpus import TRACE as TRACE_OF_ALL
from tests.jobs.results.diagnosis.field_texts import TOLD, within_other_lines
from tests.jobs.results.diagnosis.held_out import HELD_OUT, HELD_OUT_HEALTHY
from tools.replies import shapes

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
        ("Job failed with exit code: 127. Reason: Error", ["sh: 1: nosuch: not found"], "command_not_found", "nosuch"),
        (None, ["error: Failed to spawn: `nosuch`"], "command_not_found", "nosuch"),
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


def test_the_traceback_that_ended_it_and_its_error_are_the_evidence():
    lines = [*TRACE, "ValueError: first", "Traceback (most recent call last):", '  File "b", line 1', "OSError: second"]
    found = diagnose(failed(), lines)
    assert found.evidence[-1] == "OSError: second"
    assert found.summary == "It raised OSError."


def test_evidence_is_bounded_and_one_line_each():
    found = diagnose(failed(), ["x" * 10_000, "\x1b[31mred\n\u202e"] * 200)
    assert len(found.evidence) <= 6
    assert all(len(line) <= 200 and "\x1b" not in line and "\n" not in line for line in found.evidence)


@pytest.mark.parametrize("stage", ["RUNNING", "SCHEDULING", "COMPLETED", "SOMETHING_NEW"])
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
    shown = shapes.status(job, await hub.hardware(), outcome=Outcome(False, diagnosis=found))
    assert len(shown.model_dump_json(exclude_none=True)) <= 1500


async def test_a_timeout_is_called_one(hub, run):
    job = await run("echo working; sleep 60", timeout="1s")
    assert diagnose(job, await reader.last_lines(hub, job, 10)).cause == "timeout"


def test_every_failure_of_the_corpus_is_told_and_no_healthy_log_is():
    missed, alarms = bench.wrong()
    assert len(bench.FAILURES) >= 100
    assert missed == []
    assert alarms == []


@pytest.mark.parametrize(("traced", "cause", "name", "source", "text"), TOLD)
def test_a_cause_is_told_within_hundreds_of_other_lines(traced, cause, name, source, text):
    log = within_other_lines(TRACE_OF_ALL + text if traced else text, len(text))
    found = diagnose(failed(), log.split("\n"))
    assert (found.cause, found.name) == (cause, name), source


def test_an_error_that_only_wraps_another_does_not_hide_it():
    root = "(EngineCore_0 pid=88) ValueError: To serve one request, 16 GiB KV cache is needed, which is larger than the available KV cache memory (7.41 GiB)."
    wrapped = [root, *TRACE[1:], "RuntimeError: Engine core initialization failed. See root cause above."]
    assert diagnose(failed(), wrapped).cause == "out_of_memory"
    assert diagnose(failed(), [root, *TRACE[1:], "RuntimeError: something else."]).cause == "exception"


def test_a_chain_is_told_by_the_error_that_says_why():
    lines = [*TRACE, "pyarrow.lib.ArrowInvalid: JSON parse error in row 0", "",
             "The above exception was the direct cause of the following exception:", "",
             *TRACE, "datasets.exceptions.DatasetGenerationError: An error occurred while generating the dataset"]  # fmt: skip
    found = diagnose(failed(), lines)
    assert "ArrowInvalid" in found.summary
    assert "row 0" in found.evidence[-1]


def test_an_error_without_a_traceback_counts_as_one():
    found = diagnose(failed(), ["CUDA out of memory here", "ValueError: the real reason", "bye"])
    assert found.cause == "exception"
    assert found.evidence == ("ValueError: the real reason",)


def test_texts_that_no_rule_was_written_from_are_told_too() -> None:
    missed, alarms = bench.wrong(HELD_OUT, HELD_OUT_HEALTHY)
    assert not alarms
    assert len(missed) <= len(HELD_OUT) // 20, missed


def test_the_documented_table_is_the_one_in_use():
    """python bench/diagnosis.py --docs writes it anew."""
    assert bench.DOCS.read_text() == bench.documented()


def test_every_cause_of_the_table_has_a_text_in_the_corpus():
    assert {rule.cause for rule in bench.RULES} - {"distributed"} <= {case.cause for case in bench.FAILURES}


def test_the_healthy_logs_of_a_finished_job_have_no_diagnosis():
    assert all(diagnose(failed(stage="COMPLETED"), text.split("\n")) is None for text in bench.HEALTHY)


@pytest.mark.parametrize(
    ("status", "cause", "word"),
    [
        ({"stage": "CANCELED", "message": None, "cancelReason": "NO_CREDITS"}, "payment", "credit"),
        ({"stage": "CANCELED", "cancelReason": "NO_SUBSCRIPTION"}, "no_subscription", "plan"),
        ({"stage": "CANCELED", "cancelReason": "RESOURCE_GROUP_LIMIT"}, "spend_limit", "limit"),
        ({"stage": "CANCELED", "cancelReason": "SOMETHING_NEW"}, "canceled", "hub"),
        ({"stage": "CANCELED"}, "canceled", "person"),
    ],
)
def test_a_cancelled_job_says_by_whom_and_why(status, cause, word):
    job = models.job({"id": "x", "status": status}, endpoint="http://127.0.0.1:1", namespace="n")
    found = diagnose(job, ["step 4"])
    assert found.cause == cause
    assert word in found.summary
    assert found.suggestion


def flavors():
    return tuple(map(models.hardware, (flavor.to_json() for flavor in by_name().values())))


@pytest.mark.parametrize(
    ("flavor", "line", "named"),
    [
        ("t4-small", "torch.OutOfMemoryError: CUDA out of memory.", "the next larger GPU, l4x1 (24 GB, $0.80/h)"),
        ("cpu-basic", "MemoryError", "the next larger flavor, cpu-upgrade (32 GB, $0.03/h)"),
        ("cpu-basic", "RuntimeError: Found no NVIDIA driver on your system.", "t4-small (16 GB, $0.40/h)"),
    ],
)
def test_advice_names_the_flavor_that_would_do_and_its_price(flavor, line, named):
    found = diagnose(replace(failed(), flavor=flavor), [*TRACE, line], hardware=flavors())
    assert named in found.suggestion


def test_a_long_wait_for_a_machine_is_explained_and_a_short_one_is_not():
    job = replace(failed(None, "SCHEDULING"), flavor="a100-large", durations=models.Durations(scheduling_secs=900))
    found = waiting(job, flavors())
    assert (found.cause, "15m" in found.summary) == ("waiting", True)
    assert "t4-small" in found.suggestion
    assert waiting(replace(job, durations=models.Durations(scheduling_secs=20)), flavors()) is None
    assert waiting(replace(job, status=Status("RUNNING")), flavors()) is None


def test_a_timeout_tells_how_far_it_came_and_what_time_it_needs():
    lines = ["Saving model checkpoint to out/checkpoint-100", "12%|#2 | 120/1000 [30:00<3:40:00, 15.00s/it]"]
    job = replace(failed("Job timeout"), durations=models.Durations(running_secs=1800))
    found = diagnose(job, lines)
    assert "120 of 1000" in found.summary
    assert "4h" in found.suggestion
    assert "out/checkpoint-100" in found.suggestion


def test_a_cause_at_the_end_of_a_very_long_line_is_found():
    found = diagnose(failed(), ["x " * 300_000 + "OSError: [Errno 28] No space left on device"])
    assert found.cause == "disk_full"
    assert "No space left" in found.evidence[-1]
