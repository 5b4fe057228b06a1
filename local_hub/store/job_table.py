"""Jobs in the store: a frozen row, and the few statements that read and change it. No secret value is here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_hub import accounts
from local_hub.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEDULING, RUNNING = "SCHEDULING", "RUNNING"
COMPLETED, CANCELED, ERROR, DELETED = "COMPLETED", "CANCELED", "ERROR", "DELETED"
FINAL = frozenset({COMPLETED, CANCELED, ERROR, DELETED})
RARE = 2_000
STAGES = frozenset({SCHEDULING, RUNNING, *FINAL})


@dataclass(frozen=True)
class JobRow:
    """One accepted job. `handed` says that its current `attempt` has been given to a supervisor on boot `boot`."""

    id: str
    namespace: str
    created_ms: int
    stage: str
    message: str | None
    spec: dict[str, Any]
    initiator: dict[str, Any]
    schedule_id: str | None
    attempt: int
    handed: bool
    boot: str | None
    not_before_ms: int
    cancel_asked: bool
    started_ms: int | None
    finished_ms: int | None
    exit_code: int | None

    @property
    def final(self) -> bool:
        return self.stage in FINAL

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.spec.get("labels") or {}
        return labels

    @property
    def attempts(self) -> int:
        return int(self.spec.get("attempts") or 1)

    @property
    def failures(self) -> int:
        """How many attempts have failed so far."""
        ended = self.stage == "ERROR" or not (self.handed or self.final)
        return max(0, self.attempt - (0 if ended else 1))

    @property
    def secret_names(self) -> list[str]:
        names: list[str] = self.spec.get("secrets") or []
        return names


def new_job(
    namespace: str, spec: dict[str, Any], initiator: Mapping[str, Any], schedule_id: str | None = None
) -> JobRow:
    """Return a job as it is before anything has happened to it."""
    return JobRow(
        id=accounts.new_id(),
        namespace=namespace,
        created_ms=now_ms(),
        stage=SCHEDULING,
        message=None,
        spec=spec,
        initiator=dict(initiator),
        schedule_id=schedule_id,
        attempt=0,
        handed=False,
        boot=None,
        not_before_ms=0,
        cancel_asked=False,
        started_ms=None,
        finished_ms=None,
        exit_code=None,
    )


def _job(row: sqlite3.Row) -> JobRow:
    fields = dict(row)
    fields["spec"] = json.loads(fields["spec"])
    fields["initiator"] = json.loads(fields["initiator"])
    fields["handed"] = bool(fields["handed"])
    fields["cancel_asked"] = bool(fields["cancel_asked"])
    return JobRow(**fields)


def rows(found: Iterable[sqlite3.Row]) -> list[JobRow]:
    """Return whole rows of the table as jobs."""
    return [_job(row) for row in found]


def insert(db: sqlite3.Connection, job: JobRow) -> JobRow:
    db.execute(
        "INSERT INTO jobs (id, namespace, created_ms, stage, message, spec, initiator, schedule_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.namespace,
            job.created_ms,
            job.stage,
            job.message,
            json.dumps(job.spec),
            json.dumps(job.initiator),
            job.schedule_id,
        ),
    )
    _write_labels(db, job.id, job.labels)
    return job


def _write_labels(db: sqlite3.Connection, job_id: str, labels: Mapping[str, str]) -> None:
    rows = [(key, value, job_id) for key, value in labels.items()]
    db.executemany("INSERT INTO job_labels (key, value, job_id) VALUES (?, ?, ?)", rows)


def get(db: sqlite3.Connection, namespace: str | None, job_id: str) -> JobRow | None:
    """Return one job; with a namespace, only if it is that namespace's."""
    row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None or namespace not in (None, row["namespace"]) else _job(row)


def page(
    db: sqlite3.Connection,
    namespace: str,
    *,
    stages: Sequence[str],
    labels: Sequence[tuple[str, str]],
    after: tuple[int, str] | None,
    limit: int,
) -> list[JobRow]:
    """Return up to `limit` jobs, newest first, that have one of the stages and all of the labels.

    Each stage is read through its own index and the pages are merged, so that a rare stage among very many
    finished jobs is found without walking through them. A rare label is where the search starts; common ones are
    looked up for each job on the way.
    """
    rare = next((label for label in labels if _is_rare(db, label)), None)
    found: list[JobRow] = []
    for stage in dict.fromkeys(stages) or (None,):
        source, where, values = "jobs", ["namespace = ?"], [namespace]
        if rare is not None:
            source = "job_labels AS rare CROSS JOIN jobs ON jobs.id = rare.job_id"
            where = ["rare.key = ?", "rare.value = ?", "namespace = ?"]
            values = [*rare, namespace]
        if stage is not None:
            where.append("stage = ?")
            values.append(stage)
        for label in labels:
            where.append("EXISTS (SELECT 1 FROM job_labels WHERE key = ? AND value = ? AND job_id = jobs.id)")
            values += label
        if after is not None:
            where.append("(created_ms, id) < (?, ?)")
            values += [after[0], after[1]]  # type: ignore[list-item]  # SQLite takes both.
        query = f"SELECT jobs.* FROM {source} WHERE {' AND '.join(where)} ORDER BY created_ms DESC, id DESC LIMIT ?"  # noqa: S608 - Every value is a parameter.
        found += map(_job, db.execute(query, (*values, limit)))
    found.sort(key=lambda job: (job.created_ms, job.id), reverse=True)
    return found[:limit]


