"""A line of any length is searched from its beginning to its end."""

from __future__ import annotations

import json

import pytest

from jobs.logs.lines import Display
from jobs.logs.long_line import Piece
from jobs.logs.long_search import LongSearch
from jobs.logs.pattern import parse
from jobs.logs.stream import SEARCHED_WHOLE, _events
from jobs.masking.masker import Masker

pytestmark = pytest.mark.anyio
CUT = 60_000


async def found(text: str, search: str, mask=str) -> str | None:
    raw = b"data: " + json.dumps({"timestamp": "2026-11-21T21:00:00Z", "data": text}).encode() + b"\n\n"

    async def source():
        for at in range(0, len(raw), CUT):
            yield raw[at : at + CUT]

    looking = LongSearch(parse(search), Display(mask))
    async for part in _events(source(), SEARCHED_WHOLE):
        if isinstance(part, Piece):
            looking.take([part])
        else:
            looking.finish(part[0])
            return part[0].found
    raise AssertionError("no event")


@pytest.mark.parametrize(
    "place", [0, 1_000, SEARCHED_WHOLE - 70_000, SEARCHED_WHOLE - 3, SEARCHED_WHOLE + 1, 4_999_990]
)
@pytest.mark.parametrize("search", ["the mark", "/the .ark/"])
async def test_a_match_anywhere_in_five_megabytes_is_found_at_its_column(place, search):
    text = "x" * place + "the mark" + "y" * (5_000_000 - place)
    shown = await found(text, search)
    assert shown.startswith(f"[column {place + 1}] ")
    assert "the mark" in shown
    assert shown.endswith(f"[+{5_000_008 - 1_000} characters]") or place > 4_999_000
    assert len(shown) < 1_100


async def test_the_ends_of_a_line_are_its_own_and_not_those_of_what_is_looked_at_together():
    text = "a" * 3_000_000 + "b"
    assert await found(text, "/^b/") is None
    assert await found(text, "/a$/") is None
    assert (await found(text, "/b$/")).startswith("[column 3000001]")
    assert (await found(text, "/^a/")).startswith("[column 1]")


@pytest.mark.thorough
@pytest.mark.parametrize("place", [SEARCHED_WHOLE - 40, SEARCHED_WHOLE, 3_000_000])
async def test_a_secret_in_a_long_line_is_neither_found_nor_shown(place):
    secret = "hunter2-is-a-rather-long-secret-value-0123456789"
    mask = Masker({"KEY": secret}).mask
    text = "z" * place + "near " + secret + " here" + "z" * 3_000_000
    assert await found(text, "hunter2", mask) is None
    shown = await found(text, " here", mask)
    assert "***KEY***" in shown
    assert "0123456789" not in shown
