"""The one way of everything that asks a person: describe, ask, consume, take values, send, record.

A guarded tool says what an action is (`describe`, which gives a `Step`) and words its reply; the rest is here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio.lowlevel
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult
from pydantic import PrivateAttr

from consent.caller import is_modern
from consent.gate import Approved, NotAsked, Pending
from consent.ledger import Consumed
from consent.question import Answer
from consent.request import Action, ConsentRequest
from hub_contract.command_line import command
from hub_contract.hf_line import HfLine, hf_line
from jobs.errors import ConsentSpent
from jobs.spec import cost
from tools.registry import Arguments
from tools.replies.shapes import View
from tools.services import Services, services_of
from tools.stored_files import run_by_others, with_files

if TYPE_CHECKING:
    from jobs.spec.spec import JobSpec
    from jobs.spec.stored import StoredJob

Made = TypeVar("Made")
Subject = TypeVar("Subject")
Args = TypeVar("Args", bound="Guarded")
OnEvent = Callable[[str, Mapping[str, str]], Awaitable[None]]

CANNOT_ASK = "Nothing was sent: this client cannot ask the person, who has to answer first."


class PendingApproval(View):
    """A question that waits for a person at a terminal or on the approval page."""

    id: str
    status: str
    how: str


@dataclass(frozen=True)
class Step(Generic[Subject, Made]):
    """One guarded action, described.

    Attributes:
        of: What it is about, as the reply tells it.
        request: What a person is asked, bound to what will be sent.
        namespace: Where what it makes will be.
        send: Takes the values the yes allows and sends, telling `made` or `found` with an `id` as soon as it is known.
        find: What a yes that was used already has made, for a caller who lost the reply; None if there is no trace.
        worst_usd: What it can cost at most; None where nobody knows.
        by_hand: The `hf jobs …` line that makes the same, for the record; None where there is none.
        ready: Makes what has to be there first, before a person is asked, so that a yes is not given in vain.
    """

    of: Subject
    request: ConsentRequest
    namespace: str
    send: Callable[[Approved, OnEvent], Awaitable[Made]]
    find: Callable[[Consumed], Awaitable[Made | None]]
    worst_usd: float | None = None
    by_hand: Callable[[Approved], HfLine | None] = lambda _: None
    ready: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint


@dataclass(frozen=True)
class Done(Generic[Subject, Made]):
    """What came of a step: what it made, or the question that waits for its person.

    Attributes:
        of: What the step is about.
        withheld: Secret names that were not ticked.
        again: Whether an earlier call made it, and nothing was sent now.
    """

    of: Subject
    made: Made | None = None
    withheld: tuple[str, ...] = ()
    again: bool = False
    approval: PendingApproval | None = None


@dataclass(frozen=True)
class Anew:
    """A stored job that is sent as a new one: all that is sent, and where its secrets' values are here."""

    spec: JobSpec
    sources: Mapping[str, str]


class Guarded(Arguments):
    """The arguments of a tool that asks. They keep the step of their own call, so that a round describes it once."""

    _step: Step[Any, Any] | None = PrivateAttr(default=None)


Describe = Callable[[Services, Args], Awaitable[Step[Subject, Made]]]


async def ask(arguments: Args, ctx: Context[Any, Any], describe: Describe[Args, Any, Any]) -> Elicit[Answer] | NotAsked:
    """The question about a step, or why none is put. Raises JobsError, also where the token may not start jobs."""
    services = services_of(ctx)
    step = await describe(services, arguments)
    if step.request.needed:  # A person is not asked in vain.
        from jobs.client.rights import check_may_start

        await check_may_start((await services.connect()).hub, step.namespace)
    await step.ready()
    question = await services.gate.ask(step.request, ctx)
    # An older client answers in the middle of the call, minutes later: then all is looked at anew before it is sent.
    arguments._step = None if isinstance(question, Elicit) and not is_modern(ctx) else step  # noqa: SLF001 - its own
    return question


