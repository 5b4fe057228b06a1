"""``/api/jobs``: hardware, create, list, inspect, cancel, duplicate, labels, exposed ports, logs, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local_hub import accounts, errors, flavors
from local_hub import query as query_text
from local_hub.api import responses
from local_hub.buckets.buckets import BucketMissingError, Buckets
from local_hub.store import job_table

if TYPE_CHECKING:
    import sqlite3

    from starlette.requests import Request

    from local_hub.runner.ports.port_proxy import Exposure
    from local_hub.runner.runner import Runner
    from local_hub.runner.streams import Streams
    from local_hub.store.job_table import JobRow

PAGE = 100
MOST_ON_A_PAGE = 500
MOST_LABELS = 100
MOST_LINES = 999_999_999


class JobRoutes:
    """The handlers, over the runner and what hangs on it."""

    def __init__(self, runner: Runner, streams: Streams, exposure: Exposure) -> None:
        self._runner = runner
        self._streams = streams
        self._exposure = exposure
        self._buckets = Buckets(runner.paths.buckets)

    def routes(self) -> list[Route]:
        one = "/api/jobs/{namespace}/{job_id}"
        return [
            Route("/api/jobs/hardware", self.hardware),
            Route("/api/jobs/{namespace}/count", self.count),
            Route("/api/jobs/{namespace}/auth-check/{perms}", self.auth_check, methods=["POST"]),
            Route("/api/jobs/{namespace}", self.create, methods=["POST"]),
            Route("/api/jobs/{namespace}", self.page),
            Route(one, self.inspect),
            Route(f"{one}/logs", self.logs),
            Route(f"{one}/metrics", self.metrics),
            Route(f"{one}/events", self.events),
            Route(f"{one}/auth-check/{{perms}}", self.auth_check, methods=["POST"]),
            Route(f"{one}/cancel", self.cancel, methods=["POST"]),
            Route(f"{one}/duplicate", self.duplicate, methods=["POST"]),
            Route(f"{one}/labels", self.labels, methods=["PUT"]),
            Route(f"{one}/expose", self.expose, methods=["PUT"]),
        ]

    def _json(self, job: JobRow) -> dict[str, Any]:
        waits = responses.WAITS_FOR_DISK if self._runner.disk_is_short else responses.WAITS
        return responses.job(job, self._exposure.urls(job.id), waits)

    async def _find(self, request: Request) -> JobRow:
        namespace = accounts.account(request.path_params["namespace"]).name
        job_id = request.path_params["job_id"]
        found = await self._runner.store.read(lambda db: job_table.get(db, namespace, job_id))
        if found is None:
            raise errors.not_found("Job not found.")
        return found

    async def hardware(self, _request: Request) -> Response:
        return JSONResponse([flavor.to_json() for flavor in flavors.FLAVORS])

    async def create(self, request: Request) -> Response:
        from local_hub.api import schema

        account = accounts.account(request.path_params["namespace"])
        wanted = schema.job(await request.body())
        for volume in wanted.volumes:
            try:
                self._buckets.tree(*volume.source.split("/"))
            except BucketMissingError:
                raise errors.not_found(f"Bucket {volume.source} not found.", code="RepoNotFound") from None
        initiator = {"type": "user", "id": accounts.USER.id, "name": accounts.USER.name}
        job = job_table.new_job(account.name, wanted.to_json(), initiator)
        accepted = await self._runner.submit(job, wanted.secret_values())
        if accepted.spec["expose"]:
            await self._exposure.update(accepted)
        return JSONResponse(self._json(accepted))

    async def page(self, request: Request) -> Response:
        namespace = accounts.account(request.path_params["namespace"]).name
        query = request.query_params
        stages = _stages(request)
        labels = list(dict.fromkeys(label_filter(text) for text in query.getlist("label")))
        if len(labels) > MOST_LABELS:
            raise errors.invalid(f"label: {MOST_LABELS} filters at most.")
        limit = query_text.number("limit", query.get("limit", str(PAGE)), 1, MOST_ON_A_PAGE)
        cursor = query.get("cursor")
        after = None if cursor is None else query_text.place(cursor)
        if cursor is not None and after is None:
            raise errors.invalid("cursor: not one of this hub's.")

        def work(db: sqlite3.Connection) -> Response:
            jobs = job_table.page(db, namespace, stages=stages, labels=labels, after=after, limit=limit + 1)
            headers = {}
            if len(jobs) > limit:
                jobs = jobs[:limit]
                following = [(key, value) for key, value in query.multi_items() if key != "cursor"]
                following.append(("cursor", query_text.place_of(jobs[-1].created_ms, jobs[-1].id)))
                headers["Link"] = f'<{request.url.replace(query=urlencode(following))}>; rel="next"'
            return JSONResponse([self._json(job) for job in jobs], headers=headers)

        return await self._runner.store.read(work)

    async def inspect(self, request: Request) -> Response:
        return JSONResponse(self._json(await self._find(request)))

    async def logs(self, request: Request) -> Response:
        job = await self._find(request)
        text = request.query_params.get("tail")
        tail = None if text is None else query_text.number("tail", text, 0, MOST_LINES)
        events = self._streams.log(job, tail)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def metrics(self, request: Request) -> Response:
        job = await self._find(request)
        if job.final:
            raise errors.ApiError(406, "The job has finished.", code="JobFinished")
        events = self._streams.metrics(job)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def events(self, request: Request) -> Response:
        job = await self._find(request)
        events = self._streams.status(job, self._json)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def count(self, request: Request) -> Response:
        namespace = accounts.account(request.path_params["namespace"]).name
        stages = _stages(request)
        return JSONResponse({"count": await self._runner.store.read(lambda db: job_table.count(db, namespace, stages))})

    async def auth_check(self, request: Request) -> Response:
        """Whoever is answered here at all may do everything."""
        if "job_id" in request.path_params:
            await self._find(request)
        account = accounts.account(request.path_params["namespace"])
        user = accounts.USER
        return JSONResponse(
            {"namespace": {"id": account.id, "name": account.name}, "user": {"id": user.id, "name": user.name}}
        )

    async def cancel(self, request: Request) -> Response:
        """Cancel; a job that has ended already stays as it is, and is shown so."""
        job = await self._find(request)
        if job.final:
            return JSONResponse(self._json(job))
        return JSONResponse(self._json(await self._runner.cancel(job)))

    async def duplicate(self, request: Request) -> Response:
        original = await self._find(request)
        secrets: dict[str, str] = {}
        if original.secret_names:
            kept = await self._runner.store.read(lambda db: self._runner.secret_box.get(db, f"job:{original.id}"))
            if kept is None:
                raise errors.invalid(
                    "The job's secrets were erased some time after it ended, so it cannot run again. Submit it anew."
                )
            secrets = kept
        initiator = {"type": "duplicated-job", "id": original.id}
        return JSONResponse(
            self._json(
                await self._runner.submit(job_table.new_job(original.namespace, original.spec, initiator), secrets)
            )
        )

    async def labels(self, request: Request) -> Response:
        from local_hub.api import schema

        job = await self._find(request)
        wanted: schema.LabelsSpec = schema.parse(schema.LabelsSpec, await request.body())
        changed = await self._runner.store.write(lambda db: job_table.set_labels(db, job.id, wanted.labels))
        if changed is None:
            raise errors.not_found("Job not found.")
        return JSONResponse(self._json(changed))

    async def expose(self, request: Request) -> Response:
        from local_hub.api import schema

        job = await self._find(request)
        wanted: schema.ExposeSpec = schema.parse(schema.ExposeSpec, await request.body())
        changed = await self._runner.store.write(lambda db: job_table.set_expose(db, job.id, wanted.to_json()))
        if changed is None:
            raise errors.conflict(f"The job has finished ({job.stage}); ports are exposed while it runs.")
        await self._exposure.update(changed)
        return JSONResponse(self._json(changed))


def _stages(request: Request) -> list[str]:
    stages = list(dict.fromkeys(stage.upper() for stage in request.query_params.getlist("stage")))
    for stage in stages:
        if stage not in job_table.STAGES:
            raise errors.invalid(f"stage: {stage[:40]!r} is none of {', '.join(sorted(job_table.STAGES))}.")
    return stages


def label_filter(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise errors.invalid("label: a filter has the form key=value.")
    return key, value
