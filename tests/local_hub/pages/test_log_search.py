"""Words are found in a log whatever their case, as far as it was looked through."""

from __future__ import annotations

import json
from itertools import count, islice

import pytest

from local_hub.pages.log_search import SHOWN, search


def block(*lines: str, more: bool = False) -> bytes:
    said = [{"data": line} for line in lines]
    if more:
        said[-1]["more"] = True  # type: ignore[assignment]
    return b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in said)


def never() -> bool:
    return False


@pytest.mark.parametrize("words", ["ÉTÉ", "été", "e\u0301te\u0301", "STRASSE", "straße", "ﬁne", "FINE"])
def test_letters_are_found_in_any_case_and_form(words: str) -> None:
    lines = ["un été", "un E\u0301TE\u0301", "die Straße", "die STRASSE", "all fine", "all ﬁne", "nothing"]
    assert search([block(*lines)], words, never).total == 2


def test_what_is_far_from_the_match_in_a_long_line_is_left_out() -> None:
    for before in ("a", "ß", "ﬁ", "e\u0301"):
        found = search([block(before * 5000 + "Needle" + "b" * 5000)], "needle", never)
        assert "Needle" in found.matches[0].text
        assert len(found.matches[0].text) < 1100


def test_only_the_last_matches_are_kept_and_all_are_counted() -> None:
    blocks = (block(*(f"line {number}" for number in range(start, start + 100))) for start in range(0, 5000, 100))
    found = search(blocks, "line", never)
    assert (found.total, found.lines, found.whole) == (5000, 5000, True)
    assert [match.number for match in found.matches] == list(range(5001 - SHOWN, 5001))


def test_a_search_that_is_told_to_stop_ends_and_says_so() -> None:
    asked = iter([False] * 3)
    endless = (block(f"line {number}") for number in count())
    found = search(endless, "line", lambda: next(asked, True))
    assert (found.total, found.lines, found.whole) == (3, 3, False)
    assert len(list(islice(endless, 2))) == 2


def test_a_line_in_pieces_counts_once_wherever_the_words_lie() -> None:
    for first, second in [("a nee", "dle b"), ("needle", "needle"), ("x" * 3000 + "ne", "edle")]:
        found = search([block("before"), block(first, more=True), block(second, "after")], "needle", never)
        assert (found.total, found.lines, found.matches[0].number) == (1, 3, 2)
        assert "needle" in found.matches[0].text
