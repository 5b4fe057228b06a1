"""``hf-jobs-mcp audit``: what was asked, answered and submitted on this machine, and what became of it."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from consent.audit import Audit
from hub_contract.command_line import command
from jobs.display_text import visible
from server.audit.outcomes import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from server.settings import Settings

_DIGEST = 64
_APART = frozenset({"at", "event", "previous", "intact", "hf"})
_HEADS = ("WHEN (UTC)", "ANSWER", "NAMES", "JOB", "OUTCOME", "WHAT")
_LEAST = 20
#: How an event that nobody answered reads in the column of answers.
_UNANSWERED = {
    "asked": "none yet",
    "put aside": "none yet",
    "sending": "not needed",
    "bypassed": "switched off",
    "changed": "void: it changed",
    "replayed": "refused: used twice",
}
_OPENS = frozenset({"asked", "put aside"})


def show(settings: Settings, wanted: str | None = None, *, as_json: bool) -> int:
    """Print the record, oldest first. Returns 1 when an entry does not follow from the one before it."""
    path = settings.home / "audit.jsonl"
    entries = list(Audit(path).entries())
    broken = sum(not entry["intact"] for entry in entries)
    if as_json:
        for entry in entries:
            print(json.dumps(entry))
    elif wanted is not None:
        found = [entry for events in _submissions(entries) if _is(events, wanted) for entry in events]
        for line in _in_full(found):
            print(line)
        if not found:
            print("hf-jobs-mcp: nothing in the record has this id or fingerprint.", file=sys.stderr)
            return 1
    elif not entries:
        print(f"Nothing has been asked or sent yet; the record would be {path}.")
    else:
        _table(list(_submissions(entries)), settings)
    if broken:
        print(
            f"hf-jobs-mcp: {broken} entries do not follow from the one before: the record was changed.", file=sys.stderr
        )
    return 1 if broken else 0


def _submissions(entries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The events of each question and what it led to, in the order of their beginnings."""
    groups: list[list[dict[str, Any]]] = []
    of: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        digest = str(entry.get("digest", ""))
        group = of.get(digest)
        if group is None or (entry["event"] in _OPENS and group[-1]["event"] not in _OPENS):
            group = []
            groups.append(group)
            if digest:
                of[digest] = group
        group.append(entry)
        if entry["event"] == "submitted":
            of.pop(digest, None)
    yield from groups


def _is(events: Sequence[dict[str, Any]], wanted: str) -> bool:
    plain = wanted.rpartition("/")[2].replace("-", "")
    return bool(plain) and any(
        plain == entry.get("id") or str(entry.get("digest", "")).startswith(plain) for entry in events
    )


def _table(submissions: Sequence[list[dict[str, Any]]], settings: Settings) -> None:
    jobs = [(str(one["namespace"]), str(one["id"])) for events in submissions for one in events if "namespace" in one]
    became = outcomes(settings, jobs)
    rows = [_HEADS, *(_row(events, became) for events in submissions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS) - 1)]
    room = shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths)
    for row in rows:
        what = row[-1]
        if sys.stdout.isatty() and len(what) > max(room, _LEAST):
            what = f"{what[: max(room, _LEAST) - 1]}\N{HORIZONTAL ELLIPSIS}"
        print("  ".join([*(f"{word:<{width}}" for word, width in zip(row, widths, strict=False)), what]).rstrip())
    print(f"\nAll of one, with the hf line that does the same: {command('audit')} ID. Every event: --json.")


def _row(events: Sequence[dict[str, Any]], became: dict[str, str]) -> tuple[str, ...]:
    first = events[0]
    answers = [str(entry["answer"]) for entry in events if "answer" in entry]
    words = [_UNANSWERED.get(str(entry["event"]), str(entry["event"])) for entry in events]
    sent = next((entry for entry in events if entry["event"] == "submitted"), {})
    names: list[Any] = sent.get("names") or next((entry["names"] for entry in events if entry.get("names")), [])
    job = str(sent.get("id", ""))
    whole = all(entry["intact"] for entry in events)
    row = (
        str(first["at"])[:16].replace("T", " "),
        f"{answers[-1] if answers else words[0]}{'' if whole else ' <- does not follow'}",
        ",".join(map(str, names)) or "-",
        job or "-",
        became.get(job, "-"),
        str(first.get("runs") or first.get("what") or ""),
    )
    return tuple(visible(word) for word in row)


def _in_full(entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        rest = " ".join(f"{key}={_plain(value)}" for key, value in entry.items() if key not in _APART)
        line = visible(f"{entry['at']} {entry['event']:<10} {rest}")
        yield f"{line}{'' if entry['intact'] else '  <- does not follow'}"
        for by_hand in _by_hand(entry.get("hf")):
            yield f"    {visible(by_hand)}"


def _by_hand(told: object) -> Iterator[str]:
    """The command line that makes the same job, and what it lacks."""
    if isinstance(told, dict):
        yield from ([str(told["line"])] if "line" in told else [])
        yield from (f"({lack})" for lack in told.get("lacks", ()))


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return str(value)[:16] if isinstance(value, str) and len(value) == _DIGEST else str(value)
