"""Artifacts on their way to a folder of the user's: whole or not at all, masked, and never by way of a link.

The folder is entered once, part by part, and from then on reached by its descriptor: a link that is put in its place
meanwhile leads nowhere. Files arrive in a folder beside their targets that only their owner can enter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from jobs.errors import BadArgument, HubError, NotFound
from jobs.results.place import open_place

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Sequence

    from jobs.client.client import HubClient
    from jobs.masking.masker import Masker
    from jobs.results.place import Place
    from jobs.results.walk import Artifact
    from jobs.spec.workspace import Workspace

_BATCH_FILES = 200
_BATCH_BYTES = 256 << 20
_FIRST_TOLD = 20
_GIVEN_UP_AFTER = 3


@dataclass
class Saved:
    """What was saved: how many files and bytes, the paths of the first, and what was not, with the reason.

    `stopped` is why the rest was not tried, where the hub fell silent.
    """

    folder: Path
    count: int = 0
    size: int = 0
    first: list[Path] = field(default_factory=list)
    failed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    conflicts: int = 0
    stopped: HubError | None = None

    def saved(self, path: str, size: int) -> None:
        self.count += 1
        self.size += size
        if len(self.first) < _FIRST_TOLD:
            self.first.append(self.folder / path)

    def not_saved(self, path: str, why: str) -> None:
        self.failed += 1
        if len(self.failures) < _FIRST_TOLD:
            self.failures.append((path, why))


async def save(
    hub: HubClient,
    workspace: Workspace,
    batches: AsyncIterable[Sequence[Artifact]],
    folder: Path,
    allowed: Sequence[Path],
    *,
    masker: Masker | None = None,
    progress: Callable[[Saved], Awaitable[None]] | None = None,
    saved: Saved | None = None,
) -> Saved:
    """Download artifacts below `folder`, which must lie in one of the `allowed`; nothing there is overwritten.

    Inputs as they were given are left where they are, unless named. What `masker` knows is masked on the way. A file
    that is gone, refused or in the way of another is told of, and the rest is saved.
    `saved` is kept up to date meanwhile.

    Raises:
        BadArgument: With `save_to`, if the folder is not allowed, or all that was to be saved is there already.
        OSError: The folder cannot be written.
        HubError: The listing broke off.
    """
    saved = saved or Saved(folder)
    saved.folder = check_folder(folder, allowed)
    home = _home_of(saved.folder, allowed) or saved.folder
    place = await anyio.to_thread.run_sync(open_place, saved.folder, home)
    fetch = partial(_batch, hub, workspace, place=place, saved=saved, masker=masker)
    try:
        waiting: list[Artifact] = []
        async for batch in batches:
            for file in batch:
                if file.given and not file.named:
                    continue
                waiting.append(file)
                if len(waiting) >= _BATCH_FILES or sum(each.size for each in waiting) >= _BATCH_BYTES:
                    await fetch(waiting)
                    waiting = []
                    if progress is not None:
                        await progress(saved)
                    if saved.stopped is not None:
                        return saved
        await fetch(waiting)
    finally:
        place.close()
    if saved.conflicts and not saved.count:
        raise BadArgument("A file of that name is there already.", hint="Choose an empty folder.", field="save_to")
    return saved


def check_folder(folder: Path, allowed: Sequence[Path]) -> Path:
    """`folder`, resolved, if it lies in an allowed one; links are followed first. Raises BadArgument."""
    try:
        resolved = folder.expanduser().resolve()
    except (OSError, ValueError, RuntimeError):  # A NUL, no such user, links that lead in a circle.
        raise BadArgument("`save_to` is not a path of a folder.", field="save_to") from None
    if _home_of(resolved, allowed) is None:
        raise BadArgument(
            "`save_to` is not in a folder where this server may write.",
            hint=f"Allowed: {', '.join(str(place) for place in allowed) or 'none; set HF_JOBS_MCP_SAVE_TO'}",
            field="save_to",
        )
    return resolved


def _home_of(resolved: Path, allowed: Sequence[Path]) -> Path | None:
    homes = (place.expanduser().resolve() for place in allowed)
    return next((home for home in homes if resolved.is_relative_to(home)), None)


async def _batch(
    hub: HubClient,
    workspace: Workspace,
    files: list[Artifact],
    *,
    place: Place,
    saved: Saved,
    masker: Masker | None,
) -> None:
    if not files:
        return
    with place.arriving() as (path, arrived):
        pairs = [(f"{workspace.folder}/{file.path}", path / str(number)) for number, file in enumerate(files)]
        broken: dict[int, str] = {}
        try:
            await hub.buckets.download(workspace.bucket, pairs)
        except HubError:
            saved.stopped = await _one_by_one(hub, workspace, pairs, broken)

        def settle() -> None:
            for number, file in enumerate(files):
                if number in broken:
                    saved.not_saved(file.shown, broken[number])
                    continue
                try:
                    name = place.settle(arrived, str(number), file.path, masker)
                except FileNotFoundError:
                    saved.not_saved(file.shown, "gone")
                except FileExistsError:
                    saved.conflicts += 1
                    saved.not_saved(file.shown, "a file is there already")
                else:
                    saved.saved(name, file.size)

        await anyio.to_thread.run_sync(settle)


async def _one_by_one(
    hub: HubClient, workspace: Workspace, pairs: Sequence[tuple[str, Path]], broken: dict[int, str]
) -> HubError | None:
    """A batch of which one file is gone or refused; returns the error where the hub answers no more at all."""
    silent = 0
    for number, pair in enumerate(pairs):
        try:
            await hub.buckets.download(workspace.bucket, [pair])
        except NotFound:
            broken[number] = "gone"
        except HubError as error:
            broken[number] = error.code
            silent = silent + 1 if error.retryable else 0
            if silent == _GIVEN_UP_AFTER:
                broken.update(dict.fromkeys(range(number, len(pairs)), error.code))
                return error
        else:
            silent = 0
    return None
