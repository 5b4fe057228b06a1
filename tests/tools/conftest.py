"""A home with a local hub that the server itself starts, and one server over HTTP, shared by the tests of a room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.scenarios.agent import SECRETS
from tests.homes import home, nothing_was_risked
from tests.mcp_session import environment, http_server
from tests.tools.waiting import VALUE

__all__ = ["home", "nothing_was_risked"]


@pytest.fixture(scope="session")
def saves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server may save results."""
    return tmp_path_factory.mktemp("saves")


@pytest.fixture(scope="session")
def url(home: Path, saves: Path) -> Iterator[str]:
    with http_server(environment(home, HF_JOBS_MCP_SAVE_TO=str(saves), MY_API_KEY=VALUE, **SECRETS)) as address:
        yield address
