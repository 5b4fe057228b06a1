"""State folders for tests: one for a room, one for a test alone. A room's conftest imports the fixture it wants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import clear, short_home


def _home() -> Iterator[Path]:
    with short_home() as folder:
        try:
            yield folder
        finally:
            clear(folder)


#: A home with a local hub that the server itself starts, shared by the tests of the room that imports it.
home = pytest.fixture(scope="session", name="home")(_home)

#: The same for one test alone.
own_home = pytest.fixture(name="own_home")(_home)
