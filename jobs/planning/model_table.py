"""The built-in table: which provider serves a model and which secrets it wants, as fast-agent 0.10.48 has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

VERSION = "0.10.48"

# The rule is PROVIDER.upper() + "_API_KEY", except these.
_SECRETS: dict[str, str | None] = {
    "hf": "HF_TOKEN",
    "responses": "OPENAI_API_KEY",
    "codexresponses": "CODEX_API_KEY",
    "metaai": "META_AI_API_KEY",
    "anthropic-vertex": None,
    "fast-agent": None,
}
PROVIDERS = frozenset(
    {
        *("anthropic", "anthropic-vertex", "openai", "responses", "openresponses", "codexresponses", "google"),
        *("googleoai", "hf", "deepseek", "zai", "moonshot", "generic", "openrouter", "tensorzero", "azure", "aliyun"),
        *("xai", "metaai", "bedrock", "groq", "copilot", "fast-agent"),
    }
)


@dataclass(frozen=True, slots=True)
class Correction:
    """Where fast-agent says one name (`check models`) and its own code reads another; `reason` is for a person."""

    secrets: tuple[str, ...]
    reason: str
    version: str = VERSION


CORRECTIONS: dict[str, Correction] = {
    "bedrock": Correction(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        "bedrock signs in through boto3, which reads AWS's own names; AWS_REGION says where, and boto3 has to be "
        "among packages.",
    ),
    "generic": Correction((), "generic defaults to the key `ollama`: it needs none; GENERIC_BASE_URL says where."),
    "openresponses": Correction((), "openresponses asks for no key; OPENRESPONSES_BASE_URL says where."),
    "copilot": Correction(("COPILOT_GITHUB_TOKEN",), "copilot reads COPILOT_GITHUB_TOKEN; else it wants a sign-in."),
    "azure": Correction(
        ("AZURE_API_KEY",),
        "azure reads AZURE_API_KEY (not AZURE_OPENAI_API_KEY), and wants base_url or resource_name in an `azure:` "
        "section of its configuration.",
    ),
    "anthropic-vertex": Correction(
        (), "anthropic-vertex signs in with Google's default credentials; GOOGLE_CLOUD_PROJECT says where."
    ),
}
"""Tested against the real program: without the name it stops and asks, with it it goes on."""

# Short names and model families, first match wins.
_FAMILIES = (
    (r"passthrough|playback|silent|slow", "fast-agent"),
    (r"(claude|sonnet|haiku|opus|fable)[\w.-]*", "anthropic"),
    (r"codex(plan|spark)\d*|(sol|luna|terra|astra)\d*", "codexresponses"),
    (r"gpt-oss[\w.-]*", "hf"),
    (r"gpt-4[\w.-]*", "openai"),
    (r"gpt-?\d[\w.-]*|chatgpt|chat-latest|codex|o[134](-[\w.-]+)?", "responses"),
    (r"gemini[\w.-]*", "google"),
    (r"deepseek(32|[\w.-]*-hf)", "hf"),
    (r"deepseek[\w.-]*", "deepseek"),
    (r"grok[\w.-]*", "xai"),
    (r"muse[\w.-]*", "metaai"),
    (r"zaiglm[\w.-]*", "zai"),
    (r"kimik3|kimi-k3", "moonshot"),
    (r"qwen-turbo|qwen3-max", "aliyun"),
    (r"qwen3\.6-27b|qwen3-32b", "groq"),
    (r"(kimi|minimax|glm|glimmer|qwen3|gemma)[\w.-]*", "hf"),
)


@dataclass(frozen=True)
class ModelPlan:
    """What one model needs. `secret` is None when it needs none or nobody knows; then `error` says so.

    `secrets` are all names that are needed together, `note` what else has to be there.
    """

    input: str
    resolved_model: str | None
    provider: str | None
    secret: str | None
    error: str | None
    resolved_by: Literal["fast-agent", "built-in table"]
    note: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        correction = CORRECTIONS.get(self.provider or "")
        if correction is not None:
            return correction.secrets
        return () if self.secret is None else (self.secret,)


def corrected(plan: ModelPlan) -> ModelPlan:
    """A plan with what the table of corrections knows better."""
    correction = CORRECTIONS.get(plan.provider or "")
    if correction is None:
        return plan
    return replace(plan, secret=next(iter(correction.secrets), None), note=correction.reason)


def from_table(model: str) -> ModelPlan:
    """Answer from the built-in table: an explicit `provider.model`, a known short name, or a family of names."""
    name = model.partition("?")[0].strip()
    prefix, dot, rest = name.partition(".")
    slash_prefix, slash, slash_rest = name.partition("/")
    if dot and prefix in PROVIDERS:
        return _planned(model, prefix, rest)
    if slash and slash_prefix in PROVIDERS:
        return _planned(model, slash_prefix, slash_rest)
    bare = name.partition(":")[0].lower()
    for pattern, provider in _FAMILIES:
        if re.fullmatch(pattern, bare):
            return _planned(model, provider, name)
    return ModelPlan(model, None, None, None, "The built-in table does not know this model.", "built-in table")


def _planned(model: str, provider: str, resolved: str) -> ModelPlan:
    default = f"{provider.upper().replace('-', '_')}_API_KEY"
    return corrected(
        ModelPlan(model, resolved or None, provider, _SECRETS.get(provider, default), None, "built-in table")
    )
