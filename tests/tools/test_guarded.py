"""The one guarded flow: how often it prepares, in which eras, and what blocks nobody."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from consent.audit import Audit
from consent.ledger import Ledger
from jobs.spec.spec import JobSpec
from server.app import assemble
from server.settings import Settings
from tests.mcp_session import MODES, Person, data
from tools import submission

pytestmark = pytest.mark.anyio

JOB = {"command": ["true"], "image": "python:3.12", "secrets": ["MY_API_KEY"]}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.promise("S2")
async def test_one_approved_secret_prepares_twice_and_computes_one_digest_of_the_job_each_time(
    home: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    counted: Counter[str] = Counter()
    prepare, payload = submission.prepare, JobSpec.payload

    async def counting(*given: Any) -> Any:
        counted["prepared"] += 1
        return await prepare(*given)

    def digesting(self: JobSpec, key: str, secrets: Any) -> dict[str, Any]:
        counted["digests" if key.startswith("{") else "bodies"] += 1
        return payload(self, key, secrets)

    monkeypatch.setattr(submission, "prepare", counting)
    monkeypatch.setattr(JobSpec, "payload", digesting)
    monkeypatch.setenv("MY_API_KEY", "value-of-a-secret-in-this-test")
    app = assemble(Settings(home=home, hub="local"))
    try:
        async with Client(app.server, mode=mode, elicitation_callback=Person()) as client:
            assert data(await client.call_tool("submit_job", {**JOB, "name": f"counted-{mode}"}))["id"]
    finally:
        await app.close()
    # One body is sent; the other, without values, is the line in the record that does the same by hand.
    assert counted == {"prepared": 2, "digests": 2, "bodies": 2}


async def test_what_waits_for_a_lock_or_a_disk_is_off_the_event_loop(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = threading.get_ident()
    where: set[tuple[str, bool]] = set()

    def watched(kind: type, method: str) -> None:
        plain = getattr(kind, method)

        def called(self: Any, *given: Any, **named: Any) -> Any:
            where.add((method, threading.get_ident() == loop))
            return plain(self, *given, **named)

        monkeypatch.setattr(kind, method, called)

    for kind, methods in ((Audit, ("note",)), (Ledger, ("find", "spend", "spent", "last_spent", "record"))):
        for method in methods:
            watched(kind, method)
    monkeypatch.setenv("MY_API_KEY", "value-of-a-secret-in-this-test")
    app = assemble(Settings(home=home, hub="local"))
    try:
        async with Client(app.server, elicitation_callback=Person()) as client:
            assert data(await client.call_tool("submit_job", {**JOB, "name": "off-the-loop"}))["id"]
    finally:
        await app.close()
    assert where == {(method, False) for method in ("note", "find", "spend", "spent", "last_spent", "record")}
