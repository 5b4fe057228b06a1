"""One question on a loopback page: the whole of what would be sent, the boxes, and an answer that counts once.

The way in is a ticket that only the terminal shows (and a file that only its owner can read, for the browser). It
works once and is changed for a cookie. A post needs the cookie, the page's own token, and this page as its origin.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from consent.request import granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent.request import ConsentRequest

Record = Callable[[frozenset[str] | None], bool]

_COOKIE = "answering"
_LONGEST_FORM = 65_536
_SLOWEST = 10.0
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
dl { display: grid; grid-template-columns: 8rem 1fr; gap: .3rem 1rem; } dt { color: #555; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 1rem; }
fieldset { border: 1px solid #bbb; margin: 1.5rem 0; } label { display: block; padding: .3rem 0; }
button { font: inherit; padding: .5rem 1.2rem; margin-right: 1rem; } .warning { color: #a40000; font-weight: bold; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616; } dt { color: #aaa; }
       pre { background: #242424; } .warning { color: #ff8a8a; } }
"""


@dataclass
class Page:
    """The state of one question's page. `record` notes the answer and says whether it came in time."""

    request: ConsentRequest
    record: Record
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    done: threading.Event = field(default_factory=threading.Event)
    outcome: str = "Nobody answered; nothing is sent."
    answered: bool = False
    port: int = 0
    _cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
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
        """The cookie, for the first visitor who brings the ticket; None for everybody else."""
        with self._lock:
            if self._entered or not _same(path.removeprefix("/"), self.ticket):
                return None
            self._entered = True
            return self._cookie

    def knows(self, header: str | None) -> bool:
        """Whether a Cookie header holds the cookie that the ticket was changed for."""
        try:
            jar = SimpleCookie(header or "")
        except CookieError:
            return False
        return _COOKIE in jar and self._entered and _same(jar[_COOKIE].value, self._cookie)

    def answer(self, form: dict[str, list[str]]) -> str | None:
        """Take an answer. Returns what to tell the person; None for a form that is not this page's own."""
        if not _same("".join(form.get("token", [])), self._form_token):
            return None
        ticked = frozenset(form.get("tick", [])) & {tick.name for tick in self.request.ticks}
        yes = form.get("say") == ["yes"]
        if yes and not granted(self.request, ticked):
            return self.html("Tick what is needed first, or say no.")
        with self._lock:
            if not self.answered:
                in_time = self.record(ticked if yes else None)
                said = "Approved. Tell the agent to go on." if yes else "Declined; nothing is sent."
                self.outcome = said if in_time else "Too late: the question has run out. Nothing was sent."
                self.answered = True
        return _frame(f"<h1>{escape(self.outcome)}</h1><p>You can close this page.</p>")

    def html(self, warning: str = "") -> str:
        """The question with its boxes, all of them empty."""
        request = self.request
        facts = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in request.facts)
        boxes = "".join(
            f'<label><input type="checkbox" name="tick" value="{escape(tick.name)}" autocomplete="off"> '
            f"<strong>{escape(tick.title)}</strong> {escape(tick.description)}</label>"
            for tick in request.ticks
        )
        return _frame(
            f"<h1>{escape(request.title)}</h1>"
            f'<p class="warning" role="alert">{escape(warning)}</p>'
            f"<dl>{facts}<dt>Fingerprint</dt><dd>{escape(request.fingerprint)}</dd></dl>"
            f'<form method="post" action="/answer" autocomplete="off">'
            f'<input type="hidden" name="token" value="{self._form_token}">'
            f"<fieldset><legend>What it may have</legend>{boxes}</fieldset>"
            f'<button name="say" value="yes">Accept what is ticked</button><button name="say" value="no">No</button>'
            f"</form><h2>Everything that would be sent</h2><pre>{escape(request.details)}</pre>"
        )


@contextmanager
def served(page: Page) -> Iterator[Page]:
    """Serve the page on loopback, at a port of its own, until the block ends."""

    class Handler(_Handler):
        shown = page

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    page.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=_SLOWEST)


class _Handler(BaseHTTPRequestHandler):
    shown: Page
    timeout = _SLOWEST
    server_version = "hf-jobs-mcp"
    sys_version = ""

    def do_GET(self) -> None:
        if not self._from_here():
            return
        cookie = self.shown.enter(self.path)
        if cookie is None and not self.shown.knows(self.headers.get("Cookie")):
            self._reply(403, _frame("<h1>This address works once, and not again.</h1>"))
            return
        extra = [("Set-Cookie", f"{_COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/")] if cookie else []
        self._reply(200, self.shown.html(), extra)

    def do_POST(self) -> None:
        if not self._from_here():
            return
        length = self.headers.get("Content-Length", "")
        own = self.headers.get("Origin") == self.shown.origin
        own = own and self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        if self.path != "/answer" or not own or not self.shown.knows(self.headers.get("Cookie")):
            self._reply(403, _frame("<h1>That did not come from this page.</h1>"))
        elif not length.isdecimal() or int(length) > _LONGEST_FORM:
            self._reply(413, _frame("<h1>That is not this page's form.</h1>"))
        else:
            form = parse_qs(self.rfile.read(int(length)).decode(errors="replace"), max_num_fields=500)
            told = self.shown.answer(form)
            self._reply(403 if told is None else 200, told or _frame("<h1>That is not this page's form.</h1>"))
            if self.shown.answered:
                self.shown.done.set()

    def _from_here(self) -> bool:
        here = self.headers.get("Host") == f"127.0.0.1:{self.shown.port}"
        if not here:
            self._reply(421, _frame("<h1>Not here.</h1>"))
        return here

    def _reply(self, status: int, html: str, extra: list[tuple[str, str]] | None = None) -> None:
        body = html.encode(errors="replace")
        style = _hash(_STYLE)
        policy = f"default-src 'none'; style-src '{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        self.send_response(status)
        for name, value in [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
            *(extra or []),
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Nothing: the address holds the ticket."""


def _frame(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>hf-jobs-mcp asks</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _hash(style: str) -> str:
    import base64
    import hashlib

    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
