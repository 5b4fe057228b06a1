"""What the agent is told when a person has to answer out of band, or an answer was used before."""

from __future__ import annotations

from consent.gate import Pending
from hub_contract.command_line import command
from jobs.errors import ConsentSpent
from tools.replies import View


class PendingApproval(View):
    """A question that waits for a person at a terminal or on the approval page."""

    id: str
    status: str
    how: str


def waiting(put_aside: Pending) -> PendingApproval:
    approval = put_aside.approval
    return PendingApproval(
        id=approval.id,
        status=approval.status,
        how=f"Tell the user to run `{command('approve', approval.id)}` in a terminal (--browser for a page); "
        "then call again with the same arguments.",
    )


def lost() -> ConsentSpent:
    """The error for a used answer whose submission left no trace: it is safe to ask again."""
    return ConsentSpent(
        "That answer was used before, and what it started cannot be found.",
        hint="Call again; the person will be asked anew.",
    )
