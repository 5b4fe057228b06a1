"""Escaping by default, and text without what cannot be seen."""

from hypothesis import given
from hypothesis import strategies as st

from local_hub.display_text import clean, shortened
from local_hub.pages.markup import Markup, tag


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "<b>&", tag("b", "x"), None, ["a", Markup("<i>")]) == "<p>&lt;b&gt;&amp;<b>x</b>a<i></p>"


def test_attributes_are_quoted_and_escaped() -> None:
    assert tag("a", href='"><script>', class_="c", hidden=True, title=None) == (
        '<a href="&quot;&gt;&lt;script&gt;" class="c" hidden></a>'
    )


@given(st.text())
def test_no_text_makes_an_element(text: str) -> None:
    inside = tag("p", text, title=text)
    assert inside.count("<") == 2
    assert inside.count('"') == 2


def test_escapes_controls_and_unseen_characters_go_and_text_stays() -> None:
    assert clean("\x1b[1;31mred\x1b[0m \x1b]0;title\x07ok\x9b2J") == "red ok"
    assert clean("a\u202eb\u200bc\u2066d\ufeff") == "abcd"
    assert clean("tab\tnew\nline äöü 漢字 🙂") == "tab\tnew\nline äöü 漢字 🙂"


def test_of_a_line_written_over_the_last_is_kept() -> None:
    assert clean("10%\r50%\r100%\nnext\r\n") == "100%\nnext\n"


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_shortened_text_is_one_line_of_at_most_the_limit() -> None:
    assert shortened("a\nb   c", 10) == "a b c"
    assert shortened("x" * 50, 10) == "x" * 9 + "\N{HORIZONTAL ELLIPSIS}"
