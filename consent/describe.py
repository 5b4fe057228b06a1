"""From what would be sent to what the person reads: the facts and boxes of each guarded action.

A job that is new and one that a hub has stored are told from the same table (`jobs.spec.fields`). Every word from the
model goes through `consent.wording.quoted`, which bounds it and shows odd characters for what they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from consent.request import Action, ConsentRequest, Fact, Tick
from consent.width import fit
from consent.wording.brief import brief, short, why_wanted
from consent.wording.quoted import MARK, block, listed, show
from jobs.display_text import visible
from jobs.errors import BadArgument
from jobs.spec.fields import rows
from jobs.spec.spec import JobSpec

if TYPE_CHECKING:
    from jobs.planning.required_secrets import Needs

_CENT = 0.01
_DESCRIBED = 60
_NO_TEXT = frozenset({"hub", "kind", "schedule", "secret_names"})
_REPEATS = frozenset({"schedule", "resume", "reschedule"})
_UNSANDBOXED = (
    "none on this machine: the job can do what you can. It can read and change all your files and keys, use your "
    "accounts, start programs, and answer questions like this one in your place"
)
_TITLES: dict[str, str] = {
    "submit": "Run this job",
    "schedule": "Schedule this job",
    "rerun": "Run this job again",
    "trigger": "Run this schedule now",
    "resume": "Resume this schedule",
    "reschedule": "Change when this schedule runs",
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """All there is to know of one guarded action before it is put into words.

    Args:
        action: What is about to happen.
        spec: The job, as it would be sent or as the hub has stored it.
        digest: Over everything of it.
        hub_name: ``local`` or ``huggingface`` or a URL, as replies name it.
        max_cost_usd: Worst case for one run, or None where the hub names no price.
        monthly_usd: Worst case of all runs of a schedule in a month, overlapping ones too; None without a schedule.
        risked_usd: Worst cases of what was sent in the last day without anybody being asked.
        confirm_above_usd: Above this worst case a person is asked.
        unsandboxed: The job would run on this machine with all the user's rights.
        run_by_others: Buckets it may write from which something with secrets runs.
        changed: Files that no longer are what was approved; the job will not run with them.
        sources: Secret name → where its value would come from.
        next_runs: The next run times of a schedule, as text.
        target: The id of what the hub has stored; None for what is new.
        workspace: The URI of the folder that a stored job mounts, or None.
        anew: What is stored is sent as a new job, with a workspace of its own and the values that are here.
        unknown: What a stored job carries that no field of ours is.
        before: The schedule that `spec.schedule` replaces, or None.
        details: The whole of it, in full.
        read: What the job's texts want, where it was found out before.
        mask: Put over every text before it is cut: what others wrote was never scanned here.
    """

    action: Action
    spec: JobSpec
    digest: str
    hub_name: str
    max_cost_usd: float | None
    monthly_usd: float | None = None
    risked_usd: float = 0.0
    confirm_above_usd: float | None = None
    unsandboxed: bool = False
    run_by_others: frozenset[str] = frozenset()
    changed: Sequence[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    next_runs: Sequence[str] = ()
    target: str | None = None
    workspace: str | None = None
    anew: bool = False
    unknown: Mapping[str, Any] = field(default_factory=dict)
    before: str | None = None
    details: str = ""
    read: Needs | None = None
    mask: Callable[[str], str] = str

    @property
    def is_stored(self) -> bool:
        return self.target is not None

    @property
    def repeats(self) -> bool:
        """Whether a yes counts for every run from now on."""
        return self.action in _REPEATS

    @property
    def worst_usd(self) -> float | None:
        """The most this can cost: one run, or a month of a schedule's runs; None where nobody knows."""
        return self.monthly_usd if self.repeats else self.max_cost_usd

    @property
    def is_costly(self) -> bool:
        """Whether it takes what nobody was asked about above the limit; what has no price does."""
        if self.confirm_above_usd is None:
            return False
        return self.worst_usd is None or self.worst_usd + self.risked_usd > self.confirm_above_usd

    @property
    def can_rewrite(self) -> tuple[str, ...]:
        """The mounts through which it can change what others run."""
        return tuple(
            mount.uri
            for mount in self.spec.volumes
            if mount.type == "bucket" and not mount.read_only and mount.source in self.run_by_others
        )


