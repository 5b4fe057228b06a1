"""Escapes resolved, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.masking.escapes import Origins, cut_unit, has_escapes, resolve

PIECES = st.sampled_from(
    [b"%41", b"%4", b"%", b"\\u0041", b"\\ud83d\\ude00", b"\\u00", b"\\", b"\\\\", b"\\n", b"\\x41", b"\\101", b"\\U0001f600", b"\\U00ffffff", b"a", b"4", b"u", b"n", b" ", b"\xc3\xa9"]
)  # fmt: skip
SOUP = st.lists(PIECES, max_size=12).map(b"".join)


@pytest.mark.parametrize(
    ("source", "resolved"),
    [
        (b"%41%2f%C3%a9", "A/é".encode()),
        (b"\\u0041\\u00e9\\x41\\101\\n\\t", "AéAA\n\t".encode()),
        (b"\\U0001f600", "😀".encode()),
        (b"\\\\n", b"\\\n"),
        (b"100% of %zz \\q", b"100% of %zz \\q"),
    ],
)
def test_escapes_are_resolved_once(source: bytes, resolved: bytes) -> None:
    assert resolve(source) == resolved
    assert has_escapes(source) == (source != resolved)


@given(SOUP)
def test_each_resolved_byte_leads_back_to_its_escape(source: bytes) -> None:
    resolved = resolve(source)
    origins = Origins(source)
    place = 0
    while place < len(resolved):
        start, end = origins.span(place, place + 1)
        whole = resolve(source[start:end])
        assert resolved.startswith(whole, place)
        place += len(whole)
    assert origins.span(0, len(resolved)) == (0, len(source)) if resolved else True


@given(SOUP, SOUP)
def test_what_stands_before_a_cut_escape_is_settled(first: bytes, second: bytes) -> None:
    settled = resolve(first[: cut_unit(first)])
    assert resolve(first + second).startswith(settled)
