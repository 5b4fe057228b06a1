"""What all processes of one job hold and write, read from /proc, and when that is too much for the machine.

Standard library only and nothing of this project, like `supervisor`, which loads it.
"""

# pathlib would double what every look costs:
# ruff: noqa: PTH123, PTH208

import contextlib
import os

#: Processes and threads of one job, where the system itself cannot bound them.
MOST_PROCESSES = 4096
#: With less free than the first number of bytes, a job that has written at least the second is ended. Below the last
#: pair the hub itself could soon no longer write.
SHORT_OF_DISK = ((512 << 20, 4 << 30), (256 << 20, 512 << 20), (128 << 20, 32 << 20))
PAGE = os.sysconf("SC_PAGE_SIZE")


def descendants(ancestor: int) -> list[int]:
    """Return the processes below `ancestor`, parents first, as /proc shows them; empty where there is none."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                    children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    queue = list(children.get(ancestor, ()))
    while queue:
        pid = queue.pop(0)
        found.append(pid)
        queue += children.get(pid, ())
    return found


def too_much(ancestor: int, memory: int, folder: str) -> str | None:
    """Return what the processes below `ancestor` have too much of: ``memory``, ``processes``, ``disk``, or None.

    Args:
        ancestor: the supervisor's process id.
        memory: bytes that they may hold together.
        folder: lies on the disk that is to keep some room.
    """
    pids = descendants(ancestor)
    if len(pids) > MOST_PROCESSES:
        return "processes"
    if sum(map(_held, pids)) > memory:
        return "memory"
    with contextlib.suppress(OSError):
        disk = os.statvfs(folder)
        free = disk.f_bavail * disk.f_frsize
        if free < SHORT_OF_DISK[0][0]:
            written = sum(map(_written, pids))
            if any(free < short and written >= much for short, much in SHORT_OF_DISK):
                return "disk"
    return None


def _held(pid: int) -> int:
    """Return the bytes of memory that belong to a process alone."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
        _, resident, shared = map(int, file.read().split()[:3])
        return (resident - shared) * PAGE
    return 0


def _written(pid: int) -> int:
    """Return the bytes that a process, and those it has collected, has sent to a disk."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/io", "rb") as file:
        told = dict(line.split(b": ") for line in file.read().splitlines())
        return int(told[b"write_bytes"]) - int(told[b"cancelled_write_bytes"])
    return 0
