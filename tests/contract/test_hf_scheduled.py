"""``hf jobs scheduled …`` on the local hub."""

from pathlib import Path

from tests.contract.ledger import covers
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
    def inspect() -> dict:
        (found,) = contract.hf("jobs", "scheduled", "inspect", identity, "--format", "json").json
        return found

    identity = contract.started(
        "jobs", "scheduled", "run", "--label", "kind=nightly", "@daily", "python:3.12", "python", "-c", "print('fired')"
    )
    assert inspect()["schedule"] in {"@daily", "0 0 * * *"}
    listed = contract.hf("jobs", "scheduled", "ps", "--format", "json").json
    assert identity in [one["id"] for one in listed]
    contract.hf("jobs", "scheduled", "suspend", identity)
    assert inspect()["suspend"] is True
    contract.hf("jobs", "scheduled", "resume", identity)
    assert inspect()["suspend"] is False
    contract.hf("jobs", "scheduled", "reschedule", identity, "0 9 * * 1")
    assert inspect()["schedule"] == "0 9 * * 1"
    contract.hf("jobs", "scheduled", "labels", identity, "--label", "kind=weekly")
    assert inspect()["job_spec"]["labels"]["kind"] == "weekly"
    contract.hf("jobs", "scheduled", "trigger", identity)
    job = contract.api.inspect_scheduled_job(scheduled_job_id=identity).status.last_job
    assert job is not None
    assert contract.api.wait_for_job(job.id, timeout=30).status.stage == "COMPLETED"
    assert "fired" in contract.hf("jobs", "logs", job.id).out.splitlines()
    contract.hf("jobs", "scheduled", "delete", identity)
    assert "404" in contract.hf("jobs", "scheduled", "inspect", identity, status=1).err


@covers("hf jobs scheduled uv run")
def test_a_uv_script_is_scheduled(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys; print('hello', sys.argv[1])")
    identity = contract.started(
        "jobs", "scheduled", "uv", "run", "--suspend", "@hourly", "script.py", "there", cwd=tmp_path
    )
    try:
        job = contract.api.trigger_scheduled_job(scheduled_job_id=identity)
        assert contract.api.wait_for_job(job.id, timeout=50).status.stage == "COMPLETED"
        assert "hello there" in contract.hf("jobs", "logs", job.id).out.splitlines()
    finally:
        contract.api.delete_scheduled_job(scheduled_job_id=identity)


def test_an_impossible_schedule_is_refused_with_a_reason(contract: Contract) -> None:
    refused = contract.hf("jobs", "scheduled", "run", "61 * * * *", "python:3.12", "true", status=1)
    assert "422" in refused.err
