"""The record: whole, in order, values absent, and a change shows."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from consent.audit import Audit

pytestmark = pytest.mark.promise("S14")

ROOT = Path(__file__).resolve().parents[2]


def test_entries_come_back_in_order_and_intact(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    for number in range(5):
        audit.note("asked", number=number)
    entries = list(audit.entries())
    assert [entry["number"] for entry in entries] == [0, 1, 2, 3, 4]
    assert all(entry["intact"] for entry in entries)


def test_a_line_taken_out_shows(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    for number in range(3):
        audit.note("asked", number=number)
    lines = audit.path.read_bytes().splitlines(keepends=True)
    audit.path.write_bytes(lines[0] + lines[2])
    assert [entry["intact"] for entry in audit.entries()] == [True, False]


def test_a_changed_line_shows(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("answered", answer="declined")
    audit.note("submitted")
    audit.path.write_text(audit.path.read_text().replace("declined", "approved"))
    assert [entry["intact"] for entry in audit.entries()] == [True, False]


def test_entries_longer_than_the_look_back_are_chained_too(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("asked", text="x" * 50_000)
    audit.note("asked", text="y" * 50_000)
    assert all(entry["intact"] for entry in audit.entries())


def test_what_is_written_is_masked(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl", mask=lambda text: text.replace("hunter22", "***"))
    audit.note("asked", text="the value is hunter22")
    assert "hunter22" not in audit.path.read_text()
    assert json.loads(audit.path.read_text())["text"] == "the value is ***"


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("asked")
    assert audit.path.stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("asked")
    whole = audit.path.read_bytes()
    audit.path.write_bytes(whole + whole[:30])
    audit.note("answered")
    audit.note("submitted")
    events = [(entry["event"], entry["intact"]) for entry in audit.entries()]
    assert events == [("asked", True), ("unreadable", False), ("answered", True), ("submitted", True)]


def test_several_processes_at_once_break_no_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    program = (
        "import sys, pathlib; from consent.audit import Audit\n"
        "audit = Audit(pathlib.Path(sys.argv[1]))\n"
        "sys.stdin.readline()\n"
        "for number in range(120): audit.note('asked', number=number, text='x' * 3000)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, cwd=ROOT) for _ in range(4)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    entries = list(Audit(path).entries())
    assert len(entries) == 480
    assert all(entry["intact"] for entry in entries)


def test_the_files_lock_is_held_while_a_line_is_written(tmp_path: Path) -> None:
    """While another process holds it, nothing is written; once it lets go, the line follows the other's."""
    audit = Audit(tmp_path / "audit.jsonl")
    audit.note("asked")
    with audit.path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        late = threading.Thread(target=audit.note, args=("answered",))
        late.start()
        late.join(timeout=0.5)
        assert late.is_alive()
        assert len(list(audit.entries())) == 1
    late.join(timeout=20)
    assert [entry["intact"] for entry in audit.entries()] == [True, True]
