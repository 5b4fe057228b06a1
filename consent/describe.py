"""From what would be sent to what the person reads: the facts and boxes of each guarded action.

Every word from the model goes through `consent.quoted`, which bounds it and shows odd characters for what they are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from consent.quoted import block, listed, show
from consent.request import Action, ConsentRequest, Tick
from jobs.display_text import visible
from jobs.durations import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jobs.spec.spec import JobSpec

_CENT = 0.01


def for_spec(
    spec: JobSpec,
    *,
    hub_name: str,
    max_cost_usd: float | None,
    confirm_above_usd: float | None,
    sources: Mapping[str, str],
    next_runs: Sequence[str] = (),
) -> ConsentRequest:
    """The request for submitting or scheduling `spec`.

    Args:
        spec: Exactly what would be sent.
        hub_name: ``local`` or ``huggingface`` or a URL, as replies name it.
        max_cost_usd: Worst case for one run, or None where the hub names no price.
        confirm_above_usd: Above this worst case a box for the cost is added.
        sources: Secret name → where its value would come from.
        next_runs: The next run times of a schedule, as text.
    """
    scheduled = spec.schedule is not None
    facts = [
        ("Hub", _hub(hub_name, spec.hub)),
        ("Namespace", show(spec.namespace)),
        *_schedule_facts(spec, next_runs),
        ("Runs", block(_command(spec.command))),
        *([("Script", block(spec.script))] if spec.script is not None else []),
        *listed("Packages", [(package, "") for package in spec.packages]),
        *([("Python", show(spec.python))] if spec.python else []),
        ("Image", show(spec.image)),
        ("Hardware", _hardware(spec.flavor, spec.timeout_seconds, spec.attempts)),
        ("Cost", _cost(max_cost_usd, scheduled=scheduled)),
        *listed("Files", [(path, f" ({_size(data)})") for path, data in spec.files]),
        *listed("Variables", [(name, f"={_quoted(value)}") for name, value in spec.env]),
        *listed("Volumes", [(volume.uri, "") for volume in spec.volumes]),
        *([("Workspace", f"a folder of its own in {show(spec.namespace)}/jobs-artifacts")] if spec.workspace else []),
        *listed("Labels", [(key, f"={value}") for key, value in spec.labels]),
        *_port_facts(spec.expose, spec.expose_public),
    ]
    ticks = [_secret(name, sources.get(name), scheduled=scheduled) for name in spec.secret_names]
    if confirm_above_usd is not None and max_cost_usd is not None and max_cost_usd > confirm_above_usd:
        ticks.append(
            Tick("accept_cost", f"Yes, up to ${max_cost_usd:,.2f}", "The worst case is above your limit", required=True)
        )
    if spec.expose_public:
        ports = ", ".join(map(str, spec.expose_public))
        ticks.append(
            Tick("open_ports", f"Yes, open port {ports} to everyone", "Reachable without signing in", required=True)
        )
    return ConsentRequest(
        action="schedule" if scheduled else "submit",
        digest=_digest("schedule" if scheduled else "submit", spec.digest, max_cost_usd),
        title=_title(spec, scheduled=scheduled),
        facts=tuple(facts),
        ticks=tuple(ticks),
        details=details(spec),
    )


@dataclass(frozen=True)
class StoredRun:
    """One run of what the hub keeps: a job, or a schedule's spec, as far as a person is told of it.

    Args:
        timeout_seconds: After which an attempt is stopped; the Hub's default where the hub tells none.
        attempts: How often it is tried in all.
        volumes: As a person reads them.
    """

    command: tuple[str, ...]
    image: str
    flavor: str
    timeout_seconds: int
    attempts: int
    env: tuple[tuple[str, str], ...]
    volumes: tuple[str, ...]
    ports: tuple[int, ...]
    public_ports: tuple[int, ...]

    def masked(self, mask: Callable[[str], str]) -> StoredRun:
        """The same with `mask` over what others wrote: it was never scanned here, and is cut before it is shown."""
        env = tuple((mask(name), mask(value)) for name, value in self.env)
        return replace(self, command=tuple(map(mask, self.command)), env=env)


def for_stored(
    action: Action,
    run: StoredRun,
    *,
    hub: str,
    hub_name: str,
    namespace: str,
    target: str,
    stored: Mapping[str, Any],
    secret_names: Sequence[str],
    max_cost_usd: float | None,
    confirm_above_usd: float | None,
    schedule: str | None = None,
) -> ConsentRequest:
    """The request for running again what the hub has already, with the secrets it keeps for it.

    `stored` is the job or schedule as the hub tells it now; all of it is in the digest.
    """
    names = sorted(secret_names)
    what = {
        "rerun": "Run this job again",
        "trigger": "Run this schedule now",
        "resume": "Resume this schedule",
        "reschedule": "Change when this schedule runs",
    }
    repeats = action in {"resume", "reschedule"}
    carries = f" with the {len(names)} secret{'s' if len(names) > 1 else ''} the hub keeps for it" if names else ""
    every = " EVERY run will carry them." if names and repeats else ""
    facts = [
        ("Hub", _hub(hub_name, hub)),
        ("Namespace", show(namespace)),
        ("Target", show(target)),
        *([("Schedule", f"{show(schedule)} UTC")] if schedule else []),
        *listed("Secrets", [(name, "") for name in names]),
        ("Runs", block(_command(run.command))),
        ("Image", show(run.image)),
        ("Hardware", _hardware(run.flavor, run.timeout_seconds, run.attempts)),
        ("Cost", _cost(max_cost_usd, scheduled=repeats)),
        *listed("Variables", [(name, f"={_quoted(value)}") for name, value in run.env]),
        *listed("Volumes", [(volume, "") for volume in run.volumes]),
        *_port_facts(run.ports, run.public_ports),
    ]
    costly = confirm_above_usd is not None and max_cost_usd is not None and max_cost_usd > confirm_above_usd
    why = [
        *(["its stored secrets are used again"] if names else []),
        *(["the worst case is above your limit"] if costly else []),
        *(["a port is open to everyone"] if run.public_ports else []),
    ]
    return ConsentRequest(
        action=action,
        digest=_digest(action, json.dumps(stored, sort_keys=True, default=str), hub, namespace, target, max_cost_usd),
        title=f"{what.get(action, action)}{carries}?{every}",
        facts=tuple(facts),
        ticks=(Tick("confirm", "Yes, go ahead", "; ".join(why).capitalize(), required=True),) if why else (),
        details=json.dumps(stored, indent=1, sort_keys=True, default=str),
    )


def details(spec: JobSpec) -> str:
    """All that is sent, in full, for the approval page, the terminal and the file; values absent."""
    parts = [json.dumps(spec.describe(), indent=1, sort_keys=True)]
    parts += [f"=== {path} ===\n{data.decode(errors='replace')}" for path, data in spec.files]
    return visible("\n\n".join(parts), multiline=True)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(["hf-jobs-mcp consent 1", *parts]).encode()).hexdigest()


def _title(spec: JobSpec, *, scheduled: bool) -> str:
    count = len(spec.secret_names)
    carries = f" with {count} secret{'s' if count > 1 else ''}" if count else ""
    if scheduled:
        them = "it" if count == 1 else "them"
        return f"Schedule this job{carries}? EVERY run will carry {them}." if count else "Schedule this job?"
    return f"Run this job{carries}?"


def _schedule_facts(spec: JobSpec, next_runs: Sequence[str]) -> list[tuple[str, str]]:
    if spec.schedule is None:
        return []
    suspended = " (suspended: it waits until it is resumed)" if spec.suspend else ""
    overlap = ", runs may overlap" if spec.concurrency else ""
    return [("Schedule", f"{show(spec.schedule)} UTC{overlap}{suspended}"), ("Next runs", "\n".join(next_runs))]


def _port_facts(ports: Sequence[int], public: Sequence[int]) -> list[tuple[str, str]]:
    facts = []
    if signed := [port for port in ports if port not in public]:
        facts.append(("Ports", f"{', '.join(map(str, signed))} (needs a token)"))
    if public:
        facts.append(("PUBLIC", f"ports {', '.join(map(str, public))}, open to anyone"))
    return facts


def _secret(name: str, source: str | None, *, scheduled: bool) -> Tick:
    where = f"Its value comes from the {source}" if source else "Its value comes from this machine"
    return Tick(name, name, f"{where}{'; every run will carry it' if scheduled else ''}", required=False)


def _hub(name: str, endpoint: str) -> str:
    known = {"local": "local hub on this machine", "huggingface": "Hugging Face (huggingface.co)"}
    return known.get(name) or show(endpoint)


def _command(command: Sequence[str]) -> str:
    import shlex

    return shlex.join(command)


def _cost(amount: float | None, *, scheduled: bool) -> str:
    if amount is None:
        return "unknown: this hub names no price"
    each = " for each run" if scheduled else ""
    return f"at most ${amount:,.2f}{each}" if amount >= _CENT or amount == 0 else f"less than $0.01{each}"


def _hardware(flavor: str, seconds: int, attempts: int) -> str:
    tries = f", up to {attempts} attempts" if attempts > 1 else ""
    return f"{show(flavor)}, at most {words(seconds)}{tries}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _size(data: bytes) -> str:
    return f"{len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
