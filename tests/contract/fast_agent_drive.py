"""Run by a Python that has fast-agent: drives the server through a whole job, and prints what came back as JSON."""

import asyncio
import json
import sys

from fast_agent import FastAgent
from mcp_types import ElicitResult

fast = FastAgent("drive", parse_cli_args=False, quiet=True)
asked = []


async def answer(context, params):
    asked.append(params.message)
    return ElicitResult(action="accept", content=dict.fromkeys(params.requested_schema["properties"], True))


@fast.agent("drive", servers=["hf-jobs"], model="passthrough", elicitation_handler=answer)
async def main():
    async with fast.run() as app:

        async def call(name, arguments):
            result = await app.drive.call_tool(f"hf-jobs__{name}", arguments)
            assert not result.is_error, result.content
            return result.structured_content

        job = json.loads(sys.argv[1])
        plan = await call("plan_secrets", {key: job[key] for key in ("command", "script") if key in job})
        job["secrets"] = [candidate["name"] for candidate in plan["candidates"]]
        handle = await call("submit_job", job)
        status = await call("job_status", {"job_id": handle["id"], "wait_seconds": 40})
        while not status["finished"]:
            status = await call("job_status", {"job_id": handle["id"], "wait_seconds": 40})
        results = await call("fetch_results", {"job_id": handle["id"]})
        # The model's way: fast-agent's own CALL_TOOL syntax through the passthrough model.
        said = await app.drive.send(f"***CALL_TOOL hf-jobs__job_status {json.dumps({'job_id': handle['id']})}")
        drove = {"plan": plan, "handle": handle, "status": status, "results": results, "asked": asked, "said": said}
        print("DROVE " + json.dumps(drove))  # noqa: T201  # The test reads it from stdout.


asyncio.run(main())
