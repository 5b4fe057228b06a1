"""The page of one schedule: when it runs next, what it runs, and the jobs it has made."""

from collections.abc import Iterator, Sequence

from hub_contract.hf_line import HfLine, hf_line
from local_hub.display_text import shortened
from local_hub.pages import program
from local_hub.pages.job_view import SENT, spec_facts, the_same
from local_hub.pages.listing import jobs_table, older_link
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.views import back, by_hand, facts, name_of, schedule_address, time
from local_hub.runner import cron
from local_hub.store.job_table import JobRow
from local_hub.store.schedule_table import ScheduleRow

_NEXT_RUNS = 5


def one_schedule(one: ScheduleRow, runs: Sequence[JobRow], now_ms: int, *, older: bool) -> list[Child]:
    """Return the page; `runs` are its newest jobs."""
    address = schedule_address(one.namespace, one.id)
    state = "Suspended: it makes no jobs until it is resumed" if one.suspended else "Active"
    return [
        back(),
        tag("h1", name_of(one) if name_of(one) != one.id else shortened(program.own(one.spec), 60)),
        tag("p", state, id="state", data_live=True, aria_live="polite"),
        tag("h2", "Next runs"),
        tag("div", _next_runs(one, now_ms), id="next", data_live=True),
        tag("h2", "Runs"),
        tag("div", jobs_table(runs, now_ms, empty="It has not run yet."), older_link(address, runs, {}, older=older),
            id="runs", data_live=True),
        tag("h2", "Details"),
        facts(
            [
                ("Id", tag("code", f"{one.namespace}/{one.id}")),
                ("When", tag("code", one.schedule)),
                ("Made", time(one.created_ms)),
                ("While one runs", "the next is started too" if one.concurrency else "the next is left out"),
                *spec_facts(one.spec),
            ]
        ),
        *the_same(_line(one)),
        tag("h2", "Change it"),
        tag("p", "Ask your agent: it asks you before stored secrets are used again. This page only shows."),
        *by_hand(_commands(one)),
    ]  # fmt: skip


def _next_runs(one: ScheduleRow, now_ms: int) -> Markup:
    if one.suspended:
        return tag("p", "None while it is suspended.", class_="empty")
    moments = list(_moments(one, now_ms))
    if not moments:
        return tag("p", "Next run: never. No moment that it names is to come.", class_="empty")
    return tag("ol", *(tag("li", time(moment)) for moment in moments), class_="moments")


def _moments(one: ScheduleRow, now_ms: int) -> Iterator[int]:
    moment = one.next_ms
    for _ in range(_NEXT_RUNS):
        if moment is None:
            return
        yield moment
        moment = cron.following(one.schedule, max(moment, now_ms))


def _line(one: ScheduleRow) -> HfLine | None:
    return hf_line(
        {key: one.spec.get(key) for key in SENT}, one.namespace, schedule=one.schedule, suspend=one.suspended,
        concurrency=one.concurrency,
    )  # fmt: skip


def _commands(one: ScheduleRow) -> str:
    verbs = ["resume" if one.suspended else "suspend", "run", "delete"]
    return "\n".join(f"hf jobs scheduled {verb} --namespace={one.namespace} {one.id}" for verb in verbs)
