"""The HTTP conversation with one hub: every wait limited, every reply bounded, every failure a `JobsError`.

Calls that answer in one reply go over this session instead of `HfApi`'s, whose job calls wait without limit, follow
redirects with a job's secrets in the body, print them when HF_DEBUG is set, and lose the id of a job whose reply they
cannot parse. The requests are the ones `HfApi` 2.4.0 makes.
"""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from hub_contract.constants import LOOPBACK_HOSTS, is_loopback
from jobs.client import error_map
from jobs.client.retry import Backoff, retrying
from jobs.errors import BadArgument, HubError

if TYPE_CHECKING:
    import ssl

    from jobs.client.error_map import RequestContext

T = TypeVar("T")
Params = Mapping[str, str] | Sequence[tuple[str, str]]

_PAGES = 500
_RATE_LIMIT = re.compile(r"r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,6})")
_PLENTY = 100
_LONGEST_PAUSE = 30.0
_LARGEST_REPLY = 32 * 1024 * 1024
_LARGEST_ERROR = 64 * 1024
_KEPT_OPEN = 4.0  # seconds; a server that closes first makes a request fail that it never saw (uvicorn: 5 s)
#: No proxy is asked for an address of this machine.
DIRECT = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}


@dataclass(frozen=True)
class Limits:
    """Seconds that one exchange may take: to connect, between two pieces of a reply, to get a free connection."""

    connect: float = 5.0
    read: float = 20.0
    pool: float = 10.0

    def timeout(self, *, read: float | None = None) -> httpx2.Timeout:
        return httpx2.Timeout(
            connect=self.connect, read=self.read if read is None else read, write=self.read, pool=self.pool
        )


@dataclass(frozen=True)
class Reply:
    status: int
    headers: httpx2.Headers
    body: bytes
    next_url: str | None = None


@dataclass
class Quota:
    """What is left of the requests that the hub allows, as its `RateLimit` header last said."""

    left: int | None = None
    until: float = 0.0

    def note(self, headers: httpx2.Headers) -> None:
        """Read the header of a reply, such as ``"api";r=489;t=189``: so many are left for so many seconds."""
        found = _RATE_LIMIT.search(headers.get("ratelimit") or "")
        if found:
            self.left, self.until = int(found[1]), time.monotonic() + float(found[2])

    def pause(self) -> float:
        """Seconds to leave between two requests; 0 for as long as many are left."""
        seconds = self.until - time.monotonic()
        if self.left is None or self.left >= _PLENTY or seconds <= 0:
            return 0.0
        return min(seconds / (self.left + 1), _LONGEST_PAUSE)


