"""Secrets and the person who decides about them; and clients that go away."""

from __future__ import annotations

import hashlib
import os
import pty
import subprocess
from typing import Any

import anyio.to_thread

from bench.scenarios.agent import IMAGE, SECRETS, Agent, scenario
from tests.mcp_session import SERVER, environment

NAME = "DEMO_API_KEY"
PROVE = f'printf %s "${NAME}" | sha256sum | cut -c1-64'
PROOF = hashlib.sha256(SECRETS[NAME].encode()).hexdigest()


@scenario("plan, confirm, run with a secret", PROOF)
async def planned(agent: Agent) -> Any:
    script = f"import hashlib, os\nprint(hashlib.sha256(os.environ['{NAME}'].encode()).hexdigest())\n"
    plan = await agent.call("plan_secrets", script=script)
    names = [item["name"] for item in plan["candidates"] if item["available"]]
    return (await agent.results(script=script, secrets=names))["log"]["lines"][-1]


@scenario("the person declines", ("consent_declined", 0))
async def declined(agent: Agent) -> Any:
    before = await agent.jobs()
    agent.person.action = "decline"
    refusal = (await agent.submit(PROVE, secrets=[NAME]))["error"]
    return refusal["code"], await agent.jobs() - before


@scenario("the person unticks one of two", (["DEMO_API_KEY"], ["OTHER_API_KEY"]))
async def unticked(agent: Agent) -> Any:
    agent.person.ticks = lambda _: [NAME]
    job = await agent.submit(PROVE, secrets=sorted(SECRETS))
    assert "secrets" in job, job
    return job["secrets"], job["withheld"]


@scenario("a client that cannot ask: approved at a terminal", PROOF)
async def at_a_terminal(agent: Agent) -> Any:
    asked = {"image": IMAGE, "command": ["sh", "-c", PROVE], "secrets": [NAME], "name": "at-a-terminal"}
    async with agent.connect(person=None) as client:
        mute = Agent(client, agent.person, agent.home, agent.connect)
        waiting = await mute.call("submit_job", **asked)
        await anyio.to_thread.run_sync(_approve, agent, waiting["approval"]["id"])
        job = await mute.call("submit_job", **asked)
        await mute.wait(job["id"])
        reply = await mute.call("fetch_results", job_id=job["id"])
    agent.calls, agent.bytes, agent.largest = mute.calls, mute.bytes, mute.largest
    return reply["log"]["lines"][-1]


def _approve(agent: Agent, approval_id: str) -> None:
    """A person at a terminal: does not want to see everything, says yes to each name."""
    ours, theirs = pty.openpty()
    command = [*SERVER, "approve", approval_id]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(agent.home))
    os.close(theirs)
    said = b""
    try:
        while True:
            said += os.read(ours, 4096)
            if said.rstrip().endswith(b"[y/N]"):
                os.write(ours, b"n\n" if b"See everything" in said.splitlines()[-1] else b"y\n")
    except OSError:  # The terminal closes when the command ends.
        assert process.wait(30) == 0, said.decode()
    finally:
        os.close(ours)
        process.kill()
        process.wait()


@scenario("a value where a name belongs", ("secret_in_argument", False), from_submit=False)
async def value_in_command(agent: Agent) -> Any:
    refusal = (await agent.submit(f"curl -H 'Authorization: {SECRETS[NAME]}' example.org"))["error"]
    return refusal["code"], SECRETS[NAME] in str(refusal)


@scenario("a secret that is not here", "secret_unavailable", from_submit=False)
async def absent(agent: Agent) -> Any:
    refusal = (await agent.submit("true", secrets=["NOT_HERE_API_KEY"]))["error"]
    assert "NOT_HERE_API_KEY" in refusal["message"]
    return refusal["code"]


@scenario("lost connection: another client picks up the job", "survived")
async def lost_connection(agent: Agent) -> Any:
    async with agent.connect(person=agent.person) as first:
        made = await Agent(first, agent.person, agent.home, agent.connect).submit(
            "sleep 0.5; echo survived", labels={"run": "lost-4711"}
        )
    agent.calls += 1
    (job,) = (await agent.call("job_status", labels={"run": "lost-4711"}))["jobs"]
    assert job["id"] == made["id"]
    await agent.wait(job["id"])
    return (await agent.call("fetch_results", job_id=job["id"]))["log"]["lines"][-1]
