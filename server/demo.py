"""``hf-jobs-mcp demo``: the main job, start to finish, through a real MCP client and server, on the local hub."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from typing import TYPE_CHECKING, Any

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import ElicitResult

from consent.answering.prompt import is_yes, read_line_beside
from hub_contract.command_line import command
from jobs.errors import HubNotStarted
from server.cli import INTERRUPTED
from server.demo_output import DemoOutput
from server.hub_connection import start_local
from server.version import version

if TYPE_CHECKING:
    from server.settings import Settings

SECRET = "DEMO_API_KEY"  # noqa: S105  # A name.

SCRIPT = """\
# /// script
# requires-python = ">=3.9"
# ///
import hashlib
import json
import os
import pathlib
import platform

key = os.environ["DEMO_API_KEY"]
print("The job runs on Python", platform.python_version())
print("It was given DEMO_API_KEY; the SHA-256 of its value is", hashlib.sha256(key.encode()).hexdigest())
print("Printed on purpose, the value reads:", key)
pathlib.Path("result.json").write_text(json.dumps({"answer": 6 * 7, "python": platform.python_version()}))
"""

#: What fast-agent runs on; uv takes the newest that is here, or fetches one where it can.
PYTHON_FOR_AGENT = ">=3.12"
AGENT_MESSAGE = "Hello from a cloud job: the answer is 42"
#: What a person answers that is no yes.
_NO = frozenset({"consent_declined", "consent_not_given", "consent_cancelled", "consent_timed_out"})
_POLL_SECONDS = 20
_PATIENCE_SECONDS = 600


def demo(settings: Settings, *, agent: bool) -> int:
    """Run the demonstration. Returns 0 when the job did its work and everything it promised was seen."""
    output = DemoOutput()
    told = _Demo(settings, output, agent=agent)
    try:
        return anyio.run(told.run)
    except HubNotStarted as error:
        output.say(error.message, error.hint or "")
        return 1
    except KeyboardInterrupt:
        goes_on = f"The job goes on: {command('hub', 'open', told.job)}" if told.job else "No job was sent."
        output.say("", f"Stopped. {goes_on}")
        sys.stdout.flush()
        # A thread may still wait for a line at the terminal, and would keep the process until somebody types one.
        os._exit(INTERRUPTED)


class ToolRefusedError(Exception):
    """A tool answered with an error; its code, message and hint."""

    def __init__(self, tool: str, error: dict[str, Any]) -> None:
        super().__init__(tool)
        self.tool = tool
        self.code = str(error.get("code", ""))
        self.words = [str(error[key]) for key in ("message", "hint") if error.get(key)]


class _Demo:
    def __init__(self, settings: Settings, output: DemoOutput, *, agent: bool) -> None:
        self._settings = settings
        self._output = output
        self._agent = agent
        self._value = secrets.token_urlsafe(24)
        #: The id of the job, once it was sent.
        self.job: str | None = None

    async def run(self) -> int:
        self._output.step("Start the local hub")
        with self._output.waiting("Local hub") as told:
            told("starting")
            state = await anyio.to_thread.run_sync(start_local, self._settings, version())
        self._output.say(f"It runs at {state.endpoint}. No account and no network are needed.")

        self._output.step("Connect a real MCP client to the server over stdio")
        launch = [sys.executable, "-P", "-m", "hf_jobs_mcp"]
        server = StdioServerParameters(command=launch[0], args=launch[1:], env=self._environment())
        async with Client(stdio_client(server), elicitation_callback=self._answer) as client:
            try:
                return await self._story(client)
            except ToolRefusedError as error:
                return self._refused(error)

    async def _story(self, client: Client) -> int:
        tools = (await client.list_tools()).tools
        self._output.say(f"It offers {', '.join(tool.name for tool in tools)}.")
        arguments = self._arguments()
        await self._plan(client, arguments)
        job = await self._submit(client, arguments)
        status = await self._watch(client, job)
        return await self._results(client, job, status)

    def _refused(self, error: ToolRefusedError) -> int:
        """Tell what a tool refused. A no is what the question is for, and not a failure."""
        if error.code in _NO:
            self._output.say(
                "",
                "You did not say yes, so nothing was sent: no job, no name, no value. That is the point.",
                f"To see the rest, run it again and say y: {command('demo')}",
            )
            return 0
        self._output.say("", f"{error.tool} was refused: {' '.join(error.words)}")
        return 1

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "HF_TOKEN"}
        own = {"HF_JOBS_MCP_HUB": "local", "HF_JOBS_MCP_HOME": str(self._settings.home), "HF_JOBS_MCP_SECRETS": ""}
        return {**kept, **own, SECRET: self._value}

    def _arguments(self) -> dict[str, Any]:
        if self._agent:
            words = ["--model", "passthrough", "--message", AGENT_MESSAGE, "--results", "result.json"]
            return {
                "command": ["fast-agent", "go", *words],
                "packages": ["fast-agent-mcp"],
                "python": PYTHON_FOR_AGENT,
                "timeout": "20m",
                "name": "demo-agent",
            }
        return {"script": SCRIPT, "secrets": [SECRET], "timeout": "5m", "name": "demo"}

    async def _plan(self, client: Client, arguments: dict[str, Any]) -> None:
        self._output.step("plan_secrets: which names does the job need?")
        asked = {key: value for key, value in arguments.items() if key in {"command", "script"}}
        plan = await _call(client, "plan_secrets", asked)
        for model in plan.get("models", ()):
            needs = model.get("secret") or "no secret"
            self._output.say(f"model {model['input']} needs {needs}, says {model['resolved_by']}")
        for candidate in plan["candidates"]:
            where = f"available from the {candidate['source']}" if candidate["available"] else "not available here"
            self._output.say(f"{candidate['name']}: {where}; {'; '.join(candidate['reasons'])}")
        if not plan["candidates"]:
            self._output.say("It needs none.")

    async def _submit(self, client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
        asked = "a person is asked, then the job is sent" if arguments.get("secrets") else "it needs no question"
        self._output.step(f"submit_job: {asked}")
        job = await _call(client, "submit_job", arguments)
        self.job = job.get("id")
        self._output.pairs(
            (label, job.get(key))
            for label, key in (("id", "id"), ("stage", "stage"), ("secrets", "secrets"), ("at most", "max_cost_usd"),
                               ("page", "url"), ("workspace", "workspace"))
        )  # fmt: skip
        return job

    async def _answer(self, context: Any, params: Any) -> ElicitResult:  # noqa: ARG002  # The SDK's signature.
        self._output.say("", *params.message.splitlines(), "")
        names = list(params.requested_schema["properties"])
        if not (self._output.watched and sys.stdin.isatty()):
            self._output.say(
                "No one is at the terminal. The secret was made for this demo, so the demo says yes itself."
            )
            return ElicitResult(action="accept", content=dict[str, Any].fromkeys(names, True))
        ticked: dict[str, Any] = {}
        for name in names:
            ticked[name] = await _yes(f"   Attach {name}?")
        return ElicitResult(action="accept" if any(ticked.values()) else "decline", content=ticked)

    async def _watch(self, client: Client, job: dict[str, Any]) -> dict[str, Any]:
        self._output.step("job_status: wait for it")
        with anyio.fail_after(_PATIENCE_SECONDS), self._output.waiting("Job") as told:

            async def progress(done: float, total: float | None, message: str | None) -> None:  # noqa: ARG001  # The SDK's signature.
                told(message or "")

            while True:
                arguments = {"job_id": job["id"], "wait_seconds": _POLL_SECONDS}
                status = await _call(client, "job_status", arguments, progress)
                if status["finished"]:
                    break
        self._output.pairs(
            (label, status.get(key))
            for label, key in (
                ("stage", "stage"),
                ("succeeded", "succeeded"),
                ("message", "message"),
                ("cost", "cost_usd"),
            )
        )
        return status

    async def _results(self, client: Client, job: dict[str, Any], status: dict[str, Any]) -> int:
        self._output.step("fetch_results: the container is gone, its output is not")
        results = await _call(client, "fetch_results", {"job_id": job["id"]})
        self._output.say(*results["log"]["lines"], "")
        for artifact in results["artifacts"]:
            size = f"  {artifact['size']} bytes" if "size" in artifact else ""
            self._output.say(f"{artifact['path']}{size}")
        answer = results.get("answer")
        if answer is not None:
            self._output.say(f"The agent's answer, out of result.json: {answer['text']} ({answer['stop_reason']})")
        folder = self._settings.home / "hub" / "buckets" / job["workspace"].removeprefix("hf://buckets/")
        self._output.say(f"The files are in {folder}")
        self._output.say(f"The job's page: {job['url']} (open it with: {command('hub', 'open', job['id'])})")
        problem = self._problem(status, results)
        self._output.say("", problem or "All of it happened for real: client, server, hub, process.")
        return 1 if problem else 0

    def _problem(self, status: dict[str, Any], results: dict[str, Any]) -> str | None:
        log = "\n".join(results["log"]["lines"])
        if status.get("succeeded") is not True:
            needs = " fast-agent needs Python 3.12 or later on PATH." if self._agent and "interpreter" in log else ""
            return f"The job did not do its work.{needs}"
        if self._value in str(results):
            return "The secret's value came back, which must never happen."
        if self._agent:
            answer = results.get("answer") or {}
            return None if AGENT_MESSAGE in answer.get("text", "") else "The agent's answer is not in the results."
        proof = hashlib.sha256(self._value.encode()).hexdigest()
        return None if proof in log else "The job did not get the secret."


async def _call(client: Client, name: str, arguments: dict[str, Any], progress: Any = None) -> dict[str, Any]:
    result = await client.call_tool(name, arguments, progress_callback=progress)
    if result.is_error or result.structured_content is None:
        text = getattr(result.content[0], "text", "") if result.content else ""
        try:
            error = json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            error = {"message": text}
        raise ToolRefusedError(name, error)
    reply: dict[str, Any] = result.structured_content
    return reply


async def _yes(prompt: str) -> bool:
    try:
        return is_yes(await read_line_beside(f"{prompt} [y/N] "))
    except EOFError:
        return False
