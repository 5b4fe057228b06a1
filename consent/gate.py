"""The one gate: nothing guarded is sent unless it passes here, and each yes passes once.

A guarded tool calls `Gate.pose` in its resolver, before its body runs, and `Gate.redeem` in its body, with the
request rebuilt at that moment. Between the two the person has answered, or could not be asked.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.mcpserver.resolve import AcceptedElicitation, DeclinedElicitation, Elicit, ElicitationResult

from consent.caller import caller, can_be_asked, is_modern, state_key
from consent.ledger import Approval, Ledger, Spent
from consent.question import Answer, form, text
from consent.request import ConsentRequest, granted
from jobs.errors import (
    ConsentCancelled,
    ConsentDeclined,
    ConsentNotGiven,
    ConsentSpent,
    ConsentTimedOut,
    JobsError,
    SpecChanged,
)
from jobs.submit import new_submission

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

    from consent.audit import Audit

#: How long a lost reply to an approved submission can be asked for again, in seconds.
RECOVERABLE_FOR = 600.0

_patience: ContextVar[anyio.CancelScope | None] = ContextVar("patience", default=None)


@dataclass(frozen=True)
class Unasked:
    """No question was put: nothing here needs one, or the operator's start-up flag says so."""

    request: ConsentRequest
    bypassed: bool = False


@dataclass(frozen=True)
class PutAside:
    """The client cannot ask: the question waits for `hf-jobs-mcp approve`, or has been answered there."""

    request: ConsentRequest
    approval: Approval


@dataclass(frozen=True)
class Recovered:
    """The same call was approved and sent moments ago: its outcome, not a second job, is what is wanted."""

    request: ConsentRequest
    spent: Spent


@dataclass(frozen=True)
class Grant:
    """A yes that has been used up. Exactly `names` may be attached; `submission` labels what is sent."""

    names: tuple[str, ...]
    withheld: tuple[str, ...]
    submission: str
    key: str


Verdict = Unasked | PutAside | Recovered
Outcome = ElicitationResult[Any]


