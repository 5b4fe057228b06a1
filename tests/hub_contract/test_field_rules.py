"""The forms that the Hub prescribes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_contract import field_rules

#: `schedule` as the Hub's own description has it, presets aside.
HUBS_PATTERN = re.compile(r"(?:(?:(?:\d+,)+\d+|(?:\*|\d+)[/-]\d+|\d+|\*) ?){5,7}", re.ASCII)
FIELD = st.sampled_from(
    ["*", "1", "59", "1,2", "1,2,30", "*/5", "1/2", "1-5", "", ",", "1,", "mon", "1-2,3", "L", "٣", "*-1"]
)


@given(st.lists(FIELD, min_size=3, max_size=9).map(" ".join))
def test_a_cron_line_has_the_hubs_form_and_a_space_between_its_fields(line: str) -> None:
    fields = line.split(" ")
    taken = bool(HUBS_PATTERN.fullmatch(line)) and len(fields) in range(5, 8) and all(fields)
    assert field_rules.cron_fields(line) == (fields if taken else None)


@pytest.mark.parametrize(
    "line",
    ["1" * 80 + "x", "1" * 900, "1," * 400, "* " * 400, "1-" * 400, "* * * * " + "1" * 900 + "x", "9" * 10**6, ""],
)
def test_what_has_not_the_form_is_refused_at_once_whatever_its_length(line: str) -> None:
    """The Hub's pattern would take hours for the first of these."""
    assert field_rules.cron_fields(line) is None
