"""What a job left in its workspace, told from its inputs: a list that says what of it is not in it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from jobs.logs.matches import size
from jobs.results.names import Wanted
from jobs.results.walk import Artifact, Walk
from jobs.spec.workspace import Workspace, of_job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from jobs.client.client import HubClient
    from jobs.client.models import Job

__all__ = ["Artifact", "Listing", "listing"]

MOST_LISTED = 40
LISTED_BYTES = 3_000
LARGEST_DOCUMENT = 8 * 1024 * 1024
"""The largest JSON file that is looked into for an answer or figures."""
_ROW_BYTES = 100
_KEPT = 1_000
_DOCUMENTS = 200
_FIRST_LOOK_FILES = 10_000
_FIRST_LOOK_LASTS = 5.0
_PATTERN_LASTS = 40.0


@dataclass(frozen=True)
class Listing:
    """The outputs in a workspace, by path.

    Attributes:
        workspace: None for a job that has none.
        files: The first thousand.
        count: How many there are; at least so many, where `cut`.
        cut: Whether the listing was given up before its end.
        inputs: How many files are unchanged inputs.
        left_out: What lies there and is no file of a bucket, by kind.
        unmatched: What was asked for and is not there.
        documents: The JSON files nearest the top, for whoever looks for answers or figures.
        newest: When the last of them was written, as far as the hub tells.
    """

    workspace: Workspace | None
    files: tuple[Artifact, ...] = ()
    count: int = 0
    cut: bool = False
    inputs: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    documents: tuple[Artifact, ...] = ()
    newest: datetime | None = None

    @property
    def shown(self) -> tuple[Artifact, ...]:
        """Those that a reply lists: `MOST_LISTED`, in about `LISTED_BYTES`."""
        shown: list[Artifact] = []
        room = LISTED_BYTES
        for file in self.files[:MOST_LISTED]:
            room -= size(file.shown) + _ROW_BYTES
            if room < 0 and shown:
                break
            shown.append(file)
        return tuple(shown)

    @property
    def more(self) -> int:
        """How many a reply does not list; at least so many, where `cut`."""
        return self.count - len(self.shown)


async def listing(hub: HubClient, job: Job, asked: Sequence[str] = (), *, mask: Callable[[str], str] = str) -> Listing:
    """The job's outputs, by path, or what is `asked` for by name and pattern, inputs among it.

    A name is looked up; patterns are held against the whole listing. Without either the listing is given up where it
    grows long, and says so. A job without a workspace of ours has none. Raises HubError, BadArgument.
    """
    wanted = Wanted.parse(asked)
    workspace = of_job(job)
    if workspace is None:
        return Listing(None, unmatched=wanted.asked)
    walk = Walk(hub, job, workspace, wanted, mask)
    files: list[Artifact] = []
    documents: list[tuple[int, str, Artifact]] = []
    count = 0
    cut = True
    most = None if wanted.asked else _FIRST_LOOK_FILES
    with anyio.move_on_after(_PATTERN_LASTS if wanted.asked else _FIRST_LOOK_LASTS):
        async with aclosing(walk.batches()) as batches:
            async for batch in batches:
                count += len(batch)
                files += batch[: _KEPT - len(files)] if len(files) < _KEPT else []
                documents = heapq.nsmallest(_DOCUMENTS, [*documents, *_documents(batch)])
                if most is not None and count >= most:
                    break
            else:
                cut = False
    return Listing(
        workspace=workspace,
        files=tuple(sorted(files, key=lambda file: file.path)),
        count=count,
        cut=cut,
        inputs=walk.inputs,
        left_out=dict(walk.left_out),
        unmatched=() if cut else tuple(each for each in wanted.asked if each not in walk.met),
        documents=tuple(file for _, _, file in documents),
        newest=walk.newest,
    )


def _documents(files: Sequence[Artifact]) -> list[tuple[int, str, Artifact]]:
    return [
        (file.path.count("/"), file.path, file)
        for file in files
        if file.path.endswith(".json") and 1 < file.size <= LARGEST_DOCUMENT and not file.given
    ]
