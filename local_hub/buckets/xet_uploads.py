"""Content on its way into a bucket, in the form in which Xet clients upload it.

A client cuts files into chunks, packs chunks into *xorbs* and says in a *shard* which chunks make which file (the
formats are in Xet's open protocol specification). Both are kept as they come until the files are put together. A
client also remembers, per content-store address, what it has uploaded there and does not send it again; so uploads
live in *epochs*, each with an address of its own, and an epoch is forgotten as a whole, long after its last use.
"""

import os
import re
import secrets
import shutil
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from local_hub.buckets.xorb import Xorb

HASH = re.compile(r"[0-9a-f]{64}")

#: Most bytes of one xorb or shard. Clients make xorbs of 64 MiB at most, before their footer.
LARGEST_UPLOAD = 96 << 20

_SHARD_HEADER = 48
_RECORD = 48
_END = b"\xff" * 32
_WITH_VERIFICATION = 0x8000_0000
_WITH_METADATA = 0x4000_0000
_EPOCH_SECONDS = 24 * 3600
_STRAY_SECONDS = 24 * 3600
_EPOCH_BYTES = 512 << 20
_OPEN_XORBS = 16


class ShardError(ValueError):
    """A shard that does not follow the format, or names a xorb that was not uploaded."""


@dataclass(frozen=True)
class Term:
    """A run of chunks of one xorb; `size` is the number of bytes it makes."""

    xorb: str
    first: int
    end: int
    size: int


