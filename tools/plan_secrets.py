"""Which environment variables a job needs: names, reasons and whether a value is here. Never a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations
from pydantic import Field

from jobs.errors import JobsError
from jobs.planning.models import ModelPlan, resolve_models
from jobs.planning.required_secrets import needs
from jobs.secrets.scan import refuse_values
from jobs.secrets.vault import how_to_provide
from tools.registry import Arguments, tool
from tools.replies import View
from tools.services import Services, services_of

_BROAD = (
    "HF_TOKEN can do everything its owner can. The job's workspace needs no token; "
    "for more, a fine-grained token with just the permissions the job needs is better."
)


class PlanSecrets(Arguments):
    models: list[str] = Field(default_factory=list, description='e.g. ["sonnet","kimi"]')
    command: list[str] | None = None
    script: str | None = Field(None, description="Text of a uv script")
    files: dict[str, str] = Field(default_factory=dict, description="As for submit_job; agent cards are read")
    secrets: list[str] = Field(default_factory=list, description="Names you know are needed")


class Candidate(View):
    name: str
    available: bool
    source: str | None = None
    reasons: list[str]
    note: str | None = None


class ModelNeed(View):
    input: str
    resolved_model: str | None = None
    provider: str | None = None
    secret: str | None = None
    error: str | None = None
    resolved_by: str


class SecretPlan(View):
    candidates: list[Candidate]
    models: list[ModelNeed] | None = None
    note: str | None = None


async def plan_secrets(request: PlanSecrets, ctx: Context[Any, Any]) -> SecretPlan:
    """Say which secret NAMES a job needs and why, from its models, fast-agent command, agent cards or uv script, and
    whether a value is available here. Pass the names on to submit_job or schedule_job as `secrets`, where a person
    confirms them. Values are never shown.
    """
    services = services_of(ctx)
    for name in request.secrets:
        services.vault.check(name)
    texts = {"script": request.script or "", "command": "\n".join(request.command or ()), **_file_texts(request)}
    refuse_values(texts, services.masker())
    found = needs(request.command, request.script, request.files)
    models = list(dict.fromkeys([*request.models, *found.models]))
    plans = await resolve_models(models, cache=services.policy.cache) if models else []
    reasons: dict[str, list[str]] = {name: list(why) for name, why in found.names.items()}
    for model in plans:
        if model.secret is not None:
            reasons.setdefault(model.secret, []).append(f"model {model.input} runs on {model.provider}")
    for name in request.secrets:
        reasons.setdefault(name, []).append("you asked for it")
    return SecretPlan(
        candidates=[await _candidate(services, name, why) for name, why in sorted(reasons.items())],
        models=[_model(model) for model in plans] or None,
        note=_BROAD if "HF_TOKEN" in reasons else None,
    )


TOOL = tool(
    plan_secrets,
    PlanSecrets,
    SecretPlan,
    title="Plan a job's secrets",
    annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
)


async def _candidate(services: Services, name: str, reasons: list[str]) -> Candidate:
    note = _allowed(services.vault.check, name)
    found = await anyio.to_thread.run_sync(services.vault.look, name)
    if note is None and found.available and not found.maskable:
        note = "Its value is too short to be masked in logs."
    if note is None and not found.available:
        note = how_to_provide([name])
    return Candidate(name=name, available=found.available, source=found.source,
                     reasons=reasons, note=note)  # fmt: skip


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
        resolved_by=plan.resolved_by,
    )


def _file_texts(request: PlanSecrets) -> dict[str, str]:
    return {f"files (entry {index + 1})": text for index, text in enumerate(request.files.values())}
