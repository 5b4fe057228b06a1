"""Exposed ports: for each, a listening port of its own on loopback that leads to the job's port.

A caller shows the hub's token, unless the port is public, and no job ever sees it: a connection carries one request,
whose head is read and written anew without accounts and cookies, and its answer may set none, since a cookie knows no
port. Bodies and WebSockets stream through. Under the sandbox, too, a job listens on the machine's own network: two jobs
cannot listen on one port at the same time.
"""

from __future__ import annotations

import logging
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream

from local_hub.auth import is_loopback
from local_hub.runner.ports.http_head import BadHeadError, Head

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import ByteReceiveStream, SocketStream, TaskGroup
    from anyio.streams.stapled import MultiListener

    from local_hub.store.job_table import JobRow

log = logging.getLogger(__name__)

LONGEST_HEAD = 64 * 1024
HEAD_SECONDS = 15.0
#: Connections to all doors together that have not said yet what they want.
MOST_UNHEARD = 32
_unheard: dict[anyio.CancelScope, None] = {}
CONNECT_SECONDS = 5.0
LONGEST_CHUNK_LINE = 256
MOST_TRAILERS = 100
SWITCHING = 101
HANDSHAKE_STATUS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
}


class Exposure:
    """The open doors of all running jobs."""

    def __init__(self, accepts: Callable[[str], bool]) -> None:
        self._accepts = accepts
        self._doors: dict[str, dict[int, _Door]] = {}
        self._tasks: TaskGroup | None = None

    def serve_in(self, tasks: TaskGroup) -> None:
        """Give the task group that the doors live in."""
        self._tasks = tasks

    def urls(self, job_id: str) -> list[str]:
        return [door.url for door in self._doors.get(job_id, {}).values()]

    async def update(self, job: JobRow) -> None:
        """Open and close doors until they are those the job's `expose` names; a job that has ended has none.

        The doors of a job that waits are open already, so that its addresses are known from the start.
        """
        if self._tasks is None:
            return
        expose = (job.spec.get("expose") or {}) if job.stage in {"SCHEDULING", "RUNNING"} else {}
        wanted = {port: port in expose.get("portsPublic", ()) for port in expose.get("ports", ())}
        doors = self._doors.setdefault(job.id, {})
        for port in [port for port, door in doors.items() if wanted.get(port) is not door.public]:
            await doors.pop(port).close()
        for port, public in wanted.items():
            if port not in doors:
                doors[port] = await _Door.open(port, None if public else self._accepts, self._tasks)
        if not doors:
            del self._doors[job.id]


