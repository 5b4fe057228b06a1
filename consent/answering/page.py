"""What waits for an answer, on one loopback page: the whole of what would be sent, boxes, and answers that count once.

The way in is a ticket that no tool returns. It works once: the one reply to it carries the page's own token, which
every post has to bring. There is no cookie, because cookies know no ports: whatever listens on another port of this
machine, such as a job's own page, would be sent it.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from consent.answering import layout
from consent.request import granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent.ledger import Approval

Record = Callable[["Approval", frozenset[str] | None], bool]

APPROVED = "Approved. If the agent does not go on by itself, tell it to."
DECLINED = "Declined; nothing is sent."
TOO_LATE = "Too late: the question was answered elsewhere or has run out."
_LONGEST_FORM = 65_536
_SLOWEST = 10.0
_MOST_OPEN = 32


@dataclass
class Page:
    """The state of one page. `waiting` gives the open questions; `record` notes an answer and says if it was in time.

    `outcomes` holds what was said here, by the question's id; `done` is set when there is a new one.
    """

    waiting: Callable[[], Sequence[Approval]]
    record: Record
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    done: threading.Event = field(default_factory=threading.Event)
    outcomes: dict[str, str] = field(default_factory=dict)
    port: int = 0
    seen_at: float = 0.0
    _form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _entered: bool = False

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.origin}/{self.ticket}"

    def enter(self, path: str) -> str | None:
        """The page, for the first visitor who brings the ticket; None for everybody else."""
        with self._lock:
            if self._entered or not _same(path.removeprefix("/"), self.ticket):
                return None
            self._entered = True
        return self.html()

    def knows(self, token: str) -> bool:
        """Whether this is the token of the page that the ticket was changed for."""
        return self._entered and _same(token, self._form_token)

    def answer(self, form: dict[str, list[str]]) -> str:
        """Take an answer to one question. Returns the page that comes next."""
        said = form.get("say")
        if said not in (["yes"], ["no"]):
            return self.html()
        wanted = "".join(form.get("question", []))
        approval = next((one for one in self.waiting() if one.id == wanted), None)
        if approval is None:
            return self.html(told=self.outcomes.get(wanted) or TOO_LATE)
        ticked = frozenset(form.get("tick", [])) & {tick.name for tick in approval.request.ticks}
        yes = said == ["yes"]
        if yes and not granted(approval.request, ticked):
            return self.html(warning="Tick what is needed first, or say no.")
        with self._lock:
            if wanted not in self.outcomes:
                in_time = self.record(approval, ticked if yes else None)
                self.outcomes[wanted] = (APPROVED if yes else DECLINED) if in_time else TOO_LATE
        self.done.set()
        return self.html(told=self.outcomes[wanted])

    def html(self, *, told: str = "", warning: str = "") -> str:
        """All that waits, with every box empty."""
        self.seen_at = time.monotonic()
        open_questions = [one for one in self.waiting() if one.id not in self.outcomes]
        return layout.questions(open_questions, self._form_token, time.time(), told=told, warning=warning)


@contextmanager
def served(page: Page) -> Iterator[Page]:
    """Serve the page on loopback, at a port of its own, until the block ends."""

    class Handler(_Handler):
        shown = page

    server = _Server(("127.0.0.1", 0), Handler)
    page.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=_SLOWEST)


class _Server(ThreadingHTTPServer):
    """A connection lasts for one request; where too many are open, the one that has waited longest gives way."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._open: dict[socket.socket, None] = {}
        self._opening = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._opening:
            self._open[request] = None
            if len(self._open) > _MOST_OPEN:
                with suppress(OSError):  # It may have ended by itself. Its thread wakes up, and closes it.
                    next(iter(self._open)).shutdown(socket.SHUT_RDWR)
                del self._open[next(iter(self._open))]
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._opening:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: whoever hangs up is not this person's concern, and stderr may be the terminal they answer in."""


class _Handler(BaseHTTPRequestHandler):
    shown: Page
    timeout = _SLOWEST
    server_version = "hf-jobs-mcp"
    sys_version = ""

    def do_GET(self) -> None:
        if not self._from_here():
            return
        html = self.shown.enter(self.path)
        if html is None:
            self._reply(403, layout.sentence("This address works once, and not again."))
        else:
            self._reply(200, html)

    def do_POST(self) -> None:
        if not self._from_here():
            return
        length = self.headers.get("Content-Length", "0")
        own = self.headers.get("Origin") == self.shown.origin
        own = own and self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        if self.path not in {"/answer", "/waiting"} or not own:
            self._reply(403, layout.sentence("That did not come from this page."))
        elif not length.isdecimal() or int(length) > _LONGEST_FORM:
            self._reply(413, layout.sentence("That is not this page's form."))
        elif self.path == "/waiting":
            self._waiting()
        else:
            form = parse_qs(self.rfile.read(int(length)).decode(errors="replace"), max_num_fields=500)
            if self.shown.knows("".join(form.get("token", []))):
                self._reply(200, self.shown.answer(form))
            else:
                self._reply(403, layout.sentence("That is not this page's form."))

    def _waiting(self) -> None:
        if self.shown.knows(self.headers.get("X-Page", "")):
            self.shown.seen_at = time.monotonic()
            open_questions = [one for one in self.shown.waiting() if one.id not in self.shown.outcomes]
            self._reply(200, layout.ids(open_questions), kind="text/plain")
        else:
            self._reply(403, layout.sentence("That did not come from this page."))

    def _from_here(self) -> bool:
        here = self.headers.get("Host") == f"127.0.0.1:{self.shown.port}"
        if not here:
            self._reply(421, layout.sentence("Not here."))
        return here

    def _reply(self, status: int, text: str, kind: str = "text/html") -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        for name, value in [
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", layout.POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Nothing: the address holds the ticket."""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
