"""What a person can have back of the disk: jobs that ended, what was uploaded for nobody, caches, forgotten results.

It is told first, with the moment it was looked at; what ends after that moment is not touched.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_hub.buckets.xet_uploads import Uploads
from local_hub.clock import now_ms
from local_hub.store import job_table, retention, schedule_table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from local_hub.paths import HubPaths
    from local_hub.store.store import Store

#: Where clients put what a job is given, and jobs what they leave: one folder for each submission.
ARTIFACTS = "jobs-artifacts"
#: A folder that no job mounts may belong to one that is about to be submitted.
UNCLAIMED_SECONDS = 3600.0
#: An upload that was used so lately may still go on.
UPLOAD_SECONDS = 600.0


@dataclass(frozen=True)
class Freed:
    """What can be had back, or was: each kind by its number and bytes, and the moment at which it was looked for."""

    at_ms: int
    jobs: int
    bytes: dict[str, int]
    results: int

    def told(self) -> dict[str, Any]:
        return {"at": self.at_ms, "jobs": self.jobs, "results": self.results, "bytes": self.bytes}


class Cleaning:
    """Looks for what is no longer needed in one hub's folder, and frees it. All but `caches_aside` block."""

    def __init__(self, store: Store, paths: HubPaths) -> None:
        self._store = store
        self._paths = paths

    def look(self, *, caches: bool) -> Freed:
        """Say what could be freed now; package caches only if no job uses them."""
        moment = now_ms()
        ended = self._store.read_now(lambda db: job_table.ended_before(db, moment))
        sizes = {
            "logs": sum(_size(self._paths.job(one)) for one in ended),
            "uploads": sum(map(_size, self._uploads.unused())),
            "caches": sum(map(_size, self._caches())) if caches else 0,
            "hub_log": _size(self._old_log),
            "results": 0,
        }
        results = list(self._results(moment))
        sizes["results"] = sum(map(_size, results))
        return Freed(moment, len(ended), sizes, len(results))

    def free(self, at_ms: int, *, results: bool, aside: list[Path]) -> Freed:
        """Free what had ended by `at_ms`, and the folders in `aside`; workspaces only if `results`."""
        doomed = list(self._results(at_ms)) if results else []
        sizes = {
            "logs": 0,
            "uploads": sum(map(_size, self._uploads.unused())),
            "caches": sum(map(_size, aside)),
            "hub_log": _size(self._old_log),
            "results": sum(map(_size, doomed)),
        }
        for folder in (*aside, *doomed):
            shutil.rmtree(folder, ignore_errors=True)
        self._uploads.sweep()
        self._old_log.unlink(missing_ok=True)
        jobs = 0
        while gone := self._store.write_now(
            lambda db: job_table.remove_finished(db, before_ms=at_ms, limit=retention.AT_ONCE)
        ):
            for job_id in gone:
                sizes["logs"] += _size(self._paths.job(job_id))
                shutil.rmtree(self._paths.job(job_id), ignore_errors=True)
            jobs += len(gone)
        return Freed(at_ms, jobs, sizes, len(doomed))

    def caches_aside(self) -> list[Path]:
        """Take the package caches out of the way at once; only while no job runs. Their bytes are freed later."""
        moved = []
        for folder in self._caches():
            aside = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.old")
            with suppress(OSError):
                folder.rename(aside)
                moved.append(aside)
        return moved

    @property
    def _uploads(self) -> Uploads:
        return Uploads(self._paths.buckets / ".xet" / "uploads", grace=UPLOAD_SECONDS)

    @property
    def _old_log(self) -> Path:
        return self._paths.log.with_suffix(".log.old")

    def _caches(self) -> list[Path]:
        return [path for name in ("cache", "caches") if (path := self._paths.root / name).is_dir()]

    def _results(self, at_ms: int) -> Iterator[Path]:
        """Yield the folders of submissions that no job which waits or runs mounts, and no schedule."""

        def look(db: sqlite3.Connection) -> tuple[set[str], set[str]]:
            needed = [job.spec for job in job_table.unfinished(db)]
            needed += [schedule.spec for schedule in schedule_table.everything(db)]
            ended = job_table.specs_of(db, job_table.ended_before(db, at_ms))
            return {top for spec in needed for top in _tops(spec)}, {top for spec in ended for top in _tops(spec)}

        needed, ended = self._store.read_now(look)
        for folder in sorted(self._paths.buckets.glob(f"[!.]*/{ARTIFACTS}/*")):
            name = str(folder.relative_to(self._paths.buckets))
            if folder.is_symlink() or not folder.is_dir() or name in needed:
                continue
            with suppress(OSError):
                if name in ended or time.time() - folder.lstat().st_mtime > UNCLAIMED_SECONDS:
                    yield folder


def _tops(spec: dict[str, Any]) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        top = (volume.get("path") or "").strip("/").partition("/")[0]
        if top and volume["source"].endswith(f"/{ARTIFACTS}"):
            yield f"{volume['source']}/{top}"


def _size(path: Path) -> int:
    """Return the bytes that a file or folder takes on the disk; a file with several names counts once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder, _, names in os.walk(path):
        for name in (".", *names):
            with suppress(OSError):
                found = os.lstat(f"{folder}/{name}")
                if (found.st_dev, found.st_ino) not in seen:
                    seen.add((found.st_dev, found.st_ino))
                    total += found.st_blocks * 512
    with suppress(OSError):
        return total or path.lstat().st_blocks * 512
    return total
