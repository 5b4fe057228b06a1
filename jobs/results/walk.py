"""Going through a workspace: names looked up first, then the listing to its end, without what nobody asks for."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import anyio.to_thread

from jobs.errors import HubError, NotFound
from jobs.results import names
from jobs.results.names import Name, Wanted
from jobs.spec.workspace import MANIFEST, Workspace, read_manifest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from datetime import datetime

    from jobs.client.buckets import BucketFile
    from jobs.client.client import HubClient
    from jobs.client.models import Job

_COMPARED_BYTES = 256 * 1024
_MANIFEST_BYTES = 1 << 20
_MOST_FOLDERS = 200
_TELLING_BYTES = 256
_LITTLE = 50  # Names that are looked at without a thread.
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


@dataclass(frozen=True)
class Artifact:
    """A file in a workspace.

    Attributes:
        path: Below the workspace's folder.
        size: In bytes.
        hash: The store's content hash.
        changed_input: Whether it is an input the job has written over.
        given: Whether it is an input as it was given.
        named: Whether it was asked for by its exact name.
        image: Its media type, where it is a picture.
        shown: Its path as a reply shows it.
        id: What fetches it where `shown` is not its path.
        masked: Whether a value stands in its path, which then is told nowhere.
        guarded: Whether a secret's value could be in it: then neither its hash nor a small one's size is told.
    """

    path: str
    size: int
    hash: str | None = None
    changed_input: bool = False
    given: bool = False
    named: bool = False
    image: str | None = None
    shown: str = ""
    id: str | None = None
    masked: bool = False
    guarded: bool = False

    @property
    def told_size(self) -> int | None:
        """Its size, but of a file so small that it tells a value's length."""
        return None if self.guarded and self.size <= _TELLING_BYTES else self.size


