"""A job's own namespaces: users, mounts, processes and IPC, made by its first processes and entered before it runs.

It is what bubblewrap does, done by the process that a supervisor has forked anyway, so that nothing has to be
installed and each folder is opened once: a volume is walked one part at a time without following a link, and what
was opened is what is mounted. Standard library only, like `supervisor`, which loads it; run as a program with a JSON
enclosure and a command it tries them, which tells whether this machine allows it at all.

Three processes come of it: the supervisor's child, which waits; the first process of the new process namespace, which
mounts, collects what ends and takes everything with it when it goes; and the job, without any capability.
"""

# pathlib would double what every launch waits for, and this is all about descriptors:
# ruff: noqa: S606, TRY301

import contextlib
import ctypes
import errno
import json
import os
import platform
import resource
import signal
import stat
import struct
import sys
from collections.abc import Callable
from typing import Any, NoReturn

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x40000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 0x1, 0x2, 0x4
_AT_EMPTY_PATH, _AT_RECURSIVE = 0x1000, 0x8000
_CLONE = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000  # mounts, UTS, IPC, users, processes
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 24, 38, 47
_LAST_CAPABILITY = 63
_SCOPED_ABI, _SCOPES = 6, 0x1 | 0x2  # Landlock: abstract sockets and signals of processes outside.
_MOUNT_SETATTR, _LANDLOCK = 442, (444, 446)
#: The calls that the C library does not offer: pivot_root and keyctl.
_CALLS = {"x86_64": (155, 250), "aarch64": (41, 219), "riscv64": (41, 219)}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_REFUSED = 126

MOST_PROCESSES = 4096
MOST_FILES = 65_536


class EnclosureError(Exception):
    """The sandbox could not be made; the sentence says which part of it."""


class _Kernel:
    """The system calls used here; each raises `OSError`."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._pivot_root, self._keyctl = _CALLS[platform.machine()]
        self.prctl = self._libc.prctl

    def check(self, result: int, what: str = "") -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), what or None)
        return result

    def unshare(self, flags: int) -> None:
        self.check(self._libc.unshare(flags))

    def mount(self, source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
        told = [text.encode() if text is not None else None for text in (source, target, kind)]
        self.check(self._libc.mount(*told, ctypes.c_ulong(flags), data.encode()), target)

    def restrict(self, descriptor: int, attributes: int) -> None:
        """Give a mount and all that is mounted below it these attributes, which only `nobody` inside can take away."""
        told = ctypes.create_string_buffer(struct.pack("=QQQQ", attributes, 0, 0, 0))
        flags = ctypes.c_uint(_AT_EMPTY_PATH | _AT_RECURSIVE)
        self.check(self._libc.syscall(ctypes.c_long(_MOUNT_SETATTR), descriptor, b"", flags, told, ctypes.c_size_t(32)))

    def make_root(self, folder: str) -> None:
        os.chdir(folder)
        self.check(self._libc.syscall(ctypes.c_long(self._pivot_root), b".", b"."))
        self.check(self._libc.umount2(b".", _MNT_DETACH))
        os.chdir("/")

    def drop_everything(self) -> None:
        """Leave no capability, now or after an exec, no key of the user's, no socket by name outside."""
        self.check(self.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        for capability in range(_LAST_CAPABILITY):
            if self.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
                break
        self.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)  # PR_CAP_AMBIENT_CLEAR_ALL
        header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
        self.check(self._libc.capset(header, nothing))
        self._libc.syscall(ctypes.c_long(self._keyctl), 1, None)  # KEYCTL_JOIN_SESSION_KEYRING
        create, restrict = _LANDLOCK
        if self._libc.syscall(ctypes.c_long(create), None, ctypes.c_size_t(0), 1) >= _SCOPED_ABI:
            rules = struct.pack("=QQQ", 0, 0, _SCOPES)
            descriptor = self._libc.syscall(ctypes.c_long(create), rules, ctypes.c_size_t(len(rules)), 0)
            if descriptor >= 0:
                self.check(self._libc.syscall(ctypes.c_long(restrict), descriptor, 0))
                os.close(descriptor)


def supported() -> bool:
    """Tell whether this is a system whose calls are known here."""
    return sys.platform == "linux" and platform.machine() in _CALLS


