import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_contract.constants import MAX_TIMEOUT_SECONDS
from jobs.durations import seconds, words
from jobs.errors import BadArgument


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (300, 300),
        (300.0, 300),
        ("300", 300),
        ("5m", 300),
        ("2h", 7_200),
        ("1d", 86_400),
        ("45s", 45),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        (" 1H30M ", 5_400),
        ("1d2h3m4s", 93_784),
        ("1.5h", 5_400),
        ("90 minutes", 5_400),
        ("2 hours 15 min", 8_100),
        ("0.5s", 1),
        (0.2, 1),
        ("1.1h", 3_960),
        ("30d", MAX_TIMEOUT_SECONDS),
    ],
)
def test_a_length_of_time_is_read_in_whole_seconds(value, expected):
    assert seconds(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "soon",
        "1h30",
        "h",
        "30m1h",
        "1h1h",
        "1m1m",
        "1w",
        "5x",
        "1:30",
        "PT1H",
        "1e3",
        "1,5h",
        "½h",
        "٣m",
        "0",
        0,
        -1,
        "-5m",
        "0m",
        "31d",
        "9999999999",
        math.nan,
        math.inf,
        -math.inf,
        True,
        None,
        [],
        "1h" * 2_000,
        "0x10",
        "1_000",
        "m5",
        "5 m h",
        "nan",
        "inf",
        "1h-30m",
        "-" * 5_000,
    ],
)
def test_nonsense_is_refused_without_being_repeated(value):
    with pytest.raises(BadArgument) as caught:
        seconds(value)
    assert caught.value.field == "timeout"
    assert caught.value.hint


@settings(deadline=None)
@given(st.integers(1, MAX_TIMEOUT_SECONDS))
def test_words_are_read_back_as_what_they_said(total):
    assert seconds(words(total)) == total


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_gives_a_bounded_number_or_a_refusal(text):
    with suppress(BadArgument):
        assert 1 <= seconds(text) <= MAX_TIMEOUT_SECONDS


def test_words_of_nothing_are_zero_seconds():
    assert words(0) == "0s"
    assert words(5_400) == "1h30m"


@pytest.mark.parametrize(
    ("value", "part"), [(0, "longer than nothing"), ("0s", "longer than nothing"), ("31d", "30 days")]
)
def test_the_refusal_says_which_end_was_missed(value, part):
    with pytest.raises(BadArgument, match=part):
        seconds(value)
