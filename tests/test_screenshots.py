"""The pictures in the docs are those that the script makes, small, light and dark, and shown."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.screenshots import FOLDER, HEIGHT, NAMES, SHADES, WIDTH

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 150_000


@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_each_page_is_there_and_shown(name: str, shade: str) -> None:
    data = (FOLDER / f"{name}-{shade}.png").read_bytes()
    assert len(data) < LARGEST, "run: python -m tests.screenshots"
    assert struct.unpack(">II", data[16:24]) == (WIDTH, HEIGHT)
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"images/{name}-{shade}.png" in page.read_text() for page in pages)


def test_no_other_picture_is_kept() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}-{shade}.png" for name in NAMES for shade in SHADES}
