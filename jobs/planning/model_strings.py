"""What a model named as `provider/model` needs, as litellm, pydantic-ai, inspect … read it. Add a row here."""

from __future__ import annotations

import re

from jobs.planning.libraries import AWS

MODEL_CALLS: dict[str, tuple[str, ...]] = {
    "litellm.completion": ("model",),
    "litellm.acompletion": ("model",),
    "litellm.responses": ("model",),
    "litellm.embedding": ("model",),
    "litellm.batch_completion": ("model",),
    "litellm.text_completion": ("model",),
    "litellm.image_generation": ("model",),
    "litellm.transcription": ("model",),
    "litellm.speech": ("model",),
    "litellm.rerank": ("model",),
    "litellm.Router": (),
    "dspy.LM": ("model",),
    "dspy.Embedder": ("model",),
    "pydantic_ai.Agent": ("model",),
    "pydantic_ai.models.infer_model": ("model",),
    "pydantic_ai.direct.model_request_sync": ("model",),
    "smolagents.LiteLLMModel": ("model_id",),
    "langchain.chat_models.init_chat_model": ("model",),
    "langchain.agents.create_agent": ("model",),
    "langgraph.prebuilt.create_react_agent": ("model",),
    "langchain.embeddings.init_embeddings": ("model",),
    "crewai.LLM": ("model",),
    "crewai.Agent": (),
    "instructor.from_provider": ("model",),
    "inspect_ai.eval": (),
    "inspect_ai.eval_async": (),
    "inspect_ai.eval_set": (),
    "inspect_ai.model.get_model": ("model",),
    "aisuite.Client.chat.completions.create": ("model",),
    "any_llm.completion": ("model",),
    "google.adk.models.lite_llm.LiteLlm": ("model",),
    "agents.Agent": (),
    "agents.extensions.models.litellm_model.LitellmModel": ("model",),
    **{f"google.adk.{name}": () for name in ("Agent", "agents.Agent", "agents.LlmAgent", "agents.llm_agent.LlmAgent")},
    "google.adk.agents.llm_agent.Agent": (),
}
"""Calls that take a model as `provider/model` or `provider:model`: the keyword that may stand first by position."""

BARE_PROVIDERS = {name: "google_genai" for name in MODEL_CALLS if "google.adk" in name and "lite_llm" not in name}
"""The provider that a call takes for a Gemini model that is named without one."""

