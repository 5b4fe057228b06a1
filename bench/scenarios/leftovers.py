"""What a job leaves, as met in the field: odd names, many files, long lines, agents in shell lines, real errors."""

from __future__ import annotations

from typing import Any

from bench.scenarios.agent import Agent, scenario
from bench.scenarios.everyday import REPLY

_HERE = "cd $HF_JOB_WORKSPACE && "


async def left(agent: Agent, python: str, **asked: Any) -> dict[str, Any]:
    """The results of a job that ran some Python in its workspace."""
    job = await agent.ended("python3", "-c", f"import json, os\nos.chdir(os.environ['HF_JOB_WORKSPACE'])\n{python}")
    return await agent.call("fetch_results", job_id=job["id"], **asked)


def in_a_shell_line(line: str, stop_reason: str) -> dict[str, Any]:
    """A job whose fast-agent stands in a shell line; it is one from outside: its file, its exit status."""
    program = (
        f"#!/usr/bin/env python3\nimport os\nopen('result.json', 'w').write('''{REPLY % ('Four.', stop_reason)}''')\n"
    )
    return {"command": ["bash", "-c", line], "files": {"bin/fast-agent": program}}


async def cause(agent: Agent, error: str, **more: Any) -> dict[str, Any]:
    """The diagnosis of a job that ended with this error."""
    return dict((await agent.ended("python3", "-c", f"import sys\nsys.exit({error!r})", **more))["diagnosis"])


@scenario("one file among 2,500, by its name", {"v": 1})
async def among_many(agent: Agent) -> Any:
    write = "for n in range(2500):\n open(f'{n}.txt', 'w').write('x')\nopen('result.json', 'w').write('{\"v\": 1}')"
    (file,) = (await left(agent, write, artifacts=["result.json"]))["artifacts"]
    return file["json"]


@scenario("600 files are saved and told as a count", (600, True))
async def saved_many(agent: Agent) -> Any:
    reply = await left(agent, "for n in range(600):\n open(f'{n}.txt', 'w').write('x')", save_to="six-hundred")
    return reply["saved_count"], len(reply["saved"]) < 50


@scenario("a name with a line break does not hide the rest", ["good.json", "new line.json"])
async def line_break(agent: Agent) -> Any:
    reply = await left(agent, "for name in ('new\\nline.json', 'good.json'):\n open(name, 'w').write('{}')")
    return [file["path"] for file in reply["artifacts"]]


@scenario("a name that is not UTF-8 is fetched as it is listed", "café")
async def not_utf_8(agent: Agent) -> Any:
    listed = await left(agent, "open(b'caf\\xe9.txt', 'w').write('caf\\u00e9')")
    (name,) = [file["path"] for file in listed["artifacts"]]
    (file,) = (await agent.call("fetch_results", job_id=listed["id"], artifacts=[name]))["artifacts"]
    return file["text"]


@scenario("an exact name wins over a pattern", "final")
async def brackets(agent: Agent) -> Any:
    write = "open('results [final].txt', 'w').write('final')\nopen('results f.txt', 'w').write('draft')"
    (file,) = (await left(agent, write, artifacts=["results [final].txt"]))["artifacts"]
    return file["text"]


@scenario("what is not there is said to be not there", ["gone.json", "*.bin"])
async def unmatched(agent: Agent) -> Any:
    return (await left(agent, "open('a.txt', 'w').write('a')", artifacts=["gone.json", "*.bin"]))["unmatched"]


@scenario("links are left out, and counted", {"link": 2})
async def links(agent: Agent) -> Any:
    return (await left(agent, "os.symlink('/etc/passwd', 'a')\nos.symlink('nowhere', 'b')"))["left_out"]


@scenario("figures with NaN say why they are text", True)
async def not_a_number(agent: Agent) -> Any:
    (file,) = (await left(agent, "open('metrics.json', 'w').write('{\"loss\": NaN}')"))["artifacts"]
    return "NaN" in file["text"] and "NaN" in file["note"]


@scenario("a job that left nothing where it is kept says so", True)
async def elsewhere(agent: Agent) -> Any:
    return "/workspace" in (await agent.results("echo lost > /tmp/result.json"))["note"]


@scenario("an agent's failure inside a shell line", (False, "agent_failed"))
async def agent_in_shell(agent: Agent) -> Any:
    line = f"{_HERE}chmod +x bin/*; export PATH=$PWD/bin:$PATH; exec fast-agent go --model x --results result.json"
    status = await agent.ended(**in_a_shell_line(line, "error"))
    return status["succeeded"], status["diagnosis"]["cause"]


@scenario("an agent's answer from a shell line with more in it", "Four.")
async def answer_in_shell(agent: Agent) -> Any:
    line = f"{_HERE}chmod +x bin/*; env PATH=$PWD/bin:$PATH fast-agent go --model x --results=result.json && ls | wc -l"
    return (await agent.results(**in_a_shell_line(line, "endTurn")))["answer"]["text"]


@scenario("the second attempt is told from the first", True)
async def second_attempt(agent: Agent) -> Any:
    status = await agent.ended(f"{_HERE}echo x >> tries; cat tries; [ $(wc -l < tries) -gt 1 ]", attempts=2)
    reply = await agent.call("fetch_results", job_id=status["id"])
    return any("attempt 2 of 2 began here" in line for line in reply["log"]["lines"])


@scenario("what stands far in a line of a megabyte", True)
async def far_in_a_line(agent: Agent) -> Any:
    job = await agent.ended("python3", "-c", "print('x' * 900_000 + ' quota exceeded ' + 'y' * 100_000)")
    log = (await agent.call("fetch_results", job_id=job["id"], search="quota exceeded"))["log"]
    return log["matches"] == 1 and log["lines"][-1].startswith("1: [column 900002]")


@scenario("an expression that would run away", 1)
async def runaway(agent: Agent) -> Any:
    job = await agent.ended("python3", "-c", "print('a' * 5_000 + 'b'); print('a' * 5_000)")
    return (await agent.call("fetch_results", job_id=job["id"], search="/^(a+)+$/"))["log"]["matches"]


@scenario("a large picture is a link", ["text", "resource_link"])
async def large_picture(agent: Agent) -> Any:
    await left(agent, "open('plot.png', 'wb').write(os.urandom(200_000))")
    assert agent.last is not None
    return [block.type for block in agent.last.content]


@scenario("a gated model: what to do", ("gated", True))
async def gated(agent: Agent) -> Any:
    found = await cause(agent, "huggingface_hub.errors.GatedRepoError: 403 Client Error. Cannot access gated repo")
    return found["cause"], "HF_TOKEN" in found["suggestion"]


@scenario("no GPU on this flavor: which has one", ("no_gpu", True))
async def no_gpu(agent: Agent) -> Any:
    found = await cause(agent, "RuntimeError: Found no NVIDIA driver on your system.")
    return found["cause"], "/h)" in found["suggestion"]


@scenario("no storage left on the Hub", "storage_limit")
async def storage(agent: Agent) -> Any:
    return (await cause(agent, "HfHubHTTPError: 403 Forbidden: Private repository storage limit reached"))["cause"]
