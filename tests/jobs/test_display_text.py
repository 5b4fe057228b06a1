"""Strangers' text: nothing that steers a terminal, hides, or passes for something else gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.display_text import clean, one_line, visible

pytestmark = pytest.mark.promise("S13")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cGFzdGU=\x07x", "x"),
        ("\x9b31mred", "red"),
        ("\x1bPdevice\x1b\\x", "x"),
        ("\x1b", ""),
        ("bell\x07 null\x00 delete\x7f", "bell null delete"),
        ("over\u202ewritten\u2066", "overwritten"),
        ("zero\u200bwidth\ufeff\u2060\u00ad", "zerowidth"),
        ("tags\U000e0041\U000e0042 and selectors\U000e0100", "tags and selectors"),
        ("lone \ud800", "lone \ufffd"),
        ("dos\r\nlines", "dos\nlines"),
        ("45%\r46%\u2028next", "45% 46% next"),
        ("plain\ttext\n", "plain\ttext\n"),
        ("naïve 日本語 привет ✓ █", "naïve 日本語 привет ✓ █"),
    ],
)
def test_cleaned_text_keeps_what_is_readable_only(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_an_unfinished_title_takes_one_line_with_it_at_most() -> None:
    assert clean("\x1b]0;title\nnext line") == "\nnext line"


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= len(text)
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char not in "\n\t" and char < "\U00010000"
        for char in cleaned
    )
    assert clean(cleaned) == cleaned


@given(st.text(), st.integers(3, 50))
def test_one_line_is_one_line_and_bounded(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([line], [])


def test_one_line_says_that_it_was_cut() -> None:
    assert one_line("a" * 400) == "a" * 297 + "..."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("paypal", "paypal"),
        ("p\u0430ypal", "p<U+0430>ypal"),
        ("\u0441\u043e\u0441\u043e", "<U+0441><U+043E><U+0441><U+043E>"),
        ("\u0391\u0392\u0395", "<U+0391><U+0392><U+0395>"),
        ("привет мир", "привет мир"),
        ("日本語 and English", "日本語 and English"),
        ("naïve café", "naïve café"),
        ("\uff50\uff41\uff54\uff48\uff0f", "<U+FF50><U+FF41><U+FF54><U+FF48><U+FF0F>"),
        ("\U0001d41a", "<U+1D41A>"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb", "a<U+200B>b"),
        ("a\u00a0b", "a<U+00A0>b"),
        ("\x1b[31m", "<U+001B>[31m"),
        ("a\u2044b\u2024c", "a<U+2044>b<U+2024>c"),
        ("\ud800", "<U+D800>"),
        ("line\nforged: yes\t", "line<U+000A>forged: yes<U+0009>"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301<U+0301><U+0301>"),
        ("done … ✓", "done … ✓"),
    ],
)
def test_what_deceives_the_eye_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_script_keeps_its_lines_where_they_are_wanted() -> None:
    assert visible("a\n\tb\r", multiline=True) == "a\n\tb<U+000D>"


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text == clean(text)
