"""Finding jobs for a person: by words in what they are, by stage, by schedule; newest first, within bounds."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_hub import accounts
from local_hub.display_text import folded
from local_hub.store import job_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from local_hub.store.job_table import JobRow

#: Jobs of one namespace that are looked through; older ones are not found by words.
LOOKED_THROUGH = 20_000
_AT_ONCE = 200
#: What of a word stands in a job's record as it stands in its text: no letter that has another case or form than in
#: ASCII, nothing that JSON escapes, and neither of the signs that text has and the record has not.
_VERBATIM = re.compile(r"[ -!#-&(-<>-\[\]-~]+")
_RECORD = "id || ' ' || namespace || ' ' || coalesce(message, '') || ' ' || spec"
#: Records of letters beyond ASCII, or of characters that nobody sees: those are looked at one by one.
_ODD = "instr(spec, '\\u') > 0 OR instr(spec, '\\b') > 0 OR instr(spec, '\\f') > 0 OR instr(spec, char(127)) > 0"


def never() -> bool:
    """Say that nobody has asked to stop."""
    return False


@dataclass(frozen=True)
class Wanted:
    """What is looked for: every one of `words`, the stage, the schedule, and nothing newer than `after`."""

    words: tuple[str, ...] = ()
    stage: str | None = None
    schedule_id: str | None = None
    after: tuple[int, str] | None = None


def newest(
    db: sqlite3.Connection,
    wanted: Wanted,
    text_of: Callable[[JobRow], str],
    limit: int,
    stop: Callable[[], bool] = never,
) -> tuple[list[JobRow], bool]:
    """Return up to `limit` jobs of all namespaces, newest first, and whether there are more.

    `text_of` is a job's text as a person sees it, folded; only jobs that may have the words are asked for it. Once
    `stop` says so, what was found so far is the answer.
    """
    words = tuple(map(folded, wanted.words))
    at_once = min(limit + 1, _AT_ONCE)
    walks = [_walk(db, name, wanted, words, at_once) for name in accounts.ACCOUNTS]
    found: list[JobRow] = []
    for job in heapq.merge(*walks, key=lambda job: (job.created_ms, job.id), reverse=True):
        if stop():
            return found, True
        if words:
            text = text_of(job)
            if not all(word in text for word in words):
                continue
        found.append(job)
        if len(found) > limit:
            return found[:limit], True
    return found, False


def _walk(
    db: sqlite3.Connection, namespace: str, wanted: Wanted, words: tuple[str, ...], at_once: int
) -> Iterator[JobRow]:
    where: list[str] = ["namespace = ?"]
    values: list[Any] = [namespace]
    if wanted.stage:
        where.append("stage = ?")
        values.append(wanted.stage)
    if wanted.schedule_id:
        where.append("schedule_id = ?")
        values.append(wanted.schedule_id)
    for part in dict.fromkeys(part for word in words for part in _VERBATIM.findall(word)):
        where.append(f"({_ODD} OR instr(lower({_RECORD}), ?) > 0)")
        values.append(part)
    if words:
        where.append(
            "created_ms >= coalesce((SELECT created_ms FROM jobs WHERE namespace = ? ORDER BY created_ms DESC, id DESC"
            " LIMIT 1 OFFSET ?), 0)"
        )
        values += [namespace, LOOKED_THROUGH]
    after = wanted.after
    while True:
        more = [] if after is None else [after[0], after[1]]
        bound = [] if after is None else ["(created_ms, id) < (?, ?)"]
        sql = f"SELECT * FROM jobs WHERE {' AND '.join([*where, *bound])}"  # noqa: S608 - Values are parameters.
        sql += " ORDER BY created_ms DESC, id DESC LIMIT ?"
        batch = job_table.rows(db.execute(sql, (*values, *more, at_once)))
        yield from batch
        if len(batch) < at_once:
            return
        after = batch[-1].created_ms, batch[-1].id
