"""The folders of an attempt: made before it starts, removed when its job has ended."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from local_hub.backends.base import CannotLaunch, LaunchRequest
from local_hub.runner import volumes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_hub.backends.base import Launcher, LaunchPlan
    from local_hub.paths import HubPaths
    from local_hub.store.job_table import JobRow


def prepare(paths: HubPaths, launcher: Launcher, job: JobRow, secrets: Mapping[str, str], attempt: int) -> LaunchPlan:
    """Make the folders of an attempt and say what to start. Blocks.

    Raises:
        CannotLaunch: a volume's folder is not there, or the launcher has a reason of its own.
    """
    scratch = paths.scratch(job.id, attempt)
    remove(scratch)
    scratch.mkdir(parents=True)
    if launcher.sandbox == "none" and job.spec.get("sandboxed"):
        raise CannotLaunch("It was accepted when jobs were sandboxed here, and now none is: submit it again.")
    mounts = volumes.mounts(paths, job.spec["volumes"])
    if launcher.sandbox == "none":
        mounts = volumes.for_a_plain_process(mounts, scratch)
    return launcher.plan(LaunchRequest(job.id, job.spec, secrets, mounts, scratch, attempt))


def tidy(paths: HubPaths, job: JobRow) -> None:
    """Remove everything of an ended job but its output."""
    for number in range(1, job.attempt + 2):
        remove(paths.attempt(job.id, number))


def remove(folder: Path) -> None:
    """Remove a folder and all in it, also what was made read-only. Blocks; never follows a link."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir() and not folder.is_symlink():
        for parent, _, _ in os.walk(folder):
            with suppress(OSError):
                os.chmod(parent, 0o700)  # noqa: PTH101 - os.walk follows no link, and this is what it gave.
        shutil.rmtree(folder, ignore_errors=True)
