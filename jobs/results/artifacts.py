"""What a job left in its workspace, told from its inputs: a list that says what of it is not in it."""

from __future__ import annotations

from collections import Counter
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
_DOCUMENTS = 400
_DOCUMENT = (".json", ".jsonl", ".ndjson", ".xml")
_FIRST_OF_FOLDER = 8
_LEAST_ANSWER = 60
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
        hurried: Whether it was given up for want of time: another look may see more.
        inputs: How many files are unchanged inputs.
        left_out: What lies there and is no file of a bucket, by kind.
        unmatched: What was asked for and is not there.
        documents: The JSON, JSONL and XML files nearest the top, for whoever looks for answers or figures: of each
            folder the first few before the others.
        further: How many such files, that could be an agent's, are not among `documents`.
        newest: When the last of them was written, as far as the hub tells.
    """

    workspace: Workspace | None
    files: tuple[Artifact, ...] = ()
    count: int = 0
    cut: bool = False
    hurried: bool = False
    inputs: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    documents: tuple[Artifact, ...] = ()
    further: int = 0
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
    documents = _Documents()
    count = 0
    cut = True
    most = None if wanted.asked else _FIRST_LOOK_FILES
    with anyio.move_on_after(_PATTERN_LASTS if wanted.asked else _FIRST_LOOK_LASTS) as time:
        async with aclosing(walk.batches()) as batches:
            async for batch in batches:
                count += len(batch)
                files += batch[: _KEPT - len(files)] if len(files) < _KEPT else []
                documents.add(batch)
                if most is not None and count >= most:
                    break
            else:
                cut = False
    return Listing(
        workspace=workspace,
        files=tuple(sorted(files, key=lambda file: file.path)),
        count=count,
        cut=cut,
        hurried=time.cancelled_caught,
        inputs=walk.inputs,
        left_out=dict(walk.left_out),
        unmatched=() if cut else tuple(each for each in wanted.asked if each not in walk.met),
        documents=tuple(file for *_, file in documents.kept),
        further=documents.further,
        newest=walk.newest,
    )


@dataclass
class _Documents:
    """The files that may hold an answer or figures, those first that come first."""

    kept: list[tuple[int, int, str, Artifact]] = field(default_factory=list)
    further: int = 0
    _in_folder: Counter[str] = field(default_factory=Counter)

    def add(self, files: Sequence[Artifact]) -> None:
        for file in files:
            if file.given or not file.path.endswith(_DOCUMENT) or not 1 < file.size <= LARGEST_DOCUMENT:
                continue
            folder = file.path.rpartition("/")[0]
            row = self._in_folder[folder] // _FIRST_OF_FOLDER
            self._in_folder[folder] += 1
            self.kept.append((row, file.path.count("/"), file.path, file))
        if len(self.kept) > _DOCUMENTS:
            self.kept.sort()
            self.further += sum(could_answer(file) for *_, file in self.kept[_DOCUMENTS:])
            del self.kept[_DOCUMENTS:]
        else:
            self.kept.sort()


def could_answer(file: Artifact) -> bool:
    """Whether a file nobody named can be an agent's by its name and size."""
    return file.path.endswith(".json") and file.size >= _LEAST_ANSWER
