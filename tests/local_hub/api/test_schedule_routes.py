"""Scheduled jobs over HTTP, through the real client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

from tests.hub_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from huggingface_hub import HfApi, ScheduledJobInfo


@pytest.fixture
def create(hub_api: HfApi) -> Iterator[Callable[..., ScheduledJobInfo]]:
    """Create schedules that are gone after the test."""
    made = []

    def call(**options: Any) -> ScheduledJobInfo:
        options = {"image": "x", "command": ["true"], "schedule": "@yearly", "namespace": "local", **options}
        made.append(hub_api.create_scheduled_job(**options))
        return made[-1]

    yield call
    for schedule in made:
        try:
            hub_api.delete_scheduled_job(scheduled_job_id=schedule.id, namespace="local")
        except JobNotFoundError:
            continue


Create = "Callable[..., ScheduledJobInfo]"


def test_a_schedule_comes_back_as_it_was_made(hub_api: HfApi, create: Create) -> None:
    made = create(schedule="0 9 * * 1", labels={"team": "ml"}, timeout="5m", attempts=2, secrets={"KEY": "v"})
    found = hub_api.inspect_scheduled_job(scheduled_job_id=made.id, namespace="local")
    assert (found.schedule, found.suspend, found.concurrency) == ("0 9 * * 1", False, False)
    assert (found.job_spec.command, found.job_spec.timeout, found.job_spec.retry) == (["true"], 300, 1)
    assert found.job_spec.secrets == ["KEY"]
    assert found.job_spec.labels["team"] == "ml"
    assert found.status.last_job is None
    following = found.status.next_job_run_at
    assert (following.weekday(), following.hour, following.minute) == (0, 9, 0)
    assert following > datetime.now(UTC)
    assert found.owner.name == "local"


def test_schedules_are_listed_newest_first_and_filtered_by_label(hub_api: HfApi, create: Create) -> None:
    first, second = create(labels={"test": "list"}), create(labels={"test": "list", "kind": "b"})
    listed = [one.id for one in hub_api.list_scheduled_jobs(labels={"test": "list"}, namespace="local")]
    assert listed == [second.id, first.id]
    listed = hub_api.list_scheduled_jobs(labels={"kind": "b", "test": "list"}, namespace="local")
    assert [one.id for one in listed] == [second.id]


def test_a_suspended_schedule_says_when_it_would_run_if_it_were_resumed(hub_api: HfApi, create: Create) -> None:
    made = create(suspend=True)
    inspect = lambda: hub_api.inspect_scheduled_job(scheduled_job_id=made.id, namespace="local")  # noqa: E731
    assert inspect().suspend
    assert inspect().status.next_job_run_at > datetime.now(UTC)
    hub_api.resume_scheduled_job(scheduled_job_id=made.id, namespace="local")
    assert inspect().status.next_job_run_at > datetime.now(UTC)
    hub_api.suspend_scheduled_job(scheduled_job_id=made.id, namespace="local")
    assert inspect().suspend


def test_a_triggered_run_is_a_job_of_the_schedule_with_its_secrets(hub_api: HfApi, create: Create) -> None:
    made = create(command=["/bin/sh", "-c", 'echo "$KEY"'], secrets={"KEY": "from the schedule"})
    job = hub_api.trigger_scheduled_job(scheduled_job_id=made.id, namespace="local")
    job = hub_api.wait_for_job(job.id, namespace="local", timeout=30, poll_interval=0.02)
    assert job.status.stage == "COMPLETED"
    assert (job.initiator.type, job.initiator.id) == ("scheduled-job", made.id)
    assert list(hub_api.fetch_job_logs(job_id=job.id, namespace="local")) == ["from the schedule"]
    found = hub_api.inspect_scheduled_job(scheduled_job_id=made.id, namespace="local")
    assert found.status.last_job.id == job.id
    assert found.status.next_job_run_at == made.status.next_job_run_at


def test_a_second_run_at_the_same_time_is_a_conflict_unless_it_is_allowed(hub_api: HfApi, create: Create) -> None:
    for concurrency in (False, True):
        made = create(command=["sleep", "60"], concurrency=concurrency)
        jobs = [hub_api.trigger_scheduled_job(scheduled_job_id=made.id, namespace="local")]
        try:
            if concurrency:
                jobs.append(hub_api.trigger_scheduled_job(scheduled_job_id=made.id, namespace="local"))
            else:
                with pytest.raises(HfHubHTTPError, match="Another job is already running") as caught:
                    hub_api.trigger_scheduled_job(scheduled_job_id=made.id, namespace="local")
                assert caught.value.response.status_code == 409
        finally:
            for job in jobs:
                hub_api.cancel_job(job_id=job.id, namespace="local")
        ended = lambda: all(hub_api.inspect_job(job_id=job.id).status.stage == "CANCELED" for job in jobs)  # noqa: B023, E731
        wait_until(ended)


def test_a_schedule_can_be_moved_and_relabelled(hub_api: HfApi, create: Create) -> None:
    made = create()
    moved = hub_api.update_scheduled_job_schedule(scheduled_job_id=made.id, schedule="@daily", namespace="local")
    assert (moved.schedule, moved.status.next_job_run_at.hour) == ("@daily", 0)
    labelled = hub_api.update_scheduled_job_labels(scheduled_job_id=made.id, labels={"a": "b"}, namespace="local")
    assert labelled.job_spec.labels == {"a": "b"}


def test_a_deleted_schedule_is_gone(hub_api: HfApi, create: Create) -> None:
    made = create()
    hub_api.delete_scheduled_job(scheduled_job_id=made.id, namespace="local")
    with pytest.raises(JobNotFoundError):
        hub_api.inspect_scheduled_job(scheduled_job_id=made.id, namespace="local")


@pytest.mark.parametrize("schedule", ["@never", "0 0 31 2 *", "not a line at all"])
def test_a_schedule_that_never_comes_is_refused(create: Create, schedule: str) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        create(schedule=schedule)
    assert caught.value.response.status_code == 400
    assert "schedule" in str(caught.value)