def enter(enclosure: dict[str, Any], run: Callable[[], NoReturn]) -> NoReturn:
    """Make the namespaces and call `run` in them; end as it ends. Never returns, and says on stderr what failed."""
    try:
        _enter(enclosure, run)
    except (OSError, EnclosureError) as error:
        reason = str(error) if isinstance(error, EnclosureError) else f"{error.strerror} ({error.filename or 'system'})"
        os.write(2, f"The job was not started. {reason}\n".encode())
    finally:
        os._exit(_REFUSED)


def _enter(enclosure: dict[str, Any], run: Callable[[], NoReturn]) -> NoReturn:
    kernel = _Kernel()
    os.closerange(3, 4096)
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(_CLONE)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        _write(f"/proc/self/{name}", text)
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    ready, waiting = os.pipe()
    first = os.fork()
    if first == 0:
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.close(waiting)
        if os.read(ready, 1) != b"1":  # Its parent was gone before it could be told to go with it.
            os._exit(_REFUSED)
        os.close(ready)
        _first_process(kernel, enclosure, run)
    os.close(ready)
    os.write(waiting, b"1")
    os.close(waiting)
    os._exit(_code(os.waitpid(first, 0)[1]))


def _first_process(kernel: _Kernel, enclosure: dict[str, Any], run: Callable[[], NoReturn]) -> NoReturn:
    """Be process 1: mount, start the job, collect what ends. It keeps its capabilities, so no job may look into it."""
    try:
        _Root(kernel, enclosure["root"]).build(enclosure["steps"], enclosure["settings"])
        job = os.fork()
        if job == 0:
            limit(resource.RLIMIT_NPROC, MOST_PROCESSES)
            limit(resource.RLIMIT_NOFILE, MOST_FILES)
            limit(resource.RLIMIT_CORE, 0)
            kernel.drop_everything()
            run()
        while True:
            pid, status = os.wait()
            if pid == job:
                os._exit(_code(status))
    except (OSError, EnclosureError) as error:
        reason = str(error) if isinstance(error, EnclosureError) else f"{error.strerror} ({error.filename or 'system'})"
        os.write(2, f"The job was not started. {reason}\n".encode())
    finally:
        os._exit(_REFUSED)


def limit(kind: int, most: int) -> None:
    """Bound what one process may have, for it and all it starts."""
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (most, most))


