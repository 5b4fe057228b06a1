"""What became of jobs that were submitted from here: asked of the hubs, within a few seconds, and never made up."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from server.version import version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.settings import Settings

_NEWEST = 50
_PATIENCE_SECONDS = 8.0


def outcomes(settings: Settings, jobs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The stage of the newest of these jobs, by id. A hub that is not there or does not know one leaves it out.

    The local hub is asked if it runs; it is not started for this. The hub on the network is asked where a token is.
    """
    wanted = list(dict.fromkeys(jobs))[-_NEWEST:]
    if not wanted:
        return {}
    found = _local(settings, wanted)
    far = [(namespace, job_id) for namespace, job_id in wanted if job_id not in found]
    return found | (anyio.run(_far, settings, far) if far else {})


def _local(settings: Settings, jobs: Sequence[tuple[str, str]]) -> dict[str, str]:
    try:
        from local_hub.process.daemon import read_state
    except ImportError:
        return {}
    state = read_state(settings.home)
    if state is None:
        return {}
    found: dict[str, str] = {}
    until = time.monotonic() + _PATIENCE_SECONDS
    for namespace, job_id in reversed(jobs):  # The newest first: of a hub that hangs these are what is had.
        for kind in ("jobs", "scheduled-jobs"):
            if time.monotonic() > until:
                return found
            told = state.call("GET", f"/api/{kind}/{namespace}/{job_id}")
            if told is not None:
                found[job_id] = _in_words(told)
                break
    return found


def _in_words(told: dict[str, Any]) -> str:
    if "jobSpec" in told:
        return "suspended" if told.get("suspend") else "scheduled"
    return str(told["status"]["stage"])


async def _far(settings: Settings, jobs: Sequence[tuple[str, str]]) -> dict[str, str]:
    from jobs.client.client import HubClient
    from jobs.errors import JobsError
    from server.hub_connection import hub_address, hub_token, offline

    token = hub_token()
    if token is None or settings.hub == "local" or offline():
        return {}
    found: dict[str, str] = {}
    with suppress(JobsError), anyio.move_on_after(_PATIENCE_SECONDS):
        client = HubClient(hub_address(settings.hub), token, namespace=settings.namespace, version=version())
        try:
            told = await client.inspect_many([f"{namespace}/{job_id}" for namespace, job_id in jobs], None)
            for name, job in told.items():
                stage = getattr(job, "stage", None)
                if stage is not None:
                    found[name.rpartition("/")[2]] = str(stage)
        finally:
            with anyio.CancelScope(shield=True):
                await client.close()
    return found
