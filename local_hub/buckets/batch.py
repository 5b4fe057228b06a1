"""One batch of changes to a bucket: files added, copied and deleted, each on its own."""

import os
from pathlib import Path
from typing import Any

from local_hub.buckets.buckets import BucketMissingError, BucketNameError, Buckets
from local_hub.buckets.hashes import EMPTY, Place
from local_hub.buckets.tree import FileState, PathRefusedError, Tree, checked
from local_hub.buckets.xet_uploads import HASH, Uploads
from local_hub.buckets.xorb import XorbError

_BLOCK = 1 << 20


class ContentMissingError(Exception):
    """The content an operation names is not here; the sentence says where it was looked for."""


class Batch:
    """Applies operations in their order. Blocking: run it in a thread."""

    def __init__(self, buckets: Buckets, uploads: Uploads, target: tuple[str, str]) -> None:
        self.buckets = buckets
        self.uploads = uploads
        self.target = target
        self.tree: Tree = buckets.tree(*target)
        self._arrived: dict[str, Path] = {}

    def apply(self, operations: list[dict[str, Any]]) -> list[dict[str, str]]:
        """Apply all operations; return those that failed as the client expects them, ``{"path", "error"}``."""
        failed = []
        try:
            self._fetch([one.get("xetHash", "") for one in operations if one.get("type") == "addFile"])
            for one in operations:
                try:
                    self._apply(one)
                except (PathRefusedError, ContentMissingError) as error:
                    failed.append({"path": str(one.get("path", "")), "error": str(error)})
                except FileNotFoundError:
                    failed.append({"path": str(one.get("path", "")), "error": "No such file."})
        finally:
            for path in self._arrived.values():
                path.unlink(missing_ok=True)
            self.buckets.changed(*self.target)
        return failed

    def _apply(self, one: dict[str, Any]) -> None:
        path = checked(str(one.get("path", "")))
        match one.get("type"):
            case "deleteFile":
                self.tree.delete(path)
            case "addFile":
                self._place(path, self._digest(one), self.target, one.get("mtime"))
            case "copyFile":
                self._place(path, self._digest(one), self._origin(one), one.get("mtime"))
            case _:
                raise PathRefusedError("An operation is addFile, copyFile or deleteFile.")

    def _digest(self, one: dict[str, Any]) -> str:
        digest = one.get("xetHash")
        if not isinstance(digest, str) or not HASH.fullmatch(digest):
            raise ContentMissingError("xetHash is not a content hash of 64 hexadecimal digits.")
        return digest

    def _origin(self, one: dict[str, Any]) -> tuple[str, str]:
        if one.get("sourceRepoType") != "bucket":
            raise ContentMissingError("The local hub has buckets only: models, datasets and spaces cannot be copied.")
        namespace, _, name = str(one.get("sourceRepoId", "")).partition("/")
        return namespace, name

    def _place(self, path: str, digest: str, origin: tuple[str, str], mtime: Any) -> None:
        draft = self.buckets.incoming()
        try:
            self._write(draft, digest, origin)
            if isinstance(mtime, int | float) and 0 <= mtime < 1 << 43:
                os.utime(draft, ns=(int(mtime) * 1_000_000,) * 2)
            state = self.tree.put(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        self.buckets.digests.learn(state, digest)
        self.buckets.digests.place(digest, Place(*self.target, path))

    def _write(self, draft: Path, digest: str, origin: tuple[str, str]) -> None:
        if digest == EMPTY:
            draft.touch()
        elif (arrived := self._arrived.get(digest)) is not None:
            with arrived.open("rb") as file:
                _copy(file.fileno(), draft)
        else:
            self._copy_existing(draft, digest, origin)

    def _copy_existing(self, draft: Path, digest: str, origin: tuple[str, str]) -> None:
        try:
            place = self.buckets.find(digest, *origin)
            if place is not None:
                with self.buckets.tree(place.namespace, place.name).open(place.path) as descriptor:
                    before = FileState.of(os.fstat(descriptor))
                    _copy(descriptor, draft)
                    if FileState.of(os.fstat(descriptor)) == before:
                        return
        except (BucketMissingError, BucketNameError, FileNotFoundError):
            pass
        raise ContentMissingError("Neither an upload nor the source bucket has this content.")

    def _fetch(self, digests: list[Any]) -> None:
        """Put uploaded files together, each in a file of its own, and check that they are what they claim to be."""
        for digest in dict.fromkeys(one for one in digests if isinstance(one, str)):
            if digest == EMPTY or not HASH.fullmatch(digest):
                continue
            self._arrived[digest] = path = self.buckets.incoming()
            try:
                whole = self.uploads.assemble(digest, path)
            except XorbError:
                whole = False
            if not whole or self.buckets.digests.compute(str(path)) != digest:
                path.unlink(missing_ok=True)
                del self._arrived[digest]


def _copy(descriptor: int, draft: Path) -> None:
    """Copy an open file and put the copy on disk."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with draft.open("wb") as file:
        while block := os.read(descriptor, _BLOCK):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
