"""Whether what a job mounts can be had, found out before a person is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import BadArgument, Forbidden, HubError, NotFound, Unprocessable

if TYPE_CHECKING:
    from jobs.client.client import HubClient
    from jobs.spec.spec import JobSpec
    from jobs.spec.volume import VolumeSpec

_PROBE = "probe"


async def check(hub: HubClient, spec: JobSpec) -> None:
    """Look at what `spec` mounts beside its workspace.

    Raises:
        BadArgument: A volume is of a kind that this hub has not, or its bucket is not there.
    """
    for volume in spec.volumes:
        await _check_volume(hub, volume)


async def make_workspace(hub: HubClient, spec: JobSpec) -> None:
    """Make the bucket of the workspace where it is missing.

    Raises:
        HubError: It cannot be had; the hint says how to run without one, where that is possible.
    """
    if not spec.workspace:
        return
    try:
        await hub.ensure_bucket(spec.workspace_of(_PROBE).bucket)
    except (Forbidden, NotFound, Unprocessable) as refused:
        refused.message = f"The workspace needs a bucket, and it cannot be had. {refused.message}"
        if not spec.files:
            refused.hint = f"{refused.hint or ''} A job whose files you do not need runs with workspace=false.".strip()
        raise


async def _check_volume(hub: HubClient, volume: VolumeSpec) -> None:
    if volume.type != "bucket":
        if hub.near:
            raise BadArgument(
                f"`volumes` mounts a {volume.type}, and the local hub has buckets only.",
                hint="Download it in the job, or run the job on Hugging Face: HF_JOBS_MCP_HUB=huggingface.",
                field="volumes",
            )
        return
    try:
        await hub.buckets.find(volume.source)
    except NotFound:
        raise BadArgument(
            "`volumes` names a bucket that is not there, or that the token may not see.",
            hint="Make it first: hf buckets create NAMESPACE/NAME --private. The workspace needs no volume.",
            field="volumes",
        ) from None
    except HubError:
        return  # Whoever may not look may still mount; the hub will say.
