"""The process between the hub and a job: it outlives the hub, keeps the job's output and its end.

Run as a program (``python -I -S supervisor.py``) this is the *fork server*: it reads launch messages from its standard
input (four bytes of length, then JSON) and forks one supervisor for each, so that no job waits for an interpreter
to start. It imports the standard library only and two modules that hold to the same: `backends.namespaces`, with which
its child makes a job's namespaces, and `usage`, which tells when a job has too much of this machine.

A supervisor owns one attempt of one job. In the attempt's folder it keeps

- ``alive``, a FIFO it holds open: whoever reads it learns of its death, however it died;
- ``control``, a FIFO it listens to: any byte asks it to end the job;
- ``claim``, created exclusively before the job starts: an attempt runs once, whoever asks for it again;
- ``exit``, written whole and then renamed: how the attempt ended.

The output goes to ``output``, byte for byte, and ``output.index`` holds 16-byte records (offset, milliseconds since
1970): the bytes from that offset on were read then. The top bit of a time marks the start of an attempt.
"""

# pathlib would double what every launch waits for, and this is all about processes:
# ruff: noqa: PTH100, PTH104, PTH120, PTH123, S606

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

MARK = 1 << 63
RECORD = struct.Struct(">QQ")
CHUNK = 1 << 18
PIPE_SIZE = 1 << 20
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
CAP_DAC_OVERRIDE = 1
SETTLE_SECONDS = 2.0
LONGEST_SETTLE_SECONDS = 30.0
SWEEPS = 20
LOOK_SECONDS = 0.5
SMALL_ENOUGH_TO_SYNC = 8 << 20

if __name__ == "__main__":
    _HERE = os.path.dirname(os.path.abspath(__file__))
    sys.path += [_HERE, f"{os.path.dirname(_HERE)}/backends"]
    import namespaces  # type: ignore[import-not-found,unused-ignore]  # Beside this program, not in a package.
    import usage  # type: ignore[import-not-found,unused-ignore]  # The same.
else:
    from local_hub.backends import namespaces
    from local_hub.runner import usage

_prctl = None
if sys.platform == "linux":
    import ctypes
    import fcntl

    _prctl = ctypes.CDLL(None, use_errno=True).prctl


