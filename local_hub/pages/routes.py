"""The pages for people: ``/`` lists jobs and schedules, ``/jobs/NAMESPACE/ID`` shows one job while it runs and after.

A browser has no token. It is let in by a ticket that ``POST /api/local/ticket`` gives to a caller with the token, and
gets a session that reaches these routes and nothing else, none of which changes anything. The session stands in front
of the path of what the page asks for, and is kept in the storage of this very origin: another port never sees it. What
jobs wrote is shown as text, with all that could act on a page or a terminal taken out.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from local_hub import accounts, errors
from local_hub.auth import SESSION_PREFIX
from local_hub.buckets import file_response
from local_hub.buckets.tree import PathRefusedError, Tree, checked
from local_hub.display_text import clean
from local_hub.pages import views
from local_hub.runner.output import LogReader
from local_hub.store import job_table, schedule_table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from starlette.requests import Request

    from local_hub.hub import Hub
    from local_hub.pages.markup import Child
    from local_hub.pages.sessions import Sessions
    from local_hub.store.job_table import JobRow
    from local_hub.store.schedule_table import ScheduleRow

_ASSETS = Path(__file__).with_name("assets")
_KINDS = {"hub.css": "text/css", "hub.js": "text/javascript"}
_JOBS = 100
_FILES = 500
_LINES = 1000
_LOG_BYTES = 256 << 10
_TAIL = f"tail={_LINES}"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Pages:
    """The routes for browsers, over the hub and its sessions."""

    def __init__(self, hub: Hub, sessions: Sessions) -> None:
        self._hub = hub
        self._sessions = sessions
        self._threads = anyio.CapacityLimiter(4)

    def routes(self) -> list[Route]:
        """Return the routes. The guard in front of them says who has a session."""
        one = "/jobs/{namespace}/{job_id}"
        return [
            Route("/api/local/ticket", self._ticket, methods=["POST"]),
            Route("/login", self._login),
            Route("/assets/{name}", self._asset),
            Route("/", _for_people(self._overview)),
            Route(one, _for_people(self._job)),
            Route(f"{one}/log", _for_people(self._log)),
            Route(f"{one}/log.txt", _for_people(self._whole_log)),
            Route(f"{one}/metrics", _for_people(self._metrics)),
            Route(f"{one}/files/{{volume:int}}/{{path:path}}", _for_people(self._file)),
        ]

    async def _ticket(self, request: Request) -> Response:
        wanted = request.query_params.get("job", "")
        known = not wanted or await self._hub.store.read(
            lambda db: job_table.get(db, None, wanted) is not None or schedule_table.get(db, None, wanted) is not None
        )
        told = {"ticket": self._sessions.ticket(), "known": known}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _login(self, request: Request) -> Response:
        secret = self._sessions.redeem(request.query_params.get("ticket", ""))
        if secret is None:
            return _html(request, "Not let in", views.refusal(), 401)
        job = await self._found(None, request.query_params.get("job", ""))
        page = views.address_of(job) if job else "/"
        return RedirectResponse(f"{SESSION_PREFIX}{secret}{page}", 303, headers=_HEADERS)

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _KINDS:
            raise errors.not_found("No such asset.")
        body = await anyio.to_thread.run_sync((_ASSETS / name).read_bytes, limiter=self._threads)
        return Response(body, media_type=_KINDS[name], headers=_HEADERS)

    async def _overview(self, request: Request) -> Response:
        def work(db: sqlite3.Connection) -> tuple[list[JobRow], list[ScheduleRow]]:
            jobs = [
                job
                for name in accounts.ACCOUNTS
                for job in job_table.page(db, name, stages=(), labels=(), after=None, limit=_JOBS)
            ]
            schedules = [one for name in accounts.ACCOUNTS for one in schedule_table.all_of(db, name, None)[:_JOBS]]
            return sorted(jobs, key=lambda job: job.created_ms, reverse=True)[:_JOBS], schedules

        jobs, schedules = await self._hub.store.read(work)
        return _html(request, "Jobs", views.overview(jobs, schedules, self._hub.clock()), refresh="3000")

    async def _job(self, request: Request) -> Response:
        job = await self._wanted(request)
        log = await anyio.to_thread.run_sync(self._end_of_log, job, limiter=self._threads)
        files = await anyio.to_thread.run_sync(self._files, job, limiter=self._threads)
        urls = self._hub.exposure.urls(job.id)
        address = f"{_before(request)}{views.address_of(job)}"
        return _html(
            request,
            job.labels.get("name") or job.id,
            views.one_job(job, log, files, urls, self._hub.clock()),
            refresh="2000",
            final="yes" if job.final else "",
            log=f"{address}/log?{_TAIL}",
            metrics=f"{address}/metrics",
        )

    async def _log(self, request: Request) -> Response:
        job = await self._wanted(request)
        return StreamingResponse(self._events(job), media_type="text/event-stream", headers=_HEADERS)

    async def _events(self, job: JobRow) -> AsyncIterator[bytes]:
        async for block in self._hub.streams.log(job, _LINES):
            lines = await anyio.to_thread.run_sync(_lines, block, limiter=self._threads)
            yield b"".join(f"data: {json.dumps(line)}\n\n".encode() for line in lines) or b": \n\n"
        yield b"event: end\ndata: \n\n"

    async def _whole_log(self, request: Request) -> Response:
        job = await self._wanted(request)
        name = f'attachment; filename="{job.id}.log.txt"'
        return StreamingResponse(
            self._text(job), media_type="text/plain", headers={**_HEADERS, "Content-Disposition": name}
        )

    def _text(self, job: JobRow) -> Iterator[bytes]:
        with LogReader(self._hub.paths.output(job.id)) as reader:
            while block := reader.read(final=job.final):
                yield "".join(f"{line}\n" for line in _lines(block)).encode()

    def _end_of_log(self, job: JobRow) -> str:
        kept: deque[str] = deque()
        size = 0
        with LogReader(self._hub.paths.output(job.id), _LINES) as reader:
            while block := reader.read(final=job.final):
                for line in _lines(block):
                    kept.append(line[:_LOG_BYTES])
                    size += len(kept[-1])
                    while size > _LOG_BYTES:
                        size -= len(kept.popleft())
        return "".join(f"{line}\n" for line in kept)

    async def _metrics(self, request: Request) -> Response:
        job = await self._wanted(request)
        if job.final:
            return Response(status_code=204, headers=_HEADERS)
        return StreamingResponse(self._hub.streams.metrics(job), media_type="text/event-stream", headers=_HEADERS)

    async def _file(self, request: Request) -> Response:
        job = await self._wanted(request)
        volumes, number = job.spec["volumes"], request.path_params["volume"]
        if number >= len(volumes) or volumes[number]["readOnly"]:
            return _html(request, "Not here", views.not_here("The job has no such folder."), 404)
        tree, inside = self._tree(volumes[number])
        path = request.path_params["path"]
        try:
            descriptor = await anyio.to_thread.run_sync(
                tree.descriptor, f"{inside}{checked(path)}", limiter=self._threads
            )
        except (FileNotFoundError, PathRefusedError):
            return _html(request, "Not here", views.not_here("There is no such file, or no longer."), 404)
        return file_response.stream(
            request, descriptor, {**_HEADERS, "Accept-Ranges": "bytes", **file_response.display(path)}
        )

    def _tree(self, volume: dict[str, str]) -> tuple[Tree, str]:
        """Return a volume's bucket and the prefix of its files' paths there."""
        return Tree(self._hub.paths.buckets / volume["source"]), f"{volume['path']}/" if volume.get("path") else ""

    def _files(self, job: JobRow) -> list[views.FileRow]:
        found: list[views.FileRow] = []
        for number, volume in enumerate(job.spec["volumes"]):
            if volume["readOnly"]:
                continue
            tree, inside = self._tree(volume)
            for entry in tree.walk(inside):
                if len(found) >= _FILES:
                    return found
                if entry.state is not None:
                    path = entry.path.removeprefix(inside)
                    found.append(views.FileRow(number, volume["mountPath"], path, entry.state.size))
        return found

    async def _wanted(self, request: Request) -> JobRow:
        job = await self._found(request.path_params["namespace"], request.path_params["job_id"])
        if job is None:
            raise errors.not_found("There is no such job on this hub.")
        return job

    async def _found(self, namespace: str | None, job_id: str) -> JobRow | None:
        return await self._hub.store.read(lambda db: job_table.get(db, namespace, job_id))


def _for_people(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Let in a browser with a session, tell any other how to get one, and make errors pages."""

    async def call(request: Request) -> Response:
        if not getattr(request.state, "authenticated", False):
            stale = "yes" if getattr(request.state, "session", "") else ""
            return _html(request, "Not let in", views.refusal(_command_for(request)), 401, locked="yes", stale=stale)
        try:
            return await handler(request)
        except errors.ApiError as error:
            return _html(request, "Not here", views.not_here(error.message), error.status)

    return call


def _command_for(request: Request) -> str:
    """Return the command that opens this very page again."""
    job_id = str(request.path_params.get("job_id", ""))
    return f"{views.OPEN_COMMAND} {job_id}" if job_id.isalnum() and job_id.isascii() else views.OPEN_COMMAND


def _html(request: Request, title: str, main: list[Child], status: int = 200, **data: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)}
    before = _before(request)
    html = views.page(title, nonce, main, **data, before=before)
    # Text is escaped, quotes and all, so this is the start of our own links and nothing else.
    return HTMLResponse(html.replace(' href="/', f' href="{before}/'), status, headers=headers)


def _before(request: Request) -> str:
    """Return what stands before the path of each link: the session that this browser came with."""
    known = getattr(request.state, "authenticated", False)
    session = getattr(request.state, "session", "")
    return f"{SESSION_PREFIX}{session}" if known and session else ""


def _lines(block: bytes) -> list[str]:
    """Return the cleaned lines of a block of log events."""
    return [clean(json.loads(event[6:])["data"]) for event in block.split(b"\n\n") if event.startswith(b"data: ")]
