"""Exposed ports: who gets through to the job, and what."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from local_hub.runner.ports.port_proxy import HEAD_SECONDS, MOST_UNHEARD
from tests.hub_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import HfApi, JobInfo

    from local_hub.process.state import HubState

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = ("you asked for " + self.path).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body[::-1])
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def job(hub: HubState) -> Iterator[JobInfo]:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    port = free_port()
    job = api.run_job(
        image="python:3.12", command=["python", "-c", SERVER, str(port)], expose=[port], namespace="local"
    )
    yield wait_until(lambda: (found := api.inspect_job(job_id=job.id)).status.expose_urls and found)
    api.cancel_job(job_id=job.id)


def url(api: HfApi, job: JobInfo) -> str:
    (found,) = api.inspect_job(job_id=job.id, namespace="local").status.expose_urls
    return str(found)


def get(address: str, **headers: str) -> httpx2.Response:
    return wait_until(lambda: answer if (answer := httpx2.get(address, headers=headers)).status_code != 502 else None)


def test_the_port_is_reached_with_the_token_only(hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    address = url(hub_api, job)
    answer = get(f"{address}/page?x=1", Authorization=f"Bearer {hub.token}")
    assert (answer.status_code, answer.text) == (200, "you asked for /page?x=1")
    assert get(address).status_code == 401
    assert get(address, Authorization="Bearer wrong").status_code == 401
    assert get(address, Authorization=f"Bearer {hub.token}", Host="evil.example").status_code == 403


def test_a_large_body_goes_there_and_back(hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    body = bytes(range(256)) * 8000
    headers = {"Authorization": f"Bearer {hub.token}"}
    get(url(hub_api, job), **headers)
    assert httpx2.post(url(hub_api, job), content=body, headers=headers).content == body[::-1]


def test_ports_are_opened_to_all_and_closed_while_the_job_runs(hub_api: HfApi, job: JobInfo) -> None:
    (port,) = job.expose
    before = url(hub_api, job)
    public = hub_api.update_job_expose(job_id=job.id, expose_public=[port], namespace="local")
    assert (public.expose, public.expose_public) == ([port], [port])
    assert get(url(hub_api, job)).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(before)
    closed = hub_api.update_job_expose(job_id=job.id, namespace="local")
    assert not closed.status.expose_urls
    hub_api.update_job_expose(job_id=job.id, expose=[port], namespace="local")


def test_the_door_closes_with_the_job(hub_api: HfApi) -> None:
    other = hub_api.run_job(image="x", command=["sleep", "60"], expose=[free_port()], namespace="local")
    address = wait_until(lambda: hub_api.inspect_job(job_id=other.id).status.expose_urls)[0]
    assert httpx2.get(address).status_code == 401
    hub_api.cancel_job(job_id=other.id)
    wait_until(lambda: hub_api.inspect_job(job_id=other.id).status.expose_urls is None)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address)


def test_callers_that_say_nothing_are_few_and_stand_in_nobodys_way(hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    address = url(hub_api, job)
    headers = {"Authorization": f"Bearer {hub.token}"}
    get(address, **headers)
    with ExitStack() as stack:
        there = ("127.0.0.1", int(address.rpartition(":")[2]))
        silent = [stack.enter_context(socket.create_connection(there, timeout=10)) for _ in range(2 * MOST_UNHEARD)]
        assert get(address, **headers).status_code == 200
        for one in silent[: MOST_UNHEARD - 1]:  # Long before the time for a head is over.
            one.settimeout(HEAD_SECONDS / 2)
            assert one.recv(1) in {b"", b"H"}


# What a job sees of its callers.

ECHO = """
import hashlib, base64, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    caller, _ = listener.accept()
    caller.settimeout(1.0)
    seen = b""
    try:
        while more := caller.recv(65536):
            seen += more
            if b"upgrade-me" in seen and b"\\r\\n\\r\\n" in seen:
                caller.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: "
                               + seen.partition(b"upgrade-me: ")[2].split(b"\\r")[0] + b"\\r\\n\\r\\n")
                caller.sendall(b"echo:" + caller.recv(65536))
                break
    except TimeoutError:
        pass
    print(seen.hex(), flush=True)
    head = b"HTTP/1.1 200 OK\\r\\nSet-Cookie: a=b; Path=/\\r\\nset-cookie: c=d\\r\\nX-Mine: kept\\r\\n"
    if b"upgrade-me" not in seen:
        caller.sendall(head + b"Content-Length: 2\\r\\n\\r\\nok")
    caller.close()
