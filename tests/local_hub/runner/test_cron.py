"""When a schedule fires next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local_hub.errors import ApiError
from local_hub.runner import cron


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("@hourly", at(2026, 11, 21, 21, 0)),
        ("@daily", at(2026, 11, 22)),
        ("@weekly", at(2026, 11, 22)),
        ("@monthly", at(2026, 12, 1)),
        ("@yearly", at(2027, 1, 1)),
        ("@annually", at(2027, 1, 1)),
        ("*/5 * * * *", at(2026, 11, 21, 20, 50)),
        ("0 9 * * 1", at(2026, 11, 23, 9)),
        ("30 2 29 2 *", at(2028, 2, 29, 2, 30)),
        ("15 0 9 * * 1", at(2026, 11, 23, 9, 0, 15)),
        ("*/20 * * * * *", at(2026, 11, 21, 20, 47, 20)),
        ("* * * * * * *", at(2026, 11, 21, 20, 47, 13)),
        ("0 0 9 * * * 2026", at(2026, 11, 22, 9)),
        ("0 0 9 * * * 2028", at(2028, 1, 1, 9)),
        ("* * * * * * 2031", at(2031, 1, 1)),
        ("0 30 2 29 2 * *", at(2028, 2, 29, 2, 30)),
        ("0 0 0 1 1 * 2024,2026,2030", at(2030, 1, 1)),
        ("0 0 0 1 6 * 2020/4", at(2028, 6, 1)),
        ("0 0 0 1 6 * */5", at(2030, 6, 1)),
        ("0 0 0 1 6 * 2025-2029", at(2027, 6, 1)),
    ],
)
def test_the_next_moment_is_in_utc(schedule: str, expected: int) -> None:
    assert cron.first(schedule, at(2026, 11, 21, 20, 47, 12)) == expected
    assert cron.following(schedule, at(2026, 11, 21, 20, 47, 12)) == expected


def test_the_next_moment_is_never_now() -> None:
    assert cron.first("0 * * * *", at(2026, 1, 1, 5)) == at(2026, 1, 1, 6)


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "@never",
        "* * * *",
        "* * * * * * * *",
        "61 * * * *",
        "0 0 31 2 *",
        "every day",
        "0 0 9 * * * 1969",
        "0 0 9 29 2 * 2027",
        "0 0 9 * * * */0",
        "0 0 9 * * * soon",
        "61 0 9 * * *",
        "0 0 0 29 2 * 9999",
        "0 0 0 31 12 * 9999",
        "0 0 0 1 1 * " + "9" * 5000,
        "0 0 0 29 2 * " + ",".join(str(year) for year in range(2027, 12_000, 2)),
        "0 0 0 1 1 * 2024",
    ],
)
def test_what_never_fires_is_refused(schedule: str) -> None:
    with pytest.raises(ApiError) as caught:
        cron.first(schedule, at(2026, 11, 21))
    assert caught.value.status == 400
    assert cron.following(schedule, at(2026, 11, 21)) is None
