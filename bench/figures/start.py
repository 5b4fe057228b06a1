"""From launch to the answer to `tools/list`: beside a bare SDK server set up alike, and the official Node server."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figures.paired import Count, Figure, in_turn
from hf_jobs_mcp import ROOMS

#: As many trivial tools as ours has, and the collector off while it loads and frozen after, as ours has it.
BARE = """
import gc
gc.disable()
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
def add(number):
    def trivial(text: str) -> str:
        "A trivial tool."
        return text
    server.add_tool(trivial, name=f"tool_{number}")
for number in range(8):
    add(number)
gc.freeze()
gc.enable()
server.run()
"""
OURS = (sys.executable, "-P", "-m", "hf_jobs_mcp")
PEER = "@llmindset/hf-mcp-server"
MESSAGES = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}}},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)  # fmt: skip


def figures(rounds: int, *, peer: bool = True) -> Iterator[Figure | Count]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder) / "home"
        env = {**os.environ, "HF_JOBS_MCP_HOME": str(home), "HF_JOBS_MCP_HUB": "local", "PYTHONDONTWRITEBYTECODE": ""}
        bare = (sys.executable, "-P", "-c", BARE)
        times = in_turn(lambda: launched(OURS, env)[0], lambda: launched(bare, env)[0], rounds)
        yield Figure("start", "start to `tools/list`", "bare SDK server", *times, limit=1.05)
        processor = in_turn(lambda: launched(OURS, env)[1], lambda: launched(bare, env)[1], rounds)
        yield Figure("start-cpu", "the same, processor time", "bare SDK server", *processor)
        if not peer:
            return
        memory = statistics.median(launched(OURS, env)[2] for _ in range(3))
        yield Count("idle server, resident", round(memory, 1), "MB", limit=80)
        readonly = _readonly(Path(folder) / "install")
        times = in_turn(lambda: launched(readonly, env)[0], lambda: launched(OURS, env)[0], rounds)
        yield Figure("start-readonly", "start of an install that cannot be written to", "ours", *times, limit=1.2)
        if node := official():
            times = in_turn(lambda: launched(OURS, env)[0], lambda: launched(node, env)[0], rounds)
            yield Figure("start-node", "start to `tools/list`", "official Node server", *times, limit=1.25)


def launched(command: tuple[str, ...], env: dict[str, str]) -> tuple[float, float, float]:
    """One launch to the answer: seconds, seconds of processor, megabytes resident."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("".join(json.dumps(message) + "\n" for message in MESSAGES).encode())
        process.stdin.flush()
        while b'"tools":[' not in (line := process.stdout.readline()):
            if not line:
                raise RuntimeError(f"{command[0]} ended before it answered")
        taken = time.perf_counter() - started
        seen = psutil.Process(process.pid)
        used = seen.cpu_times()
        return taken, used.user + used.system, seen.memory_info().rss / 1e6
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _readonly(folder: Path) -> tuple[str, ...]:
    """A copy of this install without compiled modules, where none can be kept."""
    for room in ("hf_jobs_mcp", "server", "tools", "consent", "jobs", "local_hub", "hub_contract"):
        shutil.copytree(Path(ROOMS) / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for each in [folder, *folder.rglob("*")]:
        if each.is_dir():
            (each / "__pycache__").touch()
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); sys.argv[1:] = []; import hf_jobs_mcp; hf_jobs_mcp.main()"
    return (sys.executable, "-P", "-c", code)


def official() -> tuple[str, ...] | None:
    """The official server, installed by npm into a cache of the user's; None where it cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hf-jobs-mcp-bench"
    program = cache / "node_modules" / PEER / "dist" / "server" / "stdio.js"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(cache), PEER)
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=240)
        except (OSError, subprocess.SubprocessError):
            return None
    return ("node", str(program)) if program.exists() else None
