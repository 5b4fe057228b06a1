"""State folders for tests: one for a room, one for a test alone. A room's conftest imports the fixture it wants."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
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


@pytest.fixture(autouse=True)
def nothing_was_risked(home: Path) -> None:
    """What tests before this one sent unasked does not bring it nearer to the limit at which a person is asked."""
    if (home / "consent.sqlite3").exists():
        with closing(sqlite3.connect(home / "consent.sqlite3", timeout=20, isolation_level=None)) as ledger:
            ledger.execute("DELETE FROM risked")
