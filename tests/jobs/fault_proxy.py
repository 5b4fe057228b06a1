"""A proxy that stands before a real hub and breaks the conversation at a chosen place.

It speaks HTTP/1.1, one request a connection, and knows which step of a submission a request is. A test arms it with a
fault for a step; what is not armed passes through.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PASS = "pass"
CUT_BEFORE_REQUEST = "cut before the request"
CUT_IN_REQUEST = "cut in the request"
CUT_AFTER_REQUEST = "cut after the request"
CUT_IN_REPLY = "cut in the reply"
CUT_BEFORE_END = "cut before the reply's last byte"
GARBLED_REPLY = "garbled reply"
LATE_REQUEST = "request delayed past the time-out"
LATE_REPLY = "reply delayed past the time-out"
HELD_REQUEST = "cut, and the request held back until another is answered"
REPLY_AFTER_HELD = "answered after the held request has arrived"
CONNECTION_FAULTS = (
    CUT_BEFORE_REQUEST,
    CUT_IN_REQUEST,
    CUT_AFTER_REQUEST,
    CUT_IN_REPLY,
    CUT_BEFORE_END,
    GARBLED_REPLY,
    LATE_REQUEST,
    LATE_REPLY,
)

STEPS = {
    "whoami": re.compile(r"GET /api/whoami-v2"),
    "hardware": re.compile(r"GET /api/jobs/hardware"),
    "bucket": re.compile(r"POST /api/buckets/[^/]+/[^/]+ "),
    "store": re.compile(r"GET /api/buckets/[^/]+/[^/]+/xet-write-token"),
    "batch": re.compile(r"POST /api/buckets/[^/]+/[^/]+/batch"),
    "submit": re.compile(r"POST /api/(?:scheduled-)?jobs/[^/]+ "),
    "look": re.compile(r"GET /api/(?:scheduled-)?jobs/[^/]+\?"),
    "inspect": re.compile(r"GET /api/(?:scheduled-)?jobs/[^/]+/[^/?]+ "),
    "logs": re.compile(r"GET /api/jobs/[^/]+/[^/]+/logs"),
    "tree": re.compile(r"GET /api/buckets/[^/]+/[^/]+/tree"),
    "paths": re.compile(r"POST /api/buckets/[^/]+/[^/]+/paths-info"),
    "resolve one": re.compile(r"GET /buckets/[^/]+/[^/]+/resolve/\S+/one\.txt"),
    "resolve": re.compile(r"(?:GET|HEAD) /buckets/[^/]+/[^/]+/resolve/"),
    "write": re.compile(r"(?:POST|PUT|DELETE) /api/(?:scheduled-)?jobs/[^/]+/[^/ ]+"),
}


def refused_before(status: int, *headers: str) -> str:
    """A fault: answered with `status`, and the hub never sees the request."""
    return "|".join(["before", str(status), *headers])


def refused_after(status: int, *headers: str) -> str:
    """A fault: the hub does what it was asked, and the caller is told `status`."""
    return "|".join(["after", str(status), *headers])


@dataclass
class FaultProxy:
    """Listens on loopback and forwards to `target`; `arm` says what goes wrong next."""

    target: str
    delay: float = 1.5
    seen: list[str] = field(default_factory=list)
    _faults: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _workers: list[threading.Thread] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)
    _arrived: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def arm(self, step: str, *faults: str) -> None:
        """The next requests of `step` meet these faults, one each, and then pass again."""
        with self._lock:
            self._faults[step] = list(faults)

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        for worker in self._workers:
            worker.join(self.delay + 5)

    def settle(self) -> None:
        """Wait until every request that came in has been dealt with, the delayed ones too."""
        for worker in list(self._workers):
            worker.join(self.delay + 10)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            worker = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._workers = [other for other in self._workers if other.is_alive()]
            self._workers.append(worker)
            worker.start()

    def _fault(self, head: bytes) -> str:
        first = head.split(b"\r\n", 1)[0].decode("latin-1")
        with self._lock:
            self.seen.append(first)
            for step, pattern in STEPS.items():
                if pattern.match(first) and self._faults.get(step):
                    return self._faults[step].pop(0)
        return PASS

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(30)
            head, body = _request(client)
            if head:
                self._deal(client, head, body, self._fault(head))

    def _deal(self, client: socket.socket, head: bytes, body: bytes, fault: str) -> None:
        request = _closing_after(head) + body
        if fault == CUT_BEFORE_REQUEST:
            return
        if fault.startswith("before|"):
            status, *headers = fault.split("|")[1:]
            client.sendall(_answer(int(status), headers))
            return
        if fault == LATE_REQUEST:
            threading.Event().wait(self.delay)
        if fault == HELD_REQUEST:
            _reset(client)
            self._released.wait(20)
        if fault == CUT_IN_REQUEST:
            with socket.create_connection(self._upstream, 10) as hub:
                hub.sendall(request[: len(request) - max(1, len(body) // 2)])
            return
        with socket.create_connection(self._upstream, 10) as hub:
            hub.settimeout(60)
            hub.sendall(request)
            if fault == PASS:
                _pipe(hub, client)
                return
            if fault == CUT_AFTER_REQUEST:
                _reset(client)
            reply = _all(hub)
        if fault == HELD_REQUEST:
            self._arrived.set()
        else:
            self._reply(client, reply, fault)

    def _reply(self, client: socket.socket, reply: bytes, fault: str) -> None:
        """Give the hub's reply back as the fault has it."""
        if fault == REPLY_AFTER_HELD:
            self._released.set()
            self._arrived.wait(20)
        if fault == LATE_REPLY:
            threading.Event().wait(self.delay)
        if fault.startswith("after|"):
            status, *headers = fault.split("|")[1:]
            client.sendall(_answer(int(status), headers))
        elif fault == CUT_IN_REPLY:
            client.sendall(reply[: len(reply) // 2])
        elif fault == CUT_BEFORE_END:
            client.sendall(reply[:-1])
        elif fault == GARBLED_REPLY:
            client.sendall(_answer(200, [], b'{"id": '))
        elif fault in {LATE_REPLY, LATE_REQUEST, REPLY_AFTER_HELD}:
            client.sendall(reply)


@contextmanager
def fault_proxy(target: str, *, delay: float = 1.5) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target, delay)
    try:
        yield proxy
    finally:
        proxy.close()


def _request(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            return b"", b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
    while len(body) < int(length[1] if length else 0):
        piece = client.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n", body


def _closing_after(head: bytes) -> bytes:
    """The head with the wish that the hub closes the connection after its reply."""
    return re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def _all(hub: socket.socket) -> bytes:
    pieces = []
    while piece := hub.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def _pipe(hub: socket.socket, client: socket.socket) -> None:
    while piece := hub.recv(65536):
        client.sendall(piece)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()


def _answer(status: int, headers: list[str], body: bytes = b'{"error": "the proxy says so"}') -> bytes:
    lines = [f"HTTP/1.1 {status} Broken", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
