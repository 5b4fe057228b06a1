"""A person with an account on a far hub, and a client of theirs: what tests of a real account share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from mcp.client import Client

from tests.far_hub import TOKEN, FarHub, far_hub
from tests.hub_process import running_hub, short_home
from tests.mcp_session import Person, environment, over_stdio

KEY = "a-key-of-this-person-4711"


def _stand_in() -> Iterator[FarHub]:
    with short_home() as home, running_hub(home) as state, far_hub(state.endpoint, state.token) as far:
        yield far


def _far(stand_in: FarHub) -> FarHub:
    stand_in.forget()
    stand_in.left = 900
    return stand_in


def _person() -> Person:
    return Person()


async def _client(far: FarHub, person: Person, tmp_path: Path) -> AsyncIterator[Client]:
    """A token file often ends with a line break."""
    env = environment(tmp_path, HF_JOBS_MCP_HUB=far.endpoint, HF_TOKEN=f"{TOKEN}\n", MY_API_KEY=KEY)
    async with over_stdio(env, person=person) as connected:
        yield connected


stand_in = pytest.fixture(scope="module", name="stand_in")(_stand_in)
far = pytest.fixture(name="far")(_far)
person = pytest.fixture(name="person")(_person)
client = pytest.fixture(name="client")(_client)
