"""Buckets as plain folders: ``ROOT/NAMESPACE/NAME/…`` holds the files themselves, as anyone would expect them.

What a bucket is besides its files (when it was made, whether it is private) lies in ``ROOT/.about``; content on its
way in lies in ``ROOT/.xet``. Neither can be a namespace, since names do not begin with a dot.
"""

import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from local_hub.buckets.hashes import Digests, Place
from local_hub.buckets.tree import Tree

#: A count of a bucket's files is good for so many times as long as it took.
_COUNT_HOLDS = 50.0

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?")


class BucketNameError(ValueError):
    """A name that no bucket can have."""


class BucketExistsError(Exception):
    """There is a bucket of that name."""


class BucketMissingError(Exception):
    """There is no bucket of that name."""


@dataclass(frozen=True)
class About:
    """What is known of a bucket besides its files; `created_at` is in seconds since the epoch."""

    private: bool
    created_at: float


class Buckets:
    """All buckets of this hub, each a folder that a person can open and a job can mount."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests = Digests()
        self._lock = threading.RLock()
        self._totals: dict[tuple[str, str], tuple[tuple[int, int], float]] = {}

    def folder(self, namespace: str, name: str) -> Path:
        """Return where the bucket's files lie, whether or not the bucket exists.

        Raises:
            BucketNameError: one of the names could not be a bucket's, so no path is made of it.
        """
        for part in (namespace, name):
            if not _NAME.fullmatch(part) or ".." in part or "--" in part:
                raise BucketNameError(
                    "A bucket's name has up to 96 letters, digits, '-', '_' and '.', begins with a letter or digit, "
                    "does not end with '.', and has no '..' or '--'."
                )
        return self.root / namespace / name

    def ensure(self, namespace: str, name: str) -> Path:
        """Create the bucket, private, unless it exists; return its folder."""
        try:
            return self.create(namespace, name, private=True)
        except BucketExistsError:
            return self.folder(namespace, name)

    def create(self, namespace: str, name: str, *, private: bool) -> Path:
        """Create a bucket; raises `BucketExistsError` when there is one."""
        folder = self.folder(namespace, name)
        with self._lock:
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                raise BucketExistsError(f"{namespace}/{name}") from None
            self._note(namespace, name, About(private=private, created_at=time.time()))
        return folder

    def tree(self, namespace: str, name: str) -> Tree:
        """Return the files of an existing bucket; raises `BucketMissingError`."""
        try:
            folder = self.folder(namespace, name)
        except BucketNameError:
            raise BucketMissingError(f"{namespace}/{name}") from None
        if not folder.is_dir() or folder.is_symlink():
            raise BucketMissingError(f"{namespace}/{name}")
        return Tree(folder)

    def about(self, namespace: str, name: str) -> About:
        """Return what is noted of an existing bucket; a folder that a person made is a private bucket."""
        folder = self.tree(namespace, name).root
        try:
            return About(**json.loads(self._note_path(namespace, name).read_text()))
        except (OSError, ValueError, TypeError):
            return About(private=True, created_at=folder.stat().st_mtime)

    def settings(self, namespace: str, name: str, *, private: bool) -> None:
        """Make an existing bucket private or public."""
        with self._lock:
            old = self.about(namespace, name)
            self._note(namespace, name, About(private=private, created_at=old.created_at))

    def total(self, namespace: str, name: str) -> tuple[int, int]:
        """Return the number of files of an existing bucket and their bytes, counted anew after a while only.

        Jobs write into the folders themselves, so nobody else knows; the longer counting took, the longer it holds.
        """
        now = time.monotonic()
        counted = self._totals.get((namespace, name))
        tree = self.tree(namespace, name)
        if counted is None or now > counted[1]:
            files = tree.total()
            counted = files, time.monotonic() + (time.monotonic() - now) * _COUNT_HOLDS
            self._totals[namespace, name] = counted
        return counted[0]

    def changed(self, namespace: str, name: str) -> None:
        """Forget what was counted of a bucket."""
        self._totals.pop((namespace, name), None)

    def names(self, namespace: str) -> list[str]:
        """Return the names of a namespace's buckets, sorted."""
        try:
            found = [entry.name for entry in os.scandir(self.root / namespace) if entry.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in found if _NAME.fullmatch(name))

    def delete(self, namespace: str, name: str) -> None:
        """Delete a bucket and all its files. It is gone at once; the bytes follow."""
        with self._lock:
            folder = self.tree(namespace, name).root
            doomed = self.incoming()
            folder.rename(doomed)
            self._note_path(namespace, name).unlink(missing_ok=True)
            self.changed(namespace, name)
        shutil.rmtree(doomed, ignore_errors=True)

    def move(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Rename a bucket, possibly into another namespace."""
        with self._lock:
            folder, about = self.tree(*source).root, self.about(*source)
            goal = self.folder(*target)
            goal.parent.mkdir(parents=True, exist_ok=True)
            if goal.exists():
                raise BucketExistsError("/".join(target))
            folder.rename(goal)
            self.changed(*source)
            self.changed(*target)
            self._note(*target, about)
            self._note_path(*source).unlink(missing_ok=True)

    def incoming(self) -> Path:
        """Return a path for something on its way in or out, on the buckets' own file system."""
        folder = self.root / ".xet" / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / secrets.token_hex(8)

    def digest(self, namespace: str, name: str, path: str) -> str:
        """Return the content hash of a file and remember where that content is; raises `FileNotFoundError`."""
        with self.tree(namespace, name).open(path) as descriptor:
            digest, _ = self.digests.of(descriptor)
        self.digests.place(digest, Place(namespace, name, path))
        return digest

    def find(self, digest: str, namespace: str, name: str) -> Place | None:
        """Find content by its hash: where it was last, else anywhere in the bucket (which may read all of it)."""
        for place in self._candidates(digest, namespace, name):
            try:
                if self.digest(place.namespace, place.name, place.path) == digest:
                    return place
            except (FileNotFoundError, BucketMissingError):
                continue
        return None

    def _candidates(self, digest: str, namespace: str, name: str) -> Iterator[Place]:
        if (place := self.digests.last_place(digest)) is not None:
            yield place
        for entry in self.tree(namespace, name).walk():
            yield Place(namespace, name, entry.path)

    def _note_path(self, namespace: str, name: str) -> Path:
        return self.root / ".about" / namespace / f"{name}.json"

    def _note(self, namespace: str, name: str, about: About) -> None:
        path = self._note_path(namespace, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.incoming()
        draft.write_text(json.dumps(asdict(about)))
        draft.replace(path)
