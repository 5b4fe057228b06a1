"""One hub for the tests of this room, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from huggingface_hub import HfApi

from tests.hub_process import running_hub, short_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_hub.process.state import HubState


@pytest.fixture(scope="session")
def hub(runner: str) -> Iterator[HubState]:
    """A hub shared by all tests that leave it as they found it, their own jobs aside."""
    with short_home() as home, running_hub(home, runner=runner) as state:
        yield state


@pytest.fixture
def hub_api(hub: HubState) -> HfApi:
    """The real client, pointed at the shared hub."""
    return HfApi(endpoint=hub.endpoint, token=hub.token)
