"""Small steps that tests of the tools share: start a job, wait for its end, go on when told."""

from __future__ import annotations

from typing import Any

import anyio
from mcp.client import Client

from tests.mcp_session import data

IMAGE = "python:3.12"
#: What the shared server's environment holds as MY_API_KEY.
VALUE = "romeo-5521-juliet-tango"


async def submit(client: Client, *command: str, **more: Any) -> dict[str, Any]:
    """Submit a container job; of a lone argument a shell makes a command."""
    words = ["sh", "-c", *command] if len(command) == 1 else [*command]
    return data(await client.call_tool("submit_job", {"image": IMAGE, "command": words, **more}))


async def ended(client: Client, job_id: str) -> dict[str, Any]:
    """The status of a job once it has ended."""
    with anyio.fail_after(60):
        while True:
            reply = data(await client.call_tool("job_status", {"job_id": job_id, "wait_seconds": 30}))
            if reply["finished"]:
                return reply


async def run(client: Client, *command: str, **more: Any) -> dict[str, Any]:
    """Submit, wait, and return the end's status."""
    return await ended(client, (await submit(client, *command, **more))["id"])


async def until(client: Client, job_id: str, stage: str) -> dict[str, Any]:
    """The status of a job once it is in a stage."""
    with anyio.fail_after(30):
        while True:
            reply = data(await client.call_tool("job_status", {"job_id": job_id, "wait_seconds": 1}))
            if reply["stage"] == stage:
                return reply


async def fetch(client: Client, job_id: str, **more: Any) -> dict[str, Any]:
    return data(await client.call_tool("fetch_results", {"job_id": job_id, **more}))
