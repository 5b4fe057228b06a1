"""Single calls over stdio beside the same put by `HfApi`, and the requests in a row on a hub 60 ms away."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from huggingface_hub import HfApi
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from bench.figures.paired import Count, Figure, awaited
from tests.far_hub import TOKEN, FarHub
from tests.hub_process import running_hub, short_home

AWAY = 0.06
IMAGE = "python:3.12"
FILES = {"a.txt": "a" * 500, "b.txt": "b" * 500}


class Away(FarHub):
    """A hub that answers `AWAY` seconds later, and remembers from when to when each request was under way."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.spans: list[tuple[float, float]] = []

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        begun = time.perf_counter()
        time.sleep(AWAY)
        super()._answer(asked)
        if not asked.path.endswith("/telemetry"):
            self.spans.append((begun, time.perf_counter()))

    def in_a_row(self) -> int:
        """The longest chain of requests of which each began after the one before had ended."""
        count, until = 0, 0.0
        for begun, ended in sorted(self.spans, key=lambda span: span[1]):
            if begun >= until:
                count, until = count + 1, ended
        self.spans.clear()
        return count


def _server(home: Path, **more: str) -> Client:
    env = {**os.environ, "HF_JOBS_MCP_HOME": str(home), "HF_JOBS_MCP_HUB": "local", **more}
    return Client(
        stdio_client(StdioServerParameters(command=sys.executable, args=["-P", "-m", "hf_jobs_mcp"], env=env))
    )


async def figures(rounds: int) -> AsyncIterator[Figure]:
    with short_home() as home, running_hub(home) as state:
        api = HfApi(endpoint=state.endpoint, token=state.token)
        async with _server(
            home / "own", HF_JOBS_MCP_HUB=state.endpoint, HF_TOKEN=state.token, HF_JOBS_MCP_RUNNER="process"
        ) as client:

            async def submit(**more: Any) -> str:
                reply = await client.call_tool("submit_job", {"image": IMAGE, "command": ["true"], **more})
                assert reply.structured_content is not None, reply.content
                return str(reply.structured_content["id"])

            async def run_job() -> None:
                call = partial(api.run_job, image=IMAGE, command=["true"], namespace="local")
                await anyio.to_thread.run_sync(call)

            job_id = await submit(command=["sleep", "300"])

            async def inspect() -> None:
                await anyio.to_thread.run_sync(partial(api.inspect_job, job_id=job_id, namespace="local"))

            async def status() -> None:
                await client.call_tool("job_status", {"job_id": job_id})

            times = await awaited(status, inspect, rounds * 10)
            yield Figure("status", "warm `job_status`", "`HfApi.inspect_job`", *times)
            times = await awaited(submit, run_job, rounds * 2)
            yield Figure("submit", "`submit_job` without files", "`HfApi.run_job`", *times, limit=4)
            times = await awaited(partial(submit, files=FILES), run_job, rounds)
            yield Figure("submit-files", "`submit_job` with two files", "`HfApi.run_job`", *times, limit=12)
            await client.call_tool("manage_job", {"job_id": job_id, "action": "cancel"})


async def away() -> AsyncIterator[Count]:
    with short_home() as home, running_hub(home) as state:
        far = Away(state.endpoint, state.token)
        try:
            async with _server(home / "far", HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=TOKEN) as client:
                job = {"image": IMAGE, "command": ["true"]}
                for what, more, limit in (
                    ("the first, without files", {}, 4),
                    ("the next, without files", {}, 4),
                    ("the first with two files", {"files": FILES}, 7),
                    ("the next with two files", {"files": FILES}, 7),
                ):
                    far.spans.clear()
                    reply = await client.call_tool("submit_job", {**job, **more})
                    assert reply.structured_content is not None, reply.content
                    assert reply.structured_content["id"]
                    yield Count(f"requests in a row, hub 60 ms away: {what}", far.in_a_row(), "requests", limit=limit)
        finally:
            far.close()