class _Root:
    """The job's root folder while it is put together, at the place where it lies in the machine's own tree."""

    def __init__(self, kernel: _Kernel, folder: str) -> None:
        self._kernel = kernel
        self._folder = folder

    def build(self, steps: list[list[Any]], settings: list[str]) -> None:
        """Carry out the steps, and show the `settings` of the machine below ``/proc`` for reading only."""
        kernel = self._kernel
        kernel.mount("none", "/", None, _MS_REC | _MS_PRIVATE)
        kernel.mount(self._folder, self._folder, None, _MS_BIND | _MS_REC)
        self._top = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
        kernel.restrict(self._top, _ATTR_NOSUID | _ATTR_NODEV)
        for kind, *rest in steps:
            getattr(self, f"_{kind}")(*rest)
        self._devices()
        self._processes(settings)
        kernel.make_root(self._folder)
        os.close(self._top)

    def _bind(self, source: str, target: str, writable: bool, device: bool = False) -> None:
        """Show a file or folder of the machine's; one that is not there is left out."""
        try:
            found = os.open(source, os.O_PATH)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
                return
            raise
        self._attach(found, target, writable, device)

    def _volume(self, top: str, inside: str, target: str, writable: bool) -> None:
        """Mount a folder of a bucket, reached from the bucket's own folder without following a link."""
        try:
            found = os.open(top, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
            for part in filter(None, inside.split("/")):
                if part in {".", ".."}:
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
                before, found = found, os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=found)
                os.close(before)
        except OSError:
            raise EnclosureError(f"Volume {target}: its folder is not there, or a link stands in its place.") from None
        try:
            self._attach(found, target, writable, device=False)
        except OSError as error:
            raise EnclosureError(f"Volume {target}: nothing can be mounted there ({error.strerror}).") from None

    def _tmpfs(self, target: str, size: int) -> None:
        place = self._place(target, folder=True)
        options = f"mode=0755,size={size}" if size else "mode=0755"
        self._kernel.mount("tmpfs", f"/proc/self/fd/{place}", "tmpfs", _MS_NOSUID | _MS_NODEV, options)
        os.close(place)

    def _symlink(self, text: str, target: str) -> None:
        parent, _, name = target.rpartition("/")
        place = self._place(parent, folder=True) if parent else os.dup(self._top)
        with contextlib.suppress(FileExistsError):
            os.symlink(text, name, dir_fd=place)
        os.close(place)

    def _mask(self, target: str) -> None:
        """Put nothing in the place of a file or folder that is shown."""
        try:
            place = self._walk(target)
        except OSError:
            return
        if stat.S_ISDIR(os.fstat(place).st_mode):
            self._kernel.mount("tmpfs", f"/proc/self/fd/{place}", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0555,size=4k")
        else:
            self._kernel.mount("/dev/null", f"/proc/self/fd/{place}", None, _MS_BIND)
        os.close(place)

    def _attach(self, found: int, target: str, writable: bool, device: bool) -> None:
        """Mount what `found` is open on at `target`, and make sure that this is what is there now."""
        there = os.fstat(found)
        place = self._place(target, folder=stat.S_ISDIR(there.st_mode))
        self._kernel.mount(f"/proc/self/fd/{found}", f"/proc/self/fd/{place}", None, _MS_BIND | _MS_REC)
        os.close(place)
        mounted = self._walk(target)
        now = os.fstat(mounted)
        if (now.st_dev, now.st_ino) != (there.st_dev, there.st_ino):
            raise EnclosureError(f"{target}: something else was mounted there while the job was started.")
        attributes = _ATTR_NOSUID | (0 if device else _ATTR_NODEV) | (0 if writable else _ATTR_RDONLY)
        self._kernel.restrict(mounted, attributes)
        os.close(mounted)
        os.close(found)

    def _walk(self, target: str, *, make: bool = False) -> int:
        """Open `target` below the root, following no link; with `make` the folders on the way are made."""
        found = os.dup(self._top)
        try:
            for part in filter(None, target.split("/")):
                if part in {".", ".."}:
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), target)
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=found)
                below = os.open(part, os.O_PATH | os.O_NOFOLLOW, dir_fd=found)
                os.close(found)
                found = below
                if stat.S_ISLNK(os.fstat(found).st_mode):
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), target)
        except BaseException:
            os.close(found)
            raise
        return found

    def _place(self, target: str, *, folder: bool) -> int:
        """Open what something is to be mounted on, made where it is not there yet."""
        parent, _, name = target.rstrip("/").rpartition("/")
        above = self._walk(parent, make=True)
        try:
            with contextlib.suppress(FileExistsError):
                if folder:
                    os.mkdir(name, 0o755, dir_fd=above)
                else:
                    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=above))
        finally:
            os.close(above)
        return self._walk(target)

    def _devices(self) -> None:
        for name in _DEVICES:
            self._bind(f"/dev/{name}", f"/dev/{name}", writable=True, device=True)
        for name, text in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            self._symlink(f"/proc/self/fd{text}", f"/dev/{name}")
        place = self._place("/dev/pts", folder=True)
        options = "newinstance,ptmxmode=0666,mode=0620"
        self._kernel.mount("devpts", f"/proc/self/fd/{place}", "devpts", _MS_NOSUID | _MS_NOEXEC, options)
        os.close(place)
        self._symlink("pts/ptmx", "/dev/ptmx")

    def _processes(self, settings: list[str]) -> None:
        place = self._place("/proc", folder=True)
        self._kernel.mount("proc", f"/proc/self/fd/{place}", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
        os.close(place)
        with contextlib.suppress(OSError):  # Since Linux 6.14 each process namespace has a highest number of its own.
            _write(f"{self._folder}/proc/sys/kernel/pid_max", str(MOST_PROCESSES))
        for path in settings:
            self._bind(f"{self._folder}{path}", path, writable=False)


def _write(path: str, text: str) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _try(enclosure: str, *argv: str) -> NoReturn:
    def run() -> NoReturn:
        os.execv(argv[0], argv)

    enter(json.loads(enclosure), run)


if __name__ == "__main__":
    _try(*sys.argv[1:])
