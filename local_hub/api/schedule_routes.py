"""``/api/scheduled-jobs``: create, list, inspect, delete, suspend, resume, run now, reschedule, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_hub import accounts, errors
from local_hub.api import responses
from local_hub.api.job_routes import label_filter
from local_hub.runner import cron
from local_hub.store import job_table, schedule_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from starlette.requests import Request

    from local_hub.runner.runner import Runner
    from local_hub.runner.scheduler import Scheduler
    from local_hub.store.job_table import JobRow
    from local_hub.store.schedule_table import ScheduleRow


class ScheduleRoutes:
    """The handlers, over the runner and the scheduler. `clock` returns milliseconds since 1970."""

    def __init__(self, runner: Runner, scheduler: Scheduler, clock: Callable[[], int]) -> None:
        self._runner = runner
        self._scheduler = scheduler
        self._clock = clock

    def routes(self) -> list[Route]:
        one = "/api/scheduled-jobs/{namespace}/{schedule_id}"
        return [
            Route("/api/scheduled-jobs/{namespace}", self.create, methods=["POST"]),
            Route("/api/scheduled-jobs/{namespace}", self.all),
            Route(one, self.inspect, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/suspend", self.suspend, methods=["POST"]),
            Route(f"{one}/resume", self.resume, methods=["POST"]),
            Route(f"{one}/run", self.run, methods=["POST"]),
            Route(f"{one}/schedule", self.reschedule, methods=["POST"]),
            Route(f"{one}/labels", self.labels, methods=["PUT"]),
        ]

    def _json(self, one: ScheduleRow) -> dict[str, Any]:
        """Return the JSON of one schedule; a suspended one says when it would run if it were resumed now."""
        return responses.schedule(one, cron.following(one.schedule, self._clock()) if one.suspended else one.next_ms)

    async def _find(self, request: Request) -> ScheduleRow:
        namespace = accounts.account(request.path_params["namespace"]).name
        schedule_id = request.path_params["schedule_id"]
        found = await self._runner.store.read(lambda db: schedule_table.get(db, namespace, schedule_id))
        if found is None:
            raise errors.not_found("Scheduled job not found.")
        return found

    async def _change(self, one: ScheduleRow, **fields: Any) -> Response:
        changed = await self._runner.store.write(lambda db: schedule_table.change(db, one.id, **fields))
        if changed is None:
            raise errors.not_found("Scheduled job not found.")
        self._scheduler.wake()
        return JSONResponse(self._json(changed))

    async def create(self, request: Request) -> Response:
        from local_hub.api import schema

        account = accounts.account(request.path_params["namespace"])
        wanted: schema.ScheduleSpec = schema.parse(schema.ScheduleSpec, await request.body())
        schema.refuse_what_is_not_here(wanted.job_spec)
        now = self._clock()
        schedule = schedule_table.ScheduleRow(
            id=accounts.new_id(),
            namespace=account.name,
            created_ms=now,
            spec=self._runner.as_accepted(wanted.job_spec.to_json()),
            schedule=wanted.schedule,
            suspended=wanted.suspend,
            concurrency=wanted.concurrency,
            next_ms=cron.first(wanted.schedule, now),
            last_job_id=None,
            last_ms=None,
        )

        def work(db: sqlite3.Connection) -> ScheduleRow:
            self._runner.secret_box.put(db, f"schedule:{schedule.id}", wanted.job_spec.secret_values())
            return schedule_table.insert(db, schedule)

        created = await self._runner.store.write(work)
        self._scheduler.wake()
        return JSONResponse(self._json(created))

    async def all(self, request: Request) -> Response:
        namespace = accounts.account(request.path_params["namespace"]).name
        texts = request.query_params.getlist("label")
        if len(texts) > 1:
            raise errors.invalid("label: one filter at most.")
        label = label_filter(texts[0]) if texts else None

        def work(db: sqlite3.Connection) -> Response:
            return JSONResponse([self._json(one) for one in schedule_table.all_of(db, namespace, label)])

        return await self._runner.store.read(work)

    async def inspect(self, request: Request) -> Response:
        return JSONResponse(self._json(await self._find(request)))

    async def delete(self, request: Request) -> Response:
        schedule = await self._find(request)
        await self._runner.store.write(lambda db: schedule_table.delete(db, schedule.id))
        return JSONResponse({})

    async def suspend(self, request: Request) -> Response:
        return await self._change(await self._find(request), suspended=1)

    async def resume(self, request: Request) -> Response:
        """Resume. Moments that passed while it was suspended are not made up for; none to come is no error."""
        schedule = await self._find(request)
        if not schedule.suspended:
            return JSONResponse(self._json(schedule))
        return await self._change(schedule, suspended=0, next_ms=cron.following(schedule.schedule, self._clock()))

    async def reschedule(self, request: Request) -> Response:
        from local_hub.api import schema

        schedule = await self._find(request)
        wanted: schema.RescheduleSpec = schema.parse(schema.RescheduleSpec, await request.body())
        following = cron.first(wanted.schedule, self._clock())
        return await self._change(schedule, schedule=wanted.schedule, next_ms=following)

    async def labels(self, request: Request) -> Response:
        from local_hub.api import schema

        schedule = await self._find(request)
        wanted: schema.LabelsSpec = schema.parse(schema.LabelsSpec, await request.body())
        changed = await self._runner.store.write(lambda db: schedule_table.set_labels(db, schedule.id, wanted.labels))
        if changed is None:
            raise errors.not_found("Scheduled job not found.")
        return JSONResponse(self._json(changed))

    async def run(self, request: Request) -> Response:
        schedule = await self._find(request)

        def work(db: sqlite3.Connection) -> JobRow | None:
            if not schedule.concurrency and job_table.running_of_schedule(db, schedule.id):
                return None
            return self._scheduler.start(db, schedule, self._clock())

        job = await self._runner.store.write(work)
        if job is None:
            raise errors.conflict(
                "Another job is already running at the same time, set `concurrency` to allow multiple instances of "
                "scheduled jobs to run concurrently"
            )
        return JSONResponse(responses.job(self._runner.enter(job)))
