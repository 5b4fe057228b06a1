"""What a job runs and takes, in words: its command without what was put in front of it, its time, its price."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from hub_contract import clean_text as contract
from local_hub import flavors
from local_hub.display_text import clean, folded
from local_hub.store.job_table import RUNNING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_hub.store.job_table import JobRow

NOTHING = "\N{EN DASH}"
#: What `hf-jobs-mcp` calls the shell text that it puts in front of a command: `sh -c TEXT NAME … -- COMMAND`.
_CHECKED = "hf-jobs-mcp-checked"
_WRAPPERS = frozenset({_CHECKED, "hf-jobs-mcp-run"})
_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_CENT = 0.01


def whole(spec: dict[str, Any]) -> str:
    """Return the command line as it was sent."""
    return shlex.join([*spec["command"], *spec["arguments"]])


def own(spec: dict[str, Any]) -> str:
    """Return the command line of the person's own, for a list: without the shell text that copies files first."""
    words: Sequence[str] = [*spec["command"], *spec["arguments"]]
    if _wrapper(words) in _WRAPPERS:
        rest = words[4:]
        words = rest[rest.index("--") + 1 :] if "--" in rest else rest
    return shlex.join(words)


def _wrapper(words: Sequence[str]) -> str:
    """Return the name of the shell text in front of a command: `sh -c TEXT NAME …`; nothing where there is none."""
    return words[3] if len(words) > 4 and [*words[:2]] == ["sh", "-c"] else ""  # noqa: PLR2004 - `sh -c TEXT NAME`


def is_checked(spec: dict[str, Any]) -> bool:
    """Tell whether the job compares its files before it begins."""
    return _wrapper([*spec["command"], *spec["arguments"]]) == _CHECKED


def image(spec: dict[str, Any]) -> str:
    return clean(spec["dockerImage"] or spec["spaceId"] or "")


def text_of(job: JobRow) -> str:
    """Return what a person sees of a job in a list, folded: what words are looked for in."""
    labels = " ".join(f"{key}={value}" for key, value in job.labels.items())
    secrets = " ".join(job.secret_names)
    seen = (
        job.id,
        labels,
        secrets,
        own(job.spec),
        image(job.spec),
        job.spec["flavor"],
        job.message or "",
        job.namespace,
    )
    return folded(" ".join(map(contract.clean, seen)))


def ran_ms(job: JobRow, now_ms: int) -> int | None:
    """Return how long it has run, in milliseconds; None before it starts."""
    if job.started_ms is None:
        return None
    return (job.finished_ms or (now_ms if job.stage == RUNNING else job.started_ms)) - job.started_ms


def took(job: JobRow, now_ms: int) -> str:
    milliseconds = ran_ms(job, now_ms)
    return NOTHING if milliseconds is None else span(milliseconds)


def cost(job: JobRow, now_ms: int) -> str:
    """Return what the job costs: nothing here, and what the same time would cost on Hugging Face."""
    flavor = flavors.by_name().get(job.spec["flavor"])
    if flavor is None or not flavor.cents_per_hour:
        return "Nothing here"
    hours = (ran_ms(job, now_ms) or 0) / 3_600_000
    hourly = flavor.cents_per_hour / 100
    most = job.spec["timeout"] / 3600 * hourly
    return f"Nothing here. On Hugging Face {_money(hours * hourly)}, at most {_money(most)} ({_money(hourly)} an hour)"


def _money(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= _CENT or amount == 0 else "less than $0.01"


def span(milliseconds: int) -> str:
    """Write a length of time for people."""
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
