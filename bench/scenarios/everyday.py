"""What goes well: run something, get its answer and its files."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import anyio

from bench.scenarios.agent import Agent, scenario

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
REPLY = (
    '{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}, {"role": "assistant", "content": '
    '[{"type": "text", "text": "%s"}], "stop_reason": "%s"}]}'
)


def fake_agent(text: str, stop_reason: str) -> dict[str, Any]:
    """A job that looks like a fast-agent from outside: its command line, its results file, its exit status."""
    program = f"import pathlib, sys\npathlib.Path(sys.argv[-1]).write_text('''{REPLY % (text, stop_reason)}''')\n"
    command = ["python3", "/workspace/fast-agent", "go", "--model", "x", "--results", "/workspace/result.json"]
    return {"command": command, "files": {"fast-agent": program}}


@scenario("smoke test", "hello")
async def smoke(agent: Agent) -> Any:
    return (await agent.results("echo hello"))["log"]["lines"][-1]


@scenario("a uv script's result", 5050)
async def uv_script(agent: Agent) -> Any:
    script = 'import json, pathlib\npathlib.Path("result.json").write_text(json.dumps({"sum": sum(range(101))}))\n'
    (file,) = (await agent.results(script=script))["artifacts"]
    return file["json"]["sum"]


@scenario("files in, files out", "GREETINGS FROM A FILE")
async def files(agent: Agent) -> Any:
    reply = await agent.results(
        "cd $HF_JOB_WORKSPACE; tr a-z A-Z < in/text.txt > out.txt", files={"in/text.txt": "greetings from a file"}
    )
    assert [file["path"] for file in reply["artifacts"]] == ["out.txt"], "inputs are no outputs"
    return reply["artifacts"][0]["text"]


@scenario("a picture comes back as a picture", "image/png")
async def picture(agent: Agent) -> Any:
    await agent.results(f"echo {PIXEL} | base64 -d > $HF_JOB_WORKSPACE/dot.png")
    assert agent.last is not None
    return next(block.mime_type for block in agent.last.content if block.type == "image")


@scenario("binary output: size and where to read it", hashlib.sha256(bytes(range(256)) * 40).hexdigest())
async def binary(agent: Agent) -> Any:
    write = "open('raw.bin', 'wb').write(bytes(range(256)) * 40)"
    reply = await agent.results(f'cd $HF_JOB_WORKSPACE && python3 -c "{write}"')
    assert reply["artifacts"][0]["size"] == 10_240
    assert agent.last is not None
    link = next(block for block in agent.last.content if block.type == "resource_link")
    blob = (await agent.client.read_resource(link.uri)).contents[0].blob
    return hashlib.sha256(base64.b64decode(blob)).hexdigest()


@scenario("large output is saved, not read", 300_000)
async def saved(agent: Agent) -> Any:
    job = await agent.ended("head -c 300000 /dev/zero > $HF_JOB_WORKSPACE/zeros.bin")
    reply = await agent.call("fetch_results", job_id=job["id"], artifacts=["*.bin"], save_to=job["id"])
    return (await anyio.Path(reply["saved"][0]).stat()).st_size


@scenario("three jobs at once", ["1", "2", "3"])
async def several(agent: Agent) -> Any:
    ids = [(await agent.submit(f"echo {number}"))["id"] for number in (1, 2, 3)]
    reply: dict[str, Any] = {"jobs": [{"finished": False}]}
    while not all(job["finished"] for job in reply["jobs"]):
        reply = await agent.call("job_status", job_id=ids, wait_seconds=45)
    return [(await agent.call("fetch_results", job_id=job_id))["log"]["lines"][-1] for job_id in ids]


@scenario("an agent's answer", "Four.")
async def answer(agent: Agent) -> Any:
    reply = await agent.results(**fake_agent("Four.", "endTurn"), image="python:3.12")
    assert reply["succeeded"] is True
    return reply["answer"]["text"]


@scenario("an agent's failure behind COMPLETED", ("COMPLETED", False, "agent_failed"))
async def hidden(agent: Agent) -> Any:
    status = await agent.ended(**fake_agent("Sorry.", "error"), image="python:3.12")
    return status["stage"], status["succeeded"], status["diagnosis"]["cause"]


@scenario("in an organisation's namespace", ("local-team", "ours"))
async def organisation(agent: Agent) -> Any:
    reply = await agent.results("echo ours", namespace="local-team")
    return reply["namespace"], reply["log"]["lines"][-1]


@scenario("run the same again", "again")
async def rerun(agent: Agent) -> Any:
    first = await agent.ended("echo again")
    second = await agent.call("manage_job", job_id=first["id"], action="rerun")
    assert second["id"] != first["id"]
    await agent.wait(second["id"])
    return (await agent.call("fetch_results", job_id=second["id"]))["log"]["lines"][-1]


@scenario("cancel what takes too long", "CANCELED")
async def cancel(agent: Agent) -> Any:
    job = await agent.submit("sleep 600")
    await agent.call("manage_job", job_id=job["id"], action="cancel")
    return (await agent.wait(job["id"]))["stage"]


@scenario("the cheapest GPU with 24 GB", "1 x", from_submit=False)
async def hardware(agent: Agent) -> Any:
    flavors = (await agent.call("list_hardware", gpu=True))["flavors"]
    prices = [flavor["hourly_usd"] for flavor in flavors]
    assert prices == sorted(prices)
    return next(flavor for flavor in flavors if "24 GB" in flavor["gpu"])["gpu"][:3]


@scenario("find the job of yesterday's chat", "found me")
async def by_label(agent: Agent) -> Any:
    await agent.ended("echo found me", labels={"project": "stars-4711"})
    (job,) = (await agent.call("job_status", labels={"project": "stars-4711"}))["jobs"]
    return (await agent.call("fetch_results", job_id=job["id"]))["log"]["lines"][-1]


@scenario("a real fast-agent", "The stars are out.", slow=True)
async def fast_agent(agent: Agent) -> Any:
    command = [
        "fast-agent",
        "go",
        "--model",
        "passthrough",
        "--message",
        "The stars are out.",
        "--results",
        "result.json",
    ]
    reply = await agent.results(command=command, packages=["fast-agent-mcp"], python="3.13", timeout="5m")
    assert [file["path"] for file in reply["artifacts"]] == ["result.json"], "its session files are no output"
    return reply["answer"]["text"]
