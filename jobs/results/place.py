"""A folder that is saved to, entered once: names made harmless, files put there whole, no link followed.

Where the system has calls relative to an open folder, the folder is held by its descriptor, and a link that is put in
the place of any part of it leads nowhere. Windows has none of these; there it is held by its path.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.display_text import clean
from jobs.masking import masked_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from jobs.masking.masker import Masker

_PIECE = 1 << 20
_LONGEST_PART = 200
_LONGEST_NAME = 255
_ARRIVING = ".arriving-"
_STALE_AFTER = 3_600.0
_BY_DESCRIPTOR = os.link in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def open_place(folder: Path, home: Path) -> Place:
    """Enter `folder`, making what is missing of it below `home`; no part of it may be a link. Raises OSError."""
    home.mkdir(parents=True, exist_ok=True)
    return _HeldPlace(folder, home) if _BY_DESCRIPTOR else Place(folder)


class Names:
    """The names files get on this machine: no part that misleads, no two paths that become one."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def local(self, path: str, masker: Masker | None) -> tuple[str, ...]:
        """The parts of the path on this machine for a path in a workspace."""
        parts = path.split("/")
        local: tuple[str, ...] = ()
        for place in range(len(parts)):
            whole = "/".join(parts[: place + 1])
            if whole not in self._names:
                name = _harmless(_masked_name(parts[place], masker))
                number = 1
                while "/".join((*local, chosen := _numbered(name, number))) in self._taken:
                    number += 1
                self._taken.add("/".join((*local, chosen)))
                self._names[whole] = chosen
            local = (*local, self._names[whole])
        return local


class Place:
    """A folder reached by its path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = Names()
        folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Let go of the folder."""

    def arriving(self) -> AbstractContextManager[tuple[Path, int]]:
        """A folder for what arrives, removed at the end: a path that leads to it, and what `settle` needs."""
        return self._arriving()

    @contextmanager
    def _arriving(self) -> Iterator[tuple[Path, int]]:
        with TemporaryDirectory(prefix=_ARRIVING, dir=self._folder) as arriving:
            self._arrived = Path(arriving)
            yield self._arrived, -1

    def settle(self, arrived: int, source: str, path: str, masker: Masker | None) -> str:
        """Put the arrived file `source` at `path`, masked, and return the path it got.

        Raises FileNotFoundError where it has not arrived, FileExistsError where something is there already.
        """
        del arrived
        found = self._arrived / source
        if masker is not None:
            with found.open("rb") as reading:
                ranges = masked_file.doubtful(reading, masker)
                if not masked_file.unchanged(reading, masker, ranges):
                    found = self._arrived / f"{source}.masked"
                    with found.open("xb") as writing:
                        masked_file.write(reading, writing, masker, ranges)
        local = "/".join(self._names.local(path, masker))
        target = self._folder / local
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.resolve().is_relative_to(self._folder.resolve()) or target.exists():
            raise FileExistsError(local)
        found.rename(target)
        return local


class _HeldPlace(Place):
    """A folder held by its descriptor."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._names = Names()
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._descriptor = _descend(descriptor, folder.relative_to(home).parts)
        self._sweep()

    def close(self) -> None:
        os.close(self._descriptor)

    @contextmanager
    def _arriving(self) -> Iterator[tuple[Path, int]]:
        name = _ARRIVING + os.urandom(8).hex()
        os.mkdir(name, 0o700, dir_fd=self._descriptor)
        descriptor = os.open(name, _FOLDER, dir_fd=self._descriptor)
        try:
            _lock(descriptor)
            by_descriptor = Path(f"/proc/self/fd/{descriptor}")
            yield (by_descriptor if by_descriptor.exists() else self._folder / name), descriptor
        finally:
            os.close(descriptor)
            shutil.rmtree(name, ignore_errors=True, dir_fd=self._descriptor)

    def settle(self, arrived: int, source: str, path: str, masker: Masker | None) -> str:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=arrived)
        if masker is not None:
            masked = f"{source}.masked"
            source = masked if _masked(reading, arrived, masked, masker) else source
        else:
            os.close(reading)
        *folders, name = self._names.local(path, masker)
        descriptor = _descend(os.dup(self._descriptor), folders)
        try:
            _link(source, arrived, name, descriptor)
        finally:
            os.close(descriptor)
        return "/".join((*folders, name))

    def _sweep(self) -> None:
        """Remove what a server that was killed left arriving."""
        with os.scandir(self._descriptor) as entries:
            left = [entry.name for entry in entries if entry.name.startswith(_ARRIVING)]
        for name in left:
            with suppress(OSError):
                descriptor = os.open(name, _FOLDER, dir_fd=self._descriptor)
                try:
                    if time.time() - os.fstat(descriptor).st_mtime < _STALE_AFTER:
                        continue
                    _lock(descriptor)
                    shutil.rmtree(name, ignore_errors=True, dir_fd=self._descriptor)
                finally:
                    os.close(descriptor)


def _descend(descriptor: int, parts: Sequence[str]) -> int:
    """The folder `parts` below an open one, which is closed; folders that are missing are made, links refused."""
    for part in parts:
        try:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=descriptor)
            below = os.open(part, _FOLDER, dir_fd=descriptor)
        except NotADirectoryError as error:
            raise FileExistsError(str(error)) from None
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _masked(reading: int, folder: int, target: str, masker: Masker) -> bool:
    """Whether the open file holds something to mask; then it is in `target`, masked. Closes the file."""
    with os.fdopen(reading, "rb") as source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise FileNotFoundError(target)
        ranges = masked_file.doubtful(source, masker)
        if masked_file.unchanged(source, masker, ranges):
            return False
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as writing:
            masked_file.write(source, writing, masker, ranges)
    return True


def _link(source: str, arrived: int, name: str, folder: int) -> None:
    """Give an arrived file its name, unless something has it; where the file system has no links it is copied."""
    try:
        os.link(source, name, src_dir_fd=arrived, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
        try:
            reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=arrived)
            with os.fdopen(reading, "rb") as origin, os.fdopen(descriptor, "wb") as writing:
                shutil.copyfileobj(origin, writing, _PIECE)
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise


def _lock(descriptor: int) -> None:
    """Mark a folder as in use; raises OSError where another has it."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _masked_name(part: str, masker: Masker | None) -> str:
    """With `_NAME_` in the place of a value."""
    masked = part if masker is None else masker.mask(part)
    return part if masked == part else masked.replace("***", "_")


def _harmless(part: str) -> str:
    """A file's name without what cannot be seen; never one that means a folder."""
    name = " ".join(clean(part).split()) if clean(part) != part or set(part) & set("\n\t\r") else part
    while len(name.encode(errors="surrogatepass")) > _LONGEST_NAME:
        name = name[:-1]
    return name if name not in {"", ".", ".."} and "/" not in name else "unnamed"


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:_LONGEST_PART]} ({number}).{suffix[:40]}" if stem and dot else f"{name[:_LONGEST_PART]} ({number})"
