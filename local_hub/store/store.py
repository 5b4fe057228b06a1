"""The hub's SQLite file: one writer at a time, many readers, every commit on disk before it is reported.

Writers that wait for each other share one transaction and one sync of the disk, so a burst of a thousand
submissions does not cost a thousand syncs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import anyio.to_thread

from local_hub.errors import HubStartError
from local_hub.store import migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

APPLICATION_ID = 0x48464A48  # "HFJH"
CHECKED_AT_START_BYTES = 32 << 20
READERS = 4
WAITING_WRITERS = 64


class _Ticket(Generic[T]):
    """One piece of work for the writer, and its outcome once `done`."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
        self.done = False
        self.error: BaseException | None = None
        self.result: T

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result


class Store:
    """Opens, checks and migrates the file at `path`; `read` and `write` run functions of a connection.

    Raises:
        HubStartError: the file is damaged, is no database of ours, or was written by a newer release.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Ticket[object]] = []
        self._readers: list[sqlite3.Connection] = []
        self._read_limit: anyio.CapacityLimiter | None = None
        self._write_limit: anyio.CapacityLimiter | None = None
        try:
            self._writer = self._connect()
            try:
                self._prepare(self._writer)
            except BaseException:
                self._writer.close()
                raise
        except sqlite3.DatabaseError as error:
            raise HubStartError(
                f"The local hub's database {path} cannot be used ({error}). Move it away to start with an empty one."
            ) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if application not in (0, APPLICATION_ID) or (version and application != APPLICATION_ID):
            raise HubStartError(f"{self.path} is a database of another program. Move it away to start the local hub.")
        if version > len(migrations.STEPS):
            raise HubStartError(
                f"The local hub's database {self.path} was written by a newer hf-jobs-mcp (schema {version}, this one "
                f"knows {len(migrations.STEPS)}). Upgrade hf-jobs-mcp, or move the file away to start anew."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 2000")
        if self.path.stat().st_size < CHECKED_AT_START_BYTES:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        for number, step in enumerate(migrations.STEPS[version:], start=version + 1):
            stamp = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
            connection.executescript(f"BEGIN IMMEDIATE; {step} {stamp} COMMIT;")

    def write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return once it is on disk. Blocks; see `write` for the event loop."""
        ticket = _Ticket(work)
        with self._mutex:
            self._waiting.append(ticket)  # type: ignore[arg-type]  # A list cannot say "each with a type of its own".
        with self._writing:
            if not ticket.done:
                with self._mutex:
                    batch, self._waiting = self._waiting, []
                self._commit(batch)
        return ticket.outcome()

    def _commit(self, batch: list[_Ticket[object]]) -> None:
        connection = self._writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            for ticket in batch:
                connection.execute("SAVEPOINT work")
                try:
                    ticket.result = ticket.work(connection)
                except BaseException as error:  # noqa: BLE001 - It belongs to whoever asked, not to this batch.
                    ticket.error = error
                    connection.execute("ROLLBACK TO work")
                connection.execute("RELEASE work")
            connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - Nothing of the batch is on disk: everyone in it learns so.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            for ticket in batch:
                ticket.error = ticket.error or error
        finally:
            for ticket in batch:
                ticket.done = True

    @contextlib.contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            connection = self._readers.pop() if self._readers else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._mutex:
                self._readers.append(connection)

    def read_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on a connection that only reads. Blocks; see `read` for the event loop."""
        with self._reader() as connection:
            return work(connection)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction, in a thread; once begun it ends, even if the caller is cancelled."""
        self._write_limit = self._write_limit or anyio.CapacityLimiter(WAITING_WRITERS)
        return await anyio.to_thread.run_sync(self.write_now, work, limiter=self._write_limit)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on a reading connection, in a thread, at most `READERS` at once."""
        self._read_limit = self._read_limit or anyio.CapacityLimiter(READERS)
        return await anyio.to_thread.run_sync(self.read_now, work, limiter=self._read_limit)

    def close(self) -> None:
        with self._writing, self._mutex:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()
