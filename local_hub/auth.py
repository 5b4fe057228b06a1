"""Who is answered: callers on this machine that hold the hub's token, and no web page of another origin."""

from __future__ import annotations

import hmac
import secrets
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from hub_contract.constants import LOOPBACK_HOSTS
from local_hub import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/api/jobs/hardware"})
OWN_TOKEN_PREFIX = "/xet/"  # noqa: S105 - The content store checks a token of its own, which is no password.
#: A browser's session stands in front of a page's path; every port of this machine would be sent a cookie.
SESSION_PREFIX = "/s/"


class Guard:
    """ASGI middleware that checks Host, Origin and token.

    It also gives every answer its ``X-Request-Id`` and its ``Date``, exact to the second, which log readers go by.

    Pages for people are ``/`` and what is below `page_prefixes`: those paths also accept a browser's session in front
    of them (``/s/SESSION/jobs/…``), only for reading, and answer an unknown caller themselves (with a page on how
    to get one), so they are let through with ``scope["state"]`` saying whether it is known, and by which session.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        page_prefixes: tuple[str, ...] = (),
        knows_session: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._pages = page_prefixes
        self._knows_session = knows_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")[:64] or f"local-{secrets.token_hex(8)}"

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Request-Id"] = request_id
                answer["Date"] = formatdate(usegmt=True)
            await send(message)

        try:
            scope = self._check(_without_session(scope), headers)
        except errors.ApiError as error:
            await errors.render(error)(scope, receive, stamped)
        else:
            await self._app(scope, receive, stamped)

    def _check(self, scope: Scope, headers: Headers) -> Scope:
        host = headers.get("host", "")
        if not is_loopback(host):
            raise errors.forbidden("The local hub answers on loopback names only")
        origin = headers.get("origin")
        page = self._is_page(scope)
        if origin is not None and (origin != f"http://{host}" or not page):
            raise errors.forbidden("The local hub answers no web page of another origin")
        state = scope.setdefault("state", {})
        session: str = state.get("session", "")
        known = self._bearer(headers) or (page and bool(session) and self._knows_session(session))
        state["authenticated"] = known
        if scope["path"] in OPEN_PATHS or scope["path"].startswith(OWN_TOKEN_PREFIX):
            return scope
        if not known and not page:
            raise errors.unauthorized()
        return scope

    def _bearer(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.accepts(given.strip())

    def _is_page(self, scope: Scope) -> bool:
        if scope["method"] not in {"GET", "HEAD"} or not self._pages:
            return False
        path: str = scope["path"]
        return path == "/" or path.startswith(self._pages)

    def accepts(self, given: str) -> bool:
        """Compare a token with the hub's in constant time."""
        return hmac.compare_digest(given.encode(), self._token)


def _without_session(scope: Scope) -> Scope:
    """Return the request as if the session did not stand in its path; the session is in its state."""
    path: str = scope["path"]
    if not path.startswith(SESSION_PREFIX):
        return scope
    session, _, rest = path.removeprefix(SESSION_PREFIX).partition("/")
    state = {**scope.get("state", {}), "session": session}
    return {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode(), "state": state}


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine's loopback, with or without a port."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return (name if colon else host).lower().strip("[]") in LOOPBACK_HOSTS and (not colon or port.isdigit())
