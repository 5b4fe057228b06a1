"""The folders of an attempt: made before it starts, removed when its job has ended."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from local_hub.backends.base import CannotLaunch, LaunchRequest, Mount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_hub.backends.base import Launcher, LaunchPlan
    from local_hub.paths import HubPaths
    from local_hub.store.job_table import JobRow


def prepare(paths: HubPaths, launcher: Launcher, job: JobRow, secrets: Mapping[str, str], attempt: int) -> LaunchPlan:
    """Make the folders of an attempt and say what to start. Blocks.

    Raises:
        CannotLaunch: a volume's folder is not there, or the launcher has a reason of its own.
    """
    scratch = paths.scratch(job.id, attempt)
    scratch.mkdir(parents=True, exist_ok=True)
    return launcher.plan(LaunchRequest(job.id, job.spec, secrets, _mounts(paths, job), scratch, attempt))


def _mounts(paths: HubPaths, job: JobRow) -> list[Mount]:
    mounts = []
    for volume in job.spec["volumes"]:
        folder = paths.buckets / volume["source"]
        if not folder.is_dir():
            raise CannotLaunch(f"Volume {volume['mountPath']}: there is no bucket {volume['source']}.")
        inside = folder / (volume.get("path") or "")
        if not inside.resolve().is_relative_to(folder.resolve()):
            raise CannotLaunch(f"Volume {volume['mountPath']}: its path leaves the bucket {volume['source']}.")
        if not inside.is_dir():
            raise CannotLaunch(
                f"Volume {volume['mountPath']}: there is no folder {volume['path']} in {volume['source']}."
            )
        mounts.append(Mount(inside, volume["mountPath"], volume["readOnly"]))
    return mounts


def tidy(paths: HubPaths, job: JobRow) -> None:
    """Remove everything of an ended job but its output."""
    for number in range(1, job.attempt + 2):
        shutil.rmtree(paths.attempt(job.id, number), ignore_errors=True)
