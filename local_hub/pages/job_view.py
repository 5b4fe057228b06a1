"""The page of one job: where it stands, why it failed, its log, its files, what it was sent as, and how to stop it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hub_contract.hf_line import HfLine, hf_line
from local_hub.display_text import clean, shortened
from local_hub.pages import failure, preview, program
from local_hub.pages.log_search import SHOWN, Found
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import NOTHING, size_words, span
from local_hub.pages.views import address_of, back, by_hand, facts, name_of, schedule_address, stage, table, time
from local_hub.store.job_table import COMPLETED, FINAL, JobRow

#: What of a job's spec was sent; the rest that is kept with it is this hub's own.
SENT = (
    "command", "arguments", "environment", "secrets", "flavor", "timeout", "attempts", "labels", "volumes", "expose",
    "network", "resourceGroupId", "dockerImage", "spaceId",
)  # fmt: skip


@dataclass(frozen=True)
class FileRow:
    """A file in a folder that the job could write to."""

    volume: int
    mount_path: str
    path: str
    size: int


@dataclass(frozen=True)
class Seen:
    """What the page shows besides the job: the end of its log, its files, its ports, and jobs to compare it with."""

    log: Sequence[str]
    files: Sequence[FileRow]
    more_files: bool
    urls: Sequence[str]
    others: Sequence[JobRow]


def one_job(job: JobRow, seen: Seen, now_ms: int) -> list[Child]:
    """Return the page."""
    address = address_of(job)
    status = [tag("p", stage(job.stage), " ", tag("span", program.took(job, now_ms), class_="soft"))]
    if job.message:
        status.append(tag("p", shortened(job.message, 600), class_="message"))
    return [
        back(),
        tag("h1", title(job)),
        tag("div", *status, id="status", data_live=True, aria_live="polite"),
        tag("div", _why(job, seen.log), id="why", data_live=True),
        tag("h2", "Timeline"),
        tag("div", _timeline(job, now_ms), id="timeline", data_live=True),
        tag("section", tag("h2", "Use"), _meters(), id="metrics", hidden=True),
        tag("div", tag("h2", "Log"), tag("a", "All of it as text", href=f"{address}/log.txt"), class_="bar"),
        _search_form(address, ""),
        tag("pre", "".join(f"{line}\n" for line in seen.log), id="log", class_="log", role="log", tabindex="0",
            aria_label="Output of the job"),
        tag("h2", "Artifacts"),
        tag("div", _files(address, seen), id="files", data_live=True),
        tag("h2", "Details"),
        tag("div", _details(job, seen.urls, now_ms), id="details", data_live=True),
        *_compare_form(job, seen.others),
        *the_same(hf_line({key: job.spec.get(key) for key in SENT}, job.namespace)),
        tag("div", _to_stop(job), id="stop", data_live=True),
    ]  # fmt: skip


def title(job: JobRow) -> str:
    """Return what a job is called on its page."""
    return job.labels.get("name") or shortened(program.own(job.spec), 60)


def searched(job: JobRow, words: str, found: Found) -> list[Child]:
    """Return the page of what was found in a log."""
    address = address_of(job)
    least, lines = ("", f"{found.lines} lines") if found.whole else ("at least ", f"the first {found.lines} lines")
    few = f"the last {SHOWN} of {least}{found.total}" if found.total > SHOWN else f"{least}{found.total}"
    told = f"{few} of {lines}" if found.total else f"None of {lines} has that."
    if not found.whole:
        told = (
            f"{told[0].upper()}{told[1:]}. The log goes on; it was too long to be looked through in the time there is."
        )
    lines = "".join(f"{match.number:>7}  {match.text}\n" for match in found.matches)
    return [
        back(f"The job {name_of(job)}", address),
        tag("h1", f"Log of {title(job)}"),
        _search_form(address, words),
        tag("p", told, role="status"),
        lines and tag("pre", lines, class_="log", tabindex="0", aria_label="Lines that were found"),
    ]


def file_address(address: str, file: FileRow, *, shown: bool = False) -> str:
    """Return the path of a file's own bytes, or of the page that shows it, below the address of its job."""
    return f"{address}/{'view' if shown else 'files'}/{file.volume}/{quote(file.path)}"


def file_page(job: JobRow, file: FileRow, shown: list[Child]) -> list[Child]:
    """Return the page of one file."""
    address = file_address(address_of(job), file)
    return [
        back(f"The job {name_of(job)}", address_of(job)),
        tag("h1", clean(file.path)),
        tag("p", size_words(file.size), " · ", tag("a", "Save it", href=address, download=True), class_="soft"),
        *shown,
    ]


def _why(job: JobRow, log: Sequence[str]) -> list[Child]:
    told = failure.why(job, log)
    if not told:
        return []
    return [
        tag("h2", "Why it failed"),
        [tag("p", sentence) for sentence in told],
        tag("p", "Your agent finds out more: ask it why job ", tag("code", job.id), " failed.", class_="soft"),
    ]


def _search_form(address: str, words: str) -> Markup:
    field = tag("input", type="search", name="q", value=words, maxlength="200", required=True, autocomplete="off")
    return tag(
        "form", tag("label", "Words in the whole log", field), tag("button", "Search"),
        action=f"{address}/search", method="get", role="search", class_="find",
    )  # fmt: skip


