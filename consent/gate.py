"""The one gate: nothing guarded is sent unless it passes here, and each yes passes once.

A guarded tool calls `Gate.ask` in its resolver, before its body runs, and `Gate.consume` in its body, with the
request rebuilt at that moment. Between the two the person has answered, or could not be asked.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from sqlite3 import Error as DatabaseError
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from mcp.server.mcpserver.resolve import AcceptedElicitation, DeclinedElicitation, Elicit, ElicitationResult

from consent.caller import can_be_asked, is_modern, sealed_state
from consent.deadline import stop_waiting, wait_no_longer_than
from consent.ledger import Approval, Consumed, Ledger
from consent.question import Answer, form, text
from consent.refusals import again, declined, not_the_form
from consent.request import ConsentRequest, granted
from hub_contract.command_line import command
from hub_contract.hf_line import HfLine
from jobs.client.wait import LONGEST_WAIT
from jobs.errors import (
    ConsentCancelled,
    ConsentNotGiven,
    ConsentSpent,
    JobsError,
    RecordUnwritable,
    SpecChanged,
)
from jobs.submit import new_idempotency_key

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.mcpserver import Context

    from consent.answering.terminal_size import TerminalSizes
    from consent.answering.window import Window
    from consent.audit import Audit
    from consent.full_text import FullTexts

#: How long a lost reply to an approved submission can be asked for again, in seconds.
RECOVERABLE_FOR = 600.0

_LOOK_EVERY = 0.3
_LOOKS = 10

#: For so many seconds the worst case of what was sent without a question counts against the limit.
RISK_COUNTS_FOR = 86_400.0

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NotNeeded:
    """No question was put: nothing here needs one, or the operator's start-up flag says so."""

    request: ConsentRequest
    bypassed: bool = False


@dataclass(frozen=True)
class Pending:
    """The client cannot ask: the question waits for `hf-jobs-mcp approve`, or has been answered there."""

    request: ConsentRequest
    approval: Approval
    shown: bool = False
    """Whether it is on the page in the person's browser."""


@dataclass(frozen=True)
class Recovered:
    """The same call was approved and sent moments ago: its outcome, not a second job, is what is wanted."""

    request: ConsentRequest
    spent: Consumed


@dataclass(frozen=True)
class Approved:
    """A yes that has been used up. Exactly `names` may be attached; the key labels what is sent."""

    names: tuple[str, ...]
    withheld: tuple[str, ...]
    idempotency_key: str
    digest: str = ""


Kept = TypeVar("Kept")
NotAsked = NotNeeded | Pending | Recovered
Elicited = ElicitationResult[Any]


