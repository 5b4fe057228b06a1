"""The hub's HTTP face: every route behind one guard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from local_hub import accounts, errors
from local_hub.api.cleaning_routes import CleaningRoutes
from local_hub.api.job_routes import JobRoutes
from local_hub.api.schedule_routes import ScheduleRoutes
from local_hub.auth import Guard
from local_hub.buckets.buckets import Buckets
from local_hub.buckets.routes import routes as bucket_routes
from local_hub.pages.routes import Pages
from local_hub.pages.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from local_hub.hub import Activity, Hub

PAGE_PREFIXES = ("/jobs/", "/schedules/", "/compare", "/login", "/assets/")


class IdleWatch:
    """ASGI middleware that notes that somebody calls, so that a hub in use does not stop."""

    def __init__(self, app: ASGIApp, activity: Activity, clock: Callable[[], float]) -> None:
        self._app = app
        self._activity = activity
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._activity.open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._activity.open -= 1
            self._activity.last = self._clock()


def create_app(hub: Hub, *, token: str, version: str, endpoint: str, stop: Callable[[], None]) -> ASGIApp:
    """Return the application.

    Args:
        hub: what it serves.
        token: what a caller must show.
        version: the release, as ``status`` tells it.
        endpoint: where it answers, as ``status`` tells it.
        stop: called when a caller asks the hub to stop.
    """
    from time import monotonic

    jobs = JobRoutes(hub.runner, hub.streams, hub.exposure)
    sessions = Sessions()
    schedules = ScheduleRoutes(hub.runner, hub.scheduler, hub.clock)

    async def whoami(_request: Request) -> Response:
        return JSONResponse(accounts.whoami())

    async def no_webhooks(_request: Request) -> Response:
        """Webhooks are about models, datasets and Spaces, and none of them is here to change."""
        raise errors.ApiError(
            501, "Webhooks: the local hub has no repositories that could set one off.", code="NotOnLocalHub"
        )

    async def status(_request: Request) -> Response:
        return JSONResponse({**await hub.status(), "endpoint": endpoint, "version": version})

    async def stop_now(_request: Request) -> Response:
        stop()
        return JSONResponse({"stopping": True})

    async def retire(_request: Request) -> Response:
        """Stop for a newer release, unless that would keep a job's end from being noticed."""
        idle = hub.runner.idle
        if idle:
            stop()
        return JSONResponse({"stopping": idle})

    app = Starlette(
        routes=[
            Route("/api/whoami-v2", whoami),
            Route("/api/settings/webhooks", no_webhooks, methods=["GET", "POST"]),
            Route("/api/settings/webhooks/{rest:path}", no_webhooks, methods=["GET", "POST", "DELETE"]),
            Route("/api/local-hub/status", status),
            Route("/api/local-hub/stop", stop_now, methods=["POST"]),
            Route("/api/local-hub/retire", retire, methods=["POST"]),
            *CleaningRoutes(hub.runner).routes(),
            *jobs.routes(),
            *schedules.routes(),
            *bucket_routes(Buckets(hub.paths.buckets), hub.runner.mounts),
            *Pages(hub, sessions).routes(),
        ],
        exception_handlers={
            errors.ApiError: errors.answer,
            HTTPException: _no_route,
            ClientDisconnect: _gone,
            Exception: _broken,
        },
    )
    return IdleWatch(Guard(app, token, PAGE_PREFIXES, sessions.knows), hub.activity, monotonic)


def _no_route(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    words = {404: "This route is not on the local hub.", 405: "This method is not on the local hub."}
    return errors.render(errors.ApiError(status, words.get(status, "Bad request."), code="NotOnLocalHub"))


def _gone(_request: Request, _error: Exception) -> Response:
    """Whoever asked went away before the request was whole: nothing was done, and nobody reads this."""
    return errors.render(errors.ApiError(400, "The request was cut off.", code="CutOff"))


def _broken(_request: Request, _error: Exception) -> Response:
    return errors.render(errors.ApiError(500, "The local hub failed; its log says why.", code="InternalError"))
