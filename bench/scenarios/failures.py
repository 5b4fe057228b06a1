"""What goes wrong: the cause, told by the status alone."""

from __future__ import annotations

from typing import Any

from bench.scenarios.agent import Agent, scenario


async def cause(agent: Agent, *command: str, **more: Any) -> str:
    status = await agent.ended(*command, **more)
    assert status["succeeded"] is False
    return str(status["diagnosis"]["cause"])


@scenario("crash at import, mended", "imported")
async def crash_at_import(agent: Agent) -> Any:
    """The diagnosis names the module; the agent brings it along and runs it again."""
    bad = await agent.ended(
        "cd $HF_JOB_WORKSPACE && python3 main.py", files={"main.py": "import stars_4711\nprint(stars_4711.WORD)"}
    )
    assert bad["diagnosis"]["cause"] == "missing_module"
    assert "stars_4711" in bad["diagnosis"]["summary"]
    both = {"main.py": "import stars_4711\nprint(stars_4711.WORD)", "stars_4711.py": 'WORD = "imported"'}
    return (await agent.results("cd $HF_JOB_WORKSPACE && python3 main.py", files=both))["log"]["lines"][-1]


@scenario("killed for its memory (137)", "out_of_memory")
async def killed(agent: Agent) -> Any:
    return await cause(agent, "echo loading; kill -9 $$")


@scenario("out of memory in Python", "out_of_memory")
async def memory(agent: Agent) -> Any:
    return await cause(agent, "ulimit -v 200000; python3 -c 'x = bytearray(10**9)'")


@scenario("timeout", "timeout")
async def timeout(agent: Agent) -> Any:
    return await cause(agent, "echo begun; sleep 60", timeout=1)


@scenario("missing secret, from the job's own error", ("missing_secret", "STARS_API_KEY"))
async def missing_secret(agent: Agent) -> Any:
    status = await agent.ended("python3", "-c", "import os; os.environ['STARS_API_KEY']")
    words = status["diagnosis"]["summary"].split()
    return status["diagnosis"]["cause"], next(word for word in words if word.isupper())


@scenario("an exception in the code", ("exception", "ValueError: no such star"))
async def exception(agent: Agent) -> Any:
    status = await agent.ended("python3", "-c", "raise ValueError('no such star')")
    return status["diagnosis"]["cause"], status["diagnosis"]["evidence"][-1]


@scenario("the command is not there", "command_not_found")
async def not_there(agent: Agent) -> Any:
    return await cause(agent, "no-such-program-4711")


@scenario("an exit code of its own", "exit code 3")
async def exit_code(agent: Agent) -> Any:
    status = await agent.ended("echo no luck; exit 3")
    return "exit code 3" if "exit code 3" in status["diagnosis"]["summary"] else status["diagnosis"]


@scenario("a key that a service refuses", "secret_refused")
async def refused(agent: Agent) -> Any:
    return await cause(agent, "echo 'httpx.HTTPStatusError: 401 Unauthorized for url'; exit 1")


@scenario("wrong flavor, mended by the hint", "hello")
async def wrong_flavor(agent: Agent) -> Any:
    refusal = (await agent.submit("echo hello", flavor="cpu-basik"))["error"]
    assert refusal["field"] == "flavor"
    offered = next(word.strip("`.,?") for word in refusal["hint"].split() if word.strip("`.,?").startswith("cpu-b"))
    return (await agent.results("echo hello", flavor=offered))["log"]["lines"][-1]


@scenario("a misspelt argument, mended by the hint", "hello")
async def misspelt(agent: Agent) -> Any:
    refusal = (await agent.submit("echo hello", timout="5m"))["error"]
    offered = refusal["hint"].split("`")[1]
    return (await agent.results("echo hello", **{offered: "5m"}))["log"]["lines"][-1]


@scenario("a job that never was", "not_found", from_submit=False)
async def unknown(agent: Agent) -> Any:
    return (await agent.call("job_status", job_id="0123456789abcdef01234567"))["error"]["code"]
