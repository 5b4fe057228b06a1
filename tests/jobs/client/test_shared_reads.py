"""Many who ask the same thing at once cost one request at a time, and nobody gets an answer from before they asked."""

from __future__ import annotations

import anyio
import pytest

from jobs.client.shared_reads import SharedReads
from jobs.errors import NotFound

pytestmark = pytest.mark.anyio


class Asked:
    """Answers with the number of the request, once it is let."""

    def __init__(self) -> None:
        self.count = 0
        self.let = anyio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        number = self.count
        await self.let.wait()
        if self.error is not None:
            raise self.error
        return number


async def test_who_asks_while_one_request_runs_shares_the_next() -> None:
    reads: SharedReads[int] = SharedReads()
    asked, got = Asked(), []

    async def one() -> None:
        got.append(await reads.read("a job", asked))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        for _ in range(20):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        assert asked.count == 1
        asked.let.set()
    assert got[0] == 1
    assert got[1:] == [2] * 20, "none of them may get what was asked before they came"
    assert asked.count == 2
    assert await reads.read("a job", asked) == 3, "nothing is remembered"


async def test_other_things_are_asked_side_by_side() -> None:
    reads: SharedReads[int] = SharedReads()
    asked = Asked()
    async with anyio.create_task_group() as tasks:
        for key in range(5):
            tasks.start_soon(reads.read, key, asked)
        await anyio.wait_all_tasks_blocked()
        assert asked.count == 5
        asked.let.set()


async def test_a_caller_that_goes_away_takes_no_other_with_it() -> None:
    reads: SharedReads[int] = SharedReads()
    asked, got = Asked(), []

    async def one() -> None:
        got.append(await reads.read("a job", asked))

    async with anyio.create_task_group() as tasks:
        first, second = anyio.CancelScope(), anyio.CancelScope()
        for scope in (first, second):

            async def leaves(scope: anyio.CancelScope = scope) -> None:
                with scope:
                    await one()

            tasks.start_soon(leaves)
            await anyio.wait_all_tasks_blocked()
        for _ in range(3):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        second.cancel()
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        await anyio.wait_all_tasks_blocked()
        asked.let.set()
    assert len(got) == 3
    assert set(got) <= {2, 3}


async def test_an_error_is_told_to_all_who_share_it_and_forgotten() -> None:
    reads: SharedReads[int] = SharedReads()
    asked, refused = Asked(), []
    asked.error = NotFound("No such job.", hint="Look at the list.")

    async def one() -> None:
        with pytest.raises(NotFound):
            await reads.read("a job", asked)
        refused.append(True)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        asked.let.set()
    assert len(refused) == 4
    assert asked.count == 2
    asked.error = None
    assert await reads.read("a job", asked) == 3


async def test_nobody_waits_long_for_somebody_elses_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.client.shared_reads._PATIENCE", 0.05)
    reads: SharedReads[int] = SharedReads()
    hangs, asked = Asked(), Asked()
    asked.let.set()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reads.read, "a job", hangs)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(20):
            assert await reads.read("a job", asked) == 1
            assert await reads.read("a job", asked) == 2
        hangs.let.set()
