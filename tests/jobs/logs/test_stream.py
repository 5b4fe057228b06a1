"""Server-sent events: the same lines however the bytes are cut, and bounded however long a line is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.logs.long_line import KEPT_CHARS, Piece
from jobs.logs.stream import LONGEST_LINE, _events, beyond, line

pytestmark = pytest.mark.anyio


async def parts(pieces: list[bytes], longest: int = LONGEST_LINE) -> list[list[bytes] | Piece]:
    async def source():
        for piece in pieces:
            yield piece

    return [part async for part in _events(source(), longest)]


async def read(pieces: list[bytes], longest: int = LONGEST_LINE) -> list[bytes]:
    return [event for part in await parts(pieces, longest) if not isinstance(part, Piece) for event in part]


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


async def test_the_rest_of_a_line_beyond_the_bound_is_counted_and_the_next_is_whole():
    raw = wire(["x" * 1_000_003, "next"])
    for width in (1000, 65536):
        events = await read([raw[at : at + width] for at in range(0, len(raw), width)])
        assert line(events[-1]).text == "next"
        assert line(events[0]).text == "x" * KEPT_CHARS
        assert beyond(events[0]) == 1_000_003 - KEPT_CHARS
        assert line(events[0]).timestamp == "2026-11-21T21:00:00.000Z"


@pytest.mark.parametrize("ascii_only", [True, False])
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r")), max_size=6),
    repeated=st.integers(1, 60),
    width=st.integers(1, 300),
)
async def test_the_text_of_long_lines_comes_whole_in_pieces_however_they_are_cut(ascii_only, texts, repeated, width):
    texts = [text * repeated for text in texts]
    events = [
        json.dumps({"timestamp": "2026-11-21T21:00:00Z", "data": text}, ensure_ascii=ascii_only) for text in texts
    ]
    raw = "".join(f"data: {event}\n\n" for event in events).encode()
    got: list[str] = []
    whole = ""
    for part in await parts([raw[at : at + width] for at in range(0, len(raw), width)], longest=200):
        if isinstance(part, Piece):
            whole = part if part.first else whole + part
            continue
        for event in part:
            got.append(whole if type(event) is not bytes else line(event).text)
            assert line(event).timestamp == "2026-11-21T21:00:00Z"
            whole = ""
    assert got == texts


async def test_a_long_line_that_a_progress_bar_has_redrawn_shows_its_last_state_and_how_long_that_is():
    raw = wire(["10% old\r" * 30_000 + "100% done" + "\r"])
    (event,) = await read([raw[at : at + 5_000] for at in range(0, len(raw), 5_000)])
    assert (line(event).text, beyond(event)) == ("100% done", 0)


async def test_the_time_of_a_long_line_is_found_after_its_text_too():
    raw = b'data: {"data": "' + b"y" * 90_000 + b'", "timestamp": "2026-11-21T21:00:00Z"}\n\n'
    (event,) = await read([raw[at : at + 5_000] for at in range(0, len(raw), 5_000)])
    assert (line(event).timestamp, len(line(event).text) + beyond(event)) == ("2026-11-21T21:00:00Z", 90_000)


async def test_an_event_without_its_end_is_not_given():
    assert await read([b'data: {"data": "whole"}\n\ndata: {"data": "cu']) == [b'{"data": "whole"}']
