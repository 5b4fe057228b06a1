"""Tokens that give themselves away by their shape, whether or not their value is known here."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

LONGEST_TOKEN = 4096


@dataclass(frozen=True)
class TokenShape:
    """`start` is what every such token begins with; `pattern` matches all of one; `label` stands in its place."""

    start: str
    pattern: str
    label: str


# Formats as their issuers document them; each is long and random enough that prose never matches.
SHAPES = (
    TokenShape("hf_", r"hf_(?:oauth_)?[A-Za-z0-9]{20,256}", "HF-TOKEN"),
    TokenShape("api_org_", r"api_org_[A-Za-z0-9]{20,256}", "HF-TOKEN"),
    TokenShape("sk-", r"sk-ant-[A-Za-z0-9_-]{24,256}", "ANTHROPIC-KEY"),
    TokenShape("sk-", r"sk-or-v1-[0-9a-f]{40,128}", "OPENROUTER-KEY"),
    TokenShape("sk-", r"sk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{24,256}", "OPENAI-KEY"),
    TokenShape("sk-", r"sk-[A-Za-z0-9]{20,256}(?![A-Za-z0-9_-])", "API-KEY"),
    TokenShape("gh", r"gh[pousr]_[A-Za-z0-9]{36,255}", "GITHUB-TOKEN"),
    TokenShape("github_pat_", r"github_pat_[A-Za-z0-9_]{40,255}", "GITHUB-TOKEN"),
    TokenShape("glpat-", r"glpat-[A-Za-z0-9_-]{20,64}", "GITLAB-TOKEN"),
    TokenShape("xox", r"xox[abeoprs]-(?=[A-Za-z0-9-]*[0-9])[A-Za-z0-9-]{20,255}", "SLACK-TOKEN"),
    TokenShape("AKIA", r"AKIA[A-Z2-7]{16}(?![A-Za-z0-9])", "AWS-KEY-ID"),
    TokenShape("ASIA", r"ASIA[A-Z2-7]{16}(?![A-Za-z0-9])", "AWS-KEY-ID"),
    TokenShape("AIza", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", "GOOGLE-KEY"),
    TokenShape("gsk_", r"gsk_[A-Za-z0-9]{40,128}", "GROQ-KEY"),
    TokenShape("xai-", r"xai-[A-Za-z0-9]{40,128}", "XAI-KEY"),
    TokenShape("pypi-", r"pypi-[A-Za-z0-9_-]{64,512}", "PYPI-TOKEN"),
    TokenShape("npm_", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])", "NPM-TOKEN"),
    TokenShape("eyJ", r"eyJ[A-Za-z0-9_-]{8,1500}\.eyJ[A-Za-z0-9_-]{8,1900}\.[A-Za-z0-9_-]{16,600}", "JWT"),
)
STARTS = tuple(dict.fromkeys(shape.start for shape in SHAPES))


@functools.cache
def token_pattern() -> re.Pattern[bytes]:
    """One expression for all shapes; the group that matched is the shape's place in `SHAPES`, counted from 1."""
    return re.compile(("(?<![A-Za-z0-9])(?:" + "|".join(f"({shape.pattern})" for shape in SHAPES) + ")").encode())


def looks_like_token(text: str) -> bool:
    """Whether `text` holds something shaped like a well-known token."""
    return token_pattern().search(text.encode(errors="surrogatepass")) is not None
