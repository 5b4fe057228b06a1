"""What every test shares: the anyio backend, the way of running jobs under test, a cache that is not the user's."""

import inspect
import os
import re
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from local_hub.backends.container import ENGINE_VARIABLE
from tests import required
from tests.container_engine import NoEngineError, podman
from tests.hub_process import short_home

#: Set it to "container" to run every test that asks for a hub with `runner` on the container runner.
_TESTS = Path(__file__).parent
RUNNER_VARIABLE = "HF_JOBS_MCP_TEST_RUNNER"

# A loaded machine is slow and not wrong.
# The same examples on each run, so that nothing is red by luck; others with HYPOTHESIS_PROFILE=search.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("any machine", settings.get_profile("search"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "any machine"))


def pytest_configure(config: pytest.Config) -> None:
    required.register(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # A suite in the background; what it starts takes interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)


#: What a file that starts a process mentions: a server, a hub, a browser, a container, an interpreter.
_STARTS = re.compile(
    r"subprocess|multiprocessing|hub_process|mcp_session|tests\.browser|container_engine|run_process|homes"
)


@cache
def _mentions_processes(path: Path) -> bool:
    return _STARTS.search(path.read_text()) is not None


def _starts_processes(item: pytest.Item) -> bool:
    """Whether the test's own file, or that of a fixture it asks for, starts processes."""
    found: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    functions = [inspect.unwrap(definition.func) for definitions in found.values() for definition in definitions]
    files = {Path(one.__code__.co_filename) for one in functions if hasattr(one, "__code__")}
    ours = {file for file in files if file.is_relative_to(_TESTS) and file != Path(__file__)}
    return "runner" in found or any(map(_mentions_processes, {item.path, *ours}))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with the longest tests come first, so that no worker is left with one of them at the end."""
    for item in items:
        if _starts_processes(item):
            item.add_marker("hub")
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("thorough")
    files = {item.path for item in items if any(item.get_closest_marker(name) for name in ("fast_agent", "node"))}
    items.sort(key=lambda item: item.path not in files)


@pytest.fixture(scope="session", autouse=True)
def _servers_keep_what_they_compile() -> Iterator[None]:
    """Hundreds of servers and hubs are started; without bytecode each would compile all of it again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _uv_fetches_a_package_once() -> Iterator[None]:
    """Servers under test have homes of their own; what uv fetched for one of them serves the others too."""
    with pytest.MonkeyPatch.context() as patch:
        if "UV_CACHE_DIR" not in os.environ:
            patch.setenv("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _transfers_leave_the_users_cache_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_XET_CACHE", str(tmp_path_factory.mktemp("xet")))
        yield


@pytest.fixture(scope="session")
def runner() -> Iterator[str]:
    wanted = os.environ.get(RUNNER_VARIABLE, "process")
    if wanted != "container":
        yield wanted
        return
    try:
        with short_home() as folder, podman(folder) as engine, pytest.MonkeyPatch.context() as patch:
            patch.setenv(ENGINE_VARIABLE, engine)
            yield wanted
    except NoEngineError as reason:
        pytest.skip(str(reason))
