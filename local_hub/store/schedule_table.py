"""Schedules in the store: a frozen row and the statements that read and change it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IN_ONE_ANSWER = 20_000


@dataclass(frozen=True)
class ScheduleRow:
    """A job to be started again and again; `next_ms` is when, None when it never comes again."""

    id: str
    namespace: str
    created_ms: int
    spec: dict[str, Any]
    schedule: str
    suspended: bool
    concurrency: bool
    next_ms: int | None
    last_job_id: str | None
    last_ms: int | None


def _schedule(row: sqlite3.Row) -> ScheduleRow:
    fields = dict(row)
    fields["spec"] = json.loads(fields["spec"])
    fields["suspended"] = bool(fields["suspended"])
    fields["concurrency"] = bool(fields["concurrency"])
    return ScheduleRow(**fields)


def insert(db: sqlite3.Connection, schedule: ScheduleRow) -> ScheduleRow:
    db.execute(
        "INSERT INTO schedules (id, namespace, created_ms, spec, schedule, suspended, concurrency, next_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            schedule.id,
            schedule.namespace,
            schedule.created_ms,
            json.dumps(schedule.spec),
            schedule.schedule,
            schedule.suspended,
            schedule.concurrency,
            schedule.next_ms,
        ),
    )
    return schedule


def get(db: sqlite3.Connection, namespace: str | None, schedule_id: str) -> ScheduleRow | None:
    row = db.execute("SELECT * FROM schedules WHERE id = ?", (schedule_id,)).fetchone()
    return None if row is None or namespace not in (None, row["namespace"]) else _schedule(row)


def all_of(
    db: sqlite3.Connection, namespace: str, label: tuple[str, str] | None, limit: int = MOST_IN_ONE_ANSWER
) -> list[ScheduleRow]:
    """Return the newest schedules of a namespace, newest first; of them those that carry the label, if given."""
    rows = db.execute(
        "SELECT * FROM schedules WHERE namespace = ? ORDER BY created_ms DESC, id DESC LIMIT ?",
        (namespace, limit),
    )
    found = map(_schedule, rows)
    return [one for one in found if label is None or (one.spec.get("labels") or {}).get(label[0]) == label[1]]


def everything(db: sqlite3.Connection) -> list[ScheduleRow]:
    """Return all schedules of all namespaces, suspended ones too."""
    return [_schedule(row) for row in db.execute("SELECT * FROM schedules")]


def due(db: sqlite3.Connection, moment_ms: int, limit: int) -> list[ScheduleRow]:
    query = (
        "SELECT * FROM schedules WHERE suspended = 0 AND next_ms IS NOT NULL AND next_ms <= ? ORDER BY next_ms LIMIT ?"
    )
    return [_schedule(row) for row in db.execute(query, (moment_ms, limit))]


def next_due(db: sqlite3.Connection) -> int | None:
    query = "SELECT min(next_ms) FROM schedules WHERE suspended = 0 AND next_ms IS NOT NULL"
    found: int | None = db.execute(query).fetchone()[0]
    return found


def any_active(db: sqlite3.Connection) -> bool:
    return next_due(db) is not None


def change(db: sqlite3.Connection, schedule_id: str, **fields: Any) -> ScheduleRow | None:
    columns = ", ".join(f"{name} = ?" for name in fields)
    query = f"UPDATE schedules SET {columns} WHERE id = ? RETURNING *"  # noqa: S608 - Column names are ours.
    row = db.execute(query, (*fields.values(), schedule_id)).fetchone()
    return None if row is None else _schedule(row)


def set_labels(db: sqlite3.Connection, schedule_id: str, labels: Mapping[str, str]) -> ScheduleRow | None:
    found = get(db, None, schedule_id)
    return found and change(db, schedule_id, spec=json.dumps({**found.spec, "labels": dict(labels)}))


def delete(db: sqlite3.Connection, schedule_id: str) -> None:
    """Forget a schedule and its secrets. Jobs it started go on."""
    db.execute("DELETE FROM schedules WHERE id = ?", (schedule_id,))
    db.execute("DELETE FROM secrets WHERE owner = ?", (f"schedule:{schedule_id}",))
