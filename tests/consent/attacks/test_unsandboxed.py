"""Attacks where this machine has no sandbox for jobs: a job is then all that its user is, so each one is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.ledger import Ledger
from local_hub.process.daemon import read_state
from tests.consent.attacks.conftest import jobs
from tests.consent.attacks.wire import ERAS, Attacker, Stdio, made, outcome
from tests.hub_process import clear, short_home, wait_until
from tests.mcp_session import SERVER, environment
from tests.no_namespaces import can_forbid, forbidding

pytestmark = pytest.mark.skipif(not can_forbid(), reason="this machine cannot be made to refuse namespaces")

PLAIN: dict[str, Any] = {"image": "python:3.12", "command": ["true"]}

#: A job that answers a question as a person at a terminal would.
ANSWERS = """
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "-P", "-m", "hf_jobs_mcp", "approve", sys.argv[2]])
for word in (b"n\\n", b"y\\n", b"y\\n"):
    time.sleep(1)
    os.write(fd, word)
print(os.read(fd, 65536))
"""


@pytest.fixture(scope="module")
def bare() -> Iterator[Path]:
    with short_home() as home:
        yield home
        clear(home)


@pytest.fixture(scope="module")
def bare_env(bare: Path) -> dict[str, str]:
    return environment(bare, API_KEY="tango-9931-foxtrot-whisky")


@pytest.fixture(scope="module")
def line(bare_env: dict[str, str]) -> Iterator[Stdio]:
    made_line = Stdio(bare_env, command=tuple(forbidding([*SERVER])))
    yield made_line
    made_line.close()


@pytest.fixture
def silent(line: Stdio) -> Attacker:
    """A client that cannot ask."""
    return Attacker(line, "modern", {}, "cannot ask")


@pytest.fixture
def asking(line: Stdio) -> Attacker:
    return Attacker(line, "modern", name="asks")


@pytest.fixture(autouse=True)
def _no_question_is_left(bare: Path) -> None:
    ledger = Ledger(bare / "consent.sqlite3")
    for approval in ledger.pending():
        ledger.answer(approval.id, None)
        ledger.dismiss(approval.id)
    ledger.close()


@pytest.mark.promise("S2", "S4")
def test_an_agent_cannot_answer_its_own_question_by_way_of_a_job(silent: Attacker, bare: Path) -> None:
    wanted = {**PLAIN, "command": ["env"], "secrets": ["API_KEY"]}
    waits = silent.call("submit_job", wanted)
    assert outcome(waits) == "waits"
    number = waits["result"]["structuredContent"]["approval"]["id"]
    attack = {**PLAIN, "command": ["python3", "-c", ANSWERS, SERVER[0], number]}
    script = {"script": "print('hello')"}
    schedule = {**attack, "schedule": "* * * * *"}
    assert outcome(silent.call("submit_job", attack)) == "waits"
    assert outcome(silent.call("submit_job", script)) == "waits"
    assert outcome(silent.call("schedule_job", schedule)) == "waits"
    assert outcome(silent.call("submit_job", wanted)) == "waits"
    assert jobs(bare) == []


@pytest.mark.promise("S6")
def test_the_question_says_what_such_a_job_can_do(asking: Attacker) -> None:
    question = asking.ask("submit_job", PLAIN)
    words = " ".join(question.message.split())
    assert "! NO SANDBOX: it can read and change all that you can here" in words
    assert question.names == ["run_here"]
    assert outcome(asking.answer(question, {"run_here": False})) == "consent_not_given"


@pytest.mark.parametrize("era", ERAS)
def test_a_yes_runs_it_once_and_running_it_again_is_asked_again(
    era: str, line: Stdio, bare_env: dict[str, str], bare: Path
) -> None:
    own = line if era == "modern" else Stdio(bare_env, command=tuple(forbidding([*SERVER])))
    try:
        client = Attacker(own, era, name=f"again {era}").hello()
        named = {**PLAIN, "name": f"again-{era}"}
        job = made(client.tick_all(client.ask("submit_job", named)))
        wait_until(lambda: [one for one in jobs(bare) if one["id"] == job and one["status"]["stage"] == "COMPLETED"])
        again = client.ask("manage_job", {"job_id": job, "action": "rerun"})
        assert again.names == ["confirm"]
        assert made(client.tick_all(again)) != job
    finally:
        if own is not line:
            own.close()


def test_the_hub_says_so_to_its_clients(asking: Attacker, bare: Path) -> None:
    asking.ask("submit_job", PLAIN)
    state = read_state(bare)
    assert state is not None
    assert (state.status() or {})["sandbox"] == "none"


def test_the_operators_word_at_start_up_is_a_choice_and_its_absence_is_none(
    bare_env: dict[str, str], bare: Path
) -> None:
    for runner, expected in (("process", "sent"), ("", "waits")):
        own = Stdio({**bare_env, "HF_JOBS_MCP_RUNNER": runner}, command=tuple(forbidding([*SERVER])))
        try:
            client = Attacker(own, "modern", {}, f"chosen {runner}")
            assert outcome(client.call("submit_job", {**PLAIN, "name": f"chosen-{runner}"})) == expected
        finally:
            own.close()


def test_a_schedule_accepted_under_a_sandbox_never_runs_without_one() -> None:
    from huggingface_hub import HfApi

    from local_hub.process import daemon
    from tests.hub_process import VERSION, launch_command, running_hub

    with short_home() as home:
        with running_hub(home) as state:
            if (state.status() or {})["sandbox"] == "none":
                pytest.skip("this machine has no sandbox to begin with")
            api = HfApi(endpoint=state.endpoint, token=state.token)
            kept = api.create_scheduled_job(image="x", command=["true"], schedule="@yearly", namespace="local")
        try:
            state = daemon.ensure_running(home, forbidding(launch_command()), version=VERSION)
            api = HfApi(endpoint=state.endpoint, token=state.token)
            job = api.trigger_scheduled_job(scheduled_job_id=kept.id, namespace="local") or None
            number = job.id if job else api.list_jobs(namespace="local")[0].id
            done = wait_until(
                lambda: found if (found := api.inspect_job(job_id=number)).status.stage == "ERROR" else None
            )
            assert "accepted when jobs were sandboxed here" in (done.status.message or "")
        finally:
            clear(home)
