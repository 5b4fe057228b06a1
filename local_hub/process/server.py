"""Binds the port, writes the state file, and runs the hub and its HTTP face in one event loop."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import anyio
import uvicorn

from hub_contract.connections import BACKLOG, Connection
from local_hub.backends import sandbox
from local_hub.errors import HubStartError
from local_hub.hub import Hub
from local_hub.process import state as states
from local_hub.process.app import create_app
from local_hub.process.state import HubState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_hub.backends.base import Launcher
    from local_hub.paths import HubPaths

TOKEN_BYTES = 24
SHUTDOWN_SECONDS = 1


class _Server(uvicorn.Server):
    """uvicorn, with the signals left to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(paths: HubPaths, *, version: str, runner: str, idle_seconds: float, port: int) -> None:
    """Serve until stopped. The caller holds the lock.

    Raises:
        HubStartError: the port is taken, the runner is not there, or the database cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    before = states.load(paths.state)
    listener = _bind(port, before.port if before else 0)
    token = before.token if before else f"hf_local_{secrets.token_urlsafe(TOKEN_BYTES)}"
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    state = HubState(os.getpid(), endpoint, token, version, time.time())
    with listener:
        hub = Hub(paths, _launcher(paths, runner), partial(secrets.compare_digest, token))
        try:
            anyio.run(_serve, hub, state, listener, idle_seconds, paths)
        finally:
            hub.close()


def _launcher(paths: HubPaths, runner: str) -> Launcher:
    if runner == "container":
        from local_hub.backends import container

        return container.choose(paths.root)
    return sandbox.choose(paths.root, plain=runner == "plain")


def _bind(port: int, former: int) -> socket.socket:
    for candidate in dict.fromkeys((port,) if port else (former, 0)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # The protocol named: else
        # asyncio leaves Nagle's algorithm on, and each answer waits 40 ms.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return listener
    raise HubStartError(f"Port {port} is taken, so the local hub cannot listen there.")


async def _serve(hub: Hub, state: HubState, listener: socket.socket, idle_seconds: float, paths: HubPaths) -> None:
    server: _Server

    def stop() -> None:
        server.should_exit = True
        hub.streams.stop()

    app = create_app(hub, token=state.token, version=state.version, endpoint=state.endpoint, stop=stop)
    server = _Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=Connection,
            backlog=BACKLOG,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )

    async def stop_on_signal() -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                stop()

    async def stop_when_idle() -> None:
        await hub.stands_idle(idle_seconds)
        stop()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_on_signal)
        tasks.start_soon(hub.serve)
        tasks.start_soon(stop_when_idle)
        states.save(paths.state, state)
        await server.serve(sockets=[listener])
        tasks.cancel_scope.cancel()
