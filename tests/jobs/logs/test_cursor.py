"""Places in a log: whatever the times of its lines, and however it is cut into pieces, none is lost or repeated."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from jobs.logs.cursor import Cursor, Skip, resume_at
from jobs.logs.stream import line

STEPS = st.lists(st.integers(0, 2), min_size=1, max_size=40)
CUTS = st.lists(st.integers(1, 7), min_size=1, max_size=60)


def log(steps: list[int]) -> list[bytes]:
    """Events whose times stand still or move on."""
    at = 0
    events = []
    for number, step in enumerate(steps):
        at += step
        events.append(json.dumps({"timestamp": f"2026-11-21T21:{at // 60:02}:{at % 60:02}.000Z", "data": str(number)}))
    return [event.encode() for event in events]


def batches(events: list[bytes], cuts: list[int]) -> list[list[bytes]]:
    pieces = []
    place = 0
    while place < len(events):
        width = cuts[len(pieces) % len(cuts)]
        pieces.append(events[place : place + width])
        place += width
    return pieces


def walked(events: list[bytes], start: Cursor) -> Cursor:
    for event in events:
        start = start.after(line(event))
    return start


@given(STEPS, st.integers(0, 40), CUTS, st.booleans())
def test_reading_on_from_a_place_gives_exactly_what_follows(steps, place, cuts, by_time):
    events = log(steps)
    place = min(place, len(events))
    cursor = Cursor.parse(str(walked(events[:place], Cursor())))
    if by_time and cursor.stamp:
        cursor = Cursor(None, cursor.same, cursor.stamp)
    skip = Skip(cursor)
    read = [event for batch in batches(events, cuts) for event in skip.fresh(batch)]
    assert read == events[place:]


@given(STEPS, st.integers(0, 40), st.integers(0, 40))
def test_a_tail_gives_what_follows_or_says_that_it_cannot(steps, place, tail):
    events = log(steps)
    place, tail = min(place, len(events)), min(tail, len(events))
    cursor = walked(events[:place], Cursor())
    shown = events[len(events) - tail :]
    at = resume_at(cursor, shown, whole=False)
    if at is not None:
        assert shown[at:] == events[place:]


@given(STEPS, st.integers(0, 40))
def test_a_place_reached_by_counting_is_never_wrong_about_time(steps, place):
    events = log(steps)
    place = min(place, len(events))
    cursor = Cursor.parse(str(walked(events[place:], Cursor.counted(place))))
    assert cursor.number == len(events)
    if cursor.stamp:
        same = [event for event in events if line(event).timestamp == cursor.stamp]
        assert cursor.same == len(same)


@given(STEPS, st.integers(1, 40))
def test_the_end_of_a_tail_is_the_end_of_the_log(steps, tail):
    events = log(steps)
    shown = events[-tail:]
    cursor = Cursor.parse(str(Cursor.at_end(shown, len(events))))
    skip = Skip(cursor)
    assert skip.fresh(events) == []
    later = json.dumps({"timestamp": "2026-11-21T23:00:00.000Z", "data": "later"}).encode()
    assert Skip(cursor).fresh([*events, later]) == [later]
