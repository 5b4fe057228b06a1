"""One hub for the suite; a `contract` for each test, which checks that the test did what it declares."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_hub.container import ENGINE_VARIABLE
from tests.container_engine import NoEngineError, podman
from tests.contract.outside import Contract
from tests.hub_process import running_hub

#: Set it to "container" to run the whole suite on the container runner.
RUNNER_VARIABLE = "HF_JOBS_MCP_TEST_RUNNER"


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    wanted = os.environ.get(RUNNER_VARIABLE, "process")
    if wanted != "container":
        yield wanted
        return
    try:
        with podman(tmp_path_factory.mktemp("podman")) as engine, pytest.MonkeyPatch.context() as patch:
            patch.setenv(ENGINE_VARIABLE, engine)
            yield wanted
    except NoEngineError as reason:
        pytest.skip(str(reason))


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