@dataclass
class Gate:
    """Asks, and lets through once.

    Args:
        ledger: Where questions put aside and spent answers are kept.
        audit: Where every step is noted.
        ask_seconds: How long an unanswered question stays open.
        texts: Where the whole of what a question is about can be read while it is open.
        caller: Whose call it is, as far as that can be proven.
        mask: Applied to every question before it is shown or stored.
        bypass: The operator's start-up flag; no argument of any tool can set it.
        ways: How the person wants to be asked, the first that is possible: `client`, `browser`, `terminal`.
        window: The page that this server may open by itself; None where it may not.
        terminal_sizes: Measures the terminal that the client puts its questions in; None where nobody looks.
    """

    ledger: Ledger
    audit: Audit
    texts: FullTexts
    caller: Callable[[ServerRequestContext[Any, Any]], str]
    mask: Callable[[str], str] = str
    ask_seconds: float = 600
    bypass: bool = False
    ways: tuple[str, ...] = ("client", "browser", "terminal")
    window: Window | None = None
    terminal_sizes: TerminalSizes | None = None
    clock: Callable[[], float] = field(default=time.time)
    _asked: set[tuple[str, str]] = field(default_factory=set, init=False)

    async def ask(self, request: ConsentRequest, ctx: Context[Any, Any]) -> Elicit[Answer] | NotAsked:
        """The question to put, or why none is put. Changes nothing the caller could use as an answer."""
        if not request.needed:
            return NotNeeded(request)
        if self.bypass:
            return NotNeeded(request, bypassed=True)
        who = self.caller(ctx.request_context)
        found = await _kept(self.ledger.find, request.digest, who)
        # A no given anywhere counts. A yes given elsewhere counts unless this call brings an answer of its own.
        answered_here = sealed_state() is not None and bool(ctx.input_responses)
        if found is not None and (found.status == "declined" or (found.status == "approved" and not answered_here)):
            return Pending(request, found)
        earlier = await self._earlier(request, who)
        if self._in_client(ctx):
            await self._note_asked(request, who)
            wait_no_longer_than(self.ask_seconds)
            shown = again(request, earlier).masked(self.mask)
            everything = await _kept(self.texts.keep, shown)
            room = None if self.terminal_sizes is None else self.terminal_sizes.lines(shown, who, ctx.request_context)
            return Elicit(text(shown, everything, room=room), form(shown))
        if found is None or found.status != "pending":
            if earlier is not None and earlier.out_of_band:
                return Recovered(request, earlier)
            await self._note("put aside", caller=who, **_facts(request))
        return Pending(request, await self._put_aside(request, who))

    def _in_client(self, ctx: Context[Any, Any]) -> bool:
        """Whether the client puts the question: it can, and the person wants no other way that is possible first."""
        for way in self.ways:
            if way == "client" and can_be_asked(ctx):
                return True
            if way == "terminal" or (way == "browser" and self.window is not None and self.window.available()):
                return False
        return False

    async def wait_for_person(self, outcome: Elicited, ctx: Context[Any, Any]) -> Elicited | None:
        """Show a question that the client cannot put on the person's screen, and wait for the answer within the call.

        Returns what became of the question; None where there is nothing to wait for. What is then sent is looked at
        anew by the caller: time has passed.
        """
        pending = outcome.data if isinstance(outcome, AcceptedElicitation) else None
        if not isinstance(pending, Pending) or pending.approval.status != "pending":
            return None
        if self.window is None or "browser" not in self.ways:
            return None
        number = pending.approval.id
        if not await anyio.to_thread.run_sync(self.window.show, number):
            return None
        begun = anyio.current_time()
        while (waited := anyio.current_time() - begun) < LONGEST_WAIT:
            told = "Waiting for the person's answer on the page in their browser"
            await ctx.report_progress(waited, LONGEST_WAIT, told)
            for _ in range(_LOOKS):
                found = await _kept(self.ledger.get, number)
                if found is None or found.status != "pending":
                    answered = found or replace(pending.approval, status="expired")
                    return outcome.model_copy(update={"data": Pending(pending.request, answered)})
                await anyio.sleep(_LOOK_EVERY)
        return outcome.model_copy(update={"data": replace(pending, shown=True)})

    async def consume(
        self,
        request: ConsentRequest,
        outcome: Elicited,
        ctx: Context[Any, Any],
        *,
        worst_usd: float | None = None,
        limit_usd: float | None = None,
    ) -> Approved | Pending | Consumed:
        """Use the answer up for exactly `request`, just rebuilt; unasked, within `limit_usd` a day.

        Returns `Approved`; or the `Pending` question that still waits for its person; or the `Consumed` yes of the
        very same call, whose outcome the caller should look up instead of sending anything.

        Raises:
            ConsentDeclined, ConsentCancelled, ConsentNotGiven: What the person said.
            ConsentSpent: The answer was used before.
            SpecChanged: What would be sent is not what was asked about.
        """
        stop_waiting()
        who = self.caller(ctx.request_context)
        if not isinstance(outcome, AcceptedElicitation):
            raise await self._refused(request, outcome, who)
        answer = outcome.data
        if not isinstance(answer, Answer | NotNeeded | Pending | Recovered) or answer.request.digest != request.digest:
            await self._note("changed", caller=who, **_facts(request))
            raise SpecChanged(
                "What would be sent changed after the question was put, so nothing was sent.",
                hint="Call again with the same arguments; the person will be asked about what it is now.",
            )
        if isinstance(answer, Recovered):
            return answer.spent
        if isinstance(answer, Pending):
            return await self._consume_put_aside(request, answer, who)
        if isinstance(answer, NotNeeded):
            return await self._consume_unasked(request, answer, who, worst_usd or 0.0, limit_usd)
        return await self._consume_answer(request, answer, who, ctx)

    async def risked(self) -> float:
        """Dollars that what was sent in the last day without a question can cost at most."""
        return await _kept(self.ledger.risked, RISK_COUNTS_FOR)

    async def record(self, grant: Approved, namespace: str, result: str, *, by_hand: HfLine | None = None) -> None:
        """Note what a spent yes came to: the id of the job or schedule.

        It exists by now, and no trouble of ours may hide its id from the caller: what cannot be noted is only logged.
        """
        key = grant.idempotency_key
        try:
            await _kept(self.ledger.record, key, namespace, result)
            more = {"digest": grant.digest} | ({} if by_hand is None else {"hf": by_hand.told()})
            await self._note("submitted", submission=key, namespace=namespace, id=result, names=grant.names, **more)
        except RecordUnwritable:
            _LOG.exception("what was sent could not be recorded: %s/%s", namespace, result)

    async def _note(self, event: str, **facts: Any) -> None:
        """A line of the record."""
        await _kept(partial(self.audit.note, event, **facts))

    async def _consume_unasked(
        self, request: ConsentRequest, answer: NotNeeded, who: str, worst_usd: float, limit_usd: float | None
    ) -> Approved:
        if request.needed and not (answer.bypassed and self.bypass):
            raise ConsentSpent("No answer was given for this.")
        if request.needed:
            await self._note("bypassed", caller=who, **_facts(request))
        else:
            if not await _kept(self.ledger.risk, worst_usd, limit_usd, RISK_COUNTS_FOR):
                raise SpecChanged(
                    "With what was sent meanwhile this may cost more than the limit, so nothing was sent.",
                    hint="Call again with the same arguments; the person will be asked.",
                )
            await self._note("sending", caller=who, **_facts(request))  # What cannot be recorded is not sent.
        return await self._spend(request, request.secret_names, f"unasked:{secrets.token_hex(16)}", who)

    async def _consume_put_aside(self, request: ConsentRequest, pending: Pending, who: str) -> Approved | Pending:
        approval = pending.approval
        if approval.status == "declined":
            await _kept(self.ledger.dismiss, approval.id)
            raise declined()
        if approval.status != "approved":
            return replace(pending, request=request)
        names = await self._yes(request, approval.ticked, who)
        # The person may have been asked in both ways; the question that this call brought back is used up as well.
        sealed = sealed_state()
        also = f"state:{sealed.key}" if sealed is not None else None
        return await self._spend(request, names, f"approval:{approval.id}", who, approval_id=approval.id, also=also)

    async def _consume_answer(
        self, request: ConsentRequest, answer: Answer, who: str, ctx: Context[Any, Any]
    ) -> Approved | Consumed:
        sealed = sealed_state()
        if is_modern(ctx) and sealed is None:
            raise ConsentSpent("That answer does not belong to a question this server asked.")
        # A legacy answer is the reply to a request of this very call, so it cannot come twice.
        key = f"state:{sealed.key}" if sealed is not None else f"reply:{secrets.token_hex(16)}"
        earlier = await _kept(self.ledger.spent, key)
        if earlier is not None:
            await self._note("replayed", caller=who, **_facts(request))
            if not earlier.idempotency_key or earlier.digest != request.digest or earlier.caller != who:
                raise ConsentSpent("That answer was used before; a yes is good for one submission.")
            return earlier
        if not answer.is_the_form:
            await self._burn(request, who)
            approval = await self._put_aside(request, who)
            raise await self.misread(ctx, command("approve", approval.id), request)
        try:
            names = await self._yes(request, answer.ticked(), who)
        except ConsentNotGiven:
            await self._burn(request, who)
            raise
        return await self._spend(request, names, key, who)

    async def _yes(self, request: ConsentRequest, ticked: frozenset[str], who: str) -> tuple[str, ...]:
        if not granted(request, ticked):
            await self._note("answered", caller=who, answer="nothing ticked", **_facts(request))
            raise ConsentNotGiven(
                "The person accepted the form without ticking what is needed, which is not a yes; nothing was sent.",
                hint="Ask the user which names the job may have, then call again.",
            )
        names = tuple(name for name in request.secret_names if name in ticked)
        await self._note("answered", caller=who, answer="yes", ticked=sorted(ticked), **_facts(request))
        return names

    async def misread(
        self, ctx: Context[Any, Any], way: str = "", request: ConsentRequest | None = None
    ) -> ConsentNotGiven:
        """Note an answer that was not the form that was shown, and word the refusal."""
        about = _facts(request) if request else {}
        await self._note("answered", caller=self.caller(ctx.request_context), answer="not the form", **about)
        return not_the_form(way or command("approve"))

    async def _spend(
        self,
        request: ConsentRequest,
        names: tuple[str, ...],
        key: str,
        who: str,
        *,
        approval_id: str | None = None,
        also: str | None = None,
    ) -> Approved:
        idempotency_key = new_idempotency_key()
        if request.needed:
            spend = partial(self.ledger.spend, key, request.digest, who, idempotency_key, approval_id, also=also)
            await _kept(spend)
        withheld = tuple(name for name in request.secret_names if name not in names)
        return Approved(names, withheld, idempotency_key, request.digest)

    async def _burn(self, request: ConsentRequest, who: str) -> None:
        """A no is final for the question it answers: nobody turns it into a yes by sending the state again."""
        sealed = sealed_state()
        if sealed is not None:
            with suppress(ConsentSpent):
                await _kept(self.ledger.spend, f"state:{sealed.key}", request.digest, who, "")

    async def _refused(self, request: ConsentRequest, outcome: Elicited, who: str) -> JobsError:
        await self._burn(request, who)
        if isinstance(outcome, DeclinedElicitation):
            await self._note("answered", caller=who, answer="declined", **_facts(request))
            return declined(await self._earlier(request, who))
        await self._note("answered", caller=who, answer="cancelled", **_facts(request))
        approval = await self._put_aside(request, who)
        return ConsentCancelled(
            "The question was closed without an answer; nothing was sent.",
            hint=f"Ask the user. They can also answer in a terminal with: {command('approve', approval.id)}",
        )

    async def _put_aside(self, request: ConsentRequest, who: str) -> Approval:
        shown = request.masked(self.mask)
        return await _kept(self.ledger.put_aside, shown, who, self.ask_seconds)

    async def _earlier(self, request: ConsentRequest, who: str) -> Consumed | None:
        """The last use of a yes to the very same thing, before the question that is being answered was asked.

        The bound keeps the question's words the same in every round.
        """
        sealed = sealed_state()
        before = sealed.asked_at if sealed is not None else self.clock()
        look = partial(self.ledger.last_spent, request.digest, who, since=before - RECOVERABLE_FOR, before=before)
        return await _kept(look)

    async def _note_asked(self, request: ConsentRequest, who: str) -> None:
        """Note the question once: the resolver runs again when the answer comes back."""
        if sealed_state() is None or (who, request.digest) not in self._asked:
            self._asked.add((who, request.digest))
            await self._note("asked", caller=who, **_facts(request))


async def _kept(call: Callable[..., Kept], *given: Any) -> Kept:
    """Read or write what is kept in the state folder, off the event loop: another process may hold its lock.

    Raises:
        RecordUnwritable: The folder or its disk does not let us. Nothing goes on without the record.
    """
    try:
        return await anyio.to_thread.run_sync(call, *given)
    except (OSError, DatabaseError) as error:
        raise RecordUnwritable(
            "The record of questions and submissions cannot be written, so nothing was sent.",
            hint="Ask the user to look at the state folder (HF_JOBS_MCP_HOME): its disk may be full, or not writable.",
        ) from error


def _facts(request: ConsentRequest) -> dict[str, Any]:
    return {"action": request.action, "digest": request.digest, **request.outline}
