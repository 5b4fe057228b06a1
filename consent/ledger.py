"""What waits for an answer out of band and how much may, what was answered, what is spent: one file, one use each.

Two things live here. *Approvals* are questions put aside for a person to answer at a terminal or on the
approval page, because the client cannot ask. *Spent* keys make every yes, however it was given, good for one
submission: the key is written, and committed to disk, before the request leaves.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from consent.request import ConsentRequest, Fact, Tick
from hub_contract.command_line import command
from jobs.errors import ConsentSpent, ConsentUnavailable

if TYPE_CHECKING:
    from pathlib import Path

Status = Literal["pending", "approved", "declined", "expired", "spent"]

#: How long an approved question waits for the agent to come back for it, in seconds.
APPROVED_FOR = 900.0

#: So many questions of one caller may wait at once: no agent can bury the one that matters under others, or keep
#: another's from being asked.
MOST_WAITING = 20
#: The same for all the names that one process, or the holders of one token, may call themselves by.
MOST_OF_ONE = 40
MOST_WAITING_IN_ALL = 200

_KEPT_FOR = 3_600.0
_TASKS_KEPT_FOR = 90 * 86_400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, caller TEXT NOT NULL, request TEXT NOT NULL,
    status TEXT NOT NULL, ticked TEXT NOT NULL DEFAULT '[]', asked_at REAL NOT NULL,
    expires_at REAL NOT NULL, answered_at REAL);
CREATE INDEX IF NOT EXISTS approvals_by_digest ON approvals (digest, caller);
CREATE TABLE IF NOT EXISTS spent (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, caller TEXT NOT NULL, submission TEXT NOT NULL,
    at REAL NOT NULL, namespace TEXT, result TEXT);
CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, client TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS spent_by_digest ON spent (digest, caller, at);
CREATE TABLE IF NOT EXISTS risked (at REAL NOT NULL, usd REAL NOT NULL);
"""


@dataclass(frozen=True)
class Approval:
    """A question put aside. Times are seconds since the epoch."""

    id: str
    digest: str
    caller: str
    request: ConsentRequest
    status: Status
    ticked: frozenset[str]
    asked_at: float
    expires_at: float


@dataclass(frozen=True)
class Consumed:
    """A yes that was used: for which submission, and, once known, what came of it. An answer of no has none."""

    key: str
    digest: str
    caller: str
    idempotency_key: str
    at: float
    namespace: str | None
    result: str | None

    @property
    def out_of_band(self) -> bool:
        """Whether it was given at a terminal or on a page, for a call that is made again afterwards."""
        return self.key.startswith("approval:")


