"""The pages for people: ``/`` lists jobs and schedules, ``/jobs/NAMESPACE/ID`` shows one job while it runs and after.

A browser has no token. It is let in by a ticket that ``POST /api/local/ticket`` gives to a caller with the token, and
gets a session that reaches these routes and nothing else, none of which changes anything. The session stands in front
of the path of what the page asks for, and is kept in the storage of this very origin: another port never sees it. What
jobs wrote is shown as text, with all that could act on a page or a terminal taken out.
"""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import anyio
import anyio.to_thread
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from local_hub import accounts, errors
from local_hub import query as query_text
from local_hub.auth import SESSION_PREFIX
from local_hub.buckets import any_path, file_response
from local_hub.pages import compare, job_view, listing, log_search, preview, schedule_view, views
from local_hub.pages.contents import END, LINES, Contents
from local_hub.pages.departure import unless_gone
from local_hub.pages.frame import HEADERS, before, for_people, html
from local_hub.pages.log_lines import PageLines, Pieces
from local_hub.pages.program import text_of
from local_hub.store import job_search, job_table, schedule_table
from local_hub.store.job_search import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from local_hub.hub import Hub
    from local_hub.pages.sessions import Sessions
    from local_hub.store.job_table import JobRow
    from local_hub.store.schedule_table import ScheduleRow

T = TypeVar("T")
Listed: TypeAlias = "tuple[list[JobRow], bool, list[ScheduleRow]]"

_ASSETS = Path(__file__).with_name("assets")
_KINDS = {"hub.css": "text/css", "hub.js": "text/javascript"}
_JOBS = 100
_OTHERS = 20
_WORDS = 200
_MOST_WORDS = 8
#: Searches at once, of logs and of jobs, so that nothing else waits for one; and how long one log is looked through.
_SEARCHES = 2
_SEARCH_SECONDS = 5.0


any_path.register()


