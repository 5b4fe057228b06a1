"""Polls over HTTP beside a trivial tool of a bare SDK server: its floor; and masking beside a copy of the text."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2

from bench.figures.paired import Count, Figure
from jobs.masking.masker import Masker
from tests.hub_process import clear, short_home
from tests.mcp_session import free_port

TOKEN = "a-bearer-token-for-the-benchmark"
FLOOR = """
import sys
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare", log_level="ERROR")
def job_status(job_id: str) -> dict[str, str]:
    "A trivial tool."
    return {"id": job_id, "stage": "RUNNING"}
server.add_tool(job_status)
server.run("streamable-http", port=int(sys.argv[1]))
"""
VERSION = "2025-11-25"
HEADERS = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {TOKEN}"}


async def polls(clients: int, count: int, rounds: int) -> AsyncIterator[Figure | Count]:
    """`count` polls by so many clients at once, each with a session of its own, of ours and of the floor in turn."""
    with short_home() as home:
        try:
            async with _served(home) as ours, _served(None) as floor:
                job = (await _call(ours[0], "submit_job", {"image": "python:3.12", "command": ["sleep", "300"]}))["id"]
                mine, base, slowest = [], [], []
                for _ in range(rounds + 1):
                    taken, late = await _polled(ours[:clients], job, count)
                    mine.append(taken)
                    slowest.append(late)
                    base.append((await _polled(floor[:clients], job, count))[0])
                what = f"a poll over HTTP, {clients} clients at once"
                yield Figure("poll", what, "trivial tool of a bare SDK server", mine[1:], base[1:], limit=1.3)
                rate = 1 / statistics.median(mine[1:])
                yield Count(f"polls a second of one process, {clients} clients", round(rate), "a second")
                yield Count("its 95th percentile", round(statistics.median(slowest[1:]) * 1000, 1), "ms")
                await _call(ours[0], "manage_job", {"job_id": job, "action": "cancel"})
        finally:
            clear(home)


Session = tuple[httpx2.AsyncClient, dict[str, str]]


@asynccontextmanager
async def _served(home: Path | None, clients: int = 50) -> AsyncIterator[list[Session]]:
    port = free_port()
    command = (
        [sys.executable, "-c", FLOOR, str(port)]
        if home is None
        else [sys.executable, "-P", "-m", "hf_jobs_mcp", "serve", "--http", "--port", str(port)]
    )
    own = {"HF_JOBS_MCP_HOME": str(home), "HF_JOBS_MCP_HUB": "local", "HF_JOBS_MCP_HTTP_TOKEN": TOKEN}
    env = {**os.environ, **own, "HF_JOBS_MCP_RUNNER": "process"}
    process = subprocess.Popen(  # noqa: ASYNC220 - Starting it takes no time worth an await.
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients, keepalive_expiry=2)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as http:
            while True:
                try:
                    yielded = [await _opened(http) for _ in range(clients)]
                    break
                except httpx2.ConnectError:
                    assert process.poll() is None, "the server ended"
                    await anyio.sleep(0.1)
            yield yielded
    finally:
        process.terminate()
        process.wait(timeout=20)


async def _opened(http: httpx2.AsyncClient) -> Session:
    params = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}}
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    reply = await http.post("/mcp", json=hello, headers=HEADERS)
    reply.raise_for_status()
    headers = {**HEADERS, "Mcp-Session-Id": reply.headers["mcp-session-id"], "MCP-Protocol-Version": VERSION}
    await http.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    return http, headers


async def _call(session: Session, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    http, headers = session
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    reply = await http.post("/mcp", json=body, headers=headers)
    line = next(line for line in reply.text.splitlines() if '"result"' in line)
    found: dict[str, Any] = json.loads(line.removeprefix("data: "))["result"]
    assert not found.get("isError"), found
    return found.get("structuredContent") or {}


async def _polled(sessions: list[Session], job: str, count: int) -> tuple[float, float]:
    """Seconds for each of `count` polls, and the 95th percentile of a single one's."""
    each: list[float] = []

    async def polling(session: Session) -> None:
        for _ in range(count // len(sessions)):
            started = time.perf_counter()
            await _call(session, "job_status", {"job_id": job})
            each.append(time.perf_counter() - started)

    begun = time.perf_counter()
    async with anyio.create_task_group() as group:
        for session in sessions:
            group.start_soon(polling, session)
    return (time.perf_counter() - begun) / len(each), statistics.quantiles(each, n=20)[-1]


def masking(rounds: int, megabytes: int = 4) -> Iterator[Figure]:
    """Ordinary lines, 50 secrets, and one of 6 KB as well; in processor time, so that other work counts little."""
    chance = random.Random(20261121)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    known = {f"SECRET_{number}": "".join(chance.choices(letters, k=40)) for number in range(50)}
    short, long = Masker(known), Masker({**known, "LONG": "".join(chance.choices(letters, k=6_000))})
    line = "2026-11-21 20:51:07,123 INFO trainer step={} loss={:.4f} path=/workspace/out/{}.bin\n"
    lines = (line.format(number, chance.random(), number % 100) for number in range(megabytes * 12_000))
    text = "".join(lines)
    data = text.encode()

    def taken(work: Any) -> float:
        started = time.process_time()
        work()
        return max(time.process_time() - started, 1e-6)

    def stream(masker: Masker, size: int) -> None:
        masked = masker.stream()
        for place in range(0, len(data), size):
            masked.feed(data[place : place + size])
        masked.flush()

    def turns(ours: Any, base: Any) -> tuple[list[float], list[float]]:
        taken(ours), taken(base)
        pairs = [(taken(ours), taken(base)) for _ in range(rounds)]
        return [one for one, _ in pairs], [two for _, two in pairs]

    yield Figure(
        "mask", "masking text", "a copy of it", *turns(lambda: short.mask(text), lambda: data.decode().encode())
    )
    for size in (4, 64, 1024):
        times = turns(lambda size=size: stream(long, size << 10), lambda size=size: stream(short, size << 10))
        what = f"masking a stream with a secret of 6 KB, chunks of {size} KiB"
        yield Figure(f"mask-long-{size}", what, "without it", *times, limit=2)