class Ledger:
    """The file at `path`, safe for several processes at once."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock = clock
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def put_aside(self, request: ConsentRequest, caller: str, seconds: float) -> Approval:
        """The open approval for exactly this request and caller; a new one where there is none.

        Raises:
            ConsentUnavailable: As many questions wait already as a person can be expected to look through.
        """
        with self._writing() as db:
            self._expire(db)
            row = db.execute(
                "SELECT * FROM approvals WHERE digest = ? AND caller = ?"
                " AND status IN ('pending', 'approved', 'declined') ORDER BY asked_at DESC LIMIT 1",
                (request.digest, caller),
            ).fetchone()
            if row is not None:
                return _approval(row)
            callers = [one for (one,) in db.execute("SELECT caller FROM approvals WHERE status = 'pending'")]
            waiting = callers.count(caller)
            proved = sum(_proven(one) == _proven(caller) for one in callers)
            if waiting >= MOST_WAITING or proved >= MOST_OF_ONE or len(callers) >= MOST_WAITING_IN_ALL:
                raise ConsentUnavailable(
                    f"{max(waiting, proved)} questions of this client wait for a person already; nothing was sent.",
                    hint=f"Ask the user to answer them with `{command('approve')}`, or wait until they run out.",
                )
            now = self._clock()
            row = (
                secrets.token_hex(4), request.digest, caller, json.dumps(asdict(request)),
                "pending", "[]", now, now + seconds, None,
            )  # fmt: skip
            db.execute("INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            return _approval(row)

    def risk(self, usd: float, limit: float | None, seconds: float) -> bool:
        """Note the worst case of something that is sent without a question.

        False, and nothing is noted, where it and those of the last `seconds` are above `limit` together: others may
        have been sent since this was looked at.
        """
        with self._writing() as db:
            if limit is not None and usd > 0 and usd + self._risked(db, seconds) > limit:
                return False
            db.execute("INSERT INTO risked VALUES (?, ?)", (self._clock(), usd))
        return True

    def risked(self, seconds: float) -> float:
        """The dollars noted in the last `seconds`; older ones are forgotten."""
        with self._writing() as db:
            return self._risked(db, seconds)

    def _risked(self, db: sqlite3.Connection, seconds: float) -> float:
        db.execute("DELETE FROM risked WHERE at < ?", (self._clock() - seconds,))
        (usd,) = db.execute("SELECT coalesce(sum(usd), 0) FROM risked").fetchone()
        return float(usd)

    def find(self, digest: str, caller: str) -> Approval | None:
        """The newest approval for this digest and caller that is open or answered and not yet used."""
        with self._writing() as db:
            self._expire(db)
            row = db.execute(
                "SELECT * FROM approvals WHERE digest = ? AND caller = ? AND status != 'spent'"
                " ORDER BY asked_at DESC LIMIT 1",
                (digest, caller),
            ).fetchone()
        return _approval(row) if row is not None else None

    def get(self, approval_id: str) -> Approval | None:
        with self._writing() as db:
            self._expire(db)
            row = db.execute("SELECT * FROM approvals WHERE id = ?", (approval_id,)).fetchone()
        return _approval(row) if row is not None else None

    def pending(self) -> list[Approval]:
        """The questions that wait for an answer, oldest first."""
        with self._writing() as db:
            self._expire(db)
            rows = db.execute("SELECT * FROM approvals WHERE status = 'pending' ORDER BY asked_at").fetchall()
        return [_approval(row) for row in rows]

    def answer(self, approval_id: str, ticked: frozenset[str] | None) -> bool:
        """Record a person's answer; None declines. False when the question is no longer open."""
        status: Status = "declined" if ticked is None else "approved"
        now = self._clock()
        with self._writing() as db:
            self._expire(db)
            changed = db.execute(
                "UPDATE approvals SET status = ?, ticked = ?, answered_at = ?, expires_at = ?"
                " WHERE id = ? AND status = 'pending'",
                (status, json.dumps(sorted(ticked or ())), now, now + APPROVED_FOR, approval_id),
            ).rowcount
        return changed == 1

    def dismiss(self, approval_id: str) -> None:
        """Take a declined question off the table once the agent has been told, so that it can be asked afresh."""
        with self._writing() as db:
            db.execute("UPDATE approvals SET status = 'expired' WHERE id = ? AND status = 'declined'", (approval_id,))

    def spend(
        self,
        key: str,
        digest: str,
        caller: str,
        idempotency_key: str,
        approval_id: str | None = None,
        *,
        also: str | None = None,
    ) -> None:
        """Use a yes up, durably, before anything is sent; `also` is a second key that is used up with it.

        Whatever else waits or was approved for the same digest and caller is off the table: one yes, one submission.

        Raises:
            ConsentSpent: The key was used before, or the approval is not an approved one for this very digest.
        """
        with self._writing() as db:
            self._expire(db)
            if approval_id is not None:
                changed = db.execute(
                    "UPDATE approvals SET status = 'spent' WHERE id = ? AND digest = ? AND caller = ?"
                    " AND status = 'approved'",
                    (approval_id, digest, caller),
                ).rowcount
                if changed != 1:
                    raise ConsentSpent("That approval was used before, has run out, or was given to something else.")
            db.execute(
                "UPDATE approvals SET status = 'expired' WHERE digest = ? AND caller = ?"
                " AND status IN ('pending', 'approved')",
                (digest, caller),
            )
            try:
                db.executemany(
                    "INSERT INTO spent (key, digest, caller, submission, at) VALUES (?, ?, ?, ?, ?)",
                    [(one, digest, caller, idempotency_key, self._clock()) for one in (key, also) if one is not None],
                )
            except sqlite3.IntegrityError:
                raise ConsentSpent("That answer was used before; a yes is good for one submission.") from None

    def record(self, idempotency_key: str, namespace: str, result: str) -> None:
        """Note what came of a spent yes: the id of the job or schedule it made."""
        with self._writing() as db:
            db.execute(
                "UPDATE spent SET namespace = ?, result = ? WHERE submission = ?", (namespace, result, idempotency_key)
            )

    def spent(self, key: str) -> Consumed | None:
        with self._lock:
            row = self._db.execute("SELECT * FROM spent WHERE key = ?", (key,)).fetchone()
        return Consumed(*row) if row is not None else None

    def last_spent(self, digest: str, caller: str, *, since: float, before: float) -> Consumed | None:
        """The newest use of a yes for this digest and caller between two moments, in epoch seconds."""
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM spent WHERE digest = ? AND caller = ? AND submission != '' AND at > ? AND at < ?"
                " ORDER BY at DESC, key LIMIT 1",
                (digest, caller, since, before),
            ).fetchone()
        return Consumed(*row) if row is not None else None

    def keep_task(self, task_id: str, client: str) -> None:
        """Note which client a task was made for."""
        with self._writing() as db:
            db.execute("DELETE FROM tasks WHERE at < ?", (self._clock() - _TASKS_KEPT_FOR,))
            db.execute("INSERT OR IGNORE INTO tasks VALUES (?, ?, ?)", (task_id, client, self._clock()))

    def is_task_of(self, task_id: str, client: str) -> bool:
        """Whether there is such a task, and it is this client's."""
        with self._lock:
            found = self._db.execute("SELECT 1 FROM tasks WHERE id = ? AND client = ?", (task_id, client)).fetchone()
        return found is not None

    def _expire(self, db: sqlite3.Connection) -> None:
        db.execute(
            "UPDATE approvals SET status = 'expired' WHERE expires_at < ?"
            " AND status IN ('pending', 'approved', 'declined')",
            (self._clock(),),
        )
        db.execute("DELETE FROM approvals WHERE expires_at < ?", (self._clock() - _KEPT_FOR,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _proven(caller: str) -> str:
    """The part of a caller that cannot be made up: which process or which token, without the name it gives."""
    return ":".join(caller.split(":", 2)[:2])


def _approval(row: Any) -> Approval:
    approval_id, digest, caller, request, status, ticked, asked_at, expires_at, _ = row
    return Approval(
        approval_id, digest, caller, _request(json.loads(request)), status, frozenset(json.loads(ticked)), asked_at,
        expires_at,
    )  # fmt: skip


def _request(stored: dict[str, Any]) -> ConsentRequest:
    """From its JSON; version 0.1 stored facts of two parts, and ticks of which every optional one was a secret's."""
    stored["facts"] = tuple(Fact(*fact) for fact in stored["facts"])
    stored["brief"] = tuple(Fact(*fact) for fact in stored.get("brief", ()))
    stored["short"] = tuple(Fact(*fact) for fact in stored.get("short", ()))
    stored["ticks"] = tuple(
        Tick(**({"kind": "confirm" if tick["required"] else "secret"} | tick)) for tick in stored["ticks"]
    )
    return ConsentRequest(**stored)
