"""The numbered steps that make and change the hub's tables. A step, once released, is never edited."""

from __future__ import annotations

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        stage TEXT NOT NULL,
        message TEXT,
        spec TEXT NOT NULL,
        initiator TEXT NOT NULL,
        schedule_id TEXT,
        attempt INTEGER NOT NULL DEFAULT 0,
        handed INTEGER NOT NULL DEFAULT 0,
        boot TEXT,
        not_before_ms INTEGER NOT NULL DEFAULT 0,
        cancel_asked INTEGER NOT NULL DEFAULT 0,
        started_ms INTEGER,
        finished_ms INTEGER,
        exit_code INTEGER
    );
    CREATE INDEX jobs_newest ON jobs (namespace, created_ms DESC, id DESC);
    CREATE INDEX jobs_stage ON jobs (namespace, stage, created_ms DESC, id DESC);
    CREATE INDEX jobs_ended ON jobs (finished_ms) WHERE finished_ms IS NOT NULL;
    CREATE INDEX jobs_open ON jobs (created_ms, id) WHERE stage IN ('SCHEDULING', 'RUNNING');
    CREATE INDEX jobs_of_schedule ON jobs (schedule_id, stage) WHERE schedule_id IS NOT NULL;
    CREATE TABLE job_labels (
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        job_id TEXT NOT NULL,
        PRIMARY KEY (key, value, job_id)
    ) WITHOUT ROWID;
    CREATE INDEX job_labels_of ON job_labels (job_id);
    CREATE TABLE schedules (
        id TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        spec TEXT NOT NULL,
        schedule TEXT NOT NULL,
        suspended INTEGER NOT NULL,
        concurrency INTEGER NOT NULL,
        next_ms INTEGER,
        last_job_id TEXT,
        last_ms INTEGER
    );
    CREATE INDEX schedules_newest ON schedules (namespace, created_ms DESC, id DESC);
    CREATE INDEX schedules_due ON schedules (next_ms) WHERE suspended = 0 AND next_ms IS NOT NULL;
    CREATE TABLE secrets (
        owner TEXT PRIMARY KEY,
        sealed BLOB NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE INDEX jobs_of_schedule_newest ON jobs (schedule_id, namespace, created_ms DESC, id DESC)
        WHERE schedule_id IS NOT NULL;
    """,
)
