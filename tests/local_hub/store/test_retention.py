"""What is thrown away, what stays, and when the disk counts as short."""

from __future__ import annotations

from pathlib import Path

from local_hub import clock
from local_hub.paths import HubPaths
from local_hub.store import job_table, retention
from local_hub.store.job_table import new_job
from local_hub.store.store import Store

SPEC = {"flavor": "cpu-basic", "attempts": 3, "labels": {}, "secrets": ["K"]}


def test_old_jobs_go_with_their_output_and_running_ones_stay(tmp_path: Path) -> None:
    paths = HubPaths.of(tmp_path).make()
    store = Store(paths.database)
    old, young, running = (new_job("local", SPEC, {}) for _ in range(3))
    for job in (old, young, running):
        store.write_now(lambda db, job=job: job_table.insert(db, job))
        paths.job(job.id).mkdir()
    long_ago = clock.now_ms() - 10_000
    store.write_now(lambda db: job_table.finish(db, old.id, "COMPLETED", None, finished_ms=long_ago))
    store.write_now(lambda db: job_table.finish(db, young.id, "ERROR", None))
    (paths.jobs / "stray").mkdir()
    assert retention.sweep(store, paths, older_than_ms=5_000) == 1
    assert retention.sweep_strays(store, paths) == 1
    assert {folder.name for folder in paths.jobs.iterdir()} == {young.id, running.id}
    assert store.read_now(lambda db: job_table.get(db, None, old.id)) is None
    store.close()


def test_a_short_disk_is_noticed(tmp_path: Path) -> None:
    paths = HubPaths.of(tmp_path).make()
    assert not retention.disk_is_short(paths, 1)
    assert retention.disk_is_short(paths, 1 << 60)