def fork_server(requests: socket.socket) -> None:
    """Fork a supervisor for each message until the hub is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    gc.freeze()
    while True:
        head = _exactly(requests, 4)
        body = _exactly(requests, struct.unpack(">I", head)[0]) if head else b""
        if not body:
            return
        if os.fork() == 0:
            status = 1
            try:
                requests.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                Supervisor(json.loads(body)).run()
                status = 0
            finally:
                os._exit(status)


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data


class Supervisor:
    """One attempt: starts the job, copies its output, ends it when it is told to or its time is up."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.folder: str = message["folder"]
        self.argv: list[str] = message["argv"]
        self.env: dict[str, str] = message["env"]
        self.cwd: str = message["cwd"]
        self.enclosed: bool = message["enclosed"]
        self.enclosure: dict[str, Any] | None = message["enclosure"]
        self.modes_bind: bool = message["modes_bind"]
        self.memory: int | None = message["memory"]
        self.stop_argv: list[str] | None = message["stop_argv"]
        self.grace: float = message["grace"]
        self.timeout: float | None = message["timeout"]
        self.output_path: str = message["output"]
        self.reason: str | None = None
        self.status: int | None = None
        self.deadline: float | None = None
        self.kill_at: float | None = None
        self.settle_at: float | None = None
        self.settled_at = 0.0
        self.look_at = time.monotonic() + LOOK_SECONDS if self.memory is not None else None
        self.child = 0
        self.last_stamp = 0
        self.size = 0

    def run(self) -> None:
        os.setsid()
        if _prctl:
            _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        alive = os.open(f"{self.folder}/alive", os.O_RDWR | os.O_NONBLOCK)
        control = os.open(f"{self.folder}/control", os.O_RDWR | os.O_NONBLOCK)
        if not self.claim():
            return
        self.output = os.open(self.output_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.index = os.open(f"{self.output_path}.index", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = os.fstat(self.output).st_size
        os.write(self.index, RECORD.pack(self.size, _now_ms() | MARK))
        oom_before = _oom_kills()
        reader, woken = self.start()
        with contextlib.suppress(OSError):
            os.write(alive, b"S")
        self.watch(reader, woken, control)
        record = self.end(oom_before)
        with contextlib.suppress(OSError):
            os.write(alive, b"X")
        # A hub that is there has heard and keeps the end itself; for one that is not, it must outlive a power cut.
        os.fsync(record)
        if self.size < SMALL_ENOUGH_TO_SYNC:
            os.fsync(self.output)

    def claim(self) -> bool:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            claim = os.open(f"{self.folder}/claim", flags, 0o600)
        except FileExistsError:
            return False
        os.write(claim, json.dumps({"supervisor": os.getpid(), "started_ms": _now_ms()}).encode())
        os.close(claim)
        return True

    def start(self) -> tuple[int, int]:
        reader, writer = os.pipe()
        woken, waker = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(waker, False)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                fcntl.fcntl(reader, 1031, PIPE_SIZE)  # F_SETPIPE_SZ, which Python 3.11 names on some builds only.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.finish("canceled"))
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self.child = os.fork()
        if self.child == 0:
            self.become_job(writer)
        os.close(writer)
        with open(f"{self.folder}/pid", "w") as file:
            file.write(str(self.child))
        return reader, woken

    def become_job(self, writer: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            if _prctl:
                _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            if self.memory is not None:
                # When memory runs out, it is a job that goes and not the hub.
                with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                    file.write("1000")
            if self.enclosure is not None:
                namespaces.enter(self.enclosure, self.execute)
            if _prctl and self.modes_bind:
                _prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
            self.execute()
        finally:
            os._exit(127)

    def execute(self) -> NoReturn:
        """Become the job's program, or say why not."""
        try:
            os.chdir(self.cwd)
            os.execvpe(self.argv[0], self.argv, self.env)
        except OSError as error:
            os.write(2, f"{self.argv[0]}: {error.strerror}\n".encode())
        finally:
            os._exit(127)

    def watch(self, output: int, woken: int, control: int) -> None:
        """Copy, listen and keep time until the job has ended and all it wrote has been copied."""
        if self.timeout is not None:
            self.deadline = time.monotonic() + self.timeout
        poll = select.poll()
        for fd in (output, woken, control):
            poll.register(fd, select.POLLIN)
        reading = True
        while reading or self.status is None:
            now = time.monotonic()
            if self.settle_at is not None and now >= self.settle_at:
                return
            for fd, _ in poll.poll(self.keep_time(now)):
                if fd != output:
                    if os.read(fd, 512) and fd == control:
                        self.finish("canceled")
                elif not self.copy(output):
                    poll.unregister(output)
                    reading = False
            leftovers = self.reap()
            if self.status is not None and self.settle_at is None:
                self.settle(leftovers)

    def settle(self, leftovers: bool) -> None:
        """Clear up after the job's first process has ended, as the end of a container would."""
        if leftovers:
            self.sweep()
        self.settle_at = time.monotonic() + SETTLE_SECONDS
        self.settled_at = time.monotonic() + LONGEST_SETTLE_SECONDS

    def keep_time(self, now: float) -> float | None:
        """Do what is due, and return the milliseconds until the next thing is."""
        if self.status is not None:
            return None if self.settle_at is None else (self.settle_at - now) * 1000 + 1
        if self.deadline is not None and now >= self.deadline:
            self.deadline = None
            self.finish("timeout")
        if self.kill_at is not None and now >= self.kill_at:
            self.kill_at = now + 1
            self.kill()
        if self.look_at is not None and now >= self.look_at:
            self.look(now)
        moments = [moment for moment in (self.deadline, self.kill_at, self.look_at) if moment is not None]
        return max(0.0, min(moments) - now) * 1000 + 1 if moments else None

    def look(self, now: float) -> None:
        """End the job at once when it has so much of this machine that others, the hub among them, would suffer."""
        self.look_at = now + LOOK_SECONDS
        excess = usage.too_much(os.getpid(), self.memory or 0, self.folder)
        if excess is not None:
            self.look_at = None
            self.reason = self.reason or excess
            self.kill()

    def copy(self, reader: int) -> bool:
        """Copy what there is; False at the end. After the job's end each copy allows for a little more to come."""
        data = os.read(reader, CHUNK)
        if not data:
            return False
        if self.settle_at is not None:
            self.settle_at = min(self.settled_at, time.monotonic() + SETTLE_SECONDS)
        now = _now_ms()
        try:
            if now != self.last_stamp:
                self.last_stamp = now
                os.write(self.index, RECORD.pack(self.size, now))
            view = memoryview(data)
            while view:
                written = os.write(self.output, view)
                self.size += written
                view = view[written:]
        except OSError:
            self.finish("disk")
        return True

    def reap(self) -> bool:
        """Collect ended processes, the job's first one with its status; tell whether others still live.

        As their subreaper this process inherits whatever the job leaves behind, where the system has such a thing.
        """
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == self.child:
                self.status = status
            if pid == 0:
                return True

    def finish(self, reason: str) -> None:
        """Ask the job to end, once; `grace` seconds later it is killed."""
        if self.reason is not None or self.status is not None:
            return
        self.reason = reason
        self.kill_at = time.monotonic() + self.grace
        if self.stop_argv:
            if os.fork() == 0:
                try:
                    os.setsid()
                    os.execvpe(self.stop_argv[0], self.stop_argv, self.env)
                finally:
                    os._exit(127)
            return
        targets = usage.descendants(self.child)
        if self.enclosed:
            # The sandbox's own two processes would end everything at once, leaving the job no time to say goodbye.
            targets = targets[1:]
        else:
            _signal(-self.child, signal.SIGTERM)
        if self.enclosed and not targets:
            self.kill_at = time.monotonic()
        for pid in targets:
            _signal(pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the job and all its processes at once."""
        _signal(-self.child, signal.SIGKILL)
        self.sweep()

    def sweep(self) -> None:
        """End all that is left of the job, those that left its group included where the system can tell."""
        for _ in range(SWEEPS):
            for pid in usage.descendants(os.getpid()):
                _signal(pid, signal.SIGKILL)
            if not self.reap():
                return
            time.sleep(0.01)

    def end(self, oom_before: int) -> int:
        """Write how the attempt ended, whole or not at all; return the open file."""
        code = os.waitstatus_to_exitcode(self.status) if self.status is not None else -signal.SIGKILL
        code = code if code >= 0 else 128 - code
        memory = code == 128 + signal.SIGKILL and self.reason is None and _oom_kills() > oom_before
        record = {
            "code": code,
            "reason": self.reason or ("memory" if memory else "exited"),
            "finished_ms": _now_ms(),
            "size": self.size,
        }
        temporary = f"{self.folder}/exit.new"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(file, json.dumps(record).encode())
        os.rename(temporary, f"{self.folder}/exit")
        return file


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(-pid, number) if pid < 0 else os.kill(pid, number)


def _oom_kills() -> int:
    with contextlib.suppress(OSError, ValueError), open("/proc/vmstat") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    fork_server(socket.socket(fileno=0))
