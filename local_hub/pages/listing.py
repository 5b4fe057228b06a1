"""The start page: jobs by words and stage, newest first and a page at a time, and the schedules."""

from collections.abc import Sequence
from urllib.parse import urlencode

from local_hub import query as query_text
from local_hub.display_text import shortened
from local_hub.pages import program
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import NOTHING
from local_hub.pages.views import address_of, name_of, schedule_address, stage, table, time
from local_hub.store.job_table import JobRow
from local_hub.store.schedule_table import ScheduleRow

_STAGES = ("SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED")


def overview(
    jobs: Sequence[JobRow], schedules: Sequence[ScheduleRow], now_ms: int, *, words: str, wanted: str, older: bool,
    later: bool,
) -> list[Child]:  # fmt: skip
    """Return the page. `words` and `wanted` are what was looked for; `older` says that more jobs follow."""
    filtered = bool(words or wanted)
    return [
        tag("h1", "Jobs"),
        _form(words, wanted, filtered=filtered or later),
        tag(
            "div",
            jobs_table(jobs, now_ms, empty="No job is like that." if filtered else "No job has run here yet."),
            older_link("/", jobs, {"q": words, "stage": wanted}, older=older),
            id="jobs",
            data_live=True,
        ),
        *([] if filtered or later else [tag("h2", "Schedules"), tag("div", _schedules(schedules), id="schedules",
                                                                     data_live=True)]),
    ]  # fmt: skip


def _form(words: str, wanted: str, *, filtered: bool) -> Markup:
    options = [tag("option", "Any stage", value="")]
    options += [tag("option", name.capitalize(), value=name, selected=name == wanted) for name in _STAGES]
    return tag(
        "form",
        tag("label", "Words in the name, the command, a label or the id",
            tag("input", type="search", name="q", value=words, maxlength="200", autocomplete="off")),
        tag("label", "Stage", tag("select", *options, name="stage")),
        tag("button", "Find"),
        tag("a", "Show all", href="/") if filtered else None,
        action="/", method="get", role="search", class_="find",
    )  # fmt: skip


def older_link(address: str, jobs: Sequence[JobRow], query: dict[str, str], *, older: bool) -> Markup | None:
    """Return the way to the jobs before the last of these."""
    if not older:
        return None
    told = {key: value for key, value in query.items() if value} | {
        "before": query_text.place_of(jobs[-1].created_ms, jobs[-1].id)
    }
    return tag("p", tag("a", "Older jobs", href=f"{address}?{urlencode(told)}", rel="next"))


def jobs_table(jobs: Sequence[JobRow], now_ms: int, *, empty: str) -> Markup:
    """Return a row for each job."""
    if not jobs:
        return tag("p", empty, class_="empty")
    rows = [
        tag(
            "tr",
            tag("td", stage(job.stage)),
            tag(
                "td",
                tag("a", name_of(job), href=address_of(job)),
                tag("br"),
                tag("code", shortened(program.own(job.spec), 110), class_="soft"),
                class_="name",
            ),
            tag("td", shortened(program.image(job.spec), 60), class_="extra"),
            tag("td", job.spec["flavor"], class_="extra"),
            tag("td", time(job.created_ms)),
            tag("td", program.took(job, now_ms), class_="number"),
        )
        for job in jobs
    ]
    caption = "The newest jobs come first; times are UTC"
    return table(caption, ("Stage", "Job", "Image", "Flavor", "Created", "Took"), rows)


def _schedules(schedules: Sequence[ScheduleRow]) -> Markup:
    if not schedules:
        return tag("p", "Nothing is scheduled.", class_="empty")
    rows = [
        tag(
            "tr",
            tag("td", "Suspended" if one.suspended else "Active"),
            tag(
                "td",
                tag("a", name_of(one), href=schedule_address(one.namespace, one.id)),
                tag("br"),
                tag("code", shortened(program.own(one.spec), 110), class_="soft"),
                class_="name",
            ),
            tag("td", tag("code", one.schedule)),
            tag("td", NOTHING if one.suspended else "never" if one.next_ms is None else time(one.next_ms)),
            tag("td", _last(one)),
        )
        for one in schedules
    ]
    return table("Schedules; all times are UTC", ("State", "Schedule", "When", "Next run", "Last run"), rows)


def _last(one: ScheduleRow) -> Child:
    if not one.last_job_id:
        return NOTHING
    return tag("a", time(one.last_ms), href=f"/jobs/{one.namespace}/{one.last_job_id}")