class HubTransport:
    """A session with the hub at `endpoint`, signed in with `token` where there is one.

    Belongs to the event loop that first uses it; `close()` ends it. Raises BadArgument when `endpoint` is not an
    http(s) address, or is one that would carry the token unencrypted off this machine.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        *,
        version: str = "0",
        limits: Limits | None = None,
        near: bool | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self.endpoint = check_endpoint(endpoint)
        self.mask = mask
        self.near = is_loopback(endpoint) if near is None else near
        self.has_token = bool(token)
        self.limits = limits or Limits()
        self.quota = Quota()
        self.clock_ahead: float | None = None
        """Seconds by which the hub's clock is ahead of this machine's, as its last reply had it."""
        agent = f"hf-jobs-mcp/{version}; python/{platform.python_version()}"
        self._headers = {"user-agent": agent, **({"authorization": f"Bearer {token}"} if token else {})}
        self._client: httpx2.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Wire({self.endpoint!r})"

    async def get(
        self, path: str, asked: RequestContext, *, params: Params | None = None, read: float | None = None
    ) -> Reply:
        """One GET of a path, or of a page address that the hub gave; redirects are followed."""
        return await self._exchange("GET", path, asked, params=params, redirects=True, read=read)

    async def read(
        self,
        path: str,
        asked: RequestContext,
        backoff: Backoff,
        *,
        params: Params | None = None,
        read: float | None = None,
    ) -> Reply:
        """A GET that is tried again as `backoff` says."""
        return await retrying(lambda: self.get(path, asked, params=params, read=read), backoff)

    async def pages(
        self, path: str, asked: RequestContext, backoff: Backoff, *, params: Params | None = None
    ) -> AsyncGenerator[list[Any], None]:
        """The lists that a paged listing is made of, by the `Link` header, as they come."""
        reply = await self.read(path, asked, backoff, params=params)
        for _ in range(_PAGES):
            items = decode(reply, asked)
            if not isinstance(items, list):
                raise error_map.unreadable(asked)
            yield items
            if reply.next_url is None:
                return
            reply = await self.read(reply.next_url, asked, backoff)

    async def send(
        self, method: str, path: str, asked: RequestContext, *, body: Any = None, read: float | None = None
    ) -> Reply:
        """One call that changes something, sent once and never redirected."""
        return await self._exchange(method, path, asked, body=body, read=read)

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        asked: RequestContext,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        read: float,
        redirects: bool = False,
    ) -> AsyncIterator[httpx2.Response]:
        """A GET whose body is read piece by piece; `read` is the longest silence in seconds.

        The errors of httpx2 while reading the body are the caller's to handle.
        """
        request = self._session().build_request(
            "GET", self._url(path), params=_query(params), headers=headers, timeout=self.limits.timeout(read=read)
        )
        try:
            response = await self._session().send(request, stream=True, follow_redirects=redirects)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise error_map.from_exception(error, asked) from error
        self._note(response.headers)
        try:
            if response.status_code >= 300:  # noqa: PLR2004 - not a success
                try:
                    body = await _bounded(response, _LARGEST_ERROR, cut=True)
                except httpx2.HTTPError:
                    body = b""
                raise error_map.from_status(response.status_code, response.headers, body, asked)
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(
        self,
        method: str,
        path: str,
        asked: RequestContext,
        *,
        params: Params | None = None,
        body: Any = None,
        redirects: bool = False,
        read: float | None = None,
    ) -> Reply:
        session = self._session()
        request = session.build_request(
            method,
            self._url(path),
            params=_query(params),
            json=body,
            timeout=self.limits.timeout(read=read),
        )
        trouble = None
        try:
            response = await session.send(request, stream=True, follow_redirects=redirects)
            self._note(response.headers)
            try:
                content = await _bounded(response, _LARGEST_REPLY)
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            trouble = error_map.from_exception(error, asked)
        if trouble is not None:
            raise trouble  # outside the handler, so that it carries no request with it
        if response.status_code >= 300:  # noqa: PLR2004 - not a success
            raise error_map.from_status(response.status_code, response.headers, content, asked)
        return Reply(response.status_code, response.headers, content, response.links.get("next", {}).get("url"))

    def _note(self, headers: httpx2.Headers) -> None:
        self.quota.note(headers)
        with suppress(ValueError, TypeError):
            self.clock_ahead = parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time()

    def _url(self, path: str) -> str:
        if path.startswith("/"):
            return self.endpoint + path
        if not _same_origin(path, self.endpoint):
            raise HubError("The hub's next page is on another host, which is not followed.")
        return path

    def _session(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                headers=self._headers,
                verify=certificates() if self.endpoint.startswith("https") else True,
                mounts=DIRECT,
                limits=httpx2.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=_KEPT_OPEN),
            )
        return self._client


def certificates() -> ssl.SSLContext:
    """What servers are checked by: the system's authorities or ``SSL_CERT_FILE``, and what other clients are told.

    ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE`` are what a machine behind a company's proxy has set as a rule.
    """
    context = httpx2.create_ssl_context()
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if file := os.environ.get(name):
            with suppress(OSError):
                context.load_verify_locations(file)
    return context


def decode(reply: Reply, asked: RequestContext) -> Any:
    """The reply's JSON. Raises HubBroken when it is none."""
    try:
        return json.loads(reply.body)
    except ValueError as error:
        raise error_map.unreadable(asked) from error


def parsed(reply: Reply, asked: RequestContext, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of the reply's JSON. Raises HubBroken when it is none, or not what was promised."""
    raw = decode(reply, asked)
    try:
        return parse(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise error_map.unreadable(asked) from error


def check_endpoint(endpoint: str) -> str:
    """`endpoint` without a slash at its end. Raises BadArgument as `Wire` says."""
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise BadArgument(
            "The hub's address is not one.",
            hint="Use local, huggingface, or a URL like https://huggingface.co",
            field="hub",
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise BadArgument(
            "The hub's address would carry the token and the secrets unencrypted.",
            hint="Use https:// for any hub that is not on this machine.",
            field="hub",
        )
    return endpoint.rstrip("/")


def _query(params: Params | None) -> Any:
    return None if params is None else list(params.items()) if isinstance(params, Mapping) else list(params)


def _same_origin(url: str, endpoint: str) -> bool:
    ours, theirs = urlsplit(endpoint), urlsplit(url)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)


async def _bounded(response: httpx2.Response, limit: int, *, cut: bool = False) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            if cut:
                break
            raise HubError("The hub's answer is too large to read.", hint="Ask for less: a filter, or a smaller limit.")
    return b"".join(pieces)
