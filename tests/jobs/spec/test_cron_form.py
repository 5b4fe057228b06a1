"""Cron lines as people write them, sent as the Hub takes them, meaning what they meant."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hub_contract import field_rules
from jobs.errors import BadArgument
from jobs.spec.cron_form import FormError, in_the_hubs_form
from jobs.spec.schedule import Schedule
from tests.hub_contract.test_field_rules import HUBS_PATTERN

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("0 9 * * MON-FRI", "0 9 * * 1-5"),
        ("0 9 * * mon", "0 9 * * 1"),
        ("0 9 1 JAN *", "0 9 1 1 *"),
        ("0 9 * * 1-3,5", "0 9 * * 1,2,3,5"),
        ("0 9 * * 1,3-5", "0 9 * * 1,3,4,5"),
        ("0 9 * * Sun,sat", "0 9 * * 0,6"),
        ("0-30/10 9-17/4 * * *", "0,10,20,30 9,13,17 * * *"),
        ("5/20 * * Feb-apr 5-7", "5,25,45 * * 2-4 0,5,6"),
        ("*/5 0 1,15 * *", "*/5 0 1,15 * *"),
        ("0 0 * * 7", "0 0 * * 0"),
    ],
)
def test_names_and_ranges_are_sent_as_numbers_and_lists(written: str, sent: str) -> None:
    assert Schedule.parse(written).expression == sent


@pytest.mark.parametrize(
    "line", ["0 9 L * *", "0 9 LW * *", "0 9 * * 1#1", "0 9 * * 5L", "0 9 ? * *", "0 9 */2,5 * MON", "0 9 *,* * */3,0"]
)
def test_what_the_hub_has_no_form_for_is_refused_by_its_field(line: str) -> None:
    with pytest.raises(BadArgument, match=r"day-of-(month|week) field that the Hub does not take"):
        Schedule.parse(line)


def _fields(low: int, high: int, names: list[str]) -> st.SearchStrategy[str]:
    value = (
        st.one_of(st.integers(low, high).map(str), st.sampled_from(names)) if names else st.integers(low, high).map(str)
    )
    number = st.integers(low, high)
    ranges = (
        st.tuples(number, number).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: f"{min(pair)}-{max(pair)}")
    )
    stepped = st.tuples(st.one_of(st.just("*"), ranges, number.map(str)), st.integers(1, 9)).map(
        lambda pair: f"{pair[0]}/{pair[1]}"
    )
    return st.lists(st.one_of(st.just("*"), value, ranges, stepped), min_size=1, max_size=3).map(",".join)


LINES = st.tuples(
    _fields(0, 59, []),
    _fields(0, 23, []),
    _fields(1, 31, []),
    _fields(1, 12, ["JAN", "dec"]),
    _fields(0, 7, ["SUN", "fri"]),
)


@given(LINES)
@example(("*", "*", "*,*", "*", "*/3,0"))
def test_every_line_is_sent_in_the_hubs_form_and_means_the_same(line: tuple[str, ...]) -> None:
    written = " ".join(line)
    try:
        sent = " ".join(in_the_hubs_form(list(line)))
    except FormError:
        assume(False)
    assert HUBS_PATTERN.fullmatch(sent)
    assert field_rules.cron_fields(sent) == sent.split(" ")
    try:
        meant = list(islice(CronSim(written, NEW_YEAR), 20))
    except CronSimError:
        return
    assert list(islice(CronSim(sent, NEW_YEAR), 20)) == meant
