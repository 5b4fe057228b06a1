"""Idle connections without a token: whoever holds the token is answered all the same, at each door of this machine."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from consent.answering.page import Page, served
from hub_contract import connections
from local_hub.process import daemon
from tests.hub_process import clear, wait_until
from tests.mcp_session import HTTP_TOKEN, SERVER, environment, free_port

#: Few enough files for a process that some hundred sockets are more than it has, as a thousand are elsewhere.
FILES = 256
SOCKETS = 300
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {HTTP_TOKEN}"}
STARTS = ["", "POST /mcp HTTP/1.1\r\nHost: 127", "POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]


LIMITED = (
    sys.executable, "-c",
    f"import os, resource as r, sys; r.setrlimit(r.RLIMIT_NOFILE, ({FILES}, {FILES})); os.execvp(sys.argv[1], sys.argv[1:])",
)  # fmt: skip


@contextmanager
def idle_sockets(port: int, says: str = "") -> Iterator[list[socket.socket]]:
    """Connections that say the beginning of a request, and no more."""
    with ExitStack() as stack:
        opened = []
        for _ in range(SOCKETS):
            stranger = stack.enter_context(socket.socket())
            stranger.settimeout(5)
            stranger.connect(("127.0.0.1", port))
            if says:
                stranger.sendall(says.encode())
            opened.append(stranger)
        yield opened


def answered_in(ask: Callable[[], int]) -> float:
    """Seconds until the answer, which is good."""
    begun = time.monotonic()
    assert ask() == 200
    return time.monotonic() - begun


@pytest.fixture
def server(own_home: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [*LIMITED, *SERVER, "serve", "--http", "--port", str(port)],
        env={**environment(own_home), "HF_JOBS_MCP_HTTP_TOKEN": HTTP_TOKEN},
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: _listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(timeout=15)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.promise("S12")
@pytest.mark.parametrize("says", STARTS, ids=["nothing", "half a head", "a head and no body"])
def test_idle_sockets_do_not_keep_the_holder_of_the_token_waiting(server: int, says: str) -> None:
    address = f"http://127.0.0.1:{server}/mcp"
    hello = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "me", "version": "0"}},
    }  # fmt: skip
    with idle_sockets(server, says):
        for _ in range(3):
            took = answered_in(lambda: httpx2.post(address, json=hello, headers=HEADERS, timeout=20).status_code)
            assert took < 5


@pytest.mark.promise("S15")
@pytest.mark.parametrize("says", STARTS, ids=["nothing", "half a head", "a head and no body"])
def test_idle_sockets_do_not_keep_the_local_hub_from_answering(own_home: Path, says: str) -> None:
    launch = [*LIMITED, *SERVER, "hub", "run"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(own_home).items():
            patch.setenv(name, value)
        state = daemon.ensure_running(own_home, launch, version="0.0.0")
    try:
        port = int(state.endpoint.rpartition(":")[2])
        token = {"Authorization": f"Bearer {state.token}"}
        with idle_sockets(port, says):
            for _ in range(3):
                took = answered_in(
                    lambda: httpx2.get(f"{state.endpoint}/api/whoami-v2", headers=token, timeout=20).status_code
                )
                assert took < 5
    finally:
        clear(own_home)


@pytest.mark.promise("S7")
def test_idle_sockets_do_not_keep_a_person_from_the_approval_page() -> None:
    page = Page(list, lambda *_: True)
    with served(page), idle_sockets(page.port) as strangers:

        def look() -> int:
            visit = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
            visit.request("GET", f"/{page.ticket}")
            status = visit.getresponse().status
            visit.close()
            return status

        assert answered_in(look) < 5
        ended = sum(_is_closed(one) for one in strangers)
    assert ended >= SOCKETS - 64


def _is_closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.promise("S12")
def test_a_stranger_who_says_nothing_is_shown_the_door(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=30) as stranger:
        stranger.settimeout(connections.STRANGERS_STAY + 10)
        assert _end_of(stranger) == b""


def _end_of(stranger: socket.socket) -> bytes:
    try:
        return stranger.recv(1)
    except ConnectionResetError:
        return b""