class Uploads:
    """The epochs under one folder. Safe in threads."""

    def __init__(self, root: Path, *, grace: float = 3600.0) -> None:
        """Open the store in `root`; an epoch is deleted `grace` seconds after its last use."""
        self.root = root
        self.grace = grace
        self._lock = threading.Lock()
        self._files: dict[str, dict[str, tuple[Term, ...]]] = {}
        self._current = ""
        self._started = 0.0

    def epoch(self) -> str:
        """Return the epoch that new uploads go to."""
        self.sweep()
        with self._lock:
            now = time.time()
            worn = now - self._started > _EPOCH_SECONDS
            if worn or not self.exists(self._current) or self._bytes(self._current) > _EPOCH_BYTES:
                self._current, self._started = f"w{secrets.token_hex(8)}", now
                (self.root / self._current / "xorbs").mkdir(parents=True)
                (self.root / self._current / "shards").mkdir()
            os.utime(self.root / self._current)
            return self._current

    def exists(self, epoch: str) -> bool:
        """Say whether there is such an epoch."""
        return bool(re.fullmatch(r"w[0-9a-f]{16}", epoch)) and (self.root / epoch).is_dir()

    def xorb(self, epoch: str, digest: str) -> Path:
        """Return where a xorb is, or is to be."""
        if not HASH.fullmatch(digest):
            raise ValueError("A xorb's name is 64 hexadecimal digits.")
        return self.root / epoch / "xorbs" / digest

    def draft(self, epoch: str) -> Path:
        """Return a fresh path for an upload that is not complete yet."""
        os.utime(self.root / epoch)
        return self.root / epoch / f".{secrets.token_hex(8)}"

    def add_shard(self, epoch: str, shard: bytes) -> None:
        """Take in a shard; raises `ShardError`, having taken in nothing."""
        files = dict(parse_shard(shard))
        for terms in files.values():
            for term in terms:
                if not self.xorb(epoch, term.xorb).is_file():
                    raise ShardError("The shard names a xorb that was not uploaded.")
        draft = self.draft(epoch)
        draft.write_bytes(shard)
        draft.replace(self.root / epoch / "shards" / secrets.token_hex(8))
        with self._lock:
            self._load(epoch).update(files)

    def file(self, epoch: str, digest: str) -> tuple[Term, ...] | None:
        """Return what a file is made of, if it was uploaded in this epoch."""
        with self._lock:
            return self._load(epoch).get(digest)

    def holder(self, digest: str) -> str | None:
        """Return an epoch in which a file was uploaded."""
        with self._lock:
            for epoch in self._epochs():
                if digest in self._load(epoch):
                    os.utime(self.root / epoch)
                    return epoch
        return None

    def assemble(self, digest: str, goal: Path) -> bool:
        """Write an uploaded file to `goal`; say whether all of it is here. Whether it is what it claims is not checked.

        Raises:
            XorbError: a xorb does not follow the format.
        """
        epoch = self.holder(digest)
        terms = None if epoch is None else self.file(epoch, digest)
        if epoch is None or terms is None:
            return False
        with ExitStack() as opened, goal.open("wb") as file:
            xorbs: dict[str, Xorb] = {}
            for term in terms:
                if term.xorb not in xorbs:
                    if len(xorbs) == _OPEN_XORBS:
                        xorbs.pop(next(iter(xorbs))).close()
                    try:
                        xorbs[term.xorb] = opened.enter_context(Xorb(self.xorb(epoch, term.xorb)))
                    except FileNotFoundError:
                        return False
                for index in range(term.first, term.end):
                    file.write(xorbs[term.xorb].chunk(index))
            file.flush()
            os.fsync(file.fileno())
        return True

    def _load(self, epoch: str) -> dict[str, tuple[Term, ...]]:
        if epoch not in self._files:
            files: dict[str, tuple[Term, ...]] = {}
            for shard in (self.root / epoch / "shards").glob("*"):
                files.update(parse_shard(shard.read_bytes()))
            self._files[epoch] = files
        return self._files[epoch]

    def _epochs(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return [entry.name for entry in os.scandir(self.root) if self.exists(entry.name)]

    def _bytes(self, epoch: str) -> int:
        with os.scandir(self.root / epoch / "xorbs") as xorbs:
            return sum(entry.stat().st_size for entry in xorbs)

    def unused(self) -> list[Path]:
        """Return the folders of epochs that `sweep` would delete."""
        return [self.root / epoch for epoch in self._epochs() if self._age(self.root / epoch) > self.grace]

    def sweep(self) -> None:
        """Delete the epochs that nobody can still be using, and files that never arrived. Blocks."""
        with self._lock:
            for folder in self.unused():
                shutil.rmtree(folder, ignore_errors=True)
                self._files.pop(folder.name, None)
            beside = self.root.parent
            for stray in (*beside.glob("incoming/*"), *beside.glob("cache/http*")):
                if self._age(stray) > _STRAY_SECONDS:
                    shutil.rmtree(stray, ignore_errors=True)
                    with suppress(OSError):
                        stray.unlink()

    def _age(self, path: Path) -> float:
        try:
            return time.time() - path.lstat().st_mtime
        except OSError:
            return 0.0


def parse_shard(shard: bytes) -> Iterator[tuple[str, tuple[Term, ...]]]:
    """Yield the files of a shard, each with what it is made of; raises `ShardError`."""
    offset = _SHARD_HEADER
    try:
        while (name := shard[offset : offset + 32]) != _END:
            flags, count = struct.unpack_from("<II", shard, offset + 32)
            offset += _RECORD
            terms = tuple(_term(shard, offset + _RECORD * index) for index in range(count))
            offset += _RECORD * count
            if flags & _WITH_VERIFICATION:
                offset += _RECORD * count
            if flags & _WITH_METADATA:
                offset += _RECORD
            yield _hex(name), terms
    except struct.error:
        raise ShardError("The shard is cut short.") from None


def _term(shard: bytes, offset: int) -> Term:
    _, size, first, end = struct.unpack_from("<IIII", shard, offset + 32)
    if end <= first:
        raise ShardError("The shard has an empty run of chunks.")
    return Term(xorb=_hex(shard[offset : offset + 32]), first=first, end=end, size=size)


def _hex(raw: bytes) -> str:
    """Write a hash as Xet does: four little-endian 64-bit numbers."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))
