"""What can be had of a job is told, and what cannot is named: no refusal of one part takes the others with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from mcp.client import Client

from tests.hub_process import running_hub, short_home
from tests.jobs.fault_proxy import FaultProxy, fault_proxy, refused_before
from tests.mcp_session import environment, http_server, over_http
from tests.tools.waiting import fetch, run

pytestmark = pytest.mark.anyio

FILES = ("tree", "paths", "resolve")
MANY = 40


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[str, FaultProxy]]:
    with (
        short_home() as home,
        running_hub(home) as state,
        fault_proxy(state.endpoint) as proxy,
        http_server(environment(home, HF_JOBS_MCP_HUB=proxy.endpoint, HF_TOKEN=state.token)) as address,
    ):
        yield address, proxy


@pytest.fixture
async def client(proxied: tuple[str, FaultProxy]) -> AsyncIterator[Client]:
    async with over_http(proxied[0]) as connected:
        yield connected
    for step in (*FILES, "resolve one", "logs"):
        proxied[1].arm(step)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_without_the_files_there_is_the_log(client: Client, proxied: tuple[str, FaultProxy], status: int) -> None:
    job = await run(client, "cd /workspace; echo said; echo 1 > one.txt")
    for step in FILES:
        proxied[1].arm(step, *[refused_before(status)] * MANY)
    reply = await fetch(client, job["id"])
    assert (reply["stage"], reply["log"]["lines"]) == ("COMPLETED", ["said"])
    if status != 404:
        (lacking,) = reply["unavailable"]
        assert lacking["part"] == "artifacts"
        assert status == 500 or "not its files" in lacking["hint"]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_without_the_log_there_are_the_files(
    client: Client, proxied: tuple[str, FaultProxy], status: int
) -> None:
    job = await run(client, "cd /workspace; echo said; echo 1 > one.txt")
    proxied[1].arm("logs", *[refused_before(status)] * MANY)
    reply = await fetch(client, job["id"])
    assert [row["path"] for row in reply["artifacts"]] == ["one.txt"]
    assert reply["artifacts"][0]["text"] == "1\n"
    assert [one["part"] for one in reply["unavailable"]] == ["log"]
    assert reply["succeeded"] is True


async def test_a_file_that_cannot_be_read_says_so_beside_the_others(
    client: Client, proxied: tuple[str, FaultProxy]
) -> None:
    job = await run(client, "cd /workspace; echo 1 > one.txt; echo 2 > two.txt")
    proxied[1].arm("resolve one", *[refused_before(403)] * MANY)
    rows = {row["path"]: row for row in (await fetch(client, job["id"]))["artifacts"]}
    assert rows["one.txt"]["note"] == "not read: forbidden"
    assert rows["two.txt"]["text"] == "2\n"
