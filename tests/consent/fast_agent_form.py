"""Run by a Python that has fast-agent, in a terminal: submits each job of jobs.json in turn, whose questions show in its form."""

import asyncio
import json
from pathlib import Path

from fast_agent import FastAgent

JOBS = json.loads(Path("jobs.json").read_text())
fast = FastAgent("form", parse_cli_args=False, quiet=True)


@fast.agent("asker", servers=["hf-jobs"], model="passthrough")
async def main():
    async with fast.run() as app:
        for job in JOBS:
            await app.asker.call_tool("hf-jobs__submit_job", job)


asyncio.run(main())
