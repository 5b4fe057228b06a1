"""What every page has round it: headers, the policy for scripts, the session in its links, and who is let in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from local_hub import errors
from local_hub.auth import SESSION_PREFIX
from local_hub.pages import views

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from local_hub.pages.markup import Child

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; {images}"
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def html(
    request: Request, title: str, main: list[Child], status: int = 200, *, images: bool = False, **data: str
) -> Response:
    """Return a page; with `images` it may show pictures of this very hub. `data` is what its script reads."""
    nonce = secrets.token_urlsafe(16)
    policy = _POLICY.format(nonce=nonce, images="img-src 'self'; " if images else "")
    prefix = before(request)
    text = views.page(title, nonce, main, **data, before=prefix)
    # Text is escaped, quotes and all, so this is the start of our own links and nothing else.
    for attribute in ("href", "action", "src"):
        text = text.replace(f' {attribute}="/', f' {attribute}="{prefix}/')
    return HTMLResponse(text.encode("utf-8", "replace"), status, headers={**HEADERS, "Content-Security-Policy": policy})


def before(request: Request) -> str:
    """Return what stands before the path of each link: the session that this browser came with."""
    known = getattr(request.state, "authenticated", False)
    session = getattr(request.state, "session", "")
    return f"{SESSION_PREFIX}{session}" if known and session else ""


def for_people(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Let in a browser with a session, tell any other how to get one, and make errors pages."""

    async def call(request: Request) -> Response:
        if not getattr(request.state, "authenticated", False):
            stale = "yes" if getattr(request.state, "session", "") else ""
            return html(request, "Not let in", views.refusal(_command_for(request)), 401, locked="yes", stale=stale)
        try:
            return await handler(request)
        except errors.ApiError as error:
            return html(request, "Not here", views.not_here(error.message), error.status)

    return call


def _command_for(request: Request) -> str:
    """Return the command that opens this very page again."""
    wanted = str(request.path_params.get("job_id") or request.path_params.get("schedule_id") or "")
    return f"{views.OPEN_COMMAND} {wanted}" if wanted.isalnum() and wanted.isascii() else views.OPEN_COMMAND
