"""Which hub the tools talk to, decided on first need: Hugging Face with a token, else the local hub."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from hub_contract.command_line import command
from hub_contract.constants import is_loopback
from jobs.errors import HubNotStarted, HubUnreachable, NoToken, SecretUnavailable, TokenRefused
from jobs.secrets.vault import Vault
from tools.services import Connected

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.secrets.recall import Recall
    from local_hub.process.daemon import HubState
    from server.settings import Settings

HUGGINGFACE = "https://huggingface.co"

#: How the local hub is started: this very program, whatever is on ``PYTHONPATH`` or in the working folder.
LAUNCH = (sys.executable, "-P", "-m", "hf_jobs_mcp", "hub", "run")


@dataclass
class Connection:
    """The hub in force. The local one is started when it is needed and looked up again when it was replaced.

    `learn` is told the local hub's token, so that it is masked like any secret; `heard` every job a hub tells of;
    `mask` masks what a hub says of a failure.
    """

    settings: Settings
    version: str
    learn: Callable[[str, str], None] | None = None
    heard: Recall | None = None
    mask: Callable[[str], str] = str
    _lock: anyio.Lock = field(default_factory=anyio.Lock)
    _hub: HubClient | None = None
    _name: str = ""
    _address: tuple[str, str] | None = None

    async def __call__(self) -> Connected:
        """The hub, ready to be called.

        Raises:
            NoToken: `huggingface` was asked for and there is no token.
            HubNotStarted: The local hub did not come up; the message says why.
        """
        async with self._lock:
            kind = self.settings.hub
            token = None if kind == "local" else await anyio.to_thread.run_sync(hub_token)
            if kind != "local" and self._hub is None:
                await anyio.to_thread.run_sync(refuse_a_silent_choice, kind, token)
            if kind == "local" or (kind == "auto" and token is None):
                await self._local()
            elif self._hub is None:
                await self._remote(kind, token)
            if self._hub is None:
                raise HubNotStarted("There is no hub to talk to.", hint=f"`{command('doctor')}` says what is missing.")
            return Connected(self._hub, self._name)

    async def close(self) -> None:
        if self._hub is not None:
            await self._hub.close()
            self._hub = None

    async def _local(self) -> None:
        from jobs.client.client import HubClient

        if self._hub is not None and self._address == running_local(self.settings):
            return
        state = await anyio.to_thread.run_sync(start_local, self.settings, self.version)
        address = (state.endpoint, state.token)
        await self.close()
        self._hub = HubClient(
            state.endpoint,
            state.token,
            namespace=self.settings.namespace,
            version=self.version,
            heard=self.heard,
            mask=self.mask,
        )
        self._name, self._address = "local", address
        if self.learn is not None:
            self.learn("LOCAL_HUB_TOKEN", state.token)

    async def _remote(self, kind: str, token: str | None) -> None:
        from jobs.client.client import HubClient

        endpoint = hub_address(kind)
        if token is None:
            raise NoToken(
                "There is no Hugging Face token, and the hub that was asked for needs one.",
                hint="Run `hf auth login`, or set HF_TOKEN for this server; HF_JOBS_MCP_HUB=local needs no account.",
            )
        own = running_local(self.settings)
        self._hub = HubClient(
            endpoint,
            token,
            namespace=self.settings.namespace,
            version=self.version,
            near=own is not None and own[0] == endpoint,
            heard=self.heard,
            mask=self.mask,
        )
        self._name = "huggingface" if urlsplit(endpoint).hostname == "huggingface.co" else endpoint


def hub_token() -> str | None:
    """The caller's own token: ``HF_TOKEN``, else what ``hf auth login`` stored. A literal ``${HF_TOKEN}`` is none."""
    own = Vault(environ=dict(os.environ), use_keyring=False)
    try:
        return own.take(["HF_TOKEN"])["HF_TOKEN"].reveal()
    except SecretUnavailable:
        return None


def refuse_a_silent_choice(kind: str, token: str | None) -> None:
    """Refuse to work somewhere else than the person believes.

    Raises:
        TokenRefused: A token was stored or set and cannot be read; without it jobs would run on this machine.
        HubUnreachable: ``HF_HUB_OFFLINE`` forbids to call the hub that was asked for.
    """
    if token is None and kind == "auto":
        place = Path(os.environ.get("HF_TOKEN_PATH") or default_token_path()).expanduser()
        try:
            place.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, UnicodeDecodeError):
            raise TokenRefused(
                "There is a file with a Hugging Face token, and it cannot be read.",
                hint="Run `hf auth login` again, or set HF_JOBS_MCP_HUB=local to run jobs on this machine.",
            ) from None
    far = kind not in {"auto", "local"} or token is not None
    address = hub_address(kind)
    if far and offline() and not is_loopback(address):
        raise HubUnreachable(
            "HF_HUB_OFFLINE is set, so no hub on the network is called.",
            hint="Unset it, or set HF_JOBS_MCP_HUB=local to run jobs on this machine.",
        )


def offline() -> bool:
    """Whether the variables are set that keep ``hf`` off the network."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"} for name in names)


def default_token_path() -> Path:
    """Where ``hf auth login`` keeps the token."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME") or Path.home()) / ".cache"
    return Path(os.environ.get("HF_HOME") or Path(cache) / "huggingface") / "token"


def hub_address(kind: str) -> str:
    """The address of the hub that a setting stands for."""
    return (os.environ.get("HF_ENDPOINT") or HUGGINGFACE).rstrip("/") if kind in {"auto", "huggingface"} else kind


def running_local(settings: Settings) -> tuple[str, str] | None:
    """Where the local hub is, if its process lives. It is not called: that is for what comes next."""
    try:
        from local_hub.process.daemon import running
    except ImportError:
        return None
    state = running(settings.home)
    return None if state is None else (state.endpoint, state.token)


def start_local(settings: Settings, version: str) -> HubState:  # Its type is the hub's own, imported on first need.
    """The running local hub's state; starts it where none runs. Blocks until it answers.

    Raises:
        HubNotStarted: It did not come up.
    """
    try:
        from local_hub.process.daemon import HubStartError, ensure_running
    except ImportError:
        raise HubNotStarted(
            "The local hub does not run on this system.", hint="Run `hf auth login` to use Hugging Face Jobs."
        ) from None

    launch = [*LAUNCH, "--runner", settings.runner]
    try:
        return ensure_running(settings.home, launch, version=version)
    except HubStartError as error:
        raise HubNotStarted(str(error), hint=f"`{command('doctor')}` says what is missing.") from None
    except OSError as error:
        raise HubNotStarted(
            f"The local hub's folder cannot be used: {error.strerror}.", hint="Set HF_JOBS_MCP_HOME to another folder."
        ) from None