class Pages:
    """The routes for browsers, over the hub and its sessions."""

    def __init__(self, hub: Hub, sessions: Sessions) -> None:
        self._hub = hub
        self._sessions = sessions
        self._contents = Contents(hub.paths)
        self._threads = anyio.CapacityLimiter(4)
        self._searches = anyio.CapacityLimiter(_SEARCHES)

    def routes(self) -> list[Route]:
        """Return the routes. The guard in front of them says who has a session."""
        one = "/jobs/{namespace}/{job_id}"
        return [
            Route("/api/local/ticket", self._ticket, methods=["POST"]),
            Route("/login", self._login),
            Route("/assets/{name}", self._asset),
            Route("/", for_people(self._overview)),
            Route("/compare", for_people(self._compare)),
            Route("/schedules/{namespace}/{schedule_id}", for_people(self._schedule)),
            Route(one, for_people(self._job)),
            Route(f"{one}/log", for_people(self._log)),
            Route(f"{one}/log.txt", for_people(self._whole_log)),
            Route(f"{one}/search", for_people(self._search)),
            Route(f"{one}/metrics", for_people(self._metrics)),
            Route(f"{one}/files/{{volume:int}}/{{path:any}}", for_people(self._file)),
            Route(f"{one}/view/{{volume:int}}/{{path:any}}", for_people(self._view)),
        ]

    async def _ticket(self, request: Request) -> Response:
        wanted = request.query_params.get("job", "")
        known = not wanted or await self._address(wanted) is not None
        told = {"ticket": self._sessions.ticket(), "known": known}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _login(self, request: Request) -> Response:
        secret = self._sessions.redeem(request.query_params.get("ticket", ""))
        if secret is None:
            return html(request, "Not let in", views.refusal(), 401)
        page = await self._address(request.query_params.get("job", "")) or "/"
        return RedirectResponse(f"{SESSION_PREFIX}{secret}{page}", 303, headers=HEADERS)

    async def _address(self, wanted: str) -> str | None:
        """Return the path of the page of a job or a schedule."""
        job = await self._found(None, wanted)
        if job is not None:
            return views.address_of(job)
        schedule = await self._hub.store.read(lambda db: schedule_table.get(db, None, wanted))
        return views.schedule_address(schedule.namespace, schedule.id) if schedule is not None else None

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _KINDS:
            raise errors.not_found("No such asset.")
        body = await self._in_thread((_ASSETS / name).read_bytes)
        return Response(body, media_type=_KINDS[name], headers=HEADERS)

    async def _overview(self, request: Request) -> Response:
        words = " ".join(request.query_params.get("q", "")[:_WORDS].split()[:_MOST_WORDS])
        wanted = request.query_params.get("stage", "")
        stage = wanted if wanted in job_table.STAGES else ""
        after = _after(request)

        def work(db: sqlite3.Connection, gone: Callable[[], bool] = job_search.never) -> Listed:
            looked_for = Wanted(tuple(words.split()), stage or None, after=after)
            jobs, older = job_search.newest(db, looked_for, text_of, _JOBS, gone)
            schedules = [
                one for name in accounts.ACCOUNTS for one in schedule_table.all_of(db, name, None, limit=_JOBS)
            ]
            return jobs, older, schedules

        store = self._hub.store
        if words:
            looked = lambda gone: store.read_now(lambda db: work(db, gone))  # noqa: E731
            jobs, older, schedules = await unless_gone(request, looked, self._searches)
        else:
            jobs, older, schedules = await store.read(work)
        main = listing.overview(
            jobs, schedules, self._hub.clock(), words=words, wanted=stage, older=older, later=after is not None
        )
        return html(request, "Jobs", main, refresh="10000" if words else "3000")

    async def _schedule(self, request: Request) -> Response:
        namespace, schedule_id = request.path_params["namespace"], request.path_params["schedule_id"]
        after = _after(request)

        def work(db: sqlite3.Connection) -> tuple[ScheduleRow | None, tuple[list[JobRow], bool]]:
            looked_for = Wanted(schedule_id=schedule_id, after=after)
            found = schedule_table.get(db, namespace, schedule_id)
            return found, job_search.newest(db, looked_for, text_of, _JOBS) if found else ([], False)

        one, (runs, older) = await self._hub.store.read(work)
        if one is None:
            raise errors.not_found("There is no such schedule on this hub.")
        main = schedule_view.one_schedule(one, runs, self._hub.clock(), older=older)
        return html(request, views.name_of(one), main, refresh="3000")

    async def _job(self, request: Request) -> Response:
        job = await self._wanted(request)
        others, _ = await self._hub.store.read(lambda db: job_search.newest(db, Wanted(), text_of, _OTHERS + 1))
        files = await self._in_thread(self._contents.files, job)
        seen = job_view.Seen(
            log=await self._in_thread(self._contents.end_of_log, job),
            files=files.rows,
            more_files=files.more,
            urls=self._hub.exposure.urls(job.id),
            others=[other for other in _alike_first(job, others) if other.id != job.id][:_OTHERS],
        )
        address = f"{before(request)}{views.address_of(job)}"
        return html(
            request,
            job_view.title(job),
            job_view.one_job(job, seen, self._hub.clock()),
            refresh="2000",
            final="yes" if job.final else "",
            log=f"{address}/log?tail={LINES}",
            metrics=f"{address}/metrics",
        )

    async def _compare(self, request: Request) -> Response:
        sides = []
        for key in ("a", "b"):
            job = await self._found(None, request.query_params.get(key, ""))
            if job is None:
                raise errors.not_found("There is no such job on this hub. A comparison names two: /compare?a=ID&b=ID")
            log = await self._in_thread(self._contents.end_of_log, job, compare.COMPARED)
            files = await self._in_thread(self._contents.files, job)
            sides.append(compare.Side(job, log, files.rows, more_files=files.more))
        main = await self._in_thread(compare.compare, *sides, self._hub.clock())
        return html(request, "Two jobs compared", main)

    async def _log(self, request: Request) -> Response:
        job = await self._wanted(request)
        return StreamingResponse(self._events(job), media_type="text/event-stream", headers=HEADERS)

    async def _events(self, job: JobRow) -> AsyncIterator[bytes]:
        lines = PageLines()
        async for block in self._hub.streams.log(job, LINES, cut=True, most=END):
            found = await self._in_thread(lines.of, block)
            yield b"".join(f"data: {json.dumps(line)}\n\n".encode() for line in found) or b": \n\n"
        yield b"event: end\ndata: \n\n"

    async def _whole_log(self, request: Request) -> Response:
        job = await self._wanted(request)
        name = f'attachment; filename="{job.id}.log.txt"'
        headers = {**HEADERS, "Content-Disposition": name}
        return StreamingResponse(self._log_text(job), media_type="text/plain", headers=headers)

    async def _log_text(self, job: JobRow) -> AsyncIterator[bytes]:
        """Yield a block at a time: one visit to a thread for thousands of lines."""
        blocks = self._contents.blocks(job)
        read = lambda: Pieces.of(next(blocks, b"")).text().encode()  # noqa: E731
        try:
            while text := await self._in_thread(read):
                yield text
        finally:
            blocks.close()

    async def _search(self, request: Request) -> Response:
        job = await self._wanted(request)
        words = request.query_params.get("q", "").strip()[:_WORDS]
        if not words:
            return RedirectResponse(f"{before(request)}{views.address_of(job)}", 303, headers=HEADERS)

        def work(gone: Callable[[], bool]) -> log_search.Found:
            until = monotonic() + _SEARCH_SECONDS
            return log_search.search(self._contents.blocks(job), words, lambda: gone() or monotonic() > until)

        found = await unless_gone(request, work, self._searches)
        return html(request, f"Log of {job_view.title(job)}", job_view.searched(job, words, found))

    async def _metrics(self, request: Request) -> Response:
        job = await self._wanted(request)
        if job.final:
            return Response(status_code=204, headers=HEADERS)
        return StreamingResponse(self._hub.streams.metrics(job), media_type="text/event-stream", headers=HEADERS)

    async def _file(self, request: Request) -> Response:
        job = await self._wanted(request)
        path = request.path_params["path"]
        descriptor = await self._in_thread(self._contents.open, job, request.path_params["volume"], path)
        if descriptor is None:
            raise errors.not_found("There is no such file, or no longer.")
        return file_response.stream(
            request, descriptor, {**HEADERS, "Accept-Ranges": "bytes", **file_response.display(path)}
        )

    async def _view(self, request: Request) -> Response:
        job = await self._wanted(request)
        volume, path = request.path_params["volume"], request.path_params["path"]
        most = 1 if preview.is_image(path) else preview.MOST
        read = await self._in_thread(self._contents.beginning, job, volume, path, most)
        if read is None or not preview.is_shown(path):
            raise errors.not_found("There is no such file, or no longer, or it is of no kind that is shown.")
        data, size = read
        file = job_view.FileRow(volume, "", path, size)
        address = job_view.file_address(views.address_of(job), file)
        shown = await self._in_thread(preview.content, path, address, data, size)
        return html(request, path, job_view.file_page(job, file, shown), images=preview.is_image(path))

    async def _wanted(self, request: Request) -> JobRow:
        job = await self._found(request.path_params["namespace"], request.path_params["job_id"])
        if job is None:
            raise errors.not_found("There is no such job on this hub.")
        return job

    async def _found(self, namespace: str | None, job_id: str) -> JobRow | None:
        return await self._hub.store.read(lambda db: job_table.get(db, namespace, job_id))

    async def _in_thread(self, work: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(partial(work, *given), limiter=self._threads)


def _after(request: Request) -> tuple[int, str] | None:
    return query_text.place(request.query_params.get("before", ""))


def _alike_first(job: JobRow, others: list[JobRow]) -> list[JobRow]:
    """Return jobs, those of the same name or schedule first."""
    name = job.labels.get("name")
    alike = [
        other for other in others
        if (name and other.labels.get("name") == name) or (job.schedule_id and other.schedule_id == job.schedule_id)
    ]  # fmt: skip
    return [*alike, *(other for other in others if other not in alike)]
