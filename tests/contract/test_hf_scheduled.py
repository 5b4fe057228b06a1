"""``hf jobs scheduled …`` on the local hub."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.errors import HfHubHTTPError

from tests.contract.coverage_ledger import covers
from tests.contract.outside import Contract


@covers(
    "hf jobs scheduled run",
    "hf jobs scheduled list",
    "hf jobs scheduled inspect",
    "hf jobs scheduled suspend",
    "hf jobs scheduled resume",
    "hf jobs scheduled trigger",
    "hf jobs scheduled reschedule",
    "hf jobs scheduled labels",
    "hf jobs scheduled delete",
)
def test_a_schedule_from_creation_to_deletion(contract: Contract) -> None:
    def inspect() -> Any:
        return contract.api.inspect_scheduled_job(scheduled_job_id=identity)

    identity = contract.started(
        "jobs",
        "scheduled",
        "run",
        "--name",
        "nightly",
        "--label",
        "kind=nightly",
        "@daily",
        "python:3.12",
        "python",
        "-c",
        "print('fired')",
    )
    assert contract.hf("jobs", "scheduled", "inspect", identity, "--format", "json").json[0]["schedule"] == "@daily"
    listed = contract.hf("jobs", "scheduled", "ps", "--format", "json").json
    assert identity in [one["id"] for one in listed]
    contract.hf("jobs", "scheduled", "suspend", identity)
    assert inspect().suspend
    contract.hf("jobs", "scheduled", "resume", identity)
    assert not inspect().suspend
    contract.hf("jobs", "scheduled", "reschedule", identity, "0 9 * * 1")
    assert inspect().schedule == "0 9 * * 1"
    contract.hf("jobs", "scheduled", "labels", identity, "--name", "nightly", "--label", "kind=weekly")
    assert inspect().job_spec.labels == {"kind": "weekly", "name": "nightly"}
    contract.hf("jobs", "scheduled", "trigger", identity)
    job = inspect().status.last_job
    assert job is not None
    assert contract.api.wait_for_job(job.id, timeout=30).status.stage == "COMPLETED"
    assert "fired" in list(contract.api.fetch_job_logs(job_id=job.id))
    contract.hf("jobs", "scheduled", "delete", identity)
    with pytest.raises(HfHubHTTPError, match="404"):
        inspect()


@covers("hf jobs scheduled uv run")
def test_a_uv_script_is_scheduled(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys; print('hello', sys.argv[1])")
    identity = contract.started(
        "jobs", "scheduled", "uv", "run", "--suspend", "@hourly", "script.py", "there", cwd=tmp_path
    )
    try:
        job = contract.api.trigger_scheduled_job(scheduled_job_id=identity)
        assert contract.api.wait_for_job(job.id, timeout=50).status.stage == "COMPLETED"
        assert "hello there" in list(contract.api.fetch_job_logs(job_id=job.id))
    finally:
        contract.api.delete_scheduled_job(scheduled_job_id=identity)


def test_an_impossible_schedule_is_refused_with_a_reason(contract: Contract) -> None:
    refused = contract.hf("jobs", "scheduled", "run", "61 * * * *", "python:3.12", "true", status=1)
    assert "Bad minute" in refused.err
