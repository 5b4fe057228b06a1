"""Saving a job's files to a folder on the server's machine, with progress, and a few words on what was saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from jobs.errors import BadArgument, HubError
from jobs.results.names import Wanted
from jobs.results.save import Saved, save
from jobs.results.walk import Walk
from jobs.spec.workspace import of_job
from tools.replies import shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.server.mcpserver import Context

    from jobs.client.models import Job
    from tools.replies.partial_reply import PartialReply
    from tools.services import Connected, Services

_FIRST_BYTES = 2_000
_LONGEST = 1_000
_DEEPEST = 40


@dataclass(frozen=True)
class SavedView:
    """What a reply tells: the first paths, how many in all, and what was not saved."""

    first: list[str]
    count: int
    failures: list[str] | None


@dataclass(frozen=True)
class Saving:
    """Saves files of `job`; a hub that fails on the way is kept in `parts`."""

    services: Services
    connected: Connected
    job: Job
    parts: PartialReply
    ctx: Context[Any, Any] | None = None

    async def save(self, asked: Sequence[str], folder: str) -> SavedView:
        """Save the job's outputs, or what is `asked` for. Raises BadArgument."""
        if len(folder) > _LONGEST or folder.count("/") > _DEEPEST:
            raise BadArgument("`save_to` is longer than any folder's name.", hint="Choose another.", field="save_to")
        allowed = self.services.policy.save_folders
        target = allowed[0] / await _home_resolved(folder)
        masker = self.services.masker(self.job)
        mask_given = self.services.masker().mask  # The folder is the caller's; the files' names are masked already.
        workspace = of_job(self.job)
        if workspace is None:
            return SavedView([], 0, None)
        walk = Walk(self.connected.hub, self.job, workspace, Wanted.parse(asked), masker.mask)
        saved = Saved(target)
        try:
            await save(
                self.connected.hub, workspace, walk.batches(), target, allowed,
                masker=masker, progress=self._progress, saved=saved,
            )  # fmt: skip
        except OSError as error:
            raise BadArgument(
                f"`save_to` cannot be written: {error.strerror}.", hint="Choose another folder.", field="save_to"
            ) from None
        except HubError as error:
            self.parts.lacking("saved", error)
        if saved.stopped is not None:
            self.parts.lacking("saved", saved.stopped)
        more = saved.failed - len(saved.failures)
        failures = [f"{path}: {why}" for path, why in saved.failures] + ([f"... {more} more"] if more else [])
        first = [mask_given(str(path)) for path in saved.first]
        return SavedView(shapes.few(first, 20, _FIRST_BYTES) or [], saved.count, shapes.few(failures))

    async def _progress(self, saved: Saved) -> None:
        if self.ctx is not None:
            said = f"{saved.count} files saved, {saved.size >> 20} MiB"
            await self.services.progress(self.ctx, saved.count, None, said)


async def _home_resolved(folder: str) -> anyio.Path:
    """Raises BadArgument."""
    try:
        return await anyio.Path(folder).expanduser()
    except RuntimeError:
        raise BadArgument("`save_to` names the home of a user who is not there.", field="save_to") from None
