"""The files of one bucket, reached without ever following a link.

A job may write whatever it likes into a bucket it has mounted, links to the outside included. Every path is therefore
walked one folder at a time with ``O_NOFOLLOW``, so what is read or replaced is inside the bucket, also while the
job is changing it. Links, sockets, pipes and devices are not files of a bucket: they are neither listed nor served.

A bucket's paths are Unicode. A name that is not UTF-8 is listed with a backslash, an x and two digits for each byte
that is none, and is reached by that, unless another file has just that name.
"""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEEPEST = 64
_LONGEST_NAME = 255  # NAME_MAX of every file system in use
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")
_NOT_A_FILE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG, errno.EISDIR, errno.EACCES, errno.EPERM}
)


class PathRefusedError(Exception):
    """A path that cannot be a bucket path, or that something else is in the way of; the sentence says which."""


@dataclass(frozen=True)
class FileState:
    """What tells one content of a file from the next without reading it."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> "FileState":
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True)
class Entry:
    """A file, or a folder with files somewhere below it (`state` is then None).

    `left_out` says why something else that lies there is no file of a bucket: `link`, `special` (a socket, pipe or
    device), `name` (not UTF-8, and no way to write it otherwise), `unreadable` (a folder that cannot be entered),
    `deep` (a folder too far down).
    """

    path: str
    state: FileState | None
    left_out: str | None = None


def checked(path: str) -> str:
    """Return `path` if it can be the path of a file in a bucket, else raise `PathRefusedError`."""
    parts = path.split("/")
    if not path or any(part in {"", ".", ".."} for part in parts):
        raise PathRefusedError("A path is relative, and has no empty part, '.' or '..'.")
    if len(parts) > _DEEPEST:
        raise PathRefusedError(f"A path has at most {_DEEPEST} parts.")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise PathRefusedError("A path is valid Unicode.") from None
    if "\0" in path or max(sizes) > _LONGEST_NAME:
        raise PathRefusedError("A part of a path has at most 255 bytes and no NUL.")
    return path


class Tree:
    """The folder of one bucket."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def open(self, path: str) -> Iterator[int]:
        """Open a file for reading; the descriptor is closed afterwards.

        Raises:
            FileNotFoundError: there is no regular file at `path`, or only by way of a link.
        """
        descriptor = self.descriptor(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def descriptor(self, path: str) -> int:
        """Like `open`, but the caller closes it."""
        try:
            with self._folder(path) as (folder, name):
                descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in _NOT_A_FILE:
                raise FileNotFoundError(path) from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileNotFoundError(path)
        return descriptor

    def folder(self, path: str = "", *, make: bool = False) -> int:
        """Open a folder of the bucket, made where it is not there if `make`; the caller closes the descriptor.

        Raises:
            FileNotFoundError: there is none.
            OSError: a link or a file is in the way.
        """
        return self._descend(checked(path).split("/") if path else [], make=make)

    def put(self, source: Path, path: str) -> FileState:
        """Move the finished file `source`, on the same file system, to `path`; replaces what was there at once.

        Raises:
            PathRefusedError: a file or a link stands where a folder is needed, or a folder with files at `path`.
        """
        try:
            with self._folder(path, make=True) as (folder, name):
                try:
                    os.rename(source, name, dst_dir_fd=folder)
                except (IsADirectoryError, FileExistsError):
                    self._remove_hollow(folder, name)
                    os.rename(source, name, dst_dir_fd=folder)
                return FileState.of(os.stat(name, dir_fd=folder, follow_symlinks=False))
        except (NotADirectoryError, FileExistsError, FileNotFoundError):
            raise PathRefusedError("A file is in the way where this path needs a folder.") from None
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EISDIR}:
                raise PathRefusedError("There is a folder at this path.") from None
            if error.errno == errno.ELOOP:
                raise PathRefusedError("The path goes through a link.") from None
            raise

    def delete(self, path: str) -> None:
        """Delete one file. Folders stay: a running job may have one mounted.

        Raises:
            FileNotFoundError: there is no file at `path`.
        """
        try:
            with self._folder(path) as (folder, name):
                os.unlink(name, dir_fd=folder)
        except OSError as error:
            if error.errno in _NOT_A_FILE:
                raise FileNotFoundError(path) from None
            raise

    def state(self, path: str) -> FileState | None:
        """Return the state of the file at `path`, or None when there is none."""
        try:
            with self.open(path) as descriptor:
                return FileState.of(os.fstat(descriptor))
        except FileNotFoundError:
            return None

    def walk(
        self, prefix: str = "", *, recursive: bool = True, after: str = "", everything: bool = False
    ) -> Iterator[Entry]:
        """Yield what begins with `prefix`, as text, in the order of the paths, and comes after `after`.

        Recursive: every file. Otherwise one level: the folder named by `prefix` is opened, others stay closed.
        With `everything` what is left out is told too, in its place.
        """
        parent, slash, start = prefix.rpartition("/")
        if slash and not parent:
            return
        try:
            descriptor = self._descend(checked(parent).split("/") if parent else [])
        except (OSError, PathRefusedError):
            return
        try:
            base = f"{parent}/" if parent else ""
            opened = start if not recursive else None
            for entry in self._walk(descriptor, base, start, recursive=recursive, after=after, opened=opened):
                if everything or entry.left_out is None:
                    yield entry
        finally:
            os.close(descriptor)

    def total(self) -> tuple[int, int]:
        """Return the number of files and their bytes."""
        count = size = 0
        for entry in self.walk():
            if entry.state is not None:
                count, size = count + 1, size + entry.state.size
        return count, size

    def _walk(
        self, descriptor: int, base: str, start: str, *, recursive: bool, after: str, opened: str | None = None
    ) -> Iterator[Entry]:
        if base.count("/") >= _DEEPEST:
            yield Entry(base.rstrip("/"), None, left_out="deep")
            return
        for name, shown, is_folder in _listing(descriptor, start):
            path = base + (shown or name)
            if not is_folder or shown is None:
                entry = _entry(descriptor, name, path) if shown else Entry(path, None, left_out="name")
                if path > after and entry is not None:
                    yield entry
                continue
            inside = f"{path}/"
            if after > inside and not after.startswith(inside):
                continue
            try:
                child = os.open(name, _FOLDER, dir_fd=descriptor)
            except OSError:
                if path > after:
                    yield Entry(path, None, left_out="unreadable")
                continue
            try:
                if recursive or name == opened:
                    yield from self._walk(child, inside, "", recursive=recursive, after=after)
                elif path > after and self._holds_files(child, inside):
                    yield Entry(path, None)
            finally:
                os.close(child)

    def _holds_files(self, descriptor: int, base: str) -> bool:
        return any(entry.left_out is None for entry in self._walk(descriptor, base, "", recursive=True, after=""))

    @contextmanager
    def _folder(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        *parents, name = checked(path).split("/")
        descriptor = self._descend(parents, make=make)
        try:
            yield descriptor, _named(descriptor, name)
        finally:
            os.close(descriptor)

    def _descend(self, parts: list[str], *, make: bool = False) -> int:
        descriptor = os.open(self.root, _FOLDER)
        for part in parts:
            try:
                name = _named(descriptor, part)
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=descriptor)
                below = os.open(name, _FOLDER, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
        return descriptor

    def _remove_hollow(self, folder: int, name: str) -> None:
        """Remove the folder `name` if nothing but folders is in it."""
        child = os.open(name, _FOLDER, dir_fd=folder)
        try:
            with os.scandir(child) as found:
                names = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
            for below in names:
                self._remove_hollow(child, below)
        finally:
            os.close(child)
        os.rmdir(name, dir_fd=folder)


def _listing(descriptor: int, start: str) -> list[tuple[str, str | None, bool]]:
    """Names in one folder that begin with `start`, as they are and as they are listed, and whether each is a folder.

    In the order of their full paths. What cannot be listed has None there.
    """
    with os.scandir(descriptor) as entries:
        found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    listed = [(name, _listed(name, found), is_folder) for name, is_folder in found.items()]
    some = [each for each in listed if (each[1] or each[0]).startswith(start)]
    return sorted(some, key=lambda each: (each[1] or each[0]) + "/" * each[2])


def _listed(name: str, beside: Collection[str]) -> str | None:
    """A name in Unicode; None where that is longer than a name can be, or another's."""
    if _is_unicode(name):
        return name
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    return shown if len(shown.encode()) <= _LONGEST_NAME and shown not in beside else None


def _named(descriptor: int, part: str) -> str:
    """The name in an open folder that is meant by a part of a path."""
    coded = os.fsencode(part)
    if _BYTE.search(coded) is None or _exists(descriptor, part):
        return part
    other = os.fsdecode(_BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), coded))
    return other if not _is_unicode(other) and _exists(descriptor, other) else part


def _exists(descriptor: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return False
    return True


def _entry(descriptor: int, name: str, path: str) -> Entry | None:
    """What stands under a name that is no folder's; None where it is gone by now."""
    try:
        state = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(state.st_mode):
        return Entry(path, None, left_out="link")
    if not stat.S_ISREG(state.st_mode):
        return Entry(path, None, left_out="special")
    return Entry(path, FileState.of(state))


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
