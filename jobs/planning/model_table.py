"""The built-in table: which provider serves a model and which secret it wants, as fast-agent 0.10.48 has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# The rule is PROVIDER.upper() + "_API_KEY", except these.
_SECRETS: dict[str, str | None] = {
    "hf": "HF_TOKEN",
    "responses": "OPENAI_API_KEY",
    "codexresponses": "CODEX_API_KEY",
    "metaai": "META_AI_API_KEY",
    "anthropic-vertex": None,
    "fast-agent": None,
}
_PROVIDERS = frozenset(
    {
        *(
            "anthropic",
            "anthropic-vertex",
            "openai",
            "responses",
            "openresponses",
            "codexresponses",
            "google",
            "googleoai",
        ),
        *(
            "hf",
            "deepseek",
            "zai",
            "moonshot",
            "generic",
            "openrouter",
            "tensorzero",
            "azure",
            "aliyun",
            "xai",
            "metaai",
        ),
        *("bedrock", "groq", "copilot", "fast-agent"),
    }
)
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
    """What one model needs. `secret` is None when it needs none or nobody knows; then `error` says so."""

    input: str
    resolved_model: str | None
    provider: str | None
    secret: str | None
    error: str | None
    resolved_by: Literal["fast-agent", "built-in table"]


def from_table(model: str) -> ModelPlan:
    """Answer from the built-in table: an explicit `provider.model`, a known short name, or a family of names."""
    name = model.partition("?")[0].strip()
    prefix, dot, rest = name.partition(".")
    slash_prefix, slash, slash_rest = name.partition("/")
    if dot and prefix in _PROVIDERS:
        return _planned(model, prefix, rest)
    if slash and slash_prefix in _PROVIDERS:
        return _planned(model, slash_prefix, slash_rest)
    bare = name.partition(":")[0].lower()
    for pattern, provider in _FAMILIES:
        if re.fullmatch(pattern, bare):
            return _planned(model, provider, name)
    return ModelPlan(model, None, None, None, "The built-in table does not know this model.", "built-in table")


def _planned(model: str, provider: str, resolved: str) -> ModelPlan:
    default = f"{provider.upper().replace('-', '_')}_API_KEY"
    return ModelPlan(model, resolved or None, provider, _SECRETS.get(provider, default), None, "built-in table")
