"""What each upstream failure is called, in one place.

Statuses and headers as `huggingface_hub.utils._http.hf_raise_for_status` reads them (2.4.0): `X-Error-Message`, else a
JSON body's `error` or `message`. Deliberately unmapped: 406 and 416, which the callers that can meet them handle; any
other 4xx is a `HubError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from hub_contract.command_line import command
from hub_contract.constants import is_loopback
from jobs.client import unreachable
from jobs.display_text import one_line
from jobs.errors import (
    Conflict,
    Forbidden,
    HubBroken,
    HubError,
    HubTimeout,
    HubUnreachable,
    HubUnreadable,
    NotFound,
    NoToken,
    PaymentRequired,
    RateLimited,
    TokenRefused,
    Unprocessable,
)

_DETAIL_CHARS = 240
_LONGEST_WAIT = 3600.0
_NEVER_SENT = "No connection was made."
_RATELIMIT_RESET = re.compile(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")


@dataclass(frozen=True)
class RequestContext:
    """What was asked of which hub; it words the hints.

    Args:
        what: The noun that a 404 says is missing: "job", "schedule", "bucket", "namespace" or "page".
        endpoint: The hub's address.
        token: Whether a token was sent.
        namespace: The namespace the call was for, or None.
        own: Whether that namespace is the caller's own user name, when known.
        writes: Whether the call changes something.
        near: Whether it is this machine's own hub; None goes by the address.
        mask: Masks what the hub said, before it is cut.
    """

    what: str
    endpoint: str
    token: bool
    namespace: str | None = None
    own: bool | None = None
    writes: bool = False
    near: bool | None = None
    mask: Callable[[str], str] = str

    @property
    def local(self) -> bool:
        return is_loopback(self.endpoint) if self.near is None else self.near


def from_status(status: int, headers: Mapping[str, str], body: bytes, asked: RequestContext) -> HubError:
    """The error for a reply that is not a success. Upstream text is one bounded, cleaned line of it."""
    detail = _detail(headers, body, asked.mask)
    said = f" It said: {detail}" if detail else ""
    mapped = _BY_STATUS.get(status)
    if mapped is None and status >= _SERVER_ERROR:
        mapped = _broken
    error = mapped(asked, said) if mapped else HubError(f"The hub answered with status {status}.{said}")
    if status in _REDIRECTS:
        error.hint = "Give the hub's final address in HF_JOBS_MCP_HUB, or the namespace's current name."
    if error.retryable:
        error.retry_after = _retry_after(headers)
    return error


def from_exception(error: Exception, asked: RequestContext) -> HubError:
    """The error for a call that got no reply. It keeps nothing of `error`, whose request may hold secret values."""
    mapped: HubError
    if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
        mapped = HubTimeout("The hub did not answer in time.", hint="Call again; a submission is never sent twice.")
    elif asked.local:
        mapped = HubUnreachable("The local hub does not answer.", hint=f"Start it with: {command('hub', 'start')}")
    else:
        said, remedy = unreachable.reason(error, asked.endpoint) or (
            "The hub cannot be reached.",
            "Check the network, HF_JOBS_MCP_HUB and HTTPS_PROXY.",
        )
        mapped = HubUnreachable(said, hint=remedy)
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        mapped.add_note(_NEVER_SENT)
    return mapped


def never_sent(error: BaseException) -> bool:
    """Whether the failed request cannot have reached the hub: no connection was made for it."""
    return _NEVER_SENT in getattr(error, "__notes__", ())


def unreadable(asked: RequestContext) -> HubError:
    """The error for a success whose body is not what the hub's API promises."""
    return HubUnreadable(
        f"The hub's answer about the {asked.what} could not be read.",
        hint="Call again; if it stays so, that address is not a Hugging Face hub.",
    )


def no_token(asked: RequestContext) -> NoToken:
    return NoToken(
        "There is no token for this hub.",
        hint="Run `hf auth login`, or set HF_TOKEN for this server; HF_JOBS_MCP_HUB=local needs none. "
        f"Tokens: {asked.endpoint}/settings/tokens",
    )


def _unauthorized(asked: RequestContext, said: str) -> HubError:
    if not asked.token:
        return no_token(asked)
    if asked.local:
        return TokenRefused(
            f"The local hub refused its token.{said}",
            hint=f"It was replaced since: restart this server, or run: {command('hub', 'status')}",
        )
    if asked.what in {"bucket", "file"}:
        return Forbidden(f"The hub does not let this token into its buckets.{said}", hint=_permission(asked))
    return TokenRefused(
        f"The hub refused the token.{said}",
        hint=f"Make a new one at {asked.endpoint}/settings/tokens, then log in again.",
    )


