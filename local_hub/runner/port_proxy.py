"""Exposed ports: for each, a listening port of its own on loopback that leads to the job's port.

A caller shows the hub's token in the first request of a connection, unless the port is public. After that the bytes
pass through unchanged, so streaming answers and WebSockets work. Under the sandbox, too, a job listens on the
machine's own network: two jobs cannot listen on one port at the same time.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute

from local_hub.auth import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import SocketStream, TaskGroup
    from anyio.streams.stapled import MultiListener

    from local_hub.store.job_table import JobRow

log = logging.getLogger(__name__)

LONGEST_HEAD = 64 * 1024
HEAD_SECONDS = 15.0
CONNECT_SECONDS = 5.0
HANDSHAKE_STATUS = {401: "Unauthorized", 403: "Forbidden", 431: "Request Header Fields Too Large", 502: "Bad Gateway"}


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
                head = await self._head(caller)
                refusal = self._refuse(head)
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
                    await job.send(head)
                    both.start_soon(_pump, job, caller, both)
                    both.start_soon(_pump, caller, job, both)

    async def _head(self, caller: SocketStream) -> bytes:
        head = b""
        with anyio.move_on_after(HEAD_SECONDS):
            while b"\r\n\r\n" not in head and len(head) <= LONGEST_HEAD:
                head += await caller.receive()
        return head

    def _refuse(self, head: bytes) -> int | None:
        text, end, _ = head.partition(b"\r\n\r\n")
        if not end or len(text) > LONGEST_HEAD:
            return 431
        fields = {}
        for line in text.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        if not is_loopback(fields.get("host", "")):
            return 403
        if self._accepts is not None:
            scheme, _, given = fields.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._accepts(given.strip()):
                return 401
        return None


async def _pump(source: SocketStream, target: SocketStream, both: TaskGroup) -> None:
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
