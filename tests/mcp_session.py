"""A real MCP client talking to the real server, over stdio or HTTP, in either protocol era."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitResult

SERVER = (sys.executable, "-P", "-m", "hf_jobs_mcp")
HTTP_TOKEN = "a-bearer-token-for-tests-only"
MODES = ("auto", "legacy")
TRANSPORTS = ("stdio", "http")

#: What a server needs of this process to find its interpreter, packages and certificates; no secret is among it.
PASSED_ON = re.compile(r"PATH|LANG|PIP_.*|UV_.*|.*_CA_BUNDLE|SSL_CERT_.*|PYENV_ROOT|TMPDIR|COVERAGE_.*|PYTHON.*")


@dataclass
class Person:
    """Answers questions, and remembers them. `ticks` are the boxes ticked; `action` is what is pressed."""

    action: str = "accept"
    ticks: Callable[[list[str]], list[str]] = field(default=lambda names: names)
    questions: list[Any] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.questions.append(params)
        names = list(params.requested_schema["properties"])
        ticked = set(self.ticks(names))
        content: dict[str, Any] = {name: name in ticked for name in names}
        return ElicitResult(action=self.action, content=content if self.action == "accept" else None)


def environment(home: Path, **more: str) -> dict[str, str]:
    """A server's whole environment: its own home, the local hub, and `more`."""
    kept = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    own = {"HOME": str(home), "HF_JOBS_MCP_HOME": str(home), "HF_JOBS_MCP_HUB": "local"}
    return {**kept, **own, "HF_JOBS_MCP_ASK": "client,terminal", **more}


@asynccontextmanager
async def over_stdio(
    env: dict[str, str],
    *,
    mode: str = "auto",
    person: Any = None,
    cwd: Path | None = None,
    errlog: Any = sys.stderr,
    **more: Any,
) -> AsyncIterator[Client]:
    """A client with a server process of its own."""
    parameters = StdioServerParameters(command=SERVER[0], args=[*SERVER[1:]], env=env, cwd=cwd)
    async with Client(
        stdio_client(parameters, errlog=errlog), mode=mode, elicitation_callback=person, **more
    ) as client:
        yield client


@contextmanager
def http_server(env: dict[str, str], *flags: str) -> Iterator[str]:
    """A server over HTTP in a process of its own; yields its address."""
    port = free_port()
    process = subprocess.Popen(
        [*SERVER, "serve", "--http", "--port", str(port), *flags],
        env={"HF_JOBS_MCP_HTTP_TOKEN": HTTP_TOKEN, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(timeout=15)


@asynccontextmanager
async def over_http(
    url: str, *, mode: str = "auto", person: Any = None, token: str = HTTP_TOKEN, **more: Any
) -> AsyncIterator[Client]:
    """A client of a server that `http_server` started."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode, elicitation_callback=person, **more) as client,
    ):
        yield client


def data(result: CallToolResult) -> dict[str, Any]:
    """A reply's data; fails on an error, with its text."""
    assert not result.is_error, text(result)
    assert result.structured_content is not None
    return result.structured_content


def error(result: CallToolResult) -> dict[str, Any]:
    """An error's parts; fails on a success."""
    import json

    assert result.is_error, text(result)
    parts: dict[str, Any] = json.loads(text(result))["error"]
    return parts


def text(result: CallToolResult) -> str:
    return "".join(getattr(block, "text", "") for block in result.content)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not answer")
