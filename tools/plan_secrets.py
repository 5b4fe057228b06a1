"""Which environment variables a job needs: names, reasons and whether a value is here. Never a value."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations
from pydantic import Field

from jobs.display_text import one_line
from jobs.errors import JobsError
from jobs.secrets.vault import how_to_provide
from tools.registry import Arguments, tool
from tools.replies.shapes import View
from tools.services import Services, services_of

if TYPE_CHECKING:
    from jobs.planning.models import ModelPlan
    from jobs.planning.required_secrets import Candidate as Found
    from jobs.planning.required_secrets import Needs

_BROAD = (
    "HF_TOKEN can do everything its owner can. The job's workspace needs no token; "
    "for more, a fine-grained token with just the permissions the job needs is better."
)
_RIGHTS = {
    "write": "Here it has to write.",
    "inference": "Here it has to call inference providers, and no more.",
    "read": "Here reading is enough.",
}
_BYTES = 7_900
_MOST = 300
"""Names that are looked up here; far fewer fit into a reply."""

_REASONS = 5
_REASON_CHARS = 200
_UNREAD = 12


class PlanSecrets(Arguments):
    models: list[str] = Field(default_factory=list, description='e.g. ["sonnet","kimi"]')
    command: list[str] | None = None
    script: str | None = Field(None, description="Text of a uv script")
    files: dict[str, str] = Field(default_factory=dict, description="As for submit_job; agent cards are read")
    env: dict[str, str] = Field(default_factory=dict)
    secrets: list[str] = Field(default_factory=list, description="Names you know are needed")


class Candidate(View):
    name: str
    available: bool
    source: str | None = None
    confidence: str
    use: str | None = None
    one_of: list[str] | None = None
    reasons: list[str]
    note: str | None = None


class ModelNeed(View):
    input: str
    resolved_model: str | None = None
    provider: str | None = None
    secret: str | None = None
    error: str | None = None
    note: str | None = None
    resolved_by: str


class SecretPlan(View):
    candidates: list[Candidate]
    models: list[ModelNeed] | None = None
    unread: list[str] | None = None
    note: str | None = None


async def plan_secrets(request: PlanSecrets, ctx: Context[Any, Any]) -> SecretPlan:
    """Say which secret NAMES a job needs and why, from its models, fast-agent command, agent cards or uv script, and
    whether a value is available here. Pass the names on to submit_job or schedule_job as `secrets`, where a person
    confirms them. Values are never shown.
    """
    from jobs.apart.call import apart
    from jobs.planning.models import resolve_models
    from jobs.planning.required_secrets import Needs, needs
    from jobs.secrets.scan import named_in, refuse_values

    services = services_of(ctx)
    for name in request.secrets:
        services.vault.check(name)
    named = named_in(request.command or (), env=request.env)
    refuse = partial(refuse_values, _texts(request), services.masker(), named=named)
    await anyio.to_thread.run_sync(refuse)
    texts = (request.script or "", *(request.command or ()), *request.files.values())
    read = partial(needs, request.command, request.script, request.files, request.env, models=request.models)
    found = await apart(read, size=sum(map(len, texts))) or Needs(unread=("what is too much to be read",))
    models = list(found.models)
    policy = services.policy
    plans = await resolve_models(models, cache=policy.cache, fetch=policy.fetch_fast_agent) if models else []
    wanted = sorted(found.candidates(plans), key=lambda one: one.confidence == "optional")
    asked_for = [name for name in request.secrets if name not in {one.name for one in wanted}]
    left_out = len(wanted[_MOST:]) + len(asked_for[_MOST:])
    candidates = await anyio.to_thread.run_sync(_described, services, wanted[:_MOST], asked_for[:_MOST])
    return _fitted(
        SecretPlan(
            candidates=sorted(candidates, key=lambda one: one.name),
            models=[_model(model) for model in plans] or None,
            unread=[one_line(each, _REASON_CHARS) for each in found.unread[:_UNREAD]] or None,
            note=_note(found, wanted, asked_for),
        ),
        left_out,
    )


TOOL = tool(
    plan_secrets,
    PlanSecrets,
    SecretPlan,
    title="Plan a job's secrets",
    annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
)


def _described(services: Services, wanted: list[Found], asked_for: list[str]) -> list[Candidate]:
    return [_candidate(services, one) for one in wanted] + [_asked_for(services, name) for name in asked_for]


def _candidate(services: Services, found: Found) -> Candidate:
    described = _asked_for(services, found.name)
    rights = _RIGHTS.get(found.access) if found.name == "HF_TOKEN" else None
    return described.model_copy(
        update={
            "confidence": found.confidence,
            "use": "; ".join(found.uses) or None,
            "one_of": sorted({found.name, *found.others}) if found.confidence == "one of" else None,
            "reasons": [one_line(reason, _REASON_CHARS) for reason in found.reasons[:_REASONS]],
            "note": " ".join(filter(None, (rights, described.note))) or None,
        }
    )


def _asked_for(services: Services, name: str) -> Candidate:
    note = _allowed(services.vault.check, name)
    found = services.vault.look(name)
    if note is None and found.available and not found.maskable:
        note = "Its value is too short to be masked in logs."
    if note is None and not found.available:
        note = how_to_provide([name])
    return Candidate(
        name=name,
        available=found.available,
        source=found.source,
        confidence="needed",
        reasons=["you asked for it"],
        note=note,
    )


def _note(found: Needs, wanted: list[Found], asked_for: list[str]) -> str | None:
    """What a person should know of the whole: what was looked at where nothing was found, and what a token can do."""
    said = []
    if not wanted:
        looked = ", ".join(one_line(each, 60) for each in found.read[:8]) or "what was given"
        said.append(f"Nothing was recognised in {looked}; libraries may look for more.")
    if "HF_TOKEN" in asked_for or any(one.name == "HF_TOKEN" for one in wanted):
        said.append(_BROAD)
    return " ".join(said) or None


def _fitted(plan: SecretPlan, left_out: int = 0) -> SecretPlan:
    """The plan within its bytes: fewer reasons first, then without what is only optional, then cut, which is said."""
    for reasons in (3, 1):
        if _size(plan) > _BYTES:
            for one in plan.candidates:
                one.reasons = one.reasons[:reasons]
    over = _size(plan) - _BYTES
    kept = sorted(plan.candidates, key=lambda one: one.confidence == "optional")
    while over > 0 and kept:
        over -= len(kept.pop().model_dump_json(exclude_none=True).encode()) + 1
    cut = len(plan.candidates) - len(kept) + left_out
    if cut:
        plan.candidates = sorted(kept, key=lambda one: one.name)
        plan.note = " ".join(filter(None, (plan.note, f"{cut} more names were left out: plan fewer files at once.")))
    while plan.models and _size(plan) > _BYTES:
        plan.models = plan.models[: len(plan.models) // 2] or None
    return plan


def _size(plan: SecretPlan) -> int:
    return len(plan.model_dump_json(exclude_none=True).encode())


def _allowed(check: Callable[[str], None], name: str) -> str | None:
    """Why a name that something reads may not be attached, or None when it may."""
    try:
        check(name)
    except JobsError as error:
        return error.message
    return None


def _model(plan: ModelPlan) -> ModelNeed:
    return ModelNeed(
        input=plan.input,
        resolved_model=plan.resolved_model,
        provider=plan.provider,
        secret=plan.secret,
        error=plan.error,
        note=plan.note,
        resolved_by=plan.resolved_by,
    )


def _texts(request: PlanSecrets) -> dict[str, str]:
    """Every text of the request by its field, for the scan for values."""
    return {
        "script": request.script or "",
        **{f"command[{index}]": word for index, word in enumerate(request.command or ())},
        **{f"env.{name}": value for name, value in request.env.items()},
        **{f"files (entry {index + 1})": text for index, text in enumerate(request.files.values())},
    }
