"""The gate's refusals, met by clients that nobody here wrote: the Inspector's command line and fast-agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from local_hub.process.daemon import read_state
from tests.consent.attacks.person import at_a_terminal
from tests.contract.node_tools import node_tools, run
from tests.fast_agent_runtime import run_fast_agent
from tests.mcp_session import SERVER, environment

VALUE = "hotel-6623-uniform-oscar"
MODES = ("forms", "auto-cancel", "none")
JOB: dict[str, Any] = {"image": "python:3.12", "command": ["true"], "secrets": ["API_KEY"]}


def jobs(home: Path) -> list[dict[str, Any]]:
    state = read_state(home)
    assert state is not None
    reply = httpx2.get(f"{state.endpoint}/api/jobs/local", headers={"Authorization": f"Bearer {state.token}"})
    return list(reply.json())


@pytest.mark.promise("S1", "S4")
@pytest.mark.node
@pytest.mark.timeout(400)
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_waits_for_a_person_and_goes_on_when_one_has_answered(own_home: Path, era: str) -> None:
    programs = node_tools()
    env = environment(own_home, API_KEY=VALUE)

    def call(tool: str, **arguments: Any) -> dict[str, Any]:
        given = [
            f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items()
        ]
        settings = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        done = run(
            programs, "mcp-inspector", "--cli", *settings, "--protocol-era", era, "--method", "tools/call",
            "--tool-name", tool, "--tool-arg", *given, "--", *SERVER,
        )  # fmt: skip
        assert VALUE not in done.stdout
        assert done.returncode == 0, done.stderr
        reply: dict[str, Any] = json.loads(done.stdout)["structuredContent"]
        return reply

    waiting = call("submit_job", **JOB)
    assert waiting["approval"]["status"] == "pending"
    assert call("schedule_job", schedule="@daily", **JOB)["approval"]["status"] == "pending"
    assert jobs(own_home) == []
    seen = at_a_terminal(env, "approve", waiting["approval"]["id"], types=["n", "y"])
    assert "Approved" in seen.text
    assert call("submit_job", **JOB)["id"] == jobs(own_home)[0]["id"]
    again = call("manage_job", job_id=jobs(own_home)[0]["id"], action="rerun")
    assert again["approval"]["status"] == "pending"
    assert len(jobs(own_home)) == 1


@pytest.mark.promise("S4")
@pytest.mark.fast_agent
@pytest.mark.timeout(300)
def test_fast_agent_in_each_of_its_elicitation_modes_sends_nothing_without_a_person(
    own_home: Path, tmp_path: Path
) -> None:
    """Nobody is at its terminal: a form is cancelled, `auto-cancel` cancels, `none` cannot ask."""
    server = {"command": SERVER[0], "args": [*SERVER[1:]], "env": environment(own_home, API_KEY=VALUE)}
    servers = {f"hf-{mode}": {**server, "elicitation": {"mode": mode}} for mode in MODES}
    (tmp_path / "fast-agent.yaml").write_text(json.dumps({"default_model": "passthrough", "mcp": {"servers": servers}}))
    program = Path(__file__).with_name("fast_agent_modes.py")
    done = run_fast_agent(tmp_path, "python", str(program), json.dumps(JOB), seconds=280)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("REPLIES ")] or [""]
    assert line, done.stdout[-2000:] + done.stderr[-2000:]
    assert VALUE not in done.stdout + done.stderr
    replies = json.loads(line.removeprefix("REPLIES "))
    for mode in ("forms", "auto-cancel"):
        assert replies[mode]["error"], replies[mode]
        assert json.loads(replies[mode]["text"])["error"]["code"] in {"consent_cancelled", "consent_declined"}
    assert replies["none"]["data"]["approval"]["status"] == "pending"
    assert jobs(own_home) == []