PREFIXES: dict[str, tuple[str, ...]] = {
    "openai": ("OPENAI_API_KEY",),
    "openai-chat": ("OPENAI_API_KEY",),
    "openai-responses": ("OPENAI_API_KEY",),
    "text-completion-openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "gemini": ("GEMINI_API_KEY",),
    "google": ("GOOGLE_API_KEY",),
    "google-gla": ("GEMINI_API_KEY|GOOGLE_API_KEY",),
    "google_genai": ("GOOGLE_API_KEY|GEMINI_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "mistralai": ("MISTRAL_API_KEY",),
    "cohere": ("COHERE_API_KEY|CO_API_KEY",),
    "cohere_chat": ("COHERE_API_KEY",),
    "huggingface": ("HF_TOKEN",),
    "hf-inference-providers": ("HF_TOKEN",),
    "together_ai": ("TOGETHERAI_API_KEY|TOGETHER_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "grok": ("GROK_API_KEY|XAI_API_KEY",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY|FIREWORKS_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY|PERPLEXITY_API_KEY",),
    "replicate": ("REPLICATE_API_KEY|REPLICATE_API_TOKEN",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "nvidia": ("NVIDIA_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY",),
    "moonshotai": ("MOONSHOTAI_API_KEY",),
    "zai": ("ZAI_API_KEY",),
    "azure": ("AZURE_API_KEY|AZURE_OPENAI_API_KEY",),
    "azure_openai": ("AZURE_OPENAI_API_KEY",),
    "azure_ai": ("AZURE_AI_API_KEY",),
    "bedrock": AWS,
    "bedrock_converse": AWS,
    "sagemaker": AWS,
    "ai21": ("AI21_API_KEY",),
    "ai21_chat": ("AI21_API_KEY",),
    "alibaba": ("ALIBABA_API_KEY|DASHSCOPE_API_KEY",),
    "baseten": ("BASETEN_API_KEY",),
    "cloudflare": ("CLOUDFLARE_API_KEY|CLOUDFLARE_API_TOKEN",),
    "codestral": ("CODESTRAL_API_KEY",),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "datarobot": ("DATAROBOT_API_TOKEN",),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "featherless_ai": ("FEATHERLESS_AI_API_KEY",),
    "gateway": ("PYDANTIC_AI_GATEWAY_API_KEY|PAIG_API_KEY",),
    "github": ("GITHUB_API_KEY",),
    "goodfire": ("GOODFIRE_API_KEY",),
    "heroku": ("HEROKU_INFERENCE_KEY|HEROKU_API_KEY",),
    "hyperbolic": ("HYPERBOLIC_API_KEY",),
    "modelscope": ("MODELSCOPE_API_KEY",),
    "nebius": ("NEBIUS_API_KEY",),
    "nlp_cloud": ("NLP_CLOUD_API_KEY",),
    "novita": ("NOVITA_API_KEY",),
    "ovhcloud": ("OVHCLOUD_API_KEY",),
    "vercel": ("VERCEL_AI_GATEWAY_API_KEY|VERCEL_OIDC_TOKEN",),
    "vercel_ai_gateway": ("VERCEL_AI_GATEWAY_API_KEY",),
    "volcengine": ("VOLCENGINE_API_KEY",),
    "azureai": ("AZUREAI_API_KEY|AZURE_API_KEY",),
    "voyage": ("VOYAGE_API_KEY",),
    "databricks": ("DATABRICKS_API_KEY|DATABRICKS_TOKEN",),
    "ollama": (),
    "ollama_chat": (),
    "vllm": (),
    "hosted_vllm": (),
    "hf": (),
    "lm_studio": (),
    "vertex_ai": (),
    "google-vertex": (),
    "test": (),
    "mockllm": (),
}
"""Providers in `provider/model` strings; `A|B` is one of the two. Those that run here or use a sign-in need nothing."""

KEYS = frozenset(
    name
    for prefix, secrets in PREFIXES.items()
    if prefix not in {"huggingface", "hf-inference-providers", "bedrock", "bedrock_converse", "sagemaker", "github"}
    for group in secrets
    for name in group.split("|")
) | {"CODEX_API_KEY", "META_AI_API_KEY", "ALIYUN_API_KEY"}
"""Names of keys by which a provider bills the calls of its models."""

FAMILIES = (
    (re.compile(r"(gpt-|o[134]\b|o[134]-|chatgpt|text-embedding-|dall-e)"), ("OPENAI_API_KEY",)),
    (re.compile(r"claude"), ("ANTHROPIC_API_KEY",)),
)
"""Models that are named without a provider, as litellm and init_chat_model read them."""

ALIASES = (
    (re.compile(r"(claude-)?(sonnet|opus|haiku)"), ("ANTHROPIC_API_KEY",)),
    (re.compile(r"claude-.*"), ("ANTHROPIC_API_KEY",)),
    (re.compile(r"(deepseek|r1)"), ("DEEPSEEK_API_KEY",)),
    (re.compile(r"(gemini|flash)(-.*)?"), ("GEMINI_API_KEY",)),
    (re.compile(r"grok.*"), ("XAI_API_KEY",)),
    (re.compile(r"(4o|4|35turbo|o[134]-.*|gpt-.*|chatgpt.*)"), ("OPENAI_API_KEY",)),
)
"""Short names of command-line tools (aider, llm)."""


_SERVICE = re.compile(r"openai-api/([a-z][a-z0-9-]*)/")
"""inspect's way to any service that speaks OpenAI's protocol, whose key is named after it."""


def model_secrets(model: str) -> tuple[str, ...]:
    """What a model named as `provider/model`, `provider:model` or by its family alone needs."""
    name = model.strip().partition("?")[0].removeprefix("litellm/").removeprefix("any-llm/")
    if service := _SERVICE.match(name):
        return (f"{service[1].upper().replace('-', '_')}_API_KEY",)
    for separator in (":", "/"):
        prefix, found, _ = name.partition(separator)
        if found and prefix.lower() in PREFIXES:
            return PREFIXES[prefix.lower()]
    if "/" not in name:
        for pattern, secrets in FAMILIES:
            if pattern.match(name):
                return secrets
    return ()


def alias_secrets(model: str) -> tuple[str, ...]:
    """What a model needs that a command-line tool names by its own short name, or in full."""
    return model_secrets(model) or next((secrets for row, secrets in ALIASES if row.fullmatch(model)), ())