@dataclass
class Gate:
    """Asks, and lets through once.

    Args:
        ledger: Where questions put aside and spent answers are kept.
        audit: Where every step is noted.
        ask_seconds: How long an unanswered question stays open.
        bypass: The operator's start-up flag; no argument of any tool can set it.
    """

    ledger: Ledger
    audit: Audit
    ask_seconds: float = 600
    bypass: bool = False
    clock: Callable[[], float] = field(default=time.time)

    async def pose(self, request: ConsentRequest, ctx: Context[Any, Any]) -> Elicit[Answer] | Verdict:
        """The question to put, or why none is put. Changes nothing the caller could use as an answer."""
        if not request.needed:
            return Unasked(request)
        if self.bypass:
            return Unasked(request, bypassed=True)
        who = caller(ctx.request_context)
        found = await anyio.to_thread.run_sync(self.ledger.find, request.digest, who)
        if found is not None and found.status in {"approved", "declined"}:
            return PutAside(request, found)
        if can_be_asked(ctx):
            self._note_asked(request, who, ctx)
            _wait_no_longer_than(self.ask_seconds)
            return Elicit(text(request), form(request))
        if found is None or found.status != "pending":
            spent = await anyio.to_thread.run_sync(self.ledger.last_spent, request.digest, who, RECOVERABLE_FOR)
            if spent is not None:
                return Recovered(request, spent)
            self.audit.note("put aside", caller=who, **_facts(request))
        approval = await anyio.to_thread.run_sync(self.ledger.put_aside, request, who, self.ask_seconds)
        return PutAside(request, approval)

    async def redeem(
        self, request: ConsentRequest, outcome: Outcome, ctx: Context[Any, Any]
    ) -> Grant | PutAside | Spent:
        """Use the answer up for exactly `request`, which the caller has just rebuilt.

        Returns a `Grant`; or the `PutAside` question that still waits for its person; or the `Spent` yes of the
        very same call, whose outcome the caller should look up instead of sending anything.

        Raises:
            ConsentDeclined, ConsentCancelled, ConsentNotGiven: What the person said.
            ConsentSpent: The answer was used before.
            SpecChanged: What would be sent is not what was asked about.
        """
        _stop_waiting()
        who = caller(ctx.request_context)
        if not isinstance(outcome, AcceptedElicitation):
            raise await self._refused(request, outcome, who)
        answer = outcome.data
        if isinstance(answer, Recovered):
            return answer.spent
        if not isinstance(answer, Answer | Unasked | PutAside) or answer.request.digest != request.digest:
            self.audit.note("changed", caller=who, **_facts(request))
            raise SpecChanged(
                "What would be sent changed after the question was put, so nothing was sent.",
                hint="Call again with the same arguments; the person will be asked about what it is now.",
            )
        if isinstance(answer, PutAside):
            return await self._redeem_put_aside(request, answer.approval, who)
        if isinstance(answer, Unasked):
            return await self._redeem_unasked(request, answer, who)
        return await self._redeem_answer(request, answer, who, ctx)

    def record(self, grant: Grant, namespace: str, result: str) -> None:
        """Note what a spent yes came to: the id of the job or schedule."""
        self.ledger.record(grant.key, namespace, result)
        self.audit.note("submitted", submission=grant.submission, namespace=namespace, id=result, names=grant.names)

    async def _redeem_unasked(self, request: ConsentRequest, answer: Unasked, who: str) -> Grant:
        if request.needed and not (answer.bypassed and self.bypass):
            raise ConsentSpent("No answer was given for this.")
        if request.needed:
            self.audit.note("bypassed", caller=who, **_facts(request))
        key = f"unasked:{secrets.token_hex(16)}"
        return await self._spend(request, request.secret_names, key, who)

    async def _redeem_put_aside(self, request: ConsentRequest, approval: Approval, who: str) -> Grant | PutAside:
        if approval.status == "declined":
            await anyio.to_thread.run_sync(self.ledger.dismiss, approval.id)
            raise _declined()
        if approval.status != "approved":
            return PutAside(request, approval)
        names = self._yes(request, approval.ticked, who)
        return await self._spend(request, names, f"approval:{approval.id}", who, approval.id)

    async def _redeem_answer(
        self, request: ConsentRequest, answer: Answer, who: str, ctx: Context[Any, Any]
    ) -> Grant | Spent:
        sealed = state_key()
        if is_modern(ctx) and sealed is None:
            raise ConsentSpent("That answer does not belong to a question this server asked.")
        # A legacy answer is the reply to a request of this very call, so it cannot come twice.
        key = f"state:{sealed}" if sealed is not None else f"reply:{secrets.token_hex(16)}"
        earlier = await anyio.to_thread.run_sync(self.ledger.spent, key)
        if earlier is not None:
            self.audit.note("replayed", caller=who, **_facts(request))
            if earlier.digest != request.digest or earlier.caller != who:
                raise ConsentSpent("That answer was used before; a yes is good for one submission.")
            return earlier
        names = self._yes(request, answer.ticked(), who)
        return await self._spend(request, names, key, who)

    def _yes(self, request: ConsentRequest, ticked: frozenset[str], who: str) -> tuple[str, ...]:
        if not granted(request, ticked):
            self.audit.note("answered", caller=who, answer="nothing ticked", **_facts(request))
            raise ConsentNotGiven(
                "The person accepted the form without ticking what is needed, which is not a yes; nothing was sent.",
                hint="Ask the user which names the job may have, then call again.",
            )
        names = tuple(name for name in request.secret_names if name in ticked)
        self.audit.note("answered", caller=who, answer="yes", ticked=sorted(ticked), **_facts(request))
        return names

    async def _spend(
        self, request: ConsentRequest, names: tuple[str, ...], key: str, who: str, approval_id: str | None = None
    ) -> Grant:
        submission = new_submission()
        if request.needed:
            await anyio.to_thread.run_sync(self.ledger.spend, key, request.digest, who, submission, approval_id)
        withheld = tuple(name for name in request.secret_names if name not in names)
        return Grant(names, withheld, submission, key)

    async def _refused(self, request: ConsentRequest, outcome: Outcome, who: str) -> JobsError:
        if isinstance(outcome, DeclinedElicitation):
            self.audit.note("answered", caller=who, answer="declined", **_facts(request))
            return _declined()
        self.audit.note("answered", caller=who, answer="cancelled", **_facts(request))
        approval = await anyio.to_thread.run_sync(self.ledger.put_aside, request, who, self.ask_seconds)
        return ConsentCancelled(
            "The question was closed without an answer; nothing was sent.",
            hint=f"Ask the user. They can also answer in a terminal with: hf-jobs-mcp approve {approval.id}",
        )

    def _note_asked(self, request: ConsentRequest, who: str, ctx: Context[Any, Any]) -> None:
        # The resolver runs again when the answer comes back; the question was noted the first time.
        if state_key() is None and not ctx.input_responses:
            self.audit.note("asked", caller=who, **_facts(request))


@contextmanager
def patience() -> Iterator[None]:
    """Surround one call of a guarded tool: a question sent in the middle of it may stay open only so long.

    Raises:
        ConsentTimedOut: The person did not answer in time; nothing was sent.
    """
    with anyio.CancelScope() as scope:
        before = _patience.set(scope)
        try:
            yield
        finally:
            _patience.reset(before)
    if scope.cancelled_caught:
        raise ConsentTimedOut(
            "Nobody answered the question in time; nothing was sent.",
            hint="Call again when the user is there to answer.",
        )


def _wait_no_longer_than(seconds: float) -> None:
    scope = _patience.get()
    if scope is not None:
        scope.deadline = anyio.current_time() + seconds


def _stop_waiting() -> None:
    scope = _patience.get()
    if scope is not None:
        scope.deadline = float("inf")


def _declined() -> ConsentDeclined:
    return ConsentDeclined(
        "The person said no; nothing was sent.", hint="Do not ask again unless the user wants to change something."
    )


def _facts(request: ConsentRequest) -> dict[str, Any]:
    return {"action": request.action, "digest": request.digest, "names": list(request.secret_names)}