"""


@pytest.fixture(scope="module")
def echo(hub: HubState) -> Iterator[tuple[HfApi, JobInfo]]:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    port = free_port()
    job = api.run_job(image="python:3.12", command=["python", "-c", ECHO, str(port)], expose=[port], namespace="local")
    found = wait_until(lambda: (found := api.inspect_job(job_id=job.id)).status.expose_urls and found)
    yield api, found
    api.cancel_job(job_id=job.id)


def exchange(address: str, raw: bytes, then: bytes = b"") -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as caller:
        caller.sendall(raw)
        answer = b""
        while more := caller.recv(65536):
            answer += more
            if then and b"101" in answer:
                caller.sendall(then)
                then = b""
    return answer


def received(api: HfApi, job: JobInfo) -> bytes:
    return b"".join(map(bytes.fromhex, (line.strip() for line in api.fetch_job_logs(job_id=job.id, namespace="local"))))


@pytest.mark.promise("S15")
def test_neither_the_hubs_token_nor_a_cookie_reaches_a_job(hub: HubState, echo: tuple[HfApi, JobInfo]) -> None:
    api, job = echo
    address = url(api, job)
    token = hub.token.encode()
    wait_until(lambda: exchange(address, _request(token)).startswith(b"HTTP/1.1 200"))
    refused = {
        "no field's name": _request(token, b"Authorization : Bearer " + token),
        "a folded line": _request(token, b"X: y\r\n Authorization: Bearer " + token),
        "a bare line feed": _request(token, b"X: y\nAuthorization: Bearer " + token),
        "two of them": _request(token, b"AUTHORIZATION: Bearer " + token),
        "two lengths": _request(token, b"Content-Length: 5\r\nContent-Length: 0"),
        "a length and chunks": _request(token, b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
        "odd chunks": _request(token, b"Transfer-Encoding: xchunked"),
        "another version": _request(token).replace(b"HTTP/1.1", b"HTTP/2.0"),
    }
    for name, raw in refused.items():
        assert exchange(address, raw).split(b" ")[1] == b"400", name
    second = _request(token, b"Cookie: hidden=cookie-value")
    passed = {
        "cookies": _request(token, b"cookie: s=cookie-value\r\nCOOKIE: t=cookie-value\r\nX-Kept: kept-value"),
        "a proxy's": _request(token, b"Proxy-Authorization: Bearer " + token),
        "named by the connection": _request(token, b"Connection: keep-alive, X-Drop\r\nX-Drop: cookie-value"),
        "a second request": _request(token, b"Connection: keep-alive") + second,
        "a second request after a body": _request(token, b"Content-Length: 4") + b"body" + second,
        "a second request after chunks": _request(token, b"Transfer-Encoding: chunked")
        + b"4;x=y\r\nbody\r\n0\r\nCookie: t=cookie-value\r\n\r\n"
        + second,
        "another protocol": _request(token, b"Connection: upgrade\r\nUpgrade: h2c") + second,
    }
    for name, raw in passed.items():
        answer = exchange(address, raw)
        assert answer.startswith(b"HTTP/1.1 200"), name
        assert b"x-mine: kept" in answer
        assert b"cookie" not in answer.lower(), name
    seen = wait_until(lambda: found if (found := received(api, job)).count(b"body") >= 2 else None)
    assert b"kept-value" in seen
    assert b"cookie-value" not in seen
    assert b"authorization" not in seen.lower()
    assert token not in seen


def test_a_websocket_passes_and_its_handshake_carries_no_token(hub: HubState, echo: tuple[HfApi, JobInfo]) -> None:
    api, job = echo
    more = b"Connection: Upgrade\r\nUpgrade: websocket\r\nCookie: a=cookie-value\r\nupgrade-me: "
    through = wait_until(
        lambda: (
            answer
            if (answer := exchange(url(api, job), _request(hub.token.encode(), more + b"websocket"), b"frame"))[:12]
            == b"HTTP/1.1 101"
            else None
        )
    )
    assert through.endswith(b"echo:frame")
    assert exchange(url(api, job), _request(hub.token.encode(), more + b"h2c"), b"frame")[:12] == b"HTTP/1.1 502"
    seen = received(api, job)
    assert b"cookie-value" not in seen
    assert hub.token.encode() not in seen


def _request(token: bytes, more: bytes = b"") -> bytes:
    lines = [b"POST /x HTTP/1.1", b"Host: 127.0.0.1", b"Authorization: Bearer " + token]
    return b"\r\n".join([*lines, *([more] if more else []), b"", b""])
