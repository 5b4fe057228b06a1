"""A line of a log is one line however long it is: counted, shown and searched as such."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from mcp.client import Client

from tests.mcp_session import over_http
from tests.tools.waiting import fetch, run

pytestmark = pytest.mark.anyio

LENGTHS = (262_140, 1_000_000)
WRITE = f"""
print("before")
for length in {LENGTHS}:
    print("é x" * (length // 3) + " far" + "away" + str(length) + ' "end"')
print("p" * 600_000 + " ValueError: the reason")
print("after")
"""


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


@pytest.fixture(scope="module")
async def job(url: str) -> str:
    async with over_http(url) as connected:
        return str((await run(connected, "python3", "-c", WRITE))["id"])


async def test_each_counts_as_one(client: Client, job: str) -> None:
    reply = await fetch(client, job)
    assert reply["log"]["total_lines"] == len(LENGTHS) + 3
    assert [line[:3] for line in reply["log"]["lines"]][-3:] == ["é x", "ppp", "aft"]
    for number, length in enumerate(LENGTHS, 2):
        (line,) = (await fetch(client, job, lines=f"{number}-{number}"))["log"]["lines"]
        whole = length // 3 * 3 + len(" faraway") + len(str(length)) + len(' "end"')
        assert line.endswith(f"… [+{whole - 1_000} characters]")


@pytest.mark.parametrize("length", LENGTHS)
async def test_what_stands_far_in_one_is_found_at_its_column(client: Client, job: str, length: int) -> None:
    column = length // 3 * 3 + 2
    for search in (f"faraway{length}", f"/far.*{length} .end.$/"):
        log = (await fetch(client, job, search=search))["log"]
        (found,) = [line for line in log["lines"] if ": [column" in line]
        assert found.startswith(f"{LENGTHS.index(length) + 2}: [column {column}] …")
        assert f"faraway{length}" in found
        assert log["matches"] == 1


async def test_errors_see_the_whole_of_it(client: Client, job: str) -> None:
    log = (await fetch(client, job, lines="errors"))["log"]
    assert [line for line in log["lines"] if "ValueError: the reason" in line]
