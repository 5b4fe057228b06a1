"""What the pages show: the list of jobs and schedules, one job, and the two refusals."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hub_contract.command_line import command
from hub_contract.hf_line import hf_line
from local_hub.clock import iso
from local_hub.display_text import clean, shortened
from local_hub.pages.markup import Child, Markup, tag
from local_hub.store.job_table import COMPLETED, FINAL, RUNNING, JobRow
from local_hub.store.schedule_table import ScheduleRow

OPEN_COMMAND = command("hub", "open")
#: What of a job's spec was sent; the rest that is kept with it is this hub's own.
_SENT = (
    "command", "arguments", "environment", "secrets", "flavor", "timeout", "attempts", "labels", "volumes", "expose",
    "network", "resourceGroupId", "dockerImage", "spaceId",
)  # fmt: skip
_NUMBERS = frozenset({"Size", "Took"})
_NOTHING = "\N{EN DASH}"
_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


@dataclass(frozen=True)
class FileRow:
    """A file in a folder that the job could write to."""

    volume: int
    mount_path: str
    path: str
    size: int


def page(title: str, nonce: str, main: Sequence[Child], **data: str) -> str:
    """Return a whole page; `data` becomes what the script reads from the body."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · local hub"),
        tag("link", rel="stylesheet", href="/assets/hub.css", nonce=nonce),
        tag("script", src="/assets/hub.js", nonce=nonce, defer=True),
    ]
    attributes = {f"data_{key}": value for key, value in data.items() if value}
    body = [
        tag("a", "Skip to the content", class_="skip", href="#main"),
        tag("header", tag("a", "Local hub", href="/"), tag("span", "Jobs on this machine")),
        tag("main", *main, id="main"),
    ]
    return "<!doctype html>\n" + tag("html", tag("head", *head), tag("body", *body, **attributes), lang="en")


def overview(jobs: Sequence[JobRow], schedules: Sequence[ScheduleRow], now_ms: int) -> list[Child]:
    """Return the start page: newest jobs first, then the schedules."""
    return [
        tag("h1", "Jobs"),
        tag("div", _jobs(jobs, now_ms), id="jobs", data_live=True),
        tag("h2", "Schedules"),
        tag("div", _schedules(schedules), id="schedules", data_live=True),
    ]


def one_job(job: JobRow, log: str, files: Sequence[FileRow], urls: Sequence[str], now_ms: int) -> list[Child]:
    """Return the page of one job. `log` is the end of its log, cleaned."""
    address = address_of(job)
    title = job.labels.get("name") or shortened(_command(job), 60)
    status = [tag("p", _stage(job.stage), " ", tag("span", _took(job, now_ms), class_="soft"))]
    if job.message:
        status.append(tag("p", shortened(job.message, 600), class_="message"))
    return [
        tag("p", tag("a", "All jobs", href="/"), class_="soft"),
        tag("h1", title),
        tag("div", *status, id="status", data_live=True, aria_live="polite"),
        tag("h2", "Timeline"),
        tag("div", _timeline(job, now_ms), id="timeline", data_live=True),
        tag("section", tag("h2", "Use"), _meters(), id="metrics", hidden=True),
        tag("div", tag("h2", "Log"), tag("a", "All of it as text", href=f"{address}/log.txt"), class_="bar"),
        tag("pre", log, id="log", class_="log", role="log", tabindex="0", aria_label="Output of the job"),
        tag("h2", "Artifacts"),
        tag("div", _files(address, files), id="files", data_live=True),
        tag("h2", "Details"),
        _details(job, urls),
        *_by_hand(job),
    ]


