"""``hf-jobs-mcp approve``: a person answers, at a real terminal, a question that a client could not ask.

With ``--browser`` the question is put on a page (`consent.answering.page`); the way there still starts at the terminal.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from consent.audit import Audit
from consent.ledger import Ledger
from consent.question import text
from consent.request import granted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent.ledger import Approval

    Record = Callable[[str, frozenset[str] | None], bool]


def approve(home: Path, approval_id: str | None, *, browser: bool = False) -> int:
    """Show the waiting questions, or put one.

    Returns an exit status: 0 when it was answered or listed, 1 when there is none, 2 without a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("hf-jobs-mcp: approve needs a terminal with a person at it; run it in one.", file=sys.stderr)
        return 2
    ledger = Ledger(home / "consent.sqlite3")
    try:
        waiting = ledger.pending()
        if approval_id is None and len(waiting) != 1:
            return _list(waiting)
        wanted = approval_id or waiting[0].id
        approval = next((item for item in waiting if item.id == wanted), None)
        if approval is None:
            print("No such question waits: it was answered, has run out, or never was.", file=sys.stderr)
            return 1
        record = partial(_record, ledger, Audit(home / "audit.jsonl"), approval)
        return _on_page(home, approval, record) if browser else _put(approval, record)
    finally:
        ledger.close()


def _list(waiting: list[Approval]) -> int:
    if not waiting:
        print("No question waits for an answer.")
        return 1
    for approval in waiting:
        names = ", ".join(approval.request.secret_names) or "no secrets"
        print(f"{approval.id}  {approval.request.title}  ({names})")
    print("Answer one with: hf-jobs-mcp approve ID")
    return 0


def _put(approval: Approval, record: Record) -> int:
    request = approval.request
    print(text(request))
    print()
    if _yes("See everything that would be sent first?"):
        print(f"\n{request.details}\n")
    ticked = frozenset(tick.name for tick in request.ticks if _yes(f"{tick.title} ({tick.description})"))
    said_yes = granted(request, ticked)
    if not record("terminal", ticked if said_yes else None):
        print("Too late: the question has run out. Nothing was sent; the agent can ask again.", file=sys.stderr)
        return 1
    print("Approved. Tell the agent to go on." if said_yes else "Declined; nothing is sent.")
    return 0


def _on_page(home: Path, approval: Approval, record: Record) -> int:
    import webbrowser

    from consent.answering.page import Page, served

    with served(Page(approval.request, partial(record, "page"))) as page:
        print(text(approval.request))
        # A command line can be read by every user of the machine, so the browser is told a file and not the address.
        way = home / "questions" / f"open-{approval.id}.html"
        way.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        way.unlink(missing_ok=True)
        descriptor = os.open(way, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={page.address}">')
        print(f"\nAnswer it here; the address works once: {page.address}", flush=True)
        try:
            webbrowser.open(way.as_uri())
            page.done.wait(max(0.0, approval.expires_at - time.time()))
        finally:
            way.unlink(missing_ok=True)
    print(page.outcome)
    return 0 if page.answered else 1


def _record(ledger: Ledger, audit: Audit, approval: Approval, by: str, ticked: frozenset[str] | None) -> bool:
    """Note a person's answer, None for no. False when the question is no longer open."""
    recorded = ledger.answer(approval.id, ticked)
    if recorded:
        audit.note(
            "answered", by=by, approval=approval.id, answer="declined" if ticked is None else "yes",
            ticked=sorted(ticked or ()), digest=approval.digest, action=approval.request.action,
        )  # fmt: skip
    return recorded


def _yes(prompt: str) -> bool:
    return input(f"{prompt} [y/N] ").strip().lower() in {"y", "yes"}
