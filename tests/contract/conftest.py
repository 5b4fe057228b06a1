"""One hub for the suite; a `contract` for each test, which checks that the test did what it declares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.account import client, far, person, stand_in
from tests.contract.outside import Contract
from tests.homes import home
from tests.hub_process import running_hub

__all__ = ["client", "far", "home", "person", "stand_in"]


@pytest.fixture(scope="session")
def hub_of_suite(tmp_path_factory: pytest.TempPathFactory, runner: str) -> Iterator[tuple[str, str]]:
    with running_hub(tmp_path_factory.mktemp("contract"), runner=runner) as hub:
        yield hub.endpoint, hub.token


@pytest.fixture
def contract(hub_of_suite: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Contract]:
    endpoint, token = hub_of_suite
    contract = Contract(endpoint, token, tmp_path)
    yield contract
    claimed = set(getattr(request.function, "covers", ()))
    assert claimed <= contract.called, f"declared and not called: {sorted(claimed - contract.called)}"
