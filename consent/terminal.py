"""``hf-jobs-mcp approve``: a person answers, at a real terminal, a question that a client could not ask."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from consent.audit import Audit
from consent.ledger import Ledger
from consent.question import text
from consent.request import granted

if TYPE_CHECKING:
    from pathlib import Path

    from consent.ledger import Approval


def approve(home: Path, approval_id: str | None) -> int:
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
        return _put(ledger, Audit(home / "audit.jsonl"), approval)
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


def _put(ledger: Ledger, audit: Audit, approval: Approval) -> int:
    request = approval.request
    print(text(request))
    print()
    if _yes("See everything that would be sent first?"):
        print(f"\n{request.details}\n")
    ticked = frozenset(tick.name for tick in request.ticks if _yes(f"{tick.title} ({tick.description})"))
    said_yes = granted(request, ticked)
    recorded = ledger.answer(approval.id, ticked if said_yes else None)
    if not recorded:
        print("Too late: the question has run out. Nothing was sent; the agent can ask again.", file=sys.stderr)
        return 1
    audit.note(
        "answered", by="terminal", approval=approval.id, answer="yes" if said_yes else "declined",
        ticked=sorted(ticked), digest=request.digest, action=request.action,
    )  # fmt: skip
    print("Approved. Tell the agent to go on." if said_yes else "Declined; nothing is sent.")
    return 0


def _yes(prompt: str) -> bool:
    return input(f"{prompt} [y/N] ").strip().lower() in {"y", "yes"}
