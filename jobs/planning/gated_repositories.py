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


def is_gated(repo: str) -> bool:
    """Whether a repository's name is one that the table knows to be gated."""
    return "/" in repo and any(repo.startswith(start) for start in GATED)
