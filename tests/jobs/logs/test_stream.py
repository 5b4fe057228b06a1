"""Server-sent events: the same lines however the bytes are cut, and bounded however long a line is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.logs.stream import LONGEST_LINE, _events, line

pytestmark = pytest.mark.anyio


async def read(pieces: list[bytes]) -> list[bytes]:
    async def source():
        for piece in pieces:
            yield piece

    return [event async for batch in _events(source()) for event in batch]


def wire(texts: list[str]) -> bytes:
    events = [json.dumps({"timestamp": "2026-11-21T21:00:00.000Z", "data": text}) for text in texts]
    return "".join(f": keep-alive\n\ndata: {event}\n\n" for event in events).encode()


@pytest.mark.parametrize("width", [1, 2, 3, 7, 64, 1000, 10**6])
async def test_the_same_lines_come_whatever_the_pieces(width):
    texts = ["one", "", 'data: {"x": 1}', "ümläut \u202e", "a\tb\\n", "x" * 3000]
    raw = wire(texts)
    events = await read([raw[at : at + width] for at in range(0, len(raw), width)])
    assert [line(event).text for event in events] == texts


@given(st.binary(max_size=400))
def test_no_event_makes_the_reader_fall(event):
    shown = line(b"{" + event)
    assert isinstance(shown.text, str)


async def test_the_rest_of_a_line_beyond_the_bound_is_dropped_and_the_next_is_whole():
    raw = wire(["x" * (LONGEST_LINE * 3), "next"])
    for width in (1000, 65536, len(raw)):
        events = await read([raw[at : at + width] for at in range(0, len(raw), width)])
        assert line(events[-1]).text == "next"
        assert set(line(events[0]).text) == {"x"}
        if width < len(raw):
            assert len(events[0]) <= LONGEST_LINE


@pytest.mark.parametrize("end", range(1, 13))
async def test_a_cut_in_an_escape_leaves_the_text_before_it(end):
    event = json.dumps({"timestamp": "2026-11-21T21:00:00.000Z", "data": "ok " + "\u202e" * 3}).encode()
    assert line(event[:-end]).text.startswith("ok")


async def test_an_event_without_its_end_is_not_given():
    assert await read([b'data: {"data": "whole"}\n\ndata: {"data": "cu']) == [b'{"data": "whole"}']
