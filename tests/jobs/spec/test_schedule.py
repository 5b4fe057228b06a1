from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from huggingface_hub._jobs_api import ScheduledJobInfo
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import BadArgument
from jobs.spec.schedule import PRESETS, Schedule

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("@hourly", datetime(2026, 1, 1, 1, tzinfo=UTC)),
        ("@daily", datetime(2026, 1, 2, tzinfo=UTC)),
        ("@weekly", datetime(2026, 1, 4, tzinfo=UTC)),
        ("@monthly", datetime(2026, 2, 1, tzinfo=UTC)),
        ("@yearly", datetime(2027, 1, 1, tzinfo=UTC)),
        ("@annually", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_every_preset_of_the_hub_has_a_next_run(text, first):
    schedule = Schedule.parse(text)
    assert schedule.expression == text
    assert schedule.next(1, NEW_YEAR) == [first]


def test_the_presets_are_the_ones_the_hub_client_documents():
    documented = {word.strip('",') for word in (ScheduledJobInfo.__doc__ or "").split() if word.startswith('"@')}
    assert documented == set(PRESETS)


def test_a_cron_line_is_tidied_and_runs_in_utc():
    schedule = Schedule.parse("  0   9 * *  MON ")
    assert schedule.expression == "0 9 * * 1"
    runs = schedule.next(3, datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert [run.isoformat() for run in runs] == [
        "2026-11-23T09:00:00+00:00",
        "2026-11-30T09:00:00+00:00",
        "2026-12-07T09:00:00+00:00",
    ]


@pytest.mark.parametrize("change", [datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)])
def test_a_change_of_clocks_somewhere_moves_no_run(change):
    from_new_york = change.astimezone(ZoneInfo("America/New_York"))
    runs = Schedule.parse("30 2 * * *").next(4, from_new_york)
    assert {later - earlier for earlier, later in pairwise(runs)} == {timedelta(days=1)}
    assert all(run.utcoffset() == timedelta(0) for run in runs)
    assert Schedule.parse("0 * * * *").next(30, from_new_york) == [
        change.replace(hour=0) + timedelta(hours=hour) for hour in range(1, 31)
    ]


def test_the_29th_of_february_waits_for_a_leap_year():
    assert Schedule.parse("0 0 29 2 *").next(2, NEW_YEAR) == [
        datetime(2028, 2, 29, tzinfo=UTC),
        datetime(2032, 2, 29, tzinfo=UTC),
    ]


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 31 4 */2", "0 0 30,31 2 */9"])
def test_a_day_that_never_comes_is_refused(text):
    with pytest.raises(BadArgument) as caught:
        Schedule.parse(text)
    assert caught.value.field == "schedule"
    assert caught.value.hint


def test_the_31st_or_a_monday_is_possible_in_february():
    assert Schedule.parse("0 0 31 2 MON").next(1, NEW_YEAR) == [datetime(2026, 2, 2, tzinfo=UTC)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "* * * *",
        "* * * * * *",
        "0 0 0 * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "@midnight",
        "@reboot",
        "@every 5m",
        "hourly",
        "every day",
        "*/0 * * * *",
        "5-1 * * * *",
        "a b c d e",
        "-1 * * * *",
        "٣ * * * *",
        "0 9 * * 1\u200b",
        "* " * 300,
        "0,1" * 100 + " * * * *",
        None,
        5,
    ],
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(BadArgument) as caught:
        Schedule.parse(text)
    assert caught.value.field == "schedule"
    assert "@daily" in (caught.value.hint or "")


def test_the_refusal_says_which_field_is_bad():
    with pytest.raises(BadArgument, match="hour field"):
        Schedule.parse("0 24 * * *")


def test_a_time_without_a_zone_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="time zone"):
        Schedule.parse("@daily").next(1, datetime(2026, 1, 1))  # noqa: DTZ001 - the subject


@pytest.mark.parametrize(
    ("cron", "runs"),
    [
        ("@hourly", 720),
        ("* * * * *", 43_200),
        ("@daily", 30),
        ("@weekly", 5),
        ("@monthly", 1),
        ("@yearly", 1),
        ("* * 1-24 * *", 24 * 1_440),
        ("* * * 2 *", 29 * 1_440),
        ("*/20 * 29 2 *", 72),
        ("0,30 9-17 * * 1-5", 23 * 18),
        ("* * 24 12 *", 1_440),
    ],
)
def test_how_often_it_runs_is_counted_for_the_busiest_month(cron: str, runs: int) -> None:
    assert Schedule.parse(cron).runs_in_busiest_month() == runs


@given(
    st.integers(0, 35),
    st.sampled_from(["* * 1-24 * *", "*/7 3,4 * * 1", "* 5 10-20 2-4 *", "0 0 1,31 * 3", "9 9 * * 0,6"]),
)
def test_no_month_has_more_runs_than_the_busiest(month: int, cron: str) -> None:
    schedule = Schedule.parse(cron)
    begins = datetime(2026 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    runs = 0
    for run in schedule.runs(begins - timedelta(seconds=1)):
        if (run.year, run.month) != (begins.year, begins.month):
            break
        runs += 1
    assert runs <= schedule.runs_in_busiest_month()


FIELDS = st.tuples(
    st.one_of(st.just("*"), st.integers(0, 59).map(str), st.integers(1, 59).map("*/{}".format)),
    st.one_of(st.just("*"), st.integers(0, 23).map(str)),
    st.one_of(st.just("*"), st.integers(1, 28).map(str)),
    st.one_of(st.just("*"), st.integers(1, 12).map(str)),
    st.one_of(st.just("*"), st.integers(0, 7).map(str)),
)


@settings(deadline=None)
@given(FIELDS, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_runs_follow_each_other_and_the_start(fields, after):
    runs = Schedule.parse(" ".join(fields)).next(3, after)
    assert after < runs[0] < runs[1] < runs[2]
    assert all(run.second == 0 and run.microsecond == 0 for run in runs)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text):
    with suppress(BadArgument):
        assert Schedule.parse(text).next(1, NEW_YEAR)