class _Door:
    """One listening port, leading to `port`."""

    def __init__(self, port: int, accepts: Callable[[str], bool] | None, listener: MultiListener[SocketStream]) -> None:
        self._port = port
        self._accepts = accepts
        self._listener = listener
        self.public = accepts is None
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"  # noqa: S610 - Not Django's.

    @classmethod
    async def open(cls, port: int, accepts: Callable[[str], bool] | None, tasks: TaskGroup) -> _Door:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
        door = cls(port, accepts, listener)
        tasks.start_soon(door._serve)
        return door

    async def close(self) -> None:
        await self._listener.aclose()

    async def _serve(self) -> None:
        try:
            await self._listener.serve(self._pass)
        except* anyio.ClosedResourceError:
            log.debug("the door to port %d was closed", self._port)

    async def _pass(self, caller: SocketStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError):
            async with caller:
                reading = BufferedByteReceiveStream(caller)
                try:
                    head = Head.request(await _head(reading))
                    refusal, length = self._refuse(head), head.length
                except (BadHeadError, anyio.IncompleteRead, TimeoutError):
                    refusal = 400
                except anyio.DelimiterNotFound:
                    refusal = 431
                if refusal:
                    await _answer(caller, refusal)
                    return
                try:
                    with anyio.fail_after(CONNECT_SECONDS):
                        job = await anyio.connect_tcp("127.0.0.1", self._port)
                except (OSError, TimeoutError):
                    await _answer(caller, 502)
                    return
                async with job, anyio.create_task_group() as both:
                    await job.send(head.passed_on())
                    both.start_soon(self._answered, job, caller, reading, head, both)
                    await _body(reading, job, length)

    async def _answered(
        self, job: SocketStream, caller: SocketStream, reading: BufferedByteReceiveStream, asked: Head, both: TaskGroup
    ) -> None:
        """Pass the answer on, its head written anew; of what the caller still sends only a WebSocket goes through."""
        answers = BufferedByteReceiveStream(job)
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError):
            try:
                head = Head.response(await _until_blank(answers))
                while head.status < 200 and head.status != SWITCHING:  # noqa: PLR2004 - What comes before the answer.
                    await caller.send(head.start + b"\r\n\r\n")
                    head = Head.response(await _until_blank(answers))
            except (BadHeadError, anyio.DelimiterNotFound, anyio.IncompleteRead):
                await _answer(caller, 502)
            else:
                if head.status == SWITCHING and not (asked.upgrades and head.upgrades):
                    await _answer(caller, 502)
                else:
                    await caller.send(head.passed_on())
                    if head.status == SWITCHING:
                        both.start_soon(_pump, reading, job, both)
                    await _pump(answers, caller, both)
                    if head.status == SWITCHING:
                        return
        both.cancel_scope.cancel()

    def _refuse(self, head: Head) -> int | None:
        if not is_loopback(head.one("host") or ""):
            return 403
        if self._accepts is not None:
            scheme, _, given = (head.one("authorization") or "").partition(" ")
            if scheme.lower() != "bearer" or not self._accepts(given.strip()):
                return 401
        return None


async def _head(stream: BufferedByteReceiveStream) -> bytes:
    """Read a caller's head, which has to come within `HEAD_SECONDS`; the one that waits longest gives way to others."""
    with anyio.fail_after(HEAD_SECONDS) as waiting:
        _unheard[waiting] = None
        if len(_unheard) > MOST_UNHEARD:
            next(iter(_unheard)).deadline = -math.inf
        try:
            return await _until_blank(stream)
        finally:
            del _unheard[waiting]


async def _until_blank(stream: BufferedByteReceiveStream) -> bytes:
    return await stream.receive_until(b"\r\n\r\n", LONGEST_HEAD)


async def _body(source: BufferedByteReceiveStream, target: SocketStream, length: int | None) -> None:
    """Pass one request's body on and nothing that comes after it."""
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError, BadHeadError):
        try:
            if length is not None:
                await _exactly(source, target, length)
                return
            while True:
                line = await source.receive_until(b"\r\n", LONGEST_CHUNK_LINE)
                size = line.partition(b";")[0]
                if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
                    raise BadHeadError
                await target.send(size + b"\r\n")
                if int(size, 16) == 0:
                    break
                await _exactly(source, target, int(size, 16))
                if await source.receive_exactly(2) != b"\r\n":
                    raise BadHeadError
                await target.send(b"\r\n")
            for _ in range(MOST_TRAILERS):  # Read, and kept from the job: they could say anything.
                if not await source.receive_until(b"\r\n", LONGEST_HEAD):
                    break
            await target.send(b"\r\n")
        except (anyio.IncompleteRead, anyio.DelimiterNotFound):
            await target.aclose()


async def _exactly(source: BufferedByteReceiveStream, target: SocketStream, count: int) -> None:
    while count:
        data = await source.receive(min(count, 1 << 16))
        count -= len(data)
        await target.send(data)


async def _pump(source: ByteReceiveStream, target: SocketStream, both: TaskGroup) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError):
        while True:
            await target.send(await source.receive())
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await target.send_eof()
        return
    both.cancel_scope.cancel()


async def _answer(caller: SocketStream, status: int) -> None:
    body = f"{status} {HANDSHAKE_STATUS[status]}\n"
    head = f"HTTP/1.1 {status} {HANDSHAKE_STATUS[status]}\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    await caller.send(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