def _by_hand(job: JobRow) -> list[Child]:
    """Return the command line that makes the same job."""
    found = hf_line({key: job.spec.get(key) for key in _SENT}, job.namespace)
    if found is None:
        return []
    told = found.told()
    line = told.get("line")
    return [
        tag("h2", "The same by hand"),
        tag("p", "In a terminal, after ", tag("code", f'eval "$({command("hub", "env")})"'), ".", class_="soft"),
        line and tag("pre", clean(line), class_="log", tabindex="0", aria_label="Command line"),
        [tag("p", shortened(lack, 300), class_="soft") for lack in told.get("lacks", ())],
    ]


def refusal(command: str = OPEN_COMMAND) -> list[Child]:
    """Return the page for a browser that the hub does not know."""
    return [
        tag("h1", "This page needs a key"),
        tag("p", "The local hub shows your jobs only to a browser that you have let in. Run this in a terminal:"),
        tag("code", command, class_="command"),
        tag("p", "It opens this page again, for twelve hours and for this browser only.", class_="soft"),
    ]


def not_here(what: str) -> list[Child]:
    """Return the page for something that does not exist."""
    return [tag("h1", "Not here"), tag("p", what), tag("p", tag("a", "All jobs", href="/"))]


def address_of(job: JobRow) -> str:
    """Return the path of a job's page."""
    return f"/jobs/{job.namespace}/{job.id}"


def _stage(stage: str) -> Markup:
    return tag("span", stage.capitalize(), class_=f"stage {stage}")


def _command(job: JobRow) -> str:
    return shlex.join([*job.spec["command"], *job.spec["arguments"]])


def _image(job_spec: dict[str, Any]) -> str:
    return clean(job_spec["dockerImage"] or job_spec["spaceId"] or "")


