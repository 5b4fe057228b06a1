"""``hf-jobs-mcp approve``: a person answers, at a real terminal, a question that a client could not ask.

With ``--browser`` all that waits is put on a page (`consent.answering.page`); the way there still starts at the
terminal.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from consent.answering.layout import ago, span
from consent.answering.prompt import agreed, read_line
from consent.audit import Audit
from consent.ledger import Ledger
from consent.question import text
from consent.request import granted
from hub_contract.command_line import command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from consent.ledger import Approval

_SHOWN = ("Namespace", "Hub", "Hardware", "Cost", "Schedule")
_WHAT_BECAME = {
    "expired": "That question ran out before it was answered; nothing was sent. The agent can ask again.",
    "approved": "That question was answered with yes already; tell the agent to go on.",
    "declined": "That question was answered with no already; nothing was sent.",
    "spent": "That question was answered with yes, and what it was about has been sent.",
}


def approve(home: Path, approval_id: str | None, *, browser: bool = False, as_json: bool = False) -> int:
    """Show the waiting questions, or put one.

    Returns an exit status: 0 when it was answered or listed, 1 when there is none, 2 without a terminal.
    """
    ledger = Ledger(home / "consent.sqlite3")
    try:
        waiting = ledger.pending()
        if as_json:
            print(json.dumps([_facts(approval) for approval in waiting], indent=1))
            return 0
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            print("hf-jobs-mcp: approve needs a terminal with a person at it; run it in one.", file=sys.stderr)
            return 2
        approval = _wanted(ledger, waiting, approval_id, home, browser=browser)
        if approval is None:
            return 1
        record = partial(note_answer, ledger, Audit(home / "audit.jsonl"))
        return _on_page(home, ledger, approval, partial(record, "page")) if browser else _put(approval, record)
    except EOFError:
        print("\nNothing was answered; the question still waits.", file=sys.stderr)
        return 1
    finally:
        ledger.close()


def note_answer(ledger: Ledger, audit: Audit, by: str, approval: Approval, ticked: frozenset[str] | None) -> bool:
    """Note a person's answer, None for no. False when the question is no longer open."""
    recorded = ledger.answer(approval.id, ticked)
    if recorded:
        audit.note(
            "answered", by=by, approval=approval.id, answer="declined" if ticked is None else "yes",
            ticked=sorted(ticked or ()), digest=approval.digest, action=approval.request.action,
        )  # fmt: skip
    return recorded


def _wanted(
    ledger: Ledger, waiting: Sequence[Approval], approval_id: str | None, home: Path, *, browser: bool
) -> Approval | None:
    """The question to put; None, after saying why, where there is none."""
    if approval_id is not None:
        found = next((item for item in waiting if item.id == approval_id), None)
        if found is None:
            known = ledger.get(approval_id)
            never = f"No question has that id in {home}: it is from another state folder, or ran out long ago."
            print(_WHAT_BECAME.get(known.status, never) if known else never, file=sys.stderr)
        return found
    if not waiting:
        print(f"No question waits for an answer in {home}.")
        return None
    if len(waiting) == 1 or browser:  # The page shows all of them.
        return waiting[0]
    return _choose(waiting)


def _choose(waiting: Sequence[Approval]) -> Approval | None:
    for number, approval in enumerate(waiting, start=1):
        facts = _facts(approval)
        print(f"{number}. {approval.request.title}  ({approval.id}, asked {facts['asked']})")
        for label in ("names", "runs", *map(str.lower, _SHOWN)):
            if value := facts.get(label):
                print(f"   {label:<10} {', '.join(value) if isinstance(value, list) else value}")
    while given := read_line(f"\nWhich one? [1-{len(waiting)}, Enter for none] ").strip():
        if given.isdecimal() and 1 <= int(given) <= len(waiting):
            print()
            return waiting[int(given) - 1]
        found = next((item for item in waiting if item.id == given), None)
        if found is not None:
            return found
        print(f"A number from 1 to {len(waiting)}, please.")
    print(f"Nothing was answered. Put one later with: {command('approve')} ID")
    return None


def _facts(approval: Approval) -> dict[str, str | list[str]]:
    """What tells one question from another, for a list."""
    now = time.time()
    told = {fact.label: fact.value for fact in approval.request.facts}
    runs = (told.get("Runs") or told.get("Target") or told.get("Script") or "").split("\n")[0]
    return {
        "id": approval.id,
        "title": approval.request.title,
        "names": list(approval.request.secret_names),
        "runs": runs[:200],
        **{label.lower(): told[label].split("\n")[0] for label in _SHOWN if label in told},
        "asked": ago(now - approval.asked_at),
        "open_for": span(approval.expires_at - now),
    }


def _put(approval: Approval, record: partial[bool]) -> int:
    request = approval.request
    print(text(request))
    print()
    if agreed("See everything that would be sent first?"):
        print(f"\n{request.details}\n")
    ticked = frozenset(tick.name for tick in request.ticks if agreed(f"{tick.title} ({tick.description})"))
    said_yes = granted(request, ticked)
    if not record("terminal", approval, ticked if said_yes else None):
        print("Too late: the question has run out. Nothing was sent; the agent can ask again.", file=sys.stderr)
        return 1
    print("Approved. Tell the agent to go on." if said_yes else "Declined; nothing is sent.")
    return 0


def _on_page(home: Path, ledger: Ledger, approval: Approval, record: partial[bool]) -> int:
    from consent.answering.browser import opened
    from consent.answering.page import Page, served

    with served(Page(ledger.pending, record)) as page:
        print(text(approval.request))
        with opened(page, home):
            print(f"\nAnswer it here; the address works once: {page.address}", flush=True)
            while time.time() < approval.expires_at and approval.id not in page.outcomes:
                if page.done.wait(min(1.0, max(0.0, approval.expires_at - time.time()))):
                    page.done.clear()
                elif (now := ledger.get(approval.id)) is None or now.status != "pending":
                    break
    print(page.outcomes.get(approval.id, "Nobody answered on the page; look at the agent's next reply."))
    return 0 if approval.id in page.outcomes else 1
