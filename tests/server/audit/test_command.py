"""`hf-jobs-mcp audit`: the record for people and for programs, and a status that says whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from consent.audit import Audit
from server.cli import main
from tests.hub_process import running_hub

pytestmark = pytest.mark.promise("S14")


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    monkeypatch.setenv("HF_JOBS_MCP_HOME", str(tmp_path))
    record = Audit(tmp_path / "audit.jsonl")
    record.note("asked", caller="stdio:test", digest="ab" * 32, names=["API_KEY", "HF_TOKEN"])
    record.note("answered", caller="stdio:test", answer="declined", digest="ab" * 32)
    return record


def test_a_question_and_its_answer_are_one_line_for_people(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("asked", digest="cd" * 32, names=[], runs="python train.py")
    assert main(["audit"]) == 0
    head, first, second, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["WHEN", "(UTC)", "ANSWER", "NAMES", "JOB", "OUTCOME", "WHAT"]
    assert "declined" in first
    assert "API_KEY,HF_TOKEN" in first
    assert "none yet" in second
    assert second.endswith("python train.py")


def test_the_same_question_put_again_is_a_line_of_its_own(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("asked", digest="ab" * 32, names=["API_KEY"])
    audit.note("answered", answer="yes", digest="ab" * 32)
    audit.note("submitted", namespace="local", id="0" * 24, digest="ab" * 32, names=["API_KEY"])
    audit.note("asked", digest="ab" * 32, names=["API_KEY"])
    assert main(["audit"]) == 0
    _, declined, sent, waiting, *_ = capsys.readouterr().out.splitlines()
    assert "declined" in declined
    assert " yes " in sent
    assert "0" * 24 in sent
    assert "none yet" in waiting


@pytest.mark.parametrize("wanted", ["0" * 24, "local/" + "0" * 24, "cdcd-cdcd-cdcd-cdcd", "cd" * 32])
def test_one_submission_is_shown_whole_by_its_job_or_its_fingerprint(
    audit: Audit, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    audit.note("asked", caller="stdio:x", digest="cd" * 32, names=["API_KEY"])
    audit.note("submitted", namespace="local", id="0" * 24, digest="cd" * 32, names=["API_KEY"])
    assert main(["audit", wanted]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "asked" in first
    assert "names=API_KEY" in first
    assert "submitted" in second
    assert main(["audit", "nosuch"]) == 1
    assert "nothing in the record" in capsys.readouterr().err
    assert main(["audit", "--json", wanted]) == 2


def test_each_entry_is_an_object_for_programs(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--json"]) == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(entry["event"], entry["intact"]) for entry in entries] == [("asked", True), ("answered", True)]


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["people", "programs"])
def test_a_record_that_was_changed_says_so_and_fails(
    audit: Audit, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    audit.path.write_bytes(audit.path.read_bytes().replace(b"asked", b"moved"))
    assert main(["audit", *flags]) == 1
    assert "does not follow" in (told := capsys.readouterr()).out or "was changed" in told.err


def test_no_record_yet_is_nothing_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_JOBS_MCP_HOME", str(tmp_path / "new"))
    assert main(["audit"]) == 0
    assert "Nothing has been asked or sent yet" in capsys.readouterr().out
    assert main(["audit", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_text_in_the_record_cannot_move_the_cursor(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("asked", caller="stdio:\x1b[2Kevil\r\nforged", runs="\x1b[2Kevil\r\nforged", digest="cd" * 32)
    main(["audit"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 5
    main(["audit", "cd" * 32])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 1


def test_what_was_submitted_has_the_line_that_does_the_same(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("submitted", id="1", hf={"line": "hf jobs run -- python:3.12 true", "lacks": ["No name"]})
    assert main(["audit", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["    hf jobs run -- python:3.12 true", "    (No name)"]


def test_what_became_of_a_job_is_asked_of_the_hub_that_has_it(
    audit: Audit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of the local hub where it runs, and of the hub on the network, for which another's local hub stands in."""
    with running_hub(tmp_path) as near, running_hub(tmp_path / "far") as far:
        for hub, command in ((near, "true"), (far, "false")):
            api = HfApi(hub.endpoint, token=hub.token)
            job = api.run_job(image="python:3.12", command=[command])
            api.wait_for_job(job.id, timeout=60)
            audit.note("sending", digest=job.id * 2, names=[], runs=command)
            audit.note("submitted", namespace="local", id=job.id, digest=job.id * 2, names=[])
        planned = HfApi(near.endpoint, token=near.token).create_scheduled_job(
            image="python:3.12", command=["true"], schedule="@daily"
        )
        audit.note("submitted", namespace="local", id=planned.id, names=[])
        monkeypatch.setenv("HF_JOBS_MCP_HUB", far.endpoint)
        monkeypatch.setenv("HF_TOKEN", far.token)
        assert main(["audit"]) == 0
        rows = capsys.readouterr().out.splitlines()
        assert "COMPLETED" in rows[2]
        assert "not needed" in rows[2]
        assert "ERROR" in rows[3]
        assert "scheduled" in rows[4]