def _payment(asked: RequestContext, said: str) -> HubError:
    return PaymentRequired(
        f"The hub wants payment before it runs this.{said}",
        hint=f"Add credit at {_billing(asked)}, or pick a cheaper flavor.",
    )


def _forbidden(asked: RequestContext, said: str) -> HubError:
    return Forbidden(f"The hub does not allow this.{said}", hint=_permission(asked))


def _missing(asked: RequestContext, said: str) -> HubError:
    more = "" if "not found" in said.lower() else said
    return NotFound(f"The hub knows no such {asked.what}.{more}", hint=_whereabouts(asked))


def _conflicting(asked: RequestContext, said: str) -> HubError:
    return Conflict(f"The hub says this conflicts with what is there.{said}", hint=_conflict(asked))


def _unprocessable(_: RequestContext, said: str) -> HubError:
    return Unprocessable(f"The hub did not accept what was sent.{said}", hint="Change the argument the hub names.")


def _rate_limited(_: RequestContext, said: str) -> HubError:
    return RateLimited(f"The hub asks to slow down.{said}", hint="Wait, then call again with the same arguments.")


def _late(_: RequestContext, said: str) -> HubError:
    return HubTimeout(f"The hub did not answer in time.{said}", hint="Call again in a moment.")


def _broken(_: RequestContext, said: str) -> HubError:
    return HubBroken(f"The hub failed.{said}", hint="Its own trouble, not yours: call again in a moment.")


def _billing(asked: RequestContext) -> str:
    if asked.namespace and asked.own is False:
        return f"{asked.endpoint}/organizations/{asked.namespace}/settings/billing"
    return f"{asked.endpoint}/settings/billing"


def _permission(asked: RequestContext) -> str:
    whose = "that organisation" if asked.own is False else "this namespace"
    if asked.what in {"bucket", "file"}:
        need = f"{'Write' if asked.writes else 'Read'} access to contents of repos and buckets"
    elif asked.writes:
        need = "Start and manage Jobs (job.write)"
    else:
        need = "Read Jobs (job.read)"
    role = " Your role there must allow it too." if asked.own is False else ""
    return f"The token needs '{need}' for {whose}: {asked.endpoint}/settings/tokens.{role}"


def _whereabouts(asked: RequestContext) -> str | None:
    if asked.what in {"job", "schedule"}:
        return "If an organisation owns it, give the id as namespace/ID. job_status without an id lists what is there."
    if asked.what == "namespace":
        return "Use your own user name or an organisation you belong to."
    if asked.what in {"bucket", "file"}:
        return "It may have been deleted, or the token may not see it."
    return "That address may not be a Hugging Face hub: check HF_JOBS_MCP_HUB."


def _conflict(asked: RequestContext) -> str | None:
    if asked.what == "schedule":
        return "A run is still going and concurrency is off: wait for it, cancel it, or allow concurrency."
    return "Look at its current state with job_status first."


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or a date) or the hub's `RateLimit` header; at most an hour."""
    value = (headers.get("retry-after") or "").strip()
    if value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    if value:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
        return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)
    reset = _RATELIMIT_RESET.search(headers.get("ratelimit") or "")
    return min(float(reset[1]), _LONGEST_WAIT) if reset else None


def _detail(headers: Mapping[str, str], body: bytes, mask: Callable[[str], str]) -> str:
    text = headers.get("x-error-message") or _body_message(headers, body)
    return one_line(mask(text), _DETAIL_CHARS) if text else ""


def _body_message(headers: Mapping[str, str], body: bytes) -> str:
    try:
        data: Any = json.loads(body)
    except ValueError:
        return "" if "html" in (headers.get("content-type") or "").lower() else body.decode(errors="replace")
    if not isinstance(data, Mapping):
        return ""
    for key in ("error", "message", "error_description"):
        value = data.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value:
            return "; ".join(str(part) for part in value[:5])
    return ""


_SERVER_ERROR = 500
_REDIRECTS = range(300, 400)
_BY_STATUS: dict[int, Callable[[RequestContext, str], HubError]] = {
    400: _unprocessable,
    401: _unauthorized,
    402: _payment,
    403: _forbidden,
    404: _missing,
    408: _late,
    409: _conflicting,
    413: _unprocessable,
    422: _unprocessable,
    429: _rate_limited,
    504: _late,
}
