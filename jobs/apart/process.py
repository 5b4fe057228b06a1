"""The program of a process that reads strangers' texts for another: it can be ended, and may take only so much.

Run by its path, without anything of the environment or the working folder; see `jobs.apart.call`.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from typing import IO

MEMORY = 2 << 30


def received(stream: IO[bytes]) -> bytes:
    """The next message of a pipe. Raises EOFError when there is none any more."""
    head = _exactly(stream, 8)
    return _exactly(stream, struct.unpack(">Q", head)[0])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def main() -> None:
    """Answer one request after the other, until the pipe is closed."""
    asked = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    try:
        sys.path, sys.pycache_prefix, (seconds, memory) = pickle.loads(received(asked))  # noqa: S301 - from our own
        while True:
            request = received(asked)
            _limit(seconds, memory)
            answer = _answered(request)
            answers.write(struct.pack(">Q", len(answer)) + answer)
            answers.flush()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _answered(request: bytes) -> bytes:
    try:
        answer = (False, pickle.loads(request)())  # noqa: S301 - from our own
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - whatever it is, who asked is told
        try:
            return pickle.dumps((True, error.with_traceback(None)), pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - an error that cannot be sent
            return pickle.dumps((True, RuntimeError(type(error).__name__)))


def _limit(seconds: int, memory: int) -> None:
    """Take no more time of the processor for one text, nor memory, nor write a file, nor leave what it held behind."""
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = (
        (resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    )
    for limit, value in wanted:
        _, most = resource.getrlimit(limit)
        resource.setrlimit(limit, (value if most == resource.RLIM_INFINITY else min(value, most), most))


if __name__ == "__main__":
    main()
