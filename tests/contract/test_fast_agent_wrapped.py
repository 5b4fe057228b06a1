"""A real fast-agent inside jobs, wrapped as people wrap it, that answers and that fails half-way, at once and scheduled."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import pytest
from mcp.client import Client

from tests.fast_agent_runtime import python_for_fast_agent
from tests.mcp_session import data, environment, http_server, over_http

pytestmark = [pytest.mark.fast_agent, pytest.mark.timeout(600), pytest.mark.anyio]

GO = "--no-home --model {model} --message 'well done'"
WRAPPINGS = {
    "and": f"fast-agent go {GO} --results r.json && ls",
    "pipe": f"fast-agent go {GO} --results=r.json | tee log",
    "exec": f"exec fast-agent go {GO} --results deep/er/r.json",
    "env": f"env A=1 fast-agent go {GO} --results r.json",
    "other name": f"fast-agent-mcp go {GO} --results r.json",
    "in a folder": f"mkdir sub; cd sub && fast-agent go {GO} --results r.json",
    "a script": "sh run.sh",
    "a variable": f'R="$PWD/r.json"; fast-agent go {GO} --results "$R"',
    "trajectory": f"fast-agent go {GO} --trajectory-output t.json",
    "own history": "fast-agent go --model {model} --message 'well done'",
}


class _Fails(BaseHTTPRequestHandler):
    """A model endpoint that begins an answer and refuses to go on."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"error": {"message": "the model fell over", "type": "server_error"}}).encode()
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def failing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Fails)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def client(home: Path) -> AsyncIterator[Client]:
    python_for_fast_agent()
    with http_server(environment(home)) as address:
        async with over_http(address) as connected:
            yield connected


def asked(line: str, model: str, url: str) -> dict[str, Any]:
    script = f"fast-agent go {GO} --results r.json\n".format(model=model)
    return {
        "command": ["bash", "-c", line.format(model=model) if "{model}" in line else line],
        "packages": ["fast-agent-mcp"], "python": ">=3.12", "timeout": "5m",
        "files": {"run.sh": script}, "env": {"GENERIC_BASE_URL": url},
    }  # fmt: skip


async def results(client: Client, job_id: str) -> dict[str, Any]:
    with anyio.fail_after(280):
        while True:
            status = data(await client.call_tool("job_status", {"job_id": job_id, "wait_seconds": 30}))
            if status["finished"]:
                return data(await client.call_tool("fetch_results", {"job_id": job_id}))


@pytest.mark.parametrize("line", WRAPPINGS.values(), ids=list(WRAPPINGS))
async def test_a_good_one_answers_and_one_that_fails_is_no_success(client: Client, failing: str, line: str) -> None:
    jobs = [
        data(await client.call_tool("submit_job", asked(line, model, failing)))["id"]
        for model in ("passthrough", "generic.some-model")
    ]
    good, bad = [await results(client, job_id) for job_id in jobs]
    assert good["succeeded"] is True, good
    assert (good["answer"]["text"], good["answer"]["stop_reason"]) == ("well done", "endTurn")
    assert bad.get("succeeded") is False, bad


@pytest.mark.parametrize("name", ["and", "a script"])
async def test_a_run_of_a_schedule_is_told_alike(client: Client, failing: str, name: str) -> None:
    for model, succeeded in (("passthrough", True), ("generic.some-model", False)):
        spec = asked(WRAPPINGS[name], model, failing)
        schedule = data(await client.call_tool("schedule_job", {**spec, "schedule": "@yearly"}))["id"]
        done = await client.call_tool("manage_schedule", {"scheduled_job_id": schedule, "action": "trigger"})
        told = await results(client, data(done)["job"])
        assert told.get("succeeded") is succeeded, told
        await client.call_tool("manage_schedule", {"scheduled_job_id": schedule, "action": "delete"})