def _table(caption: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    cells = [tag("th", head, scope="col", class_="number" if head in _NUMBERS else None) for head in heads]
    table = tag("table", tag("caption", caption), tag("thead", tag("tr", *cells)), tag("tbody", *rows))
    return tag("div", table, class_="wide")


def _jobs(jobs: Sequence[JobRow], now_ms: int) -> Markup:
    if not jobs:
        return tag("p", "No job has run here yet.", class_="empty")
    rows = [
        tag(
            "tr",
            tag("td", _stage(job.stage)),
            tag(
                "td",
                tag("a", job.labels.get("name") or job.id, href=address_of(job)),
                tag("br"),
                tag("code", shortened(_command(job), 110), class_="soft"),
                class_="name",
            ),
            tag("td", shortened(_image(job.spec), 60)),
            tag("td", job.spec["flavor"]),
            tag("td", _time(job.created_ms)),
            tag("td", _took(job, now_ms), class_="number"),
        )
        for job in jobs
    ]
    return _table("The newest jobs come first", ("Stage", "JobRow", "Image", "Flavor", "Created", "Took"), rows)


def _schedules(schedules: Sequence[ScheduleRow]) -> Markup:
    if not schedules:
        return tag("p", "Nothing is scheduled.", class_="empty")
    rows = []
    for one in schedules:
        command = shlex.join([*one.spec["command"], *one.spec["arguments"]])
        last = (
            tag("a", _time(one.last_ms), href=f"/jobs/{one.namespace}/{one.last_job_id}")
            if one.last_job_id
            else _NOTHING
        )
        rows.append(
            tag(
                "tr",
                tag("td", "Suspended" if one.suspended else "Active"),
                tag(
                    "td",
                    (one.spec.get("labels") or {}).get("name") or one.id,
                    tag("br"),
                    tag("code", shortened(command, 110), class_="soft"),
                    class_="name",
                ),
                tag("td", tag("code", one.schedule)),
                tag("td", _NOTHING if one.suspended or one.next_ms is None else _time(one.next_ms)),
                tag("td", last),
            )
        )
    return _table("All times are UTC", ("State", "ScheduleRow", "When", "Next run", "Last run"), rows)


def _timeline(job: JobRow, now_ms: int) -> Markup:
    points: list[tuple[str, int | None, str]] = [("Created", job.created_ms, "")]
    waited = (job.started_ms or job.finished_ms or now_ms) - job.created_ms
    points.append(("Started", job.started_ms, f"after {_span(waited)}"))
    if job.stage in FINAL:
        ran = f"after {_span(job.finished_ms - job.started_ms)}" if job.started_ms and job.finished_ms else ""
        points.append((job.stage.capitalize(), job.finished_ms, ran))
    else:
        points.append(("Finished", None, f"at most {_span(job.spec['timeout'] * 1000)} after the start"))
    items = []
    for name, moment, detail in points:
        failed = job.stage in FINAL and job.stage != COMPLETED and name == job.stage.capitalize()
        kind = "bad" if failed else "done" if moment else "open"
        shown = [_time(moment), tag("br"), detail] if moment else [detail if name == "Finished" else "not yet"]
        items.append(tag("li", tag("strong", name), tag("span", *shown, class_="soft"), class_=kind))
    return tag("ol", *items, class_="timeline")


def _meters() -> Markup:
    line = Markup('<svg viewBox="0 0 100 44" preserveAspectRatio="none" aria-hidden="true"><polyline points=""/></svg>')
    boxes = [
        tag("div", tag("span", name, class_="soft"), tag("br"), tag("strong", _NOTHING), line, class_="meter", id=key)
        for key, name in (("cpu", "Processor"), ("memory", "Memory"))
    ]
    return tag("div", *boxes, class_="meters")


def _files(address: str, files: Sequence[FileRow]) -> Markup:
    if not files:
        return tag("p", "The job has no folder of its own, or nothing is in it.", class_="empty")
    rows = [
        tag(
            "tr",
            tag("td", tag("a", clean(one.path), href=f"{address}/files/{one.volume}/{quote(one.path)}"), class_="name"),
            tag("td", tag("code", one.mount_path)),
            tag("td", size_words(one.size), class_="number"),
        )
        for one in files
    ]
    return _table("Files in the folders that the job can write to", ("File", "Folder in the job", "Size"), rows)


def _details(job: JobRow, urls: Sequence[str]) -> Markup:
    spec = job.spec
    volumes = [
        f"{one['source']}{'/' + one['path'] if one.get('path') else ''} at {one['mountPath']}"
        f"{' (read only)' if one['readOnly'] else ''}"
        for one in spec["volumes"]
    ]
    facts: list[tuple[str, Child]] = [
        ("Id", tag("code", f"{job.namespace}/{job.id}")),
        ("Image", _image(spec)),
        ("Command", tag("code", clean(_command(job)), class_="command")),
        ("Flavor", spec["flavor"]),
        ("Time limit", _span(spec["timeout"] * 1000)),
        ("Attempt", f"{max(1, job.attempt)} of {job.attempts}"),
        ("Labels", ", ".join(f"{key}={value}" for key, value in sorted(job.labels.items()))),
        ("Secrets", ", ".join(job.secret_names)),
        ("Variables", ", ".join(sorted(spec["environment"]))),
        ("Volumes", [[clean(one), tag("br")] for one in volumes]),
        ("Ports", [[tag("a", url, href=url, rel="noreferrer"), " "] for url in urls]),
    ]
    rows = [[tag("dt", name), tag("dd", value)] for name, value in facts if value]
    return tag("dl", *rows, class_="facts")


def _time(moment_ms: int | None) -> Markup:
    if moment_ms is None:
        return Markup(_NOTHING)
    stamp = iso(moment_ms) or ""
    return tag("time", f"{stamp[:10]} {stamp[11:19]}", datetime=stamp)


def _took(job: JobRow, now_ms: int) -> str:
    if job.started_ms is None:
        return _NOTHING
    end = job.finished_ms or (now_ms if job.stage == RUNNING else job.started_ms)
    return _span(end - job.started_ms)


def _span(milliseconds: int) -> str:
    seconds = max(0, milliseconds) / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if rest else f"{minutes} min"


def size_words(size: int) -> str:
    """Write a number of bytes for people."""
    for unit, least in _UNITS:
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"
