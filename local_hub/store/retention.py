"""What is thrown away: records and outputs of jobs that ended long ago, never a bucket or a running job."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from local_hub.clock import now_ms
from local_hub.store import job_table

if TYPE_CHECKING:
    from local_hub.paths import HubPaths
    from local_hub.store.store import Store

AT_ONCE = 200

#: How long jobs that ended, with their output, are remembered; how long their sealed secrets are, so that a job can be
#: run again. In milliseconds.
KEPT_MS = 30 * 24 * 3600 * 1000
SECRETS_KEPT_MS = 3600 * 1000


def disk_is_short(paths: HubPaths, floor: int) -> bool:
    """Tell whether less than `floor` bytes are free where the hub's folder lies."""
    with suppress(OSError):
        return shutil.disk_usage(paths.root).free < floor
    return False


def sweep(store: Store, paths: HubPaths, *, older_than_ms: int, limit: int = AT_ONCE) -> int:
    """Forget up to `limit` jobs that ended more than `older_than_ms` ago, oldest first; return how many. Blocks."""
    before = now_ms() - older_than_ms
    gone = store.write_now(lambda db: job_table.remove_finished(db, before_ms=before, limit=limit))
    for job_id in gone:
        shutil.rmtree(paths.job(job_id), ignore_errors=True)
    return len(gone)


def erase_secrets(store: Store, *, older_than_ms: int = 0) -> int:
    """Erase the sealed secrets of jobs that ended more than `older_than_ms` ago; return how many. Blocks."""
    before = now_ms() - older_than_ms + (older_than_ms == 0)
    return store.write_now(lambda db: job_table.erase_secrets(db, before_ms=before))


def sweep_strays(store: Store, paths: HubPaths) -> int:
    """Remove folders of jobs that the store does not know, which a crash in the middle of a sweep leaves. Blocks."""
    removed = 0
    for folder in list(paths.jobs.iterdir()):
        if store.read_now(lambda db, name=folder.name: job_table.get(db, None, name)) is None:  # type: ignore[misc]  # A default is not seen as captured.
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
