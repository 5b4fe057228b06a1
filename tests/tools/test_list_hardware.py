"""Flavors and prices as the hub tells them, filtered and cheapest first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from mcp.client import Client

from local_hub.process.daemon import read_state
from tests.mcp_session import data, over_http

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    async with over_http(url) as connected:
        yield connected


async def flavors(client: Client, **asked: Any) -> list[dict[str, Any]]:
    return list(data(await client.call_tool("list_hardware", asked))["flavors"])


async def test_every_flavor_of_the_hub_with_its_price_cheapest_first(client: Client, home: Path) -> None:
    listed = await flavors(client)
    state = read_state(home)
    assert state is not None
    hub = {item.name: item for item in HfApi(endpoint=state.endpoint, token=state.token).list_jobs_hardware()}
    assert {flavor["flavor"] for flavor in listed} == set(hub)
    prices = [flavor["hourly_usd"] for flavor in listed]
    assert prices == sorted(prices)
    assert all(
        flavor["hourly_usd"] == pytest.approx(hub[flavor["flavor"]].unit_cost_usd * 60, abs=0.01) for flavor in listed
    )


async def test_filters_by_gpu_and_price(client: Client) -> None:
    everything = await flavors(client)
    gpus, cpus = await flavors(client, gpu=True), await flavors(client, gpu=False)
    assert len(gpus) + len(cpus) == len(everything)
    assert all("gpu" in flavor for flavor in gpus)
    assert not any("gpu" in flavor for flavor in cpus)
    assert all(flavor["hourly_usd"] <= 1 for flavor in await flavors(client, max_hourly_usd=1))
    assert await flavors(client, gpu=True, max_hourly_usd=0) == []


async def test_what_is_listed_can_be_submitted(client: Client) -> None:
    (cheapest, *_) = await flavors(client)
    asked = {
        "image": "python:3.12",
        "command": ["true"],
        "flavor": cheapest["flavor"],
        "timeout": "1h",
        "dry_run": True,
    }
    reply = data(await client.call_tool("submit_job", asked))
    assert reply["max_cost_usd"] == pytest.approx(cheapest["hourly_usd"], abs=0.001)
