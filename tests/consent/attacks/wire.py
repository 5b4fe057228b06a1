"""Raw JSON-RPC to the real server: what the SDK's client is too well behaved to send."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.mcp_session import HTTP_TOKEN, SERVER

Message = dict[str, Any]
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ERAS = ("modern", "legacy")
FORMS: dict[str, Any] = {"elicitation": {"form": {}}}


class Line:
    """What arrived, and every byte that went either way."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._inbox: list[Message] = []
        self._news = threading.Condition()

    def arrived(self, raw: bytes) -> None:
        with self._news:
            self.frames.append(raw)
            self._inbox.append(json.loads(raw))
            self._news.notify_all()

    def take(self, wanted: Callable[[Message], bool], seconds: float = 30.0) -> Message:
        """The first message that is wanted; fails when none comes."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for place, message in enumerate(self._inbox):
                    if wanted(message):
                        return self._inbox.pop(place)
                self._news.wait(min(1.0, max(0.0, deadline - time.monotonic())))
                gone = self.gone()
                if (gone and not any(map(wanted, self._inbox))) or time.monotonic() > deadline:
                    raise AssertionError(f"nothing came; unread: {self._inbox}; {gone or 'still there'}")

    def gone(self) -> str:
        """Why nothing more will come, or an empty text."""
        return ""

    def send(self, message: Message) -> None:
        raise NotImplementedError


class Stdio(Line):
    """A server process of its own; its stderr is kept."""

    def __init__(self, env: dict[str, str], *flags: str, command: tuple[str, ...] = SERVER) -> None:
        super().__init__()
        self.errors: list[bytes] = []
        self.process = subprocess.Popen(
            [*command, *flags], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._threads = [
            threading.Thread(target=lambda: [self.arrived(line) for line in self.process.stdout]),  # type: ignore[union-attr]
            threading.Thread(target=lambda: self.errors.extend(self.process.stderr)),  # type: ignore[arg-type]
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: Message) -> None:
        raw = json.dumps(message).encode() + b"\n"
        self.frames.append(raw)
        assert self.process.stdin is not None
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def gone(self) -> str:
        if self.process.poll() is None or self._threads[0].is_alive():
            return ""
        return b"".join(self.errors)[-2000:].decode(errors="replace") or "the server ended"

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=15)
        finally:
            self.process.kill()
            self.process.wait()
            for thread in self._threads:
                thread.join(timeout=10)
            self.process.stdout.close()  # type: ignore[union-attr]
            self.process.stderr.close()  # type: ignore[union-attr]


class Http(Line):
    """One client of a server over HTTP. Each message is a POST of its own, whose stream is read to its end."""

    def __init__(self, url: str, *, token: str = HTTP_TOKEN) -> None:
        super().__init__()
        self._url, self._token = url, token
        self.session: str | None = None
        self.statuses: list[int] = []
        self._threads: list[threading.Thread] = []

    def send(self, message: Message) -> None:
        thread = threading.Thread(target=self._post, args=(message,))
        thread.start()
        self._threads.append(thread)
        if "id" not in message or "method" not in message:
            thread.join(timeout=20)

    def close(self) -> None:
        for thread in self._threads:
            thread.join(timeout=20)

    def _post(self, message: Message) -> None:
        params = message.get("params", {})
        meta = params.get("_meta", {})
        version = meta.get("io.modelcontextprotocol/protocolVersion", LEGACY)
        headers = {
            "Authorization": f"Bearer {self._token}", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": version,
        }  # fmt: skip
        if version == MODERN:
            headers |= {"Mcp-Method": message["method"], **({"Mcp-Name": params["name"]} if "name" in params else {})}
        if self.session is not None:
            headers["Mcp-Session-Id"] = self.session
        raw = json.dumps(message).encode()
        self.frames.append(raw)
        with httpx2.stream(
            "POST", self._url, content=raw, headers={**headers, "Content-Type": "application/json"}, timeout=60
        ) as reply:
            self.statuses.append(reply.status_code)
            self.session = reply.headers.get("mcp-session-id", self.session)
            if reply.headers.get("content-type", "").startswith("text/event-stream"):
                for line in reply.iter_lines():
                    if line.startswith("data: {"):
                        self.arrived(line.removeprefix("data: ").encode())
            elif body := reply.read():
                self.arrived(body)


@dataclass
class Question:
    """A question as the client got it. `state` is the modern era's, `number` the legacy request's id."""

    tool: str
    arguments: dict[str, Any]
    key: str
    message: str
    names: list[str]
    state: str | None = None
    number: Any = None
    call: int = 0


@dataclass
class Attacker:
    """A client of one era that can send anything. `capabilities` and `name` are what it says of itself."""

    line: Line
    era: str
    capabilities: dict[str, Any] = field(default_factory=lambda: dict(FORMS))
    name: str = "attacker"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def hello(self) -> Attacker:
        """The legacy handshake; nothing in the modern era."""
        if self.era == "legacy":
            number = next(self._numbers)
            params = {
                "protocolVersion": LEGACY, "capabilities": self.capabilities,
                "clientInfo": {"name": self.name, "version": "0"},
            }  # fmt: skip
            self.line.send({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": params})
            self.line.take(lambda message: message.get("id") == number)
            self.line.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def start(self, tool: str, arguments: dict[str, Any], **params: Any) -> int:
        """Send a call; returns its number."""
        return self.request("tools/call", {"name": tool, "arguments": arguments, **params})

    def read(self, uri: str) -> Message:
        """Read a resource."""
        return self.reply(self.request("resources/read", {"uri": uri}))

    def request(self, method: str, params: dict[str, Any]) -> int:
        """Send any request; returns its number."""
        number = next(self._numbers)
        sent = dict(params)
        if self.era == "modern":
            sent["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": self.name, "version": "0"},
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            }
        self.line.send({"jsonrpc": "2.0", "id": number, "method": method, "params": sent})
        return number

    def reply(self, number: int, seconds: float = 90.0) -> Message:
        return self.line.take(lambda message: message.get("id") == number and "method" not in message, seconds)

    def call(self, tool: str, arguments: dict[str, Any], **params: Any) -> Message:
        """Call, and take the reply that comes without anything being answered."""
        return self.reply(self.start(tool, arguments, **params))

    def ask(self, tool: str, arguments: dict[str, Any]) -> Question:
        """Call a guarded tool, and take the question."""
        if self.era == "modern":
            result = self.call(tool, arguments)["result"]
            ((key, request),) = result["inputRequests"].items()
            names = list(request["params"]["requestedSchema"]["properties"])
            return Question(tool, arguments, key, request["params"]["message"], names, state=result["requestState"])
        number = self.start(tool, arguments)
        asked = self.line.take(lambda message: message.get("method") == "elicitation/create")
        names = list(asked["params"]["requestedSchema"]["properties"])
        return Question(tool, arguments, "", asked["params"]["message"], names, number=asked["id"], call=number)

    def answer(
        self, question: Question, content: Any, *, action: str = "accept", arguments: dict[str, Any] | None = None
    ) -> Message:
        """Answer a question, as it was asked or with other arguments; returns the tool's reply."""
        given: dict[str, Any] = {"action": action, **({"content": content} if content is not None else {})}
        if self.era == "modern":
            return self.call(
                question.tool, arguments or question.arguments,
                inputResponses={question.key: given}, requestState=question.state,
            )  # fmt: skip
        self.line.send({"jsonrpc": "2.0", "id": question.number, "result": given})
        return self.reply(question.call)

    def tick_all(self, question: Question) -> Message:
        return self.answer(question, dict.fromkeys(question.names, True))


def outcome(reply: Message) -> str:
    """`asked`, `waits`, `sent`, or the code of the error."""
    if "error" in reply:
        data = reply["error"].get("data") or {}
        return str(data.get("reason", reply["error"]["code"]) if isinstance(data, dict) else reply["error"]["code"])
    result = reply["result"]
    if result.get("resultType") == "input_required":
        return "asked"
    if result.get("isError"):
        words = result["content"][0]["text"]
        return str(json.loads(words)["error"]["code"]) if words.startswith("{") else f"refused: {words}"
    found = result["structuredContent"]
    return "waits" if "approval" in found else "sent"


def made(reply: Message) -> str:
    """The id of what was sent; fails where nothing was."""
    assert outcome(reply) == "sent", reply
    return str(reply["result"]["structuredContent"]["id"])


@contextmanager
def stdio(env: dict[str, str], *flags: str) -> Iterator[Stdio]:
    line = Stdio(env, *flags)
    try:
        yield line
    finally:
        line.close()
