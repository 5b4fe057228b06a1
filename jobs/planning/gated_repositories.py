"""Repositories of the Hub whose licence has to be accepted before they can be read; add one here."""

from __future__ import annotations

GATED = (
    *("meta-llama/", "google/gemma", "google/paligemma", "google/medgemma", "google/shieldgemma", "google/txgemma"),
    *("black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.1-Kontext-dev", "black-forest-labs/FLUX.2-dev"),
    *("stabilityai/stable-diffusion-3", "stabilityai/stable-video", "stabilityai/stable-audio", "pyannote/"),
    *("bigcode/the-stack", "bigcode/starcoder", "mistralai/Codestral", "mistralai/Mistral-Large-Instruct"),
    *("mistralai/Mixtral-8x22B-Instruct", "CohereLabs/", "CohereForAI/", "databricks/dbrx", "facebook/sam3"),
    *("facebook/dinov3", "ILSVRC/imagenet-1k", "gaia-benchmark/GAIA", "Idavidrein/gpqa", "cais/hle"),
    *("mozilla-foundation/common_voice", "lmsys/lmsys-chat-1m", "tiiuae/falcon-180B", "EvolutionaryScale/esm3"),
    *("MahmoodLab/UNI", "prov-gigapath/"),
)
"""How the names of repositories begin whose licence has to be accepted first; as of 2026-11."""


HOSTS_OF_MODELS = frozenset(
    """
    together groq fireworks openai litellm cerebras openrouter replicate deepinfra langchain_together langchain_groq
    langchain_fireworks langchain_openai sambanova nebius anyscale agents boto3
    """.split()  # noqa: SIM905 -- the same
)
LOADERS = frozenset(
    """
    transformers vllm unsloth diffusers sentence_transformers peft trl huggingface_hub sglang mlx_lm llama_cpp timm
    lighteval axolotl torchtune litgpt keras_hub outlines ctranslate2 optimum pyannote open_clip lm_eval accelerate
    guidance awq exllamav2 nemo lerobot setfit tokenizers nanotron torchtitan llamafactory swift tgi text_generation
    """.split()  # noqa: SIM905 -- the same
)
"""Where a model's name is a service's, and libraries that read it from the Hub: only for these its licence counts."""


def is_gated(repo: str) -> bool:
    """Whether a repository's name is one that the table knows to be gated."""
    return "/" in repo and any(repo.startswith(start) for start in GATED)


_DATA_SETS = (
    *("bigcode/the-stack", "ILSVRC/", "gaia-benchmark/", "Idavidrein/", "cais/hle", "mozilla-foundation/"),
    "lmsys/lmsys-chat",
)


def is_data_set(repo: str) -> bool:
    """Whether a gated repository is a data set, which no service runs as a model."""
    return repo.startswith(_DATA_SETS)