@dataclass
class Walk:
    """One way through a job's workspace; `batches` gives the files, the rest is known when it has ended.

    Attributes:
        inputs: How many files are inputs as they were given, and were not asked for.
        left_out: What lies there and is no file of a bucket, by kind, as far as the hub tells.
        met: Which of the wishes meant at least one file.
        newest: When the last of the files was written, as far as the hub tells.
    """

    hub: HubClient
    job: Job
    workspace: Workspace
    wanted: Wanted = field(default_factory=Wanted)
    mask: Callable[[str], str] = str
    inputs: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)
    newest: datetime | None = None

    async def batches(self) -> AsyncGenerator[list[Artifact], None]:
        """The outputs, each once, as the hub lists them. Raises HubError."""
        given = await inputs_of(self.hub, self.workspace)
        exact = await self._exact(given) if self.wanted.asked else []
        if exact:
            yield exact
        rest = self.wanted.without(self.met)
        if self.wanted.asked and not rest.asked:
            return
        had = {file.path for file in exact}
        async with aclosing(self._listed(rest, rest.folder, given, had)) as batches:
            async for batch in batches:
                yield batch
        if rest.folder and not set(rest.asked) <= self.met:  # A name as it was shown need not begin with its folder.
            self.left_out.clear()
            async with aclosing(self._listed(rest.without(self.met), "", given, had)) as batches:
                async for batch in batches:
                    yield batch

    async def _listed(
        self, wanted: Wanted, folder: str, given: dict[str, tuple[str, int]], had: set[str]
    ) -> AsyncGenerator[list[Artifact], None]:
        async with aclosing(self._files(wanted, folder)) as pages:
            async for page in pages:
                look = partial(self._meant, page, wanted)
                meant = look() if len(page) <= _LITTLE else await anyio.to_thread.run_sync(look)
                found = []
                for file, name, wishes in meant:
                    artifact = await self._seen(file, name, wishes, wanted, given)
                    if artifact is not None and artifact.path not in had:
                        found.append(artifact)
                if found:
                    yield found

    async def exact(self) -> list[Artifact]:
        """The files whose exact names were asked for, and no listing. Raises HubError."""
        return await self._exact(await inputs_of(self.hub, self.workspace))

    async def _exact(self, given: dict[str, tuple[str, int]]) -> list[Artifact]:
        candidates = self.wanted.exact
        if not candidates:
            return []
        prefix = self.workspace.folder + "/"
        found: list[Artifact] = []
        for file in await self.hub.buckets.lookup(self.workspace.bucket, [prefix + path for path in candidates]):
            path = file.path.removeprefix(prefix)
            name = Name.of(path, self.mask)
            if path in candidates and name.masked == path:
                self.met.add(candidates[path])
                found.append(await self._artifact(file, name, given, named=True))
        return found

    def _meant(self, files: list[BucketFile], wanted: Wanted) -> list[tuple[BucketFile, Name, list[str]]]:
        """Those of `files` that are meant, each with its name and what it was asked for by."""
        named = [(file, Name.of(self._path(file), self.mask)) for file in files]
        meant = [(file, name, wanted.match(name)) for file, name in named if name.path != MANIFEST]
        return [(file, name, wishes) for file, name, wishes in meant if wishes]

    def _path(self, file: BucketFile) -> str:
        return file.path.removeprefix(self.workspace.folder + "/")

    async def _seen(
        self, file: BucketFile, name: Name, meant: list[str], wanted: Wanted, given: dict[str, tuple[str, int]]
    ) -> Artifact | None:
        artifact = await self._artifact(file, name, given, named=bool({name.shown, name.id} & set(meant)))
        if artifact.given and not wanted.asked:
            self.inputs += 1
            return None
        self.met.update(meant)
        return artifact

    async def _artifact(
        self, file: BucketFile, name: Name, given: dict[str, tuple[str, int]], *, named: bool
    ) -> Artifact:
        path = name.path
        if file.mtime is not None and (self.newest is None or file.mtime > self.newest):
            self.newest = file.mtime
        changed = path in given and await self._changed(file, given[path])
        return Artifact(
            path,
            file.size,
            None if self.job.secrets else file.xet_hash,
            changed_input=changed,
            given=path in given and not changed,
            named=named,
            image=_IMAGES.get(PurePosixPath(path).suffix.lower()),
            shown=name.shown,
            id=None if name.shown == path else name.id,
            masked=name.masked != path,
            guarded=bool(self.job.secrets),
        )

    async def _changed(self, file: BucketFile, given: tuple[str, int]) -> bool:
        """Whether the job has written over an input: its bytes tell where it was touched after the start."""
        digest, size = given
        if file.size != size:
            return True
        if size > _COMPARED_BYTES or (file.mtime and self.job.started_at and file.mtime < self.job.started_at):
            return False
        try:
            data = await self.hub.buckets.read(self.workspace.bucket, file.path, max_bytes=size + 1)
        except HubError:  # Gone meanwhile, or not to be read: then it is at least not what was given.
            return True
        return hashlib.sha256(data).hexdigest() != digest

    async def _files(self, wanted: Wanted, folder: str) -> AsyncGenerator[list[BucketFile], None]:
        """All files that can be meant; where the first page is not the last, folders of noise are gone round."""
        root = self.workspace.folder
        start = f"{root}/{folder}" if folder else root
        around = False
        had: set[str] = set()
        async with aclosing(self.hub.buckets.pages(self.workspace.bucket, start)) as pages:
            async for page in pages:
                self.left_out.update(page.left_out)
                yield page.files
                noisy = any(names.noise(file.path.removeprefix(root + "/")) for file in page.files)
                if not had and not page.last and noisy and not wanted.names_noise:
                    around, had = True, {file.path for file in page.files}
                    self.left_out.clear()
                    break
        if around:
            async with aclosing(self._around(start)) as lists:
                async for files in lists:
                    yield [file for file in files if file.path not in had]

    async def _around(self, start: str) -> AsyncGenerator[list[BucketFile], None]:
        """The files below a folder, but for folders of noise at its top."""
        folders: list[str] = []
        async with aclosing(self.hub.buckets.pages(self.workspace.bucket, start, recursive=False)) as pages:
            async for page in pages:
                self.left_out.update(page.left_out)
                folders += [path for path in page.folders if not names.is_noise_folder(path.rpartition("/")[2])]
                yield page.files
        for folder in folders if len(folders) <= _MOST_FOLDERS else [start]:
            async with aclosing(self.hub.buckets.pages(self.workspace.bucket, folder)) as pages:
                async for page in pages:
                    self.left_out.update(page.left_out)
                    yield page.files


async def inputs_of(hub: HubClient, workspace: Workspace) -> dict[str, tuple[str, int]]:
    """What was placed in the workspace before the job: path → hash and size. Raises HubError."""
    try:
        return read_manifest(
            await hub.buckets.read(workspace.bucket, workspace.manifest_path, max_bytes=_MANIFEST_BYTES)
        )
    except NotFound:
        return {}
