"""A warm `job_status` over stdio, against the same question put by `huggingface_hub.HfApi` itself."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import anyio
from huggingface_hub import HfApi
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hub_process import clear


async def measure(home: Path, rounds: int) -> tuple[float, float]:
    from local_hub.process.daemon import read_state

    env = {**os.environ, "HF_JOBS_MCP_HOME": str(home), "HF_JOBS_MCP_HUB": "local"}
    server = StdioServerParameters(command=sys.executable, args=["-P", "-m", "hf_jobs_mcp"], env=env)
    async with Client(stdio_client(server)) as client:
        job = await client.call_tool("submit_job", {"image": "python:3.12", "command": ["sleep", "300"]})
        assert job.structured_content is not None, job.content
        job_id = job.structured_content["id"]
        state = read_state(home)
        assert state is not None
        api = HfApi(endpoint=state.endpoint, token=state.token)
        raw: list[float] = []
        ours: list[float] = []
        for number in range(rounds + 10):
            started = time.perf_counter()
            await anyio.to_thread.run_sync(lambda: api.inspect_job(job_id=job_id, namespace="local"))
            middle = time.perf_counter()
            await client.call_tool("job_status", {"job_id": job_id})
            if number >= 10:
                raw.append(middle - started)
                ours.append(time.perf_counter() - middle)
        await client.call_tool("manage_job", {"job_id": job_id, "action": "cancel"})
    return statistics.median(raw) * 1000, statistics.median(ours) * 1000


def main(rounds: int = 200) -> None:
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        home = Path(folder)
        try:
            raw, ours = anyio.run(measure, home, rounds)
        finally:
            clear(home)
    print(f"HfApi.inspect_job        {raw:.2f} ms")
    print(f"job_status over stdio    {ours:.2f} ms")
    print(f"added                    {ours - raw:.2f} ms  (budget 4)    ratio {ours / raw:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
