"""From launch to the answer to `tools/list`: ours against a bare SDK server with as many trivial tools.

Both are launched in turn, so that whatever else the machine does falls on both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BARE = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
def add(number):
    def trivial(text: str) -> str:
        "A trivial tool."
        return text
    server.add_tool(trivial, name=f"tool_{number}")
for number in range(8):
    add(number)
server.run()
"""
OURS = [sys.executable, "-P", "-m", "hf_jobs_mcp"]
MESSAGES = (
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}}},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)  # fmt: skip


def seconds(command: list[str], env: dict[str, str]) -> float:
    """One launch, to the last byte of the answer."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("".join(json.dumps(message) + "\n" for message in MESSAGES).encode())
        process.stdin.flush()
        while b'"tools"' not in process.stdout.readline():
            pass
        return time.perf_counter() - started
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def main(rounds: int = 15) -> None:
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HF_JOBS_MCP_HOME": home, "HF_JOBS_MCP_HUB": "local", "PYTHONDONTWRITEBYTECODE": ""}
        bare = [sys.executable, "-P", "-c", BARE]
        for command in (bare, OURS):
            seconds(command, env)
        pairs = [(seconds(bare, env), seconds(OURS, env)) for _ in range(rounds)]
    base, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"bare SDK server   {base:.3f} s")
    print(f"hf-jobs-mcp       {ours:.3f} s")
    print(f"ratio             {ours / base:.2f}  (budget 1.10)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
