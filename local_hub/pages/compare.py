"""Two jobs side by side: what is different in what was sent, in what came of it, in their logs and their files."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from local_hub.display_text import clean, shortened
from local_hub.pages import program
from local_hub.pages.job_view import FileRow, more_files, spec_facts
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import size_words
from local_hub.pages.views import address_of, back, name_of, stage, table, time
from local_hub.store.job_table import JobRow

#: Lines of each log that are compared, and lines of the difference that are shown.
COMPARED, _SHOWN = 400, 500


@dataclass(frozen=True)
class Side:
    """One of the two jobs: the end of its log, cleaned, and its files."""

    job: JobRow
    log: Sequence[str]
    files: Sequence[FileRow]
    more_files: bool = False


def compare(left: Side, right: Side, now_ms: int) -> list[Child]:
    """Return the page."""
    return [
        back(),
        tag("h1", "Two jobs compared"),
        _facts(left, right, now_ms),
        tag("h2", "Logs"),
        _logs(left, right),
        tag("h2", "Files"),
        _files(left, right),
        more_files() if left.more_files or right.more_files else None,
    ]


def _facts(left: Side, right: Side, now_ms: int) -> Markup:
    sides = [dict(_told(side.job, now_ms)) for side in (left, right)]
    environments = [side.job.spec["environment"] for side in (left, right)]
    changed = sorted(
        name for name in {*environments[0], *environments[1]} if environments[0].get(name) != environments[1].get(name)
    )
    rows = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        one, other = (side.get(name) or "" for side in sides)
        same = str(one) == str(other)
        rows.append(_row(name, one, other, same=same))
    if changed:
        rows.append(_row("Variables that differ", *[", ".join(sorted(set(env) & set(changed))) for env in environments],
                         same=False))  # fmt: skip
    heads = ["", *(f"{name_of(side.job)}" for side in (left, right))]
    return table("What was sent and what came of it; what differs is marked", heads, rows)


def _row(name: str, one: Child, other: Child, *, same: bool) -> Markup:
    head = tag("th", name if same else [name, " ", tag("span", "differs", class_="mark")], scope="row")
    return tag(
        "tr", head, tag("td", one, class_="name"), tag("td", other, class_="name"), class_=None if same else "differs"
    )


def _told(job: JobRow, now_ms: int) -> Iterator[tuple[str, Child]]:
    yield "Job", tag("a", job.id, href=address_of(job))
    yield "Stage", stage(job.stage)
    yield "Message", shortened(job.message or "", 300)
    yield "Exit status", "" if job.exit_code is None else str(job.exit_code)
    yield "Created (UTC)", time(job.created_ms)
    yield "Took", program.took(job, now_ms)
    yield "Cost", program.cost(job, now_ms)
    yield from spec_facts(job.spec)


def _logs(left: Side, right: Side) -> Child:
    lines = list(islice(difflib.unified_diff(left.log, right.log, left.job.id, right.job.id, n=2, lineterm=""), _SHOWN))
    if not lines:
        return tag("p", f"The last {COMPARED} lines are the same.", class_="empty")
    return tag("pre", "".join(f"{line}\n" for line in lines), class_="log", tabindex="0",
               aria_label=f"What differs in the last {COMPARED} lines of the logs")  # fmt: skip


def _files(left: Side, right: Side) -> Markup:
    sizes = [{one.path: one.size for one in side.files} for side in (left, right)]
    names = sorted({*sizes[0], *sizes[1]})
    if not names:
        return tag("p", "Neither has files.", class_="empty")
    rows = [
        _row(clean(name), *(size_words(size[name]) if name in size else "not there" for size in sizes),
             same=sizes[0].get(name) == sizes[1].get(name))
        for name in names
    ]  # fmt: skip
    heads = ["File", *(name_of(side.job) for side in (left, right))]
    return table("Files and their sizes; what differs in size is marked", heads, rows)
