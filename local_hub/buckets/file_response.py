"""A file as the answer to a request: ranges, bounded memory, and nothing that a browser would run."""

import mimetypes
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from local_hub.buckets.byte_range import UnsatisfiableRangeError, asked

_BLOCK = 1 << 18
_WITH_304 = ("ETag", "Cache-Control", "Vary")
_SHOWN = {"text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"}


def display(path: str, *, save: bool = False) -> dict[str, str]:
    """Headers that keep a browser from running what a job wrote; with `save` it is told to save it, whatever it is."""
    name = PurePosixPath(path).name
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = "inline" if kind in _SHOWN and not save else "attachment"
    return {
        "Content-Type": "text/plain; charset=utf-8" if kind == "text/plain" else kind,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


def stream(request: Request, descriptor: int, headers: dict[str, str]) -> Response:
    """Answer with the open file, or the range of it that was asked for; closes the descriptor.

    With an ETag in `headers`, whoever has that state is told so, and a range of another state is not mixed with it.
    """
    etag = headers.get("ETag", "")
    if etag and _known(request, etag):
        os.close(descriptor)
        return Response(status_code=304, headers={name: headers[name] for name in _WITH_304 if name in headers})
    condition = request.headers.get("if-range")
    wanted = request.headers.get("range") if condition is None or _same(condition, etag) else None
    file = open(descriptor, "rb", buffering=0)  # noqa: SIM115 - the generator closes it, or the collector
    size = os.fstat(descriptor).st_size
    try:
        first, last = asked(wanted, size)
    except UnsatisfiableRangeError:
        file.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {**headers, "Content-Length": str(last - first + 1)}
    status = 200
    if (first, last) != (0, size - 1):
        status, headers["Content-Range"] = 206, f"bytes {first}-{last}/{size}"
    return StreamingResponse(_blocks(file, first, last), status, headers=headers)


def _known(request: Request, etag: str) -> bool:
    """Tell whether the client has this state already; what it has may be written as weak."""
    named = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag.removeprefix("W/") in named or "*" in named


def _same(condition: str, etag: str) -> bool:
    """Tell whether bytes of what the client has and of this file can be put together: a weak tag never says so."""
    return condition == etag and not etag.startswith("W/") and bool(etag)


def _blocks(file: FileIO, first: int, last: int) -> Iterator[bytes]:
    try:
        position = first
        while position <= last:
            block = os.pread(file.fileno(), min(_BLOCK, last + 1 - position), position)
            if not block:
                raise OSError("The file became shorter while it was read.")
            position += len(block)
            yield block
    finally:
        file.close()
