"""A listener is told when a job moves on, in both eras; without listeners nothing is asked of the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated

from server.subscriptions import Subscription
from tests.mcp_session import data, environment, http_server, over_http, over_stdio

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")]


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with http_server(environment(home)) as address:
        yield address


@pytest.fixture(params=["stdio", "http"])
def connect(request: pytest.FixtureRequest, home: Path, url: str) -> Any:
    if request.param == "http":
        return lambda **more: over_http(url, **more)
    return lambda **more: over_stdio(environment(home), **more)


async def begin(client: Client) -> tuple[str, str]:
    """A job that runs until it is cancelled: its id and its address."""
    job = data(await client.call_tool("submit_job", {"image": "python:3.12", "command": ["sleep", "60"]}))
    await running(client, job["id"])
    return job["id"], f"job://{job['namespace']}/{job['id']}"


async def running(client: Client, job_id: str) -> None:
    with anyio.fail_after(20):
        while data(await client.call_tool("job_status", {"job_id": job_id, "wait_seconds": 1}))["stage"] != "RUNNING":
            pass


async def cancel(client: Client, job_id: str) -> None:
    data(await client.call_tool("manage_job", {"job_id": job_id, "action": "cancel"}))


async def test_a_modern_listener_hears_the_end(connect: Any) -> None:
    async with connect(mode="auto") as client:
        job_id, uri = await begin(client)
        with anyio.fail_after(30):
            async with client.listen(resource_subscriptions=[uri]) as stream:
                await cancel(client, job_id)
                assert await anext(stream) == ResourceUpdated(uri)
            assert json.loads((await client.read_resource(uri)).contents[0].text)["stage"] == "CANCELED"


async def test_a_legacy_subscriber_hears_the_end(connect: Any) -> None:
    heard = anyio.Event()
    told: list[str] = []

    async def hear(message: Any) -> None:
        if getattr(message, "method", "") == "notifications/resources/updated":
            told.append(str(message.params.uri))
            heard.set()

    async with connect(mode="legacy", message_handler=hear) as client:
        job_id, uri = await begin(client)
        await client.subscribe_resource(uri)
        await cancel(client, job_id)
        with anyio.fail_after(30):
            await heard.wait()
    assert told == [uri]


async def test_a_legacy_subscription_can_be_ended(url: str) -> None:
    told: list[str] = []
    heard = anyio.Event()

    async def hear(message: Any) -> None:
        if getattr(message, "method", "") == "notifications/resources/updated":
            told.append(str(message.params.uri))
            heard.set()

    async with over_http(url, mode="legacy", message_handler=hear) as client:
        first, uri = await begin(client)
        second, other = await begin(client)
        await client.subscribe_resource(uri)
        await client.subscribe_resource(other)
        await client.unsubscribe_resource(uri)
        await cancel(client, first)
        await cancel(client, second)
        with anyio.fail_after(30):
            await heard.wait()
    assert told == [other]


async def test_an_address_that_is_none_cannot_be_subscribed_to(url: str) -> None:
    async with over_http(url, mode="legacy") as client:
        with pytest.raises(MCPError):
            await client.subscribe_resource("file:///etc/passwd")


async def test_without_listeners_the_hub_is_not_asked() -> None:
    asked: list[int] = []

    class Services:
        async def connect(self) -> Any:
            asked.append(1)
            raise AssertionError("nobody listens")

    watch = Subscription(Services())  # type: ignore[arg-type]  # Only the one call that must not be made.
    async with anyio.create_task_group() as group:
        group.start_soon(watch.run)
        with watch.listening(["http://elsewhere/"]):
            await anyio.wait_all_tasks_blocked()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert asked == []
