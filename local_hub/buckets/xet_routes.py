"""A Xet content store on the hub's own port: where the real client's uploads go and its downloads come from.

Downloads are cut from the plain files of the buckets as they are asked for, so nothing is stored twice. The store is
told apart from the API by its own token: clients get it from ``xet-read-token`` and ``xet-write-token``, and addresses
of data carry a signature, as clients send no token to those.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local_hub.buckets.buckets import BucketMissingError, Buckets
from local_hub.buckets.byte_range import UnsatisfiableRangeError, asked
from local_hub.buckets.hashes import Place
from local_hub.buckets.xet_uploads import HASH, LARGEST_UPLOAD, ShardError, Term, Uploads
from local_hub.buckets.xorb import CHUNK_HEADER

#: Requests below this path are checked here, and need no hub token.
PREFIX = "/xet"

_READ_ONLY = "files"
_CHUNK = 128 << 10
_SEGMENT_CHUNKS = 256
_SEGMENT = _CHUNK * _SEGMENT_CHUNKS
_FRAME = _CHUNK + CHUNK_HEADER
_TOKEN_SECONDS = 6 * 3600


class XetStore:
    """Serves the content of `buckets` and takes uploads for them."""

    def __init__(self, buckets: Buckets) -> None:
        """Serve `buckets`; from now on this process keeps what ``hf_xet`` caches out of the user's own cache."""
        os.environ["HF_XET_CACHE"] = str(buckets.root / ".xet" / "cache")
        self.buckets = buckets
        self.uploads = Uploads(buckets.root / ".xet" / "uploads")
        self._secret = secrets.token_urlsafe(32)
        self._threads = anyio.CapacityLimiter(8)

    def grant(self, request: Request, *, write: bool) -> JSONResponse:
        """Answer a request for a token: address, token and expiry, as JSON and as headers."""
        epoch = self.uploads.epoch() if write else _READ_ONLY
        address, expires = self.address(request, epoch), int(time.time()) + _TOKEN_SECONDS
        return JSONResponse(
            {"casUrl": address, "accessToken": self._secret, "exp": expires},
            headers={
                "X-Xet-Cas-Url": address,
                "X-Xet-Access-Token": self._secret,
                "X-Xet-Token-Expiration": str(expires),
                "Cache-Control": "no-store",
            },
        )

    def address(self, request: Request, epoch: str) -> str:
        """Return the content store's address, as this client reaches the hub."""
        return f"{request.url.scheme}://{request.url.netloc}{PREFIX}/{epoch}"

    def reconstruction(self, request: Request, digest: str) -> str:
        """Return where a client reads what the content of that hash is made of."""
        return f"{self.address(request, _READ_ONLY)}/v1/reconstructions/{digest}"

    def routes(self) -> list[Route]:
        """Return the routes of the store."""
        return [
            Route(f"{PREFIX}/{{epoch}}/v1/reconstructions/{{digest}}", self._reconstruction),
            Route(f"{PREFIX}/{{epoch}}/v1/chunks/default/{{digest}}", self._absent),
            Route(f"{PREFIX}/{{epoch}}/v1/xorbs/default/{{digest}}", self._take_xorb, methods=["POST"]),
            Route(f"{PREFIX}/{{epoch}}/v1/shards", self._take_shard, methods=["POST"]),
            Route(f"{PREFIX}/{{epoch}}/data/{{digest}}/{{part:int}}", self._segment),
        ]

    def _permitted(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._secret.encode())

    def _signature(self, *parts: str) -> str:
        return hmac.new(self._secret.encode(), "/".join(parts).encode(), hashlib.sha256).hexdigest()[:32]

    def _signed(self, request: Request, kind: str) -> bool:
        path = request.path_params
        wanted = self._signature(path["epoch"], kind, path["digest"], str(path["part"]))
        return hmac.compare_digest(request.query_params.get("sig", "").encode(), wanted.encode())

    def _url(self, request: Request, epoch: str, kind: str, digest: str, part: int) -> str:
        signature = self._signature(epoch, kind, digest, str(part))
        return f"{self.address(request, epoch)}/{kind}/{digest}/{part}?sig={signature}"

    async def _absent(self, _request: Request) -> Response:
        return Response(status_code=404)

    async def _reconstruction(self, request: Request) -> Response:
        if not self._permitted(request):
            return Response(status_code=401)
        epoch, digest = request.path_params["epoch"], request.path_params["digest"]
        if not HASH.fullmatch(digest):
            return Response(status_code=404)
        try:
            found = await anyio.to_thread.run_sync(self._describe_file, request, epoch, digest, limiter=self._threads)
        except UnsatisfiableRangeError:
            return Response(status_code=416)
        return Response(status_code=404) if found is None else found

    def _describe_file(self, request: Request, epoch: str, digest: str) -> Response | None:
        """Say where the asked part of a bucket's file is: in segments, each passed off as a xorb."""
        place = self.buckets.digests.last_place(digest)
        size = self._size(place, digest)
        if size is None:
            return None
        first, last = asked(request.headers.get("range"), size)
        answer = _Reconstruction()
        answer.skip(first % _SEGMENT)
        for segment in range(first // _SEGMENT, last // _SEGMENT + 1):
            length = min(_SEGMENT, size - segment * _SEGMENT)
            term = Term(hashlib.sha256(f"{digest}/{segment}".encode()).hexdigest(), 0, -(-length // _CHUNK), length)
            answer.add(term, self._url(request, epoch, "data", digest, segment), 0, length + term.end * CHUNK_HEADER)
        return answer.response()

    def _size(self, place: Place | None, digest: str) -> int | None:
        """Return the size of the file at `place` if it still has this content."""
        if place is None:
            return None
        try:
            with self.buckets.tree(place.namespace, place.name).open(place.path) as descriptor:
                found, state = self.buckets.digests.of(descriptor)
        except (FileNotFoundError, BucketMissingError):
            return None
        return state.size if found == digest else None

    async def _segment(self, request: Request) -> Response:
        if not self._signed(request, "data"):
            return Response(status_code=403)
        digest, segment = request.path_params["digest"], request.path_params["part"]
        place = self.buckets.digests.last_place(digest)
        size = await anyio.to_thread.run_sync(self._size, place, digest, limiter=self._threads)
        if place is None or size is None or segment * _SEGMENT >= size:
            return Response(status_code=404)
        length = min(_SEGMENT, size - segment * _SEGMENT)
        frames = partial(self._frames, place, segment * _SEGMENT, length)
        return _partial(request, length + -(-length // _CHUNK) * CHUNK_HEADER, frames)

    def _frames(self, place: Place, base: int, length: int, first: int, last: int) -> Iterator[bytes]:
        """Yield bytes `first` to `last` of a segment written as chunks that are not compressed."""
        with self.buckets.tree(place.namespace, place.name).open(place.path) as descriptor:
            for chunk in range(first // _FRAME, last // _FRAME + 1):
                size = min(_CHUNK, length - chunk * _CHUNK)
                data = os.pread(descriptor, size, base + chunk * _CHUNK)
                if len(data) < size:
                    raise OSError("The file became shorter while it was read.")
                stated = size.to_bytes(3, "little")
                frame = b"\0" + stated + b"\0" + stated + data
                yield frame[max(0, first - chunk * _FRAME) : last - chunk * _FRAME + 1]

    async def _take_xorb(self, request: Request) -> Response:
        epoch, digest = request.path_params["epoch"], request.path_params["digest"]
        if not self._permitted(request):
            return Response(status_code=401)
        if not self.uploads.exists(epoch) or not HASH.fullmatch(digest):
            return Response(status_code=404)
        goal, draft, size = self.uploads.xorb(epoch, digest), self.uploads.draft(epoch), 0
        try:
            async with await anyio.open_file(draft, "wb") as file:
                async for block in request.stream():
                    size += len(block)
                    if size > LARGEST_UPLOAD:
                        return Response(status_code=413)
                    await file.write(block)
            inserted = not goal.exists()
            draft.replace(goal)
        finally:
            draft.unlink(missing_ok=True)
        return JSONResponse({"was_inserted": inserted})

    async def _take_shard(self, request: Request) -> Response:
        epoch = request.path_params["epoch"]
        if not self._permitted(request):
            return Response(status_code=401)
        if not self.uploads.exists(epoch):
            return Response(status_code=404)
        shard = bytearray()
        async for block in request.stream():
            shard += block
            if len(shard) > LARGEST_UPLOAD:
                return Response(status_code=413)
        try:
            await anyio.to_thread.run_sync(self.uploads.add_shard, epoch, bytes(shard), limiter=self._threads)
        except ShardError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"result": 1})


class _Reconstruction:
    """The answer to "what is this file made of"."""

    def __init__(self) -> None:
        self._skip: int | None = None
        self._terms: list[dict[str, Any]] = []
        self._fetch: dict[str, list[dict[str, Any]]] = {}

    def skip(self, count: int) -> None:
        """Say how many bytes of the first term come before what was asked for. Only the first call counts."""
        if self._skip is None:
            self._skip = count

    def add(self, term: Term, url: str, begin: int, end: int) -> None:
        """Add a term, whose chunks are bytes `begin` to before `end` at `url`."""
        run = {"start": term.first, "end": term.end}
        self._terms.append({"hash": term.xorb, "unpacked_length": term.size, "range": run})
        fetch = {"range": run, "url": url, "url_range": {"start": begin, "end": end - 1}}
        if fetch not in (known := self._fetch.setdefault(term.xorb, [])):
            known.append(fetch)

    def response(self) -> Response:
        """Return it as the client reads it."""
        return JSONResponse(
            {"offset_into_first_range": self._skip or 0, "terms": self._terms, "fetch_info": self._fetch}
        )


def _partial(request: Request, size: int, pieces: Callable[[int, int], Iterator[bytes]]) -> Response:
    try:
        first, last = asked(request.headers.get("range"), size)
    except UnsatisfiableRangeError:
        return Response(status_code=416)
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    return StreamingResponse(pieces(first, last), 206, headers=headers, media_type="application/octet-stream")
