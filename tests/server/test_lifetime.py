"""Servers come and go; jobs and their results stay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.hub_process import wait_until
from tests.mcp_session import SERVER, data, environment, over_stdio

pytestmark = pytest.mark.anyio

INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
}  # fmt: skip


class RawServer:
    """A stdio server driven by hand, so that it can be killed by hand."""

    def __init__(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [*SERVER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._ids = 1
        self.send(INITIALIZE)
        self.read()
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        return message

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self._ids += 1
        self.send(
            {
                "jsonrpc": "2.0",
                "id": self._ids,
                "method": "tools/call",
                "params": {"name": name, "arguments": arguments},
            }
        )
        structured: dict[str, Any] = self.read()["result"]["structuredContent"]
        return structured

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.kill()
        self.process.wait()


async def test_killing_the_client_and_server_leaves_the_job_running(home: Path) -> None:
    script = "import pathlib, time\nprint('begun', flush=True)\ntime.sleep(2)\npathlib.Path('late.txt').write_text('written after the kill')\nprint('done')"
    server = RawServer(environment(home))
    try:
        job = server.call("submit_job", {"script": script})
        status = {"stage": "SCHEDULING"}
        while status["stage"] == "SCHEDULING":  # A wait would end with the job, if it already ran at the first look.
            status = server.call("job_status", {"job_id": job["id"]})
        assert status["stage"] == "RUNNING"
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    finally:
        server.close()
    async with over_stdio(environment(home)) as client:
        ended = data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 30}))
        results = data(await client.call_tool("fetch_results", {"job_id": job["id"]}))
    assert (ended["stage"], ended["succeeded"]) == ("COMPLETED", True)
    assert results["log"]["lines"][-2:] == ["begun", "done"]
    assert [(artifact["path"], artifact["text"]) for artifact in results["artifacts"]] == [
        ("late.txt", "written after the kill")
    ]


def test_the_server_ends_when_its_client_closes_stdin(home: Path) -> None:
    server = RawServer(environment(home))
    try:
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(timeout=15) == 0
    finally:
        server.close()


async def test_nothing_but_mcp_is_on_stdout(home: Path) -> None:
    server = RawServer(environment(home, HF_JOBS_MCP_LOG="DEBUG"))
    try:
        for name, arguments in (
            ("submit_job", {"script": "print('x')"}),
            ("job_status", {}),
            ("list_hardware", {}),
            ("plan_secrets", {"secrets": ["HF_TOKEN"]}),
        ):
            assert server.call(name, arguments)
    finally:
        server.close()


async def test_a_hub_that_was_killed_is_started_again_on_the_next_call(home: Path) -> None:
    from local_hub.process.daemon import read_state

    async with over_stdio(environment(home)) as client:
        job = data(await client.call_tool("submit_job", {"script": "print('before')"}))
        state = read_state(home)
        assert state is not None
        os.kill(state.pid, signal.SIGKILL)
        await anyio.to_thread.run_sync(lambda: wait_until(lambda: read_state(home) is None))
        status = data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 30}))
        if not status["finished"]:
            status = data(await client.call_tool("job_status", {"job_id": job["id"], "wait_seconds": 30}))
    assert status["stage"] == "COMPLETED"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="limits are a thing of Unix")
@pytest.mark.promise("S11")
async def test_neither_the_server_nor_the_hub_leaves_a_core_when_it_crashes(home: Path) -> None:
    from local_hub.process.daemon import read_state

    psutil = pytest.importorskip("psutil")
    if not hasattr(psutil, "RLIMIT_CORE"):
        pytest.skip("the system does not tell another process's limits")
    async with over_stdio(environment(home)) as client:
        data(await client.call_tool("list_hardware", {}))
        state = read_state(home)
        assert state is not None
        hub = psutil.Process(state.pid)
        servers = [one for one in psutil.Process().children(recursive=True) if "hf_jobs_mcp" in one.cmdline()]
        assert servers
        assert {one.rlimit(psutil.RLIMIT_CORE)[0] for one in (*servers, hub)} == {0}
