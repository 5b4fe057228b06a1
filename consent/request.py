"""What a person is asked to say yes to: one frozen description, bound to one digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Action = Literal["submit", "schedule", "rerun", "trigger", "resume", "reschedule"]
TickKind = Literal["secret", "cost", "mount", "port", "machine", "confirm"]


class Fact(NamedTuple):
    """One thing a person is told. `field` is the job's field it comes from, or a word of ours; it is not shown."""

    label: str
    value: str
    field: str = ""


@dataclass(frozen=True)
class Tick:
    """One box the person ticks or leaves.

    Args:
        name: The field's name: an environment variable's for a secret, lower case for everything else.
        title: What the box says.
        description: Why it is asked, in one line.
        kind: What a tick in it allows: a secret by this name, the worst-case cost, writing what others run, open ports,
            a job without a sandbox on this machine, or the action itself.
        required: Whether the action is off when it is left unticked. A secret's box is not: it is withheld.
    """

    name: str
    title: str
    description: str
    kind: TickKind
    required: bool


@dataclass(frozen=True)
class ConsentRequest:
    """One guarded action, described for the person and bound to what will be sent.

    Args:
        action: What is about to happen.
        digest: Over everything that would be sent.
        title: The question, in one line.
        facts: All of it in the order of the page. Values are sanitised and bounded already.
        ticks: The boxes; an empty tuple means that nothing here needs a person.
        details: The whole of what is sent, for the approval page and the terminal; values absent.
        brief: The lines that decide, in the order shown: what the person reads first.
        short: What runs, where, for how much, and each danger in a few words: for a screen without room for `brief`.
    """

    action: Action
    digest: str
    title: str
    facts: tuple[Fact, ...]
    ticks: tuple[Tick, ...]
    details: str = ""
    brief: tuple[Fact, ...] = ()
    short: tuple[Fact, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether a person has to be asked at all."""
        return bool(self.ticks)

    @property
    def secret_names(self) -> tuple[str, ...]:
        return tuple(tick.name for tick in self.ticks if tick.kind == "secret")

    @property
    def outline(self) -> dict[str, object]:
        """What is asked, for which names, what runs and where: for the record."""
        told = {fact.label.lower(): fact.value for fact in self.short if fact.label in {"Runs", "Where"}}
        return {"what": self.title, "names": list(self.secret_names), **told}

    @property
    def fingerprint(self) -> str:
        """The first 64 bits of the digest, grouped so that two people can compare them aloud."""
        return "-".join(self.digest[i : i + 4] for i in range(0, 16, 4))

    def masked(self, mask: Callable[[str], str]) -> ConsentRequest:
        """The same question with `mask` over everything that is shown; what it is bound to stays."""
        facts = tuple(fact._replace(value=mask(fact.value)) for fact in self.facts)
        brief = tuple(fact._replace(value=mask(fact.value)) for fact in self.brief)
        short = tuple(fact._replace(value=mask(fact.value)) for fact in self.short)
        return replace(self, title=mask(self.title), facts=facts, details=mask(self.details), brief=brief, short=short)


def granted(request: ConsentRequest, ticked: frozenset[str]) -> bool:
    """Whether the ticks amount to a yes: every required box, and at least one that is required or a secret's."""
    counted = [tick for tick in request.ticks if tick.required or tick.kind == "secret"]
    return any(tick.name in ticked for tick in counted) and all(
        tick.name in ticked for tick in request.ticks if tick.required
    )
