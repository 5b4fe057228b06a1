"""What an operator can set: flags first, then ``HF_JOBS_MCP_*`` variables, then these defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

_PREFIX = "HF_JOBS_MCP_"


def absent(value: str | None) -> bool:
    """Whether a setting counts as not given: empty, or a ``${NAME}`` that a client passed on unexpanded."""
    return value is None or not value.strip() or (value.startswith("${") and value.endswith("}"))


class Settings(BaseModel):
    """The operator's settings. Lists are written with commas between their parts."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hub: str = "auto"
    """``auto`` (the Hub if a token is found, else local), ``local``, ``huggingface``, or a URL."""
    home: Path = Field(default_factory=lambda: user_state_path("hf-jobs-mcp", appauthor=False))
    """State folder; made with mode 0700."""
    namespace: str | None = None
    secrets: tuple[str, ...] = ()
    """Names that may ever be attached to a job; empty means any name the person confirms."""
    secrets_file: Path | None = None
    """A dotenv file of values."""
    confirm_above_usd: float = Field(default=5.0, ge=0)
    """What can cost more than this many US dollars needs a person's yes. Schedules count by the month, and what was
    sent in the last day without a question counts too."""
    http_token: SecretStr | None = None
    """Bearer token for HTTP. None means one is made for the run and printed to stderr."""
    http_hosts: tuple[str, ...] = ()
    """Names, besides its own, that clients reach the HTTP server by: ``jobs.example.org``, ``10.0.0.5:9000``."""
    runner: Literal["process", "container"] = "process"
    """How the local hub runs jobs. ``process`` said here also means: without a question where there is no sandbox."""
    save_to: tuple[Path, ...] = ()
    """Folders that `fetch_results` may write to; empty means ``results`` in the state folder."""
    fetch_fast_agent: bool = False
    """Whether `plan_secrets` may fetch and run a pinned fast-agent to resolve models; else a built-in table answers."""
    ask_seconds: float = Field(default=600, gt=0, le=3600)
    """How long an unanswered question stays open."""
    ask: tuple[str, ...] = ("client", "browser", "terminal")
    """How the person is asked, the first way that is possible: in the ``client``, on a page that opens in the
    ``browser``, or at a ``terminal`` with ``hf-jobs-mcp approve``, which always works."""
    attach_without_asking: bool = Field(default=False, exclude=True)
    """Set by one start-up flag only; the environment cannot set it (see `from_environment`)."""

    @field_validator("ask")
    @classmethod
    def _known_ways(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = ("client", "browser", "terminal")
        if any(way not in known for way in value):
            msg = f"must be of {', '.join(known)}, with commas"
            raise ValueError(msg)
        return value or known

    @field_validator("secrets", "save_to", "ask", "http_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return () if absent(value) else tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("confirm_above_usd", mode="before")
    @classmethod
    def _unexpanded_is_the_default(cls, value: object) -> object:
        return 5.0 if isinstance(value, str) and absent(value) else value

    @field_validator("namespace", "secrets_file", "http_token", mode="before")
    @classmethod
    def _unexpanded_is_absent(cls, value: object) -> object:
        return None if isinstance(value, str) and absent(value) else value

    @field_validator("hub")
    @classmethod
    def _known_hub(cls, value: str) -> str:
        if absent(value):
            return "auto"
        if value in {"auto", "local", "huggingface"}:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "must be auto, local, huggingface or a URL that starts with http"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def save_folders(self) -> tuple[Path, ...]:
        """Where results may be saved; the first one is where a relative ``save_to`` starts."""
        return tuple(folder.expanduser().absolute() for folder in self.save_to) or (self.home / "results",)

    @property
    def trusts_jobs(self) -> bool:
        """Whether the operator chose processes knowingly: the same word as a default is no choice."""
        return self.runner == "process" and "runner" in self.model_fields_set

    @property
    def stored_secrets(self) -> Path:
        """Where ``secrets set`` keeps names, and the values that no keyring takes."""
        return self.home / "secrets.json"

    @property
    def cache(self) -> Path:
        return self.home / "cache"


def from_environment(**flags: object) -> Settings:
    """The settings in force: `flags` that are not None, then the environment, then the defaults.

    Raises:
        pydantic.ValidationError: A variable or a flag has a value that cannot be used.
    """
    told = {name.upper(): value for name, value in os.environ.items() if not absent(value)}
    named = [name for name in Settings.model_fields if name != "attach_without_asking"]
    given: dict[str, object] = {name: told[word] for name in named if (word := _PREFIX + name.upper()) in told}
    given.update({name: value for name, value in flags.items() if value is not None})
    return Settings.model_validate(given)
