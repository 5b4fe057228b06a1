"""Every job method of `HfApi` on the local hub."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import Volume
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError

from tests.contract.coverage_ledger import REFUSED, covers
from tests.contract.outside import Contract

PYTHON = ["python", "-u", "-c"]


@covers("run_job", "wait_for_job", "inspect_job", "fetch_job_logs", "list_jobs", "rerun_job")
def test_a_job_from_submission_to_rerun(contract: Contract) -> None:
    api = contract.api
    job = api.run_job(
        image="python:3.12",
        command=[*PYTHON, "import os; print(os.environ['JOB_ID'], os.environ['WORD'])"],
        env={"WORD": "word"},
        labels={"kind": "api"},
        timeout="2m",
    )
    done = api.wait_for_job(job.id, timeout=30)
    assert done.status.stage == "COMPLETED"
    assert list(api.fetch_job_logs(job_id=job.id))[-1] == f"{job.id} word"
    assert list(api.fetch_job_logs(job_id=job.id, tail=1)) == [f"{job.id} word"]
    found = api.inspect_job(job_id=job.id)
    assert (found.flavor, found.environment, found.owner.name) == ("cpu-basic", {"WORD": "word"}, "local")
    assert found.url == f"{contract.endpoint}/jobs/local/{job.id}"
    assert job.id in [one.id for one in api.list_jobs(namespace="local", labels={"kind": "api"})]
    again = api.rerun_job(job_id=job.id)
    assert again.id != job.id
    assert again.environment == {"WORD": "word"}
    assert api.wait_for_job(again.id, timeout=30).status.stage == "COMPLETED"


@covers("cancel_job", "fetch_job_metrics", "update_job_expose", "update_job_labels")
def test_a_running_job_is_measured_labelled_exposed_and_cancelled(contract: Contract) -> None:
    api = contract.api
    job = api.run_job(image="python:3.12", command=[*PYTHON, "import time; time.sleep(300)"])
    api.wait_for_job(job.id, stages=["RUNNING"], timeout=30)
    metrics = next(iter(api.fetch_job_metrics(job_id=job.id)))
    assert metrics["memory_used_bytes"] > 0
    assert metrics["memory_total_bytes"] >= metrics["memory_used_bytes"]
    assert api.update_job_labels(job_id=job.id, labels={"a": "b"}).labels == {"a": "b"}
    assert api.update_job_expose(job_id=job.id, expose=[8000]).id == job.id
    api.cancel_job(job_id=job.id)
    assert api.wait_for_job(job.id, timeout=30).status.stage == "CANCELED"


@pytest.mark.filterwarnings("ignore:.*experimental:UserWarning")
@covers("run_uv_job")
def test_a_local_script_runs_with_uv(contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "script.py").write_text("import sys; print('got', sys.argv[1])")
    job = contract.api.run_uv_job(str(tmp_path / "script.py"), script_args=["it"])
    done = contract.api.wait_for_job(job.id, timeout=50)
    assert done.status.stage == "COMPLETED", done.status.message
    assert "got it" in list(contract.api.fetch_job_logs(job_id=job.id))
    assert "jobs-artifacts" in capsys.readouterr().out


@covers("list_jobs_hardware")
def test_the_hardware_is_the_real_table(contract: Contract) -> None:
    flavors = {one.name: one for one in contract.api.list_jobs_hardware()}
    assert flavors["cpu-basic"].unit_cost_usd > 0
    assert flavors["a10g-small"].accelerator.model


@covers(
    "create_scheduled_job",
    "list_scheduled_jobs",
    "inspect_scheduled_job",
    "suspend_scheduled_job",
    "resume_scheduled_job",
    "update_scheduled_job_schedule",
    "update_scheduled_job_labels",
    "trigger_scheduled_job",
    "delete_scheduled_job",
)
def test_a_schedule_from_creation_to_deletion(contract: Contract) -> None:
    api = contract.api
    made = api.create_scheduled_job(
        image="python:3.12", command=[*PYTHON, "print('x')"], schedule="@hourly", labels={"a": "1"}
    )
    assert made.id in [one.id for one in api.list_scheduled_jobs()]
    api.suspend_scheduled_job(scheduled_job_id=made.id)
    assert api.inspect_scheduled_job(scheduled_job_id=made.id).suspend
    api.resume_scheduled_job(scheduled_job_id=made.id)
    assert not api.inspect_scheduled_job(scheduled_job_id=made.id).suspend
    api.update_scheduled_job_schedule(scheduled_job_id=made.id, schedule="*/5 * * * *")
    api.update_scheduled_job_labels(scheduled_job_id=made.id, labels={"a": "2"})
    job = api.trigger_scheduled_job(scheduled_job_id=made.id)
    assert job.labels == {"a": "2"}
    assert api.wait_for_job(job.id, timeout=30).status.stage == "COMPLETED"
    found = api.inspect_scheduled_job(scheduled_job_id=made.id)
    assert (found.schedule, found.status.last_job.id) == ("*/5 * * * *", job.id)
    assert found.status.next_job_run_at is not None
    api.delete_scheduled_job(scheduled_job_id=made.id)
    with pytest.raises(HfHubHTTPError, match="404"):
        api.inspect_scheduled_job(scheduled_job_id=made.id)


@pytest.mark.filterwarnings("ignore:.*experimental:UserWarning")
@covers("create_scheduled_uv_job")
def test_a_uv_script_is_scheduled(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('scheduled')")
    made = contract.api.create_scheduled_uv_job(str(tmp_path / "script.py"), schedule="@daily", suspend=True)
    assert contract.api.inspect_scheduled_job(scheduled_job_id=made.id).suspend
    contract.api.delete_scheduled_job(scheduled_job_id=made.id)


def test_a_wrong_token_and_an_unknown_job_are_said_so(contract: Contract) -> None:
    with pytest.raises(JobNotFoundError):
        contract.api.inspect_job(job_id="0" * 24)
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        Contract(contract.endpoint, "hf_wrong", contract.home).api.whoami()


@pytest.mark.parametrize(
    "options",
    [
        {"ssh": True},
        {"volumes": [Volume(type="model", source="org/model", mount_path="/data")]},
    ],
    ids=["--ssh", "-v hf://org/model:/data"],
)
def test_what_only_the_real_hub_has_is_refused_with_a_reason(contract: Contract, options: dict[str, Any]) -> None:
    with pytest.raises(HfHubHTTPError, match="not on the local hub") as caught:
        contract.api.run_job(image="python:3.12", command=["true"], **options)
    assert caught.value.response.status_code == 400


def test_a_network_group_is_kept_and_the_message_says_what_it_is_here(contract: Contract) -> None:
    job = contract.api.run_job(
        image="python:3.12", command=["sleep", "20"], network_group="train", network_aliases=["master"]
    )
    assert (job.network.group, job.network.aliases) == ("train", ["master"])  # type: ignore[union-attr]
    while (now := contract.api.inspect_job(job_id=job.id)).status.stage == "SCHEDULING":
        pass
    assert "network group: its jobs share this machine's network" in (now.status.message or "")
    contract.api.cancel_job(job_id=job.id)


def test_a_resource_group_is_kept_and_the_message_says_that_nothing_is_counted(contract: Contract) -> None:
    job = contract.api.run_job(image="python:3.12", command=["sleep", "20"], resource_group_id="6" * 24)
    while (now := contract.api.inspect_job(job_id=job.id)).status.stage == "SCHEDULING":
        pass
    assert "resource group: kept" in (now.status.message or "")
    contract.api.cancel_job(job_id=job.id)


def test_every_option_that_is_listed_as_refused_is_tried() -> None:
    (mark,) = [
        one for one in test_what_only_the_real_hub_has_is_refused_with_a_reason.pytestmark if one.name == "parametrize"
    ]
    assert [f"`{name}`" for name in mark.kwargs["ids"]] == list(REFUSED)
