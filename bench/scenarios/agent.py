"""A scripted agent: it knows the tools and nothing else, acts on their replies alone, and counts what that takes."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.mcp_session import Person

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mcp.client import Client
    from mcp_types import CallToolResult

IMAGE = "python:3.12"
#: What the server's environment holds for the scenarios that need a secret.
SECRETS = {"DEMO_API_KEY": "sierra-5530-uniform-mike", "OTHER_API_KEY": "kilo-2204-romeo-golf"}
_PATIENCE = 45


@dataclass
class Agent:
    """One scenario's agent. `bytes` are those of all replies, in the one form that a model reads."""

    client: Client
    person: Person
    home: Path
    connect: Callable[..., AbstractAsyncContextManager[Client]]
    calls: int = 0
    bytes: int = 0
    largest: int = 0
    started: float = field(default_factory=time.perf_counter)
    last: CallToolResult | None = None

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The reply's data, or `{"error": {…}}`."""
        self.last = await self.client.call_tool(tool, arguments)
        self.calls += 1
        data = self.last.structured_content
        reply = data if data is not None else json.loads("".join(getattr(b, "text", "") for b in self.last.content))
        size = len(json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode())
        self.bytes += size
        self.largest = max(self.largest, size)
        return reply

    async def submit(self, *command: str, **more: Any) -> dict[str, Any]:
        """Submit; of a lone argument a shell makes a command."""
        if command:
            more["command"] = ["sh", "-c", *command] if len(command) == 1 else [*command]
        if not more.get("packages") and "script" not in more:
            more.setdefault("image", IMAGE)
        return await self.call("submit_job", **more)

    async def wait(self, job_id: str) -> dict[str, Any]:
        """The status of a job that has ended: one call, unless it is slow."""
        reply: dict[str, Any] = {"finished": False}
        while not reply["finished"]:
            reply = await self.call("job_status", job_id=job_id, wait_seconds=_PATIENCE)
        return reply

    async def ended(self, *command: str, **more: Any) -> dict[str, Any]:
        """Submit and wait: the status of what has ended."""
        return await self.wait((await self.submit(*command, **more))["id"])

    async def results(self, *command: str, **more: Any) -> dict[str, Any]:
        """Submit, wait, fetch."""
        return await self.call("fetch_results", job_id=(await self.ended(*command, **more))["id"])

    async def jobs(self) -> int:
        """How many jobs there are; not counted, for it is the scenario that asks, not the agent."""
        reply = await self.client.call_tool("job_status", {"limit": 50})
        return len((reply.structured_content or {})["jobs"])


@dataclass(frozen=True)
class Scenario:
    """Something a user wants to know, the answer that is right, and the way an agent gets there.

    `from_submit` says that the calls run from a submission to an answer, so that they count for the median.
    """

    name: str
    answer: Any
    solve: Callable[[Agent], Awaitable[Any]]
    slow: bool = False
    from_submit: bool = True
    modern: bool = True


SCENARIOS: list[Scenario] = []


def scenario(name: str, answer: Any, **more: Any) -> Callable[[Callable[[Agent], Awaitable[Any]]], None]:
    """Add the function below as a scenario."""

    def add(solve: Callable[[Agent], Awaitable[Any]]) -> None:
        SCENARIOS.append(Scenario(name, answer, solve, **more))

    return add
