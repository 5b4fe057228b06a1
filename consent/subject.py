"""From what would be sent to what the person reads: the facts and boxes of each guarded action.

Every word from the model goes through `visible`, which shows odd characters for what they are, and is bounded.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from consent.request import Action, ConsentRequest, Tick
from jobs.timeout import words
from jobs.untrusted import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.spec import JobSpec

_CENT = 0.01
_SHOWN = 6
_LINE = 320


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
        ("Runs", show(_command(spec.command))),
        ("Image", show(spec.image)),
        ("Hardware", f"{show(spec.flavor)}, at most {words(spec.timeout_seconds)}{_attempts(spec)}"),
        ("Cost", _cost(max_cost_usd, scheduled=scheduled)),
        *_listed("Files", [f"{path} ({_size(data)})" for path, data in spec.files]),
        *_listed("Variables", [f"{name}={value}" for name, value in spec.env]),
        *_listed("Volumes", [volume.uri for volume in spec.volumes]),
        *_listed("Labels", [f"{key}={value}" for key, value in spec.labels]),
        *_port_facts(spec),
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


def for_stored(
    action: Action,
    *,
    hub: str,
    hub_name: str,
    namespace: str,
    target: str,
    stored: Mapping[str, Any],
    secret_names: Sequence[str],
    command: Sequence[str],
    flavor: str,
    max_cost_usd: float | None,
    confirm_above_usd: float | None,
    public_ports: Sequence[int] = (),
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
    carries = f" with the {len(names)} secret{'s' if len(names) > 1 else ''} the hub keeps for it" if names else ""
    facts = [
        ("Hub", _hub(hub_name, hub)),
        ("Namespace", show(namespace)),
        ("Target", show(target)),
        *([("Schedule", f"{show(schedule)} UTC")] if schedule else []),
        ("Runs", show(_command(command))),
        ("Hardware", show(flavor)),
        ("Cost", _cost(max_cost_usd, scheduled=action in {"resume", "reschedule"})),
        *_listed("Secrets", names),
    ]
    ticks = []
    costly = confirm_above_usd is not None and max_cost_usd is not None and max_cost_usd > confirm_above_usd
    if names or costly or public_ports:
        ticks.append(Tick("confirm", "Yes, go ahead", "Its stored secrets are used again", required=True))
    return ConsentRequest(
        action=action,
        digest=_digest(action, json.dumps(stored, sort_keys=True, default=str), hub, namespace, target, max_cost_usd),
        title=f"{what.get(action, action)}{carries}?",
        facts=tuple(facts),
        ticks=tuple(ticks),
        details=json.dumps(stored, indent=1, sort_keys=True, default=str),
    )


def show(text: str, limit: int = _LINE) -> str:
    """Text from outside, in one bounded line, with nothing in it that reads as something else."""
    line = visible(one_line(text, limit=1_000_000))
    return line if len(line) <= limit else f"{line[: limit - 30]}… ({len(line):,} characters)"


def details(spec: JobSpec) -> str:
    """All that is sent, in full, for the approval page and the terminal."""
    parts = [json.dumps(spec.describe(), indent=1, sort_keys=True)]
    parts += [f"=== {path} ===\n{data.decode(errors='replace')}" for path, data in spec.files]
    return "\n\n".join(visible(line) if line else line for part in parts for line in part.splitlines())


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(["hf-jobs-mcp consent 1", *parts]).encode()).hexdigest()


def _title(spec: JobSpec, *, scheduled: bool) -> str:
    count = len(spec.secret_names)
    carries = f" with {count} secret{'s' if count > 1 else ''}" if count else ""
    if scheduled:
        return f"Schedule this job{carries}? EVERY run will carry them." if count else "Schedule this job?"
    return f"Run this job{carries}?"


def _schedule_facts(spec: JobSpec, next_runs: Sequence[str]) -> list[tuple[str, str]]:
    if spec.schedule is None:
        return []
    suspended = " (suspended: it waits until it is resumed)" if spec.suspend else ""
    return [("Schedule", f"{show(spec.schedule)} UTC{suspended}"), ("Next runs", "\n".join(next_runs))]


def _port_facts(spec: JobSpec) -> list[tuple[str, str]]:
    facts = []
    if spec.expose:
        facts.append(("Ports", f"{', '.join(map(str, spec.expose))} (needs a token)"))
    if spec.expose_public:
        facts.append(("PUBLIC", f"ports {', '.join(map(str, spec.expose_public))}, open to anyone"))
    return facts


def _listed(label: str, items: Sequence[str]) -> list[tuple[str, str]]:
    if not items:
        return []
    lines = [show(item, 160) for item in items[:_SHOWN]]
    if len(items) > _SHOWN:
        lines.append(f"and {len(items) - _SHOWN} more")
    return [(label, "\n".join(lines))]


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


def _attempts(spec: JobSpec) -> str:
    return f", up to {spec.attempts} attempts" if spec.attempts and spec.attempts > 1 else ""


def _size(data: bytes) -> str:
    return f"{len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
