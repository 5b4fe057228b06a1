"""A home with a local hub that the server itself starts, shared by the tests of a room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import clear, short_home


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    with short_home() as folder:
        try:
            yield folder
        finally:
            clear(folder)
