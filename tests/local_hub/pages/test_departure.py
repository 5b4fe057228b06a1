"""Long work ends with the browser that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from starlette.requests import ClientDisconnect, Request

from local_hub.pages.departure import unless_gone

pytestmark = pytest.mark.anyio


def request(leaves: anyio.Event) -> Request:
    """A request with no body, of a browser that goes away when `leaves` is set."""
    sent = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        for message in sent:
            return message
        await leaves.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


async def test_what_the_work_returns_is_the_answer_to_one_who_stays() -> None:
    with anyio.fail_after(10):
        assert await unless_gone(request(anyio.Event()), lambda _gone: "done", anyio.CapacityLimiter(1)) == "done"


async def test_work_for_one_who_leaves_is_told_and_ends() -> None:
    leaves, limiter = anyio.Event(), anyio.CapacityLimiter(1)

    def until_gone(gone: Callable[[], bool]) -> str:
        anyio.from_thread.run_sync(leaves.set)
        while not gone():
            pass
        return "nobody reads this"

    with anyio.fail_after(10), pytest.raises(ClientDisconnect):
        await unless_gone(request(leaves), until_gone, limiter)
    assert limiter.borrowed_tokens == 0


async def test_one_who_leaves_while_waiting_for_a_turn_takes_none() -> None:
    leaves, limiter = anyio.Event(), anyio.CapacityLimiter(1)
    another = object()
    await limiter.acquire_on_behalf_of(another)
    leaves.set()
    with anyio.fail_after(10), pytest.raises(ClientDisconnect):
        await unless_gone(request(leaves), lambda _gone: pytest.fail("it ran"), limiter)
    limiter.release_on_behalf_of(another)


async def test_what_fails_in_the_work_is_told_as_it_is() -> None:
    def fails(_gone: Callable[[], bool]) -> None:
        raise KeyError("x")

    with anyio.fail_after(10), pytest.raises(KeyError):
        await unless_gone(request(anyio.Event()), fails, anyio.CapacityLimiter(1))
