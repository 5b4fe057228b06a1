"""A stand-in for a hub on the network: it passes requests on to a local hub, and does what the Hub does and that one not.

Files come from another host by a redirect, every reply carries a rate limit, tokens have rights, and a test says which
requests are refused and how. It is far away for those who poll, though its address is of this machine.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

TOKEN = "hf_" + "StandInForARealToken"
_NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length", "keep-alive", "authorization", "date"}


@dataclass
class Refusal:
    """What a request meets instead of the hub: the first line's pattern, the status, the sentence, headers."""

    pattern: str
    status: int
    sentence: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    times: int | None = None


@dataclass
class FarHub:
    """The stand-in, for the local hub at `target`. `seen` are the first lines of what was asked, in order."""

    target: str
    target_token: str
    left: int = 900
    seen: list[str] = field(default_factory=list)
    told_files: list[dict[str, str]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    changes: list[tuple[str, Any]] = field(default_factory=list)
    barrier: threading.Barrier | None = None

    def __post_init__(self) -> None:
        self.http = httpx2.Client(base_url=self.target, timeout=60)
        self.main, self.files = self._server(self._answer), self._server(self._file)
        self.endpoint, self.file_host = (f"http://127.0.0.1:{one.server_port}" for one in (self.main, self.files))

    def refuse(self, pattern: str, status: int, sentence: str = "", **more: Any) -> None:
        self.refusals.append(Refusal(pattern, status, sentence, **more))

    def change(self, pattern: str, change: Any) -> None:
        """Have `change` alter the JSON of the replies to such requests."""
        self.changes.append((pattern, change))

    def asked(self, pattern: str = "") -> list[str]:
        return [line for line in self.seen if re.search(pattern, line)]

    @contextmanager
    def holding_until(self, requests: int) -> Iterator[None]:
        """Answer nothing until so many requests are under way at once."""
        self.barrier = threading.Barrier(requests)
        yield
        self.barrier = None

    def forget(self) -> None:
        self.seen.clear()
        self.refusals.clear()
        self.changes.clear()

    def close(self) -> None:
        for one in (self.main, self.files):
            one.shutdown()
            one.server_close()
        self.http.close()

    def _server(self, answer: Any) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def handle_one_request(self) -> None:
                with suppress(OSError):
                    super().handle_one_request()

        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{method}", lambda handler: answer(handler))  # noqa: PLW0108 - Bound to the handler.
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        line = f"{asked.command} {asked.path}"
        body = asked.rfile.read(int(asked.headers.get("content-length") or 0))
        self.seen.append(line)
        if (barrier := self.barrier) is not None:
            barrier.wait(timeout=30)
            self.barrier = None
        self.left -= 1
        refusal = next((one for one in self.refusals if re.search(one.pattern, line) and one.times != 0), None)
        if refusal is not None:
            if refusal.times:
                refusal.times -= 1
            content = refusal.body if refusal.body is not None else json.dumps({"error": refusal.sentence}).encode()
            self._reply(asked, refusal.status, {"Content-Type": "application/json", **refusal.headers}, content)
        elif re.match(r"GET /buckets/.+/resolve/", line) and "xet-fileinfo" not in (asked.headers.get("accept") or ""):
            self._reply(asked, 302, {"Location": f"{self.file_host}{asked.path}"}, b"")
        else:
            self._pass_on(asked, line, body, signed=f"Bearer {TOKEN}" == asked.headers.get("authorization"))

    def _file(self, asked: BaseHTTPRequestHandler) -> None:
        self.told_files.append({name.lower(): value for name, value in asked.headers.items()})
        self._pass_on(asked, "", b"", signed=True)

    def _pass_on(self, asked: BaseHTTPRequestHandler, line: str, body: bytes, *, signed: bool) -> None:
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in _NOT_PASSED_ON}
        given = asked.headers.get("authorization")
        headers |= (
            {"authorization": f"Bearer {self.target_token}"} if signed else {"authorization": given} if given else {}
        )
        headers["host"] = asked.headers["host"]
        with self.http.stream(asked.command, asked.path, headers=headers, content=body or None) as reply:
            kept = {name: value for name, value in reply.headers.items() if name.lower() not in _NOT_PASSED_ON}
            change = next((change for pattern, change in self.changes if re.search(pattern, line)), None)
            if "event-stream" in reply.headers.get("content-type", ""):
                self._stream(asked, reply, kept)
                return
            content = reply.read()
            if change is not None:
                content = json.dumps(change(json.loads(content))).encode()
            length = reply.headers.get("content-length", "0") if asked.command == "HEAD" else None
            self._reply(asked, reply.status_code, kept, content, length)

    def _stream(self, asked: BaseHTTPRequestHandler, reply: httpx2.Response, headers: dict[str, str]) -> None:
        asked.send_response(reply.status_code)
        for name, value in headers.items():
            asked.send_header(name, value)
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.close_connection = True
        for piece in reply.iter_raw():
            asked.wfile.write(piece)
            asked.wfile.flush()

    def _reply(
        self,
        asked: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        body: bytes,
        length: str | None = None,
    ) -> None:
        asked.send_response(status)
        for name, value in {"RateLimit": f'"api";r={max(0, self.left)};t=200', **headers}.items():
            asked.send_header(name, value)
        asked.send_header("Content-Length", length or str(len(body)))
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(body)


@contextmanager
def far_hub(target: str, token: str) -> Iterator[FarHub]:
    """Run a stand-in before the local hub at `target`."""
    hub = FarHub(target, token)
    try:
        yield hub
    finally:
        hub.close()