async def perform(
    arguments: Args, answer: ElicitationResult[Any], ctx: Context[Any, Any], describe: Describe[Args, Subject, Made]
) -> Done[Subject, Made]:
    """Use the answer up for exactly this step, then do it, once.

    Raises:
        JobsError: What the person said, why the answer is none, or what the hub said.
    """
    services = services_of(ctx)
    step: Step[Subject, Made] = arguments._step or await describe(services, arguments)  # noqa: SLF001 - as above
    answered = await services.gate.wait_for_person(answer, ctx)
    if answered is not None:
        answer = answered
        step = await describe(services, arguments)
    limit = services.policy.confirm_above_usd
    grant = await services.gate.consume(step.request, answer, ctx, worst_usd=step.worst_usd, limit_usd=limit)
    if isinstance(grant, Pending):
        return Done(step.of, approval=_waiting(grant))
    if isinstance(grant, Consumed):
        found = await step.find(grant)
        if found is None:
            raise ConsentSpent(
                "That answer was used before, and what it started cannot be found.",
                hint="Call again; the person will be asked anew.",
            )
        return Done(step.of, found, again=True)

    async def note(event: str, facts: Mapping[str, str]) -> None:
        if event in {"made", "found"}:
            await services.gate.record(grant, step.namespace, facts["id"], by_hand=step.by_hand(grant))

    return Done(step.of, await step.send(grant, note), withheld=grant.withheld)


async def step_of_stored(
    services: Services,
    action: Action,
    of: Subject,
    kept: StoredJob,
    *,
    target: str,
    send: Callable[[Approved, OnEvent], Awaitable[Made]],
    find: Callable[[Consumed], Awaitable[Made | None]],
    before: str | None = None,
    anew: Anew | None = None,
) -> Step[Subject, Made]:
    """The step of running again what a hub has stored under the id `target`.

    It has the secrets that the hub keeps for it; where it is sent `anew`, the values that are here. `before` is the
    schedule that `kept` takes the place of.
    """
    from consent.describe import Description, asked
    from consent.wording.reasons import reading

    connected = await services.connect()
    spec, changed = (anew.spec, ()) if anew else await with_files(connected.hub, kept)
    hardware = await connected.hub.hardware()
    told = Description(
        action=action,
        spec=spec,
        digest=kept.digest if anew is None else f"{kept.digest} {anew.spec.digest}",
        hub_name=connected.name,
        max_cost_usd=cost.max_cost_usd(spec, hardware),
        monthly_usd=cost.max_monthly_cost_usd(spec, hardware),
        risked_usd=await services.gate.risked(),
        run_by_others=await run_by_others(connected.hub, spec),
        changed=changed,
        confirm_above_usd=services.policy.confirm_above_usd,
        unsandboxed=await services.asks_for(connected.hub),
        target=target,
        workspace=None if anew else kept.workspace,
        anew=anew is not None,
        sources=anew.sources if anew else {},
        unknown={} if anew else kept.unknown,
        before=before,
        details=kept.details,
        mask=services.masker().mask,
        read=await reading(spec),
    )
    sent = kept.kept["job"] | ({"timeout": spec.timeout_seconds} if anew else {})
    again = hf_line(sent, spec.namespace) if action in {"rerun", "trigger"} else None
    question = await asked(told)
    return Step(of, question, spec.namespace, send, find, told.worst_usd, lambda _: again)


def _waiting(pending: Pending) -> PendingApproval:
    approval = pending.approval
    terminal = f"`{command('approve', approval.id)}` in a terminal"
    if pending.shown:
        how = f"The question is on a page in the user's browser (or: {terminal}). Call again with the same arguments."
    else:
        how = f"Tell the user to run {terminal} (--browser for a page); then call again with the same arguments."
    return PendingApproval(id=approval.id, status=approval.status, how=how)