async def asked(told: Description) -> ConsentRequest:
    """The question about what `told` describes, put into words where nobody else waits for it.

    Raises:
        BadArgument: Its texts take longer to look through than anybody waits.
    """
    from jobs.apart.call import apart

    spec = told.spec
    size = sum(len(data) for _, data in spec.files) + sum(map(len, (*spec.command, *spec.packages, told.details)))
    size += sum(len(name) + len(value) for name, value in spec.env)
    found = await apart(request, await anyio.to_thread.run_sync(_masked, told), size=size)
    if found is None:
        raise BadArgument(
            "What this runs takes too long to look through for a question to a person, so nothing was sent.",
            hint="Split long lines, and put data into a bucket.",
        )
    return found


def _masked(told: Description) -> Description:
    """The same, with its mask over all texts already: the values that a mask knows are not handed on."""
    mask = told.mask
    if mask is str:
        return told

    def over(value: Any) -> Any:
        made = value
        if isinstance(value, str):
            made = mask(value)
        elif isinstance(value, bytes):
            with suppress(UnicodeDecodeError):
                made = mask(value.decode()).encode()
        elif isinstance(value, list | tuple):
            made = type(value)(map(over, value))
        elif isinstance(value, Mapping):
            made = {over(key): over(item) for key, item in value.items()}
        elif is_dataclass(value) and not isinstance(value, type):
            names = [part.name for part in fields(value) if part.name not in _NO_TEXT]
            made = replace(value, **{name: over(getattr(value, name)) for name in names})
        return made

    shown = {name: over(getattr(told, name)) for name in ("spec", "changed", "unknown", "details")}
    of = {name: over(value) for name in ("target", "workspace", "before") if (value := getattr(told, name)) is not None}
    return replace(told, **shown, **of, mask=str)


def request(told: Description) -> ConsentRequest:
    """The question about what `told` describes."""
    bound = [told.action, told.target, told.digest, told.spec.schedule, told.before, told.max_cost_usd]
    bound.append(told.unsandboxed)
    return ConsentRequest(
        action=told.action,
        digest=hashlib.sha256(json.dumps(["hf-jobs-mcp consent 2", *bound]).encode()).hexdigest(),
        title=_title(told),
        facts=tuple(_facts(told)),
        ticks=tuple(_confirmation(told) if told.is_stored else _boxes(told)),
        details=told.details,
        brief=brief(told),
        short=short(told),
    )


def details(spec: JobSpec) -> str:
    """All that is sent, in full, for the approval page, the terminal and the file; values absent.

    Each line of a file stands behind a mark, so that none of them begins another file.
    """
    parts = [json.dumps(spec.describe(), indent=1, sort_keys=True)]
    for path, data in spec.files:
        lines = data.decode(errors="replace").split("\n")
        parts.append("\n".join([f"=== {path} ===", *(f"{MARK}{line}" for line in lines)]))
    return visible("\n\n".join(parts), multiline=True)


def _facts(told: Description) -> Iterator[Fact]:
    spec, mask = told.spec, told.mask
    yield Fact("Hub", _hub(told.hub_name, spec.hub), "hub")
    if told.unsandboxed:
        yield Fact("Sandbox", _UNSANDBOXED, "sandbox")
    if told.target is not None:
        yield Fact("Target", show(told.target), "target")
    for name, row in rows(spec):
        shown = row.show(spec) if row.show else None
        if isinstance(shown, str):
            yield Fact(row.label, block(mask(shown)), name)
        elif shown:
            yield from _list(row.label, name, [(mask(item), mask(rest)) for item, rest in shown])
        yield from _beside(told, name)
    for key, value in told.unknown.items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        yield from _list("Also", "unknown", [(mask(f"{key}="), mask(text))])


def _beside(told: Description, name: str) -> Iterator[Fact]:
    """What is no field of a job and stands next to one."""
    spec = told.spec
    if name == "schedule":
        if told.before is not None:
            yield Fact("Until now", show(told.mask(told.before)), "before")
        if told.next_runs:
            yield Fact("Next runs", "\n".join(told.next_runs), "next_runs")
    elif name == "command" and spec.script is not None:
        yield Fact("Script", block(told.mask(spec.script)), "script")
    elif name == "files" and told.changed:
        shown = [(path, ": not the file that was approved; it will not run") for path in told.changed]
        yield from _list("CHANGED", "changed", [(told.mask(path), rest) for path, rest in shown])
    elif name == "flavor":
        yield Fact("Cost", _cost(told.max_cost_usd, repeats=told.repeats), "cost")
        for secret, source in sorted(told.sources.items()):
            yield Fact("Value of", f"{secret}: from the {source}", "source")
    elif name == "secret_names" and told.is_stored:
        yield from _list("Secrets", "secrets", [(secret, "") for secret in spec.secret_names])
    elif name == "volumes" and (folder := _workspace(told)) is not None:
        yield Fact("Workspace", folder, "workspace")


