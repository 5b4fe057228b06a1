"""Run by a Python that has fast-agent: asks for a job through one server for each elicitation mode, prints the replies."""

import asyncio
import json
import sys

from fast_agent import FastAgent

MODES = ("forms", "auto-cancel", "none")
fast = FastAgent("modes", parse_cli_args=False, quiet=True)


@fast.agent("asker", servers=[f"hf-{mode}" for mode in MODES], model="passthrough")
async def main():
    async with fast.run() as app:
        job = json.loads(sys.argv[1])
        replies = {}
        for mode in MODES:
            result = await app.asker.call_tool(f"hf-{mode}__submit_job", {**job, "name": mode})
            text = "".join(getattr(block, "text", "") for block in result.content)
            replies[mode] = {"error": bool(result.is_error), "data": result.structured_content, "text": text}
        sys.stdout.write(f"REPLIES {json.dumps(replies)}\n")


asyncio.run(main())