def _compare_form(job: JobRow, others: Sequence[JobRow]) -> list[Child]:
    if not others:
        return []
    options = [
        tag("option", f"{name_of(other)}, {other.stage.lower()}, {other.id}", value=other.id) for other in others
    ]
    return [
        tag("h2", "Compare"),
        tag(
            "form",
            tag("input", type="hidden", name="a", value=job.id),
            tag("label", "With another job", tag("select", *options, name="b")),
            tag("button", "Compare"),
            action="/compare", method="get", class_="find",
        ),
    ]  # fmt: skip


def the_same(found: HfLine | None) -> list[Child]:
    """Return the command line that makes the same job or schedule, and what it cannot say."""
    if found is None:
        return []
    told = found.told()
    line = told.get("line")
    return [
        tag("h2", "The same by hand"),
        by_hand(clean(line)) if line else None,
        [tag("p", shortened(lack, 300), class_="soft") for lack in told.get("lacks", ())],
    ]


def _to_stop(job: JobRow) -> list[Child]:
    if job.final:
        return []
    line = f"hf jobs cancel --namespace={job.namespace} {job.id}"
    return [tag("h2", "Stop it"), tag("p", "Ask your agent to cancel it. This page only shows."), *by_hand(line)]


def _timeline(job: JobRow, now_ms: int) -> Markup:
    points: list[tuple[str, int | None, str]] = [("Created", job.created_ms, "")]
    waited = (job.started_ms or job.finished_ms or now_ms) - job.created_ms
    points.append(("Started", job.started_ms, f"after {span(waited)}"))
    if job.stage in FINAL:
        ran = f"after {span(job.finished_ms - job.started_ms)}" if job.started_ms and job.finished_ms else ""
        points.append((job.stage.capitalize(), job.finished_ms, ran))
    else:
        points.append(("Finished", None, f"at most {span(job.spec['timeout'] * 1000)} after the start"))
    items = []
    for name, moment, detail in points:
        failed = job.stage in FINAL and job.stage != COMPLETED and name == job.stage.capitalize()
        kind = "bad" if failed else "done" if moment else "open"
        shown = [time(moment), tag("br"), detail] if moment else [detail if name == "Finished" else "not yet"]
        items.append(tag("li", tag("strong", name), tag("span", *shown, class_="soft"), class_=kind))
    return tag("ol", *items, class_="timeline")


def _meters() -> Markup:
    line = Markup('<svg viewBox="0 0 100 44" preserveAspectRatio="none" aria-hidden="true"><polyline points=""/></svg>')
    boxes = [
        tag("div", tag("span", name, class_="soft"), tag("br"), tag("strong", NOTHING), line, class_="meter", id=key)
        for key, name in (("cpu", "Processor"), ("memory", "Memory"))
    ]
    return tag("div", *boxes, class_="meters")


def _files(address: str, seen: Seen) -> Child:
    if not seen.files:
        return tag("p", "The job has no folder of its own, or nothing is in it.", class_="empty")
    rows = [
        tag(
            "tr",
            tag("td", _file_links(address, one), class_="name"),
            tag("td", tag("code", one.mount_path)),
            tag("td", size_words(one.size), class_="number"),
        )
        for one in seen.files
    ]
    heads = ("File", "Folder in the job", "Size")
    return [
        table("Files in the folders that the job can write to", heads, rows),
        more_files() if seen.more_files else None,
    ]


def more_files() -> Markup:
    """Return the word on a list of files that was cut."""
    return tag("p", "There are more files than are listed here: ", tag("code", "hf buckets list"), " has all of them.",
               class_="soft")  # fmt: skip


def _file_links(address: str, one: FileRow) -> list[Child]:
    saved = file_address(address, one)
    if not preview.is_shown(one.path):
        return [tag("a", clean(one.path), href=saved)]
    shown = file_address(address, one, shown=True)
    save = tag("a", "Save", href=saved, download=True, aria_label=f"Save {clean(one.path)}", class_="save")
    return [tag("a", clean(one.path), href=shown), " ", save]


def _details(job: JobRow, urls: Sequence[str], now_ms: int) -> Markup:
    made_by = job.schedule_id and tag("a", job.schedule_id, href=schedule_address(job.namespace, job.schedule_id))
    return facts(
        [
            ("Id", tag("code", f"{job.namespace}/{job.id}")),
            ("Cost", program.cost(job, now_ms)),
            ("Exit status", "" if job.exit_code is None else str(job.exit_code)),
            ("Attempt", f"{max(1, job.attempt)} of {job.attempts}"),
            ("Schedule", made_by),
            *spec_facts(job.spec),
            ("Ports", [[tag("a", url, href=url, rel="noreferrer"), " "] for url in urls]),
        ]
    )


def spec_facts(spec: dict[str, Any]) -> Iterator[tuple[str, Child]]:
    """Yield what a job was sent as: its command word for word, of variables and secrets the names without values."""
    yield "Image", program.image(spec)
    yield "Command", tag("code", clean(program.whole(spec)), class_="command", tabindex="0")
    yield "Flavor", spec["flavor"]
    yield "Time limit", span(spec["timeout"] * 1000)
    yield "Labels", ", ".join(f"{key}={value}" for key, value in sorted((spec.get("labels") or {}).items()))
    yield "Secrets", ", ".join(spec.get("secrets") or [])
    yield "Variables", ", ".join(sorted(spec["environment"]))
    volumes = [
        f"{one['source']}{'/' + one['path'] if one.get('path') else ''} at {one['mountPath']}"
        f"{' (read only)' if one['readOnly'] else ''}"
        for one in spec["volumes"]
    ]
    yield "Volumes", [[clean(one), tag("br")] for one in volumes] if volumes else ""
