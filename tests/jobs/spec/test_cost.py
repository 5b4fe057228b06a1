from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from huggingface_hub._jobs_api import JobHardwareInfo
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.client import models
from jobs.spec.cost import Price, cost_so_far, max_cost_usd, max_monthly_cost_usd, prices
from jobs.spec.spec import build
from tests.job_requests import requested

RAW = [
    {
        "name": "cpu-basic",
        "prettyName": "CPU Basic",
        "cpu": "2 vCPU",
        "ram": "16 GB",
        "accelerator": None,
        "unitCostMicroUSD": 167,
        "unitCostUSD": 0.000167,
        "unitLabel": "minute",
    },
    {
        "name": "h200x8",
        "prettyName": "8x H200",
        "cpu": "184 vCPU",
        "ram": "2048 GB",
        "accelerator": None,
        "unitCostMicroUSD": 666_667,
        "unitCostUSD": 0.666667,
        "unitLabel": "minute",
    },
]
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def spec(**arguments):
    return build(requested(command=("true",), **arguments), hub="http://127.0.0.1:1", namespace="local")


def job(**parts):
    return SimpleNamespace(**{"flavor": "h200x8", "durations": None, "started_at": None, "finished_at": None, **parts})


@pytest.mark.parametrize(
    "hardware",
    [RAW, [JobHardwareInfo(**item) for item in RAW], [models.hardware(item) for item in RAW]],
    ids=["as sent", "as the Hub client has it", "as our own hub client has it"],
)
def test_a_price_list_is_read_in_every_form_we_meet(hardware):
    assert prices(hardware) == {"cpu-basic": Price(167, 60), "h200x8": Price(666_667, 60)}


@pytest.mark.parametrize(
    ("unit", "hourly"), [("minute", 0.6), ("hour", 0.01), ("second", 36.0), ("minutes", 0.6), ("Hour", 0.01)]
)
def test_the_unit_is_taken_from_the_list(unit, hourly):
    assert prices([{**RAW[0], "unitCostMicroUSD": 10_000, "unitLabel": unit}])["cpu-basic"].hourly_usd == hourly


@pytest.mark.parametrize(
    "change", [{"unitLabel": "fortnight"}, {"unitLabel": None}, {"unitCostMicroUSD": None, "unitCostUSD": None}]
)
def test_a_price_we_cannot_read_is_no_price(change):
    hardware = [{**RAW[0], **change}]
    assert prices(hardware) == {}
    assert max_cost_usd(spec(), hardware) is None
    assert cost_so_far(job(flavor="cpu-basic"), hardware, START) is None


def test_the_worst_case_is_every_attempt_to_its_timeout():
    assert max_cost_usd(spec(), RAW) == pytest.approx(0.00501)
    assert max_cost_usd(spec(flavor="h200x8", timeout="2h", attempts=3), RAW) == pytest.approx(240.00012)


def test_a_begun_minute_counts_in_full_in_the_worst_case():
    assert max_cost_usd(spec(timeout=61), RAW) == max_cost_usd(spec(timeout=120), RAW)


def test_a_job_that_never_started_has_cost_nothing():
    assert cost_so_far(job(), RAW, START) == 0


def test_a_running_job_costs_by_the_clock_and_a_finished_one_no_more():
    assert cost_so_far(job(started_at=START), RAW, START + timedelta(seconds=90)) == pytest.approx(1.0, abs=1e-5)
    done = job(started_at=START, finished_at=START + timedelta(minutes=3))
    assert cost_so_far(done, RAW, START + timedelta(days=9)) == pytest.approx(2.0, abs=1e-5)


def test_the_hubs_own_count_of_seconds_is_believed_first():
    counted = job(started_at=START, durations=SimpleNamespace(running_secs=60))
    assert cost_so_far(counted, RAW, START + timedelta(days=1)) == pytest.approx(0.666667)


def test_a_clock_that_is_behind_makes_no_negative_cost():
    assert cost_so_far(job(started_at=START), RAW, START - timedelta(hours=1)) == 0


@settings(deadline=None)
@given(st.integers(1, 86_400), st.integers(1, 10), st.integers(0, 10_000_000))
def test_what_a_job_costs_is_never_above_its_worst_case(seconds, attempts, micro):
    hardware = [{**RAW[0], "unitCostMicroUSD": micro}]
    most = max_cost_usd(spec(timeout=seconds, attempts=attempts), hardware)
    spent = cost_so_far(
        job(flavor="cpu-basic", durations=SimpleNamespace(running_secs=seconds * attempts)), hardware, START
    )
    assert most is not None
    assert spent is not None
    assert 0 <= spent <= most + 1e-5


def test_a_schedule_is_priced_by_the_month():
    hourly = spec(schedule="@hourly", flavor="h200x8", timeout=60)
    assert max_monthly_cost_usd(hourly, RAW) == pytest.approx(480.0)
    assert max_monthly_cost_usd(spec(), RAW) is None
    assert max_monthly_cost_usd(hourly, []) is None


def test_a_price_in_dollars_alone_is_read_too():
    assert prices([{**RAW[0], "unitCostMicroUSD": None}])["cpu-basic"].hourly_usd == pytest.approx(0.01002)
