"""Telling listeners that a job or a schedule has moved on. Nothing is asked of the hub while nobody listens.

Modern clients listen with `subscriptions/listen`, a stream of its own; legacy ones with `resources/subscribe`, which
the SDK does not serve by itself. Both count as interest in an address; one watcher looks at each address once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp_types import INVALID_PARAMS, EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

from jobs import stage
from jobs.errors import BadArgument, JobsError, NotFound
from tools.arguments.resource_uris import Address
from tools.arguments.values_in_names import refuse_values_in_names
from tools.sdk_internals import connection_of

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.lowlevel.server import Server

    from tools.services import Services

logger = logging.getLogger(__name__)

MOST_WATCHED = 200
_LISTEN = "subscriptions/listen"
_FIRST_LOOK_LASTS = 5.0
_FIRST_STEP = 0.5
_LONGEST_STEP = 5.0
_GONE = "gone"

Tell = Callable[[str], Awaitable[None]]


@dataclass
class Subscription:
    """Looks at what somebody listens to, and tells when it changed. `run` does the looking; idle, it only waits."""

    services: Services
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    _interest: Counter[str] = field(default_factory=Counter)
    _legacy: dict[tuple[int, str], Tell] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)
    _wake: anyio.Event = field(default_factory=anyio.Event)

    async def run(self) -> None:
        """Look around until cancelled: often at first, then every few seconds, and not at all while nobody listens."""
        step = _FIRST_STEP
        while True:
            if not self._interest.keys() - self._ended:
                self._wake = anyio.Event()
                await self._wake.wait()
                step = _FIRST_STEP
            for uri in list(self._interest.keys() - self._ended):
                await self._look(uri)
            with anyio.move_on_after(step):
                await self._wake.wait()
            if self._wake.is_set():
                self._wake, step = anyio.Event(), _FIRST_STEP
            step = min(step * 1.3, _LONGEST_STEP)

    @contextmanager
    def listening(self, uris: list[str]) -> Iterator[None]:
        """Count as interested in `uris`; those that are no address of ours are left alone, as the protocol has it."""
        ours = [uri for uri in uris[:MOST_WATCHED] if _address(uri) is not None]
        self._add(ours)
        try:
            yield
        finally:
            self._drop(ours)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware: a listen stream's addresses are watched for as long as it lasts."""
        if ctx.method != _LISTEN:
            return await call_next(ctx)
        asked = (ctx.params or {}).get("notifications") or {}
        uris = [uri for uri in asked.get("resourceSubscriptions") or () if isinstance(uri, str)]
        with self.listening(uris):
            await self._note(uris)
            return await call_next(ctx)

    def serve_legacy(self, server: Server[Any]) -> None:
        """Have `server` answer `resources/subscribe` and `resources/unsubscribe`."""

        async def subscribe(ctx: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
            uri = str(params.uri)
            if _address(uri) is None:
                raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": uri})
            connection = connection_of(ctx)
            key = (id(connection), uri)
            if key not in self._legacy:
                self._legacy[key] = ctx.session.send_resource_updated
                self._add([uri])
                connection.exit_stack.callback(self._forget, key)
                await self._note([uri])
            return EmptyResult()

        async def unsubscribe(ctx: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
            self._forget((id(connection_of(ctx)), str(params.uri)))
            return EmptyResult()

        server.add_request_handler("resources/subscribe", SubscribeRequestParams, subscribe)
        server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, unsubscribe)

    async def _note(self, uris: list[str]) -> None:
        """Look before the listener is told that it listens: whatever it reads from then on, no change is missed."""
        with anyio.move_on_after(_FIRST_LOOK_LASTS):
            for uri in uris:
                if uri in self._interest and uri not in self._seen:
                    await self._look(uri)

    async def _look(self, uri: str) -> None:
        now = await self._state(uri)
        if now is None or uri not in self._interest:
            return
        before = self._seen.get(uri)
        self._seen[uri] = now
        if before is not None and before != now:
            await self.bus.publish(ResourceUpdated(uri))
            for (_, told), tell in list(self._legacy.items()):
                if told == uri:
                    await tell(uri)

    async def _state(self, uri: str) -> str | None:
        """What would be news about an address; None when it cannot be said just now."""
        where = _address(uri)
        if where is None:
            return None
        try:
            await refuse_values_in_names(self.services, {"uri": uri})
            hub = (await self.services.connect()).hub
            if where.kind == "schedule":
                found = await hub.inspect_schedule(where.where)
                return f"{found.schedule} {found.suspend} {found.last_job_id}"
            job = await hub.inspect(where.where)
        except NotFound:
            self._ended.add(uri)
            return _GONE
        except JobsError:
            return None
        except Exception:  # One odd reply must not end the looking, and with it the server.
            logger.exception("cannot look at what is listened to")
            return None
        if stage.finished(job.stage):
            self._ended.add(uri)
        return job.stage

    def _add(self, uris: list[str]) -> None:
        self._interest.update(uris)
        self._wake.set()

    def _drop(self, uris: list[str]) -> None:
        for uri in uris:
            self._interest[uri] -= 1
            if self._interest[uri] <= 0:
                del self._interest[uri]
                self._seen.pop(uri, None)
                self._ended.discard(uri)

    def _forget(self, key: tuple[int, str]) -> None:
        if self._legacy.pop(key, None) is not None:
            self._drop([key[1]])


def _address(uri: str) -> Address | None:
    try:
        return Address.parse(uri)
    except BadArgument:
        return None
