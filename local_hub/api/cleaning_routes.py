"""The routes behind ``hub clean``: what could be freed, and freeing it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.routing import Route

from local_hub import errors
from local_hub.runner.cleaning import Cleaning

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local_hub.runner.runner import Runner


class CleaningRoutes:
    """Cleaning up after the jobs of one runner."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._cleaning = Cleaning(runner.store, runner.paths)

    def routes(self) -> list[Route]:
        return [
            Route("/api/local-hub/clean", self._look),
            Route("/api/local-hub/clean", self._free, methods=["POST"]),
        ]

    async def _look(self, _request: Request) -> Response:
        look = partial(self._cleaning.look, caches=self._runner.idle)
        return JSONResponse((await anyio.to_thread.run_sync(look)).told())

    async def _free(self, request: Request) -> Response:
        """Free what had ended at the moment that was told; ``results=1`` frees workspaces too."""
        at = request.query_params.get("at", "")
        if not (at.isascii() and at.isdecimal()):
            raise errors.ApiError(400, "Say `at`, the moment that was told.", code="BadRequest")
        # No job starts in between: that happens on this very loop.
        aside = self._cleaning.caches_aside() if self._runner.idle else []
        free = partial(self._cleaning.free, int(at), results=request.query_params.get("results") == "1", aside=aside)
        return JSONResponse((await anyio.to_thread.run_sync(free)).told())
