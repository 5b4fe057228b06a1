"""Streamable HTTP at ``/mcp``: a bearer token, and Host and Origin checked, on every request."""

from __future__ import annotations

import hmac
import json
import secrets
import sys
from typing import TYPE_CHECKING

import anyio.lowlevel
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse

from hub_contract.connections import BACKLOG, Connection, has_shown_itself
from hub_contract.constants import LOOPBACK_HOSTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from socket import socket

    from starlette.types import ASGIApp, Receive, Scope, Send

    from server.app import App
    from server.settings import Settings

_ENOUGH = 16
#: Every address of this machine.
_SCHEMES = ("http", "https")
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - it is the person who asks for it, and a token is needed
#: How long open streams are waited for when it ends, in seconds.
_GOODBYE = 2


class RequireToken:
    """Answers 401 to whoever does not bring the bearer token. Comparison takes the same time for every guess."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = JSONResponse(
                    {"error": "unauthorized", "hint": "Send the header: Authorization: Bearer <token>"},
                    status_code=401,
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
            has_shown_itself(scope)
        await self._app(scope, receive, send)


async def serve_http(app: App, settings: Settings, *, host: str, port: int, no_auth: bool) -> int:
    """Serve until stopped. Returns an exit status; what is wrong is said in one sentence on stderr."""
    import uvicorn

    if no_auth and host not in LOOPBACK_HOSTS:
        return _refuse("--insecure-no-auth works on loopback only; leave it out or use --host 127.0.0.1.")
    token = settings.http_token.get_secret_value() if settings.http_token else ""
    if token and len(token) < _ENOUGH:
        return _refuse(f"HF_JOBS_MCP_HTTP_TOKEN is too short to be safe; use {_ENOUGH} characters or more.")
    if host not in LOOPBACK_HOSTS:  # Whoever calls from elsewhere does not sit at this machine.
        app.services.gate.window = None
    asgi = http_app(app, host=host, port=port, more=settings.http_hosts)
    if not no_auth:
        token = token or _made_token()
        app.services.vault.learn("HF_JOBS_MCP_HTTP_TOKEN", token)
        asgi = RequireToken(asgi, token)
    config = uvicorn.Config(
        asgi,
        host=host,
        port=port,
        http=Connection,
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_GOODBYE,
    )
    try:
        listener = config.bind_socket()
    except SystemExit:
        return _refuse(f"Port {port} on {host} cannot be opened; is something else there? Try --port.")
    shown = listener.getsockname()[1], "" if no_auth else token

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            """Say the address once requests are answered: whoever reads it may use it, or end it, at once."""
            await super().startup(sockets)
            if not self.should_exit:
                _tell(host, *shown, own_token=settings.http_token is not None)

    await anyio.lowlevel.checkpoint()  # A Ctrl-C so far ends it here; from here on it is the server's own.
    await Server(config).serve([listener])
    return 0


def _tell(host: str, port: int, token: str, *, own_token: bool) -> None:
    """Print the address and what to paste into a client; a token that the person chose is named and not printed."""
    host = "127.0.0.1" if host in _EVERYWHERE else host
    shown = f"[{host}]" if ":" in host else host
    entry: dict[str, object] = {"type": "http", "url": f"http://{shown}:{port}/mcp"}
    if token:
        entry["headers"] = {"Authorization": f"Bearer {'${HF_JOBS_MCP_HTTP_TOKEN}' if own_token else token}"}
    print(
        f"Listening on {entry['url']} (Ctrl-C ends it). For a client's configuration:\n"
        + json.dumps({"mcpServers": {"hf-jobs": entry}}, indent=2),
        file=sys.stderr,
        flush=True,
    )


def http_app(app: App, *, host: str, port: int, more: Sequence[str] = ()) -> ASGIApp:
    """The ASGI application, with Host and Origin limited to the address it is served at, and to `more` names."""
    names = sorted(LOOPBACK_HOSTS) if host in LOOPBACK_HOSTS else [host]
    names += _own_names() if host in _EVERYWHERE else []
    hosts = [f"[{name}]" if ":" in name else name for name in names]
    own = [f"{name}:{port}" for name in hosts]
    # A container's port may be another one outside. Clients send names in small letters, whatever a machine is called.
    wide = _both([*more, *(hosts if port == 0 or host in _EVERYWHERE else [])])
    security = TransportSecuritySettings(
        allowed_hosts=[*own, *wide, *(f"{name}:*" for name in wide)],
        # A page at another port of this machine may be a job's.
        allowed_origins=[
            *(f"http://{place}" for place in own),
            *(
                f"{scheme}://{name}{port}"
                for name in _both(more)
                for scheme in ("http", "https")
                for port in ("", ":*")
            ),
        ],
    )
    return app.server.streamable_http_app(streamable_http_path="/mcp", host=host, transport_security=security)


def _both(names: Sequence[str]) -> list[str]:
    """Names as they were given, and in small letters."""
    return list(dict.fromkeys(each for name in names for each in (name, name.lower())))


def _own_names() -> list[str]:
    """What this machine is called by itself and by its neighbours."""
    from socket import AF_INET, AF_INET6, gethostname

    from psutil import net_if_addrs  # type: ignore[import-untyped]

    found = [one.address.partition("%")[0] for many in net_if_addrs().values() for one in many
             if one.family in {AF_INET, AF_INET6}]  # fmt: skip
    return [*sorted(LOOPBACK_HOSTS), gethostname(), *found]


def _made_token() -> str:
    token = secrets.token_urlsafe(32)
    print(
        f"No HF_JOBS_MCP_HTTP_TOKEN is set; for this run it is: {token}", file=sys.stderr
    )  # For the person who started it.
    return token


def _refuse(sentence: str) -> int:
    print(f"hf-jobs-mcp: {sentence}", file=sys.stderr)  # For the person who started it.
    return 2
