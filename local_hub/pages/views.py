"""What all pages share: the frame, tables, times and stages, and the two refusals."""

from collections.abc import Sequence

from hub_contract.command_line import command
from local_hub.clock import iso
from local_hub.display_text import shortened
from local_hub.pages.markup import Child, Markup, tag
from local_hub.pages.program import NOTHING
from local_hub.store.job_table import JobRow
from local_hub.store.schedule_table import ScheduleRow

OPEN_COMMAND = command("hub", "open")
_TITLE = 120
_NUMBERS = frozenset({"Size", "Took"})
#: Columns that a narrow screen goes without.
_WIDE_ONLY = frozenset({"Image", "Flavor"})


def page(title: str, nonce: str, main: Sequence[Child], **data: str) -> str:
    """Return a whole page; `data` becomes what the script reads from the body."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{shortened(title, _TITLE)} · local hub"),
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
    return [tag("h1", "Not here"), tag("p", what), back()]


def back(words: str = "All jobs", address: str = "/") -> Markup:
    """Return the way up from a page."""
    return tag("nav", tag("a", words, href=address), class_="soft", aria_label="Up")


def address_of(job: JobRow) -> str:
    """Return the path of a job's page."""
    return f"/jobs/{job.namespace}/{job.id}"


def schedule_address(namespace: str, schedule_id: str) -> str:
    """Return the path of a schedule's page."""
    return f"/schedules/{namespace}/{schedule_id}"


def name_of(one: JobRow | ScheduleRow) -> str:
    """Return the name that a job or schedule was given, else its id."""
    return (one.spec.get("labels") or {}).get("name") or one.id


def stage(name: str) -> Markup:
    return tag("span", name.capitalize(), class_=f"stage {name}")


def table(caption: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    cells = [tag("th", head, scope="col", class_=kind_of(head)) for head in heads]
    made = tag("table", tag("caption", caption), tag("thead", tag("tr", *cells)), tag("tbody", *rows))
    return tag("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)


def kind_of(head: str) -> str | None:
    """Return the class of a column's cells."""
    return "number" if head in _NUMBERS else "extra" if head in _WIDE_ONLY else None


def time(moment_ms: int | None) -> Markup:
    if moment_ms is None:
        return Markup(NOTHING)
    stamp = iso(moment_ms) or ""
    return tag("time", f"{stamp[:10]} {stamp[11:19]}", datetime=stamp)


def facts(pairs: Sequence[tuple[str, Child]]) -> Markup:
    """Return names with their values; what has no value is left out."""
    return tag("dl", *([tag("dt", name), tag("dd", value)] for name, value in pairs if value), class_="facts")


def by_hand(line: str) -> list[Child]:
    """Return a command line and what to do before it."""
    return [
        tag("p", "In a terminal, after ", tag("code", f'eval "$({command("hub", "env")})"'), ":", class_="soft"),
        tag("pre", line, class_="log", tabindex="0", aria_label="Command line"),
    ]
