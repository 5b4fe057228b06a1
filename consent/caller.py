"""Who is calling, whether a question can be put to them, and which sealed state their call came back with."""

from __future__ import annotations

import hashlib
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.request_state import AESGCMRequestStateCodec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp.server.context import ServerRequestContext
    from mcp.server.mcpserver import Context


@dataclass(frozen=True)
class Sealed:
    """A sealed state that this call brought back: which one, and when its question was asked (epoch seconds)."""

    key: str
    asked_at: float


_sealed: ContextVar[Sealed | None] = ContextVar("sealed", default=None)


class OneTimeStateCodec(AESGCMRequestStateCodec):
    """The SDK's own sealing, which also tells apart one sealed state from the next.

    Every state is sealed with a nonce of its own and only its canonical form unseals, so the hash of the sealed
    text names one asked question and nothing else. `consent.gate` lets each be spent once.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        super().__init__(keys)

    def unseal(self, token: str) -> bytes:
        payload = super().unseal(token)
        _sealed.set(Sealed(hashlib.sha256(token.encode()).hexdigest(), float(json.loads(payload)["iat"])))
        return payload


def forget_state() -> None:
    """Start a call with no sealed state seen. The boundary calls this before anything else looks."""
    _sealed.set(None)


def sealed_state() -> Sealed | None:
    """The sealed state that this call brought back, or None when it brought none."""
    return _sealed.get()


@dataclass(frozen=True)
class Callers:
    """Names the connection's owner: the same for the same client after a restart, another for anyone else.

    Over stdio that is the process, and whichever the same client starts in its place (`consent.process_identity`).
    Over HTTP it is the holder of the bearer token. What a client says of itself only narrows
    it further, and proves nothing.
    """

    process: Callable[[], str]

    def __call__(self, ctx: ServerRequestContext[Any, Any]) -> str:
        headers = getattr(ctx.request, "headers", None)
        if headers is None:
            return f"stdio:{self.process()}:{client_name(ctx)}"
        token = hashlib.sha256(headers.get("authorization", "").encode()).hexdigest()[:16]
        return f"http:{token}:{client_name(ctx)}"


def client_name(ctx: ServerRequestContext[Any, Any]) -> str:
    """What the client says its name is."""
    params = ctx.session.client_params
    return params.client_info.name[:64] if params is not None else "unnamed"


def is_modern(ctx: Context[Any, Any]) -> bool:
    """Whether questions are returned (2026-07-28 on) rather than sent in the middle of the call."""
    version = ctx.protocol_version
    return version is not None and version >= "2026-07-28"


def can_be_asked(ctx: Context[Any, Any]) -> bool:
    """Whether a form can reach the person: the client declares forms, and there is a way to send one.

    The capability alone is not enough: a legacy client over stateless HTTP declares it and cannot be asked.
    """
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return is_modern(ctx) or ctx.session.can_send_request
