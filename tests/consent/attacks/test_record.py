"""What cannot be recorded is not sent; what was sent is told, whatever becomes of the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from consent.audit import Audit
from consent.caller import Callers
from consent.full_text import FullTexts
from consent.gate import Approved, Gate
from consent.ledger import Ledger
from tests.consent.attacks.wire import ERAS, Attacker, outcome, stdio
from tests.mcp_session import environment

JOB: dict[str, Any] = {"image": "python:3.12", "command": ["true"], "labels": {"mine": "yes"}}


def full_disk(home: Path) -> None:
    record = home / "audit.jsonl"
    record.unlink(missing_ok=True)
    record.symlink_to("/dev/full")


def no_folder(home: Path) -> None:
    record = home / "audit.jsonl"
    record.unlink(missing_ok=True)
    record.mkdir()


@pytest.mark.promise("S14")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("spoil", [full_disk, no_folder])
def test_what_cannot_be_recorded_is_not_sent_with_and_without_secrets(
    own_home: Path, era: str, spoil: Callable[[Path], None]
) -> None:
    with stdio(environment(own_home, API_KEY="tango-9931-uniform-victor")) as line:
        client = Attacker(line, era, name="unlucky").hello()
        spoil(own_home)
        for arguments in (JOB, {**JOB, "secrets": ["API_KEY"]}):
            reply = client.call("submit_job", arguments)
            assert outcome(reply) == "record_unwritable"
            told = json.loads(reply["result"]["content"][0]["text"])["error"]
            assert told["message"]
            assert told["hint"]
        client.name = "cannot ask"
        assert not client.call("job_status", {"labels": {"mine": "yes"}})["result"]["structuredContent"].get("jobs")


@pytest.mark.promise("S14")
def test_a_job_that_nobody_was_asked_about_is_in_the_record_before_it_is_sent(own_home: Path) -> None:
    with stdio(environment(own_home)) as line:
        reply = Attacker(line, "modern", name="asks for nothing").call("submit_job", JOB)
        number = reply["result"]["structuredContent"]["id"]
    events = [json.loads(one) for one in (own_home / "audit.jsonl").read_text().splitlines()]
    assert [one["event"] for one in events] == ["sending", "submitted"]
    assert events[-1]["id"] == number


@pytest.mark.promise("S14")
@pytest.mark.parametrize("broken", ["the record", "the ledger"])
def test_after_something_was_sent_no_failure_of_the_record_hides_its_id(tmp_path: Path, broken: str) -> None:
    full_disk(tmp_path)
    ledger = Ledger(tmp_path / "consent.sqlite3")
    gate = Gate(ledger, Audit(tmp_path / "audit.jsonl"), FullTexts(tmp_path / "q"), Callers(lambda: "one"))
    if broken == "the ledger":
        ledger.close()
    anyio.run(gate.record, Approved((), (), "key"), "local", "abc")
    if broken == "the record":
        ledger.close()