def _workspace(told: Description) -> str | None:
    if not told.is_stored and not told.spec.workspace:
        return "none: nothing it writes is kept"
    if not told.is_stored or told.anew:
        return f"a folder of its own in {show(told.spec.namespace)}/jobs-artifacts"
    if told.workspace is None:
        return None
    place = show(told.mask(told.workspace))
    return f"{place}, the same again" if told.action == "rerun" else f"{place}, a folder in it for each run"


def _list(label: str, name: str, items: Sequence[tuple[str, str]]) -> Iterator[Fact]:
    for heading, value in listed(label, items):
        yield Fact(heading, value, name)


def _title(told: Description) -> str:
    count = len(told.spec.secret_names)
    if not count:
        return f"{_TITLES[told.action]}?"
    stored = "stored " if told.is_stored and not told.anew else ""
    return f"{_TITLES[told.action]} with {count} {stored}secret{'s' if count > 1 else ''}?"


def _boxes(told: Description) -> Iterator[Tick]:
    """For what is new: a box for each secret, and one for each other thing that needs a yes."""
    wanted = why_wanted(told)
    for name in told.spec.secret_names:
        every = " For EVERY run." if told.repeats else ""
        yield Tick(name, name, fit(f"{wanted[name]}.{every}", _DESCRIBED), kind="secret", required=False)
    if told.is_costly:
        title, why = _cost_box(told)
        yield Tick("accept_cost", title, why, kind="cost", required=True)
    if told.unsandboxed:
        title, why = "Yes, run it on this machine", "Without a sandbox: it can do whatever you can do here"
        yield Tick("run_here", title, why, kind="machine", required=True)
    if told.can_rewrite:
        title = "Yes, let it change what other jobs run"
        why = "It may write where files of other jobs lie: their next run could be another program, with their secrets"
        yield Tick("accept_mount", title, why, kind="mount", required=True)
    if told.spec.expose_public:
        ports = ", ".join(map(str, told.spec.expose_public))
        title, why = f"Yes, open port {ports} to everyone", "Reachable without signing in"
        yield Tick("open_ports", title, why, kind="port", required=True)


def _confirmation(told: Description) -> Iterator[Tick]:
    """For what is stored: one box, since the hub takes all of it or nothing."""
    why = [
        *([f"its {'' if told.anew else 'stored '}secrets are used again"] if told.spec.secret_names else []),
        *(["it runs here without a sandbox and can do whatever you can"] if told.unsandboxed else []),
        *([_cost_box(told)[1]] if told.is_costly else []),
        *(["it may change what other jobs run"] if told.can_rewrite else []),
        *(["the hub keeps settings for it that this server does not know"] if told.unknown else []),
        *(["a port is open to everyone"] if told.spec.expose_public else []),
    ]
    if why:
        yield Tick("confirm", "Yes, go ahead", "; ".join(why).capitalize(), kind="confirm", required=True)


def _cost_box(told: Description) -> tuple[str, str]:
    """The box about money: what is agreed to, and why it is asked."""
    worst = told.worst_usd
    if worst is None:
        return "Yes, whatever it costs", "This hub names no price for it"
    each = " in a month" if told.repeats else ""
    limit = f"your limit of ${told.confirm_above_usd:,.2f}"
    before = f", with ${told.risked_usd:,.2f} risked today without a question" if told.risked_usd else ""
    return f"Yes, up to ${worst:,.2f}{each}", f"The worst case is above {limit}{before}"


def _hub(name: str, endpoint: str) -> str:
    known = {"local": "local hub on this machine", "huggingface": "Hugging Face (huggingface.co)"}
    return known.get(name) or show(endpoint)


def _cost(amount: float | None, *, repeats: bool) -> str:
    if amount is None:
        return "unknown: this hub names no price"
    each = " for each run" if repeats else ""
    return f"at most ${amount:,.2f}{each}" if amount >= _CENT or amount == 0 else f"less than $0.01{each}"
