"""Trying again: how often, how long, and when not."""

from __future__ import annotations

import anyio
import pytest

from jobs.client.retry import Backoff, retrying
from jobs.errors import BadArgument, HubBroken, RateLimited

pytestmark = pytest.mark.anyio

QUICK = Backoff(attempts=3, base=0.001, cap=0.002, total=1.0)


def failing(*failures: Exception):
    left = list(failures)
    calls = []

    async def call() -> str:
        calls.append(1)
        if left:
            raise left.pop(0)
        return "done"

    return call, calls


async def test_what_can_be_tried_again_is_until_it_succeeds():
    call, calls = failing(HubBroken("x"), HubBroken("x"))
    assert await retrying(call, QUICK) == "done"
    assert len(calls) == 3


async def test_the_last_failure_is_told_when_all_are_used_up():
    call, calls = failing(HubBroken("1"), HubBroken("2"), HubBroken("3"), HubBroken("4"))
    with pytest.raises(HubBroken, match="3"):
        await retrying(call, QUICK)
    assert len(calls) == 3


async def test_what_cannot_succeed_later_is_not_tried_again():
    call, calls = failing(BadArgument("x"))
    with pytest.raises(BadArgument):
        await retrying(call, QUICK)
    assert len(calls) == 1


async def test_a_wait_beyond_the_limit_is_not_begun():
    call, calls = failing(RateLimited("x", retry_after=30.0))
    with pytest.raises(RateLimited):
        await retrying(call, QUICK)
    assert len(calls) == 1


async def test_calls_that_take_long_count_against_the_limit():
    calls = []

    async def slow() -> str:
        calls.append(1)
        await anyio.sleep(0.06)
        raise HubBroken("x")

    with pytest.raises(HubBroken):
        await retrying(slow, Backoff(attempts=50, base=0.001, total=0.1))
    assert 1 <= len(calls) <= 3


def test_waits_grow_to_the_cap_and_are_spread():
    backoff = Backoff(base=0.5, cap=4.0)
    waits = {tried: [backoff.wait(tried) for _ in range(200)] for tried in (1, 2, 3, 9)}
    for tried, longest in {1: 0.5, 2: 1.0, 3: 2.0, 9: 4.0}.items():
        assert all(longest / 2 <= wait <= longest for wait in waits[tried])
        assert len(set(waits[tried])) > 100