def _is_rare(db: sqlite3.Connection, label: tuple[str, str]) -> bool:
    query = "SELECT count(*) FROM (SELECT 1 FROM job_labels WHERE key = ? AND value = ? LIMIT ?)"
    return bool(db.execute(query, (*label, RARE)).fetchone()[0] < RARE)


def unfinished(db: sqlite3.Connection) -> list[JobRow]:
    """Return the jobs that wait or run, oldest first."""
    rows = db.execute("SELECT * FROM jobs WHERE stage IN ('SCHEDULING', 'RUNNING') ORDER BY created_ms, id")
    return [_job(row) for row in rows]


def count_unfinished(db: sqlite3.Connection) -> tuple[int, int]:
    """Return how many jobs wait and how many have been handed to a supervisor."""
    row = db.execute(
        "SELECT count(*), coalesce(sum(handed), 0) FROM jobs WHERE stage IN ('SCHEDULING', 'RUNNING')"
    ).fetchone()
    return row[0] - row[1], row[1]


def count(db: sqlite3.Connection, namespace: str | None = None, stages: Sequence[str] = ()) -> int:
    """Return how many jobs a namespace has, or all have, in any of the stages, or in all."""
    where, values = ["1"], []
    if namespace is not None:
        where.append("namespace = ?")
        values.append(namespace)
    if stages:
        where.append(f"stage IN ({', '.join('?' * len(stages))})")
        values += stages
    query = f"SELECT count(*) FROM jobs WHERE {' AND '.join(where)}"  # noqa: S608 - Every value is a parameter.
    return int(db.execute(query, values).fetchone()[0])


def running_of_schedule(db: sqlite3.Connection, schedule_id: str) -> bool:
    query = "SELECT 1 FROM jobs WHERE schedule_id = ? AND stage IN ('SCHEDULING', 'RUNNING') LIMIT 1"
    return db.execute(query, (schedule_id,)).fetchone() is not None


def change(db: sqlite3.Connection, job_id: str, **fields: Any) -> JobRow | None:
    """Set columns of a job that is not final and return it; None when it is final or gone. Final never changes."""
    columns = ", ".join(f"{name} = ?" for name in fields)
    query = f"UPDATE jobs SET {columns} WHERE id = ? AND stage IN ('SCHEDULING', 'RUNNING') RETURNING *"  # noqa: S608 - Column names are ours.
    row = db.execute(query, (*fields.values(), job_id)).fetchone()
    return None if row is None else _job(row)


def finish(db: sqlite3.Connection, job_id: str, stage: str, message: str | None, **fields: Any) -> JobRow | None:
    """Give a job its final stage. Its sealed secrets wait for `erase_secrets`, so that it can be run again."""
    fields.setdefault("finished_ms", now_ms())
    return change(db, job_id, stage=stage, message=message, handed=0, **fields)


def erase_secrets(db: sqlite3.Connection, *, before_ms: int) -> int:
    """Erase the secrets of every job that ended before a moment, and of every one that is gone; return how many."""
    kept = "SELECT 'job:' || id FROM jobs WHERE stage IN ('SCHEDULING', 'RUNNING') OR finished_ms >= ?"
    query = f"DELETE FROM secrets WHERE owner LIKE 'job:%' AND owner NOT IN ({kept})"  # noqa: S608 - All of it is ours.
    return db.execute(query, (before_ms,)).rowcount


def set_labels(db: sqlite3.Connection, job_id: str, labels: Mapping[str, str]) -> JobRow | None:
    row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        return None
    spec = {**json.loads(row["spec"]), "labels": dict(labels)}
    db.execute("UPDATE jobs SET spec = ? WHERE id = ?", (json.dumps(spec), job_id))
    db.execute("DELETE FROM job_labels WHERE job_id = ?", (job_id,))
    _write_labels(db, job_id, labels)
    return get(db, None, job_id)


def set_expose(db: sqlite3.Connection, job_id: str, expose: Mapping[str, list[int]]) -> JobRow | None:
    row = db.execute("SELECT spec FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else change(db, job_id, spec=json.dumps({**json.loads(row["spec"]), "expose": expose}))


def ended_before(db: sqlite3.Connection, moment_ms: int, *, limit: int = -1) -> list[str]:
    """Return the ids of up to `limit` jobs that ended before a moment, oldest first; of all of them with -1."""
    query = (
        "SELECT id FROM jobs WHERE finished_ms < ? AND stage NOT IN ('SCHEDULING', 'RUNNING')"
        " ORDER BY finished_ms LIMIT ?"
    )
    return [row[0] for row in db.execute(query, (moment_ms, limit))]


def specs_of(db: sqlite3.Connection, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return what those jobs were, as they were accepted."""
    rows = (db.execute("SELECT spec FROM jobs WHERE id = ?", (job_id,)).fetchone() for job_id in ids)
    return [json.loads(row[0]) for row in rows if row is not None]


def remove_finished(db: sqlite3.Connection, *, before_ms: int, limit: int) -> list[str]:
    """Forget up to `limit` jobs that ended before a moment, oldest first, and return their ids."""
    ids = ended_before(db, before_ms, limit=limit)
    for job_id in ids:
        db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        db.execute("DELETE FROM job_labels WHERE job_id = ?", (job_id,))
    return ids
