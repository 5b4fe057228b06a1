"""`hf-jobs-mcp audit`: the record for people and for programs, and a status that says whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent.audit import Audit
from server.cli import main

pytestmark = pytest.mark.promise("S14")


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    monkeypatch.setenv("HF_JOBS_MCP_HOME", str(tmp_path))
    record = Audit(tmp_path / "audit.jsonl")
    record.note("asked", caller="stdio:test", digest="ab" * 32, names=["API_KEY", "HF_TOKEN"])
    record.note("answered", caller="stdio:test", answer="declined", digest="ab" * 32)
    return record


def test_each_entry_is_a_line_for_people(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "asked" in first
    assert "names=API_KEY,HF_TOKEN" in first
    assert "answer=declined" in second


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
    assert capsys.readouterr().out == ""


def test_text_in_the_record_cannot_move_the_cursor(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("asked", caller="stdio:\x1b[2Kevil\r\nforged")
    main(["audit"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 3


def test_what_was_submitted_has_the_line_that_does_the_same(audit: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    audit.note("submitted", id="1", hf={"line": "hf jobs run -- python:3.12 true", "lacks": ["No name"]})
    assert main(["audit"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["    hf jobs run -- python:3.12 true", "    (No name)"]
