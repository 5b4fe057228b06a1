"""A hub's buckets, as far as job inputs and outputs need them.

Uploads and whole downloads go through `HfApi`, whose content store no one else speaks; it is synchronous, so it runs in
worker threads, few at a time, each with a limit. Listings and small reads are plain calls.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import anyio
import anyio.to_thread
import httpx2

from hub_contract.constants import is_loopback
from jobs.client import error_map, models
from jobs.client.error_map import RequestContext
from jobs.client.retry import Backoff, retrying
from jobs.client.transport import DIRECT, HubTransport, Params, Reply, certificates, decode
from jobs.display_text import one_line
from jobs.errors import Conflict, HubBroken, HubError, HubTimeout, JobsError, NotFound
from jobs.ids import check_namespace

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from huggingface_hub import HfApi

T = TypeVar("T")

LEFT_OUT_HEADER = "x-left-out"
_THREADS = 4
_LOOKED_UP = 1_000
_UPLOAD_LASTS = 20.0
_DOWNLOAD_LASTS = 900.0
_READ_SILENCE = 20.0
_STORE_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3})")  # how hf_xet words a refusal
_ready = threading.Lock()

#: Settings of `hf_xet`, which reads them once. A job's few inputs are new: nobody is asked whether they are known.
_FOR_INPUTS = {"HF_XET_DEDUPLICATION_GLOBAL_DEDUP_QUERY_ENABLED": "false"}
#: A local hub takes data at once and in the first form; asked for the others it says no, which costs a way each.
_FOR_A_LOCAL_HUB = {"HF_XET_CLIENT_LEGACY_DIRECT_XORB_UPLOAD": "true", "HF_XET_CLIENT_SHARD_API_VERSION": "1"}


@dataclass(frozen=True)
class BucketFile:
    """A file in a bucket: its path in the bucket, its size in bytes, the content hash of the store."""

    path: str
    size: int
    xet_hash: str | None = None
    mtime: datetime | None = None


@dataclass(frozen=True)
class TreePage:
    """One page of a listing.

    Attributes:
        files: Those of the page.
        folders: Paths of folders, where the listing is not recursive.
        left_out: What lies there and is no file of a bucket, by kind; a local hub knows.
        last: Whether no page follows.
    """

    files: list[BucketFile]
    folders: list[str]
    left_out: Mapping[str, int]
    last: bool

    @classmethod
    def read(cls, items: Sequence[Any], prefix: str, reply: Reply) -> TreePage:
        """From a reply's items, those whose path begins with `prefix`."""
        known = [item for item in items if isinstance(item, Mapping) and str(item.get("path")).startswith(prefix)]
        files = [_file(item) for item in known if item.get("type") == "file"]
        folders = [str(item["path"]) for item in known if item.get("type") == "directory"]
        said = (reply.headers.get(LEFT_OUT_HEADER) or "").split(",")
        pairs = [pair.strip().partition("=") for pair in said]
        left_out = {kind: int(count) for kind, _, count in pairs if count.isdecimal()}
        return cls(files, folders, left_out, last=reply.next_url is None)


class Buckets:
    """The buckets of the hub that `wire` talks to. Bucket ids are `namespace/name`."""

    def __init__(self, wire: HubTransport, token: str | None, backoff: Backoff) -> None:
        self._wire = wire
        self._token = token
        self._backoff = backoff
        self._limiter: anyio.CapacityLimiter | None = None
        self._api_made: HfApi | None = None
        self._known: set[str] = set()

    async def ensure(self, bucket: str) -> None:
        """Make a private bucket if it is not there; once for each bucket and session.

        Raises Conflict when it is there and public: a job's files are not put where everybody can read them.
        """
        if bucket in self._known:
            return
        path, asked = self._api_path(bucket), self._asked(bucket, writes=True)
        try:
            await retrying(lambda: self._wire.send("POST", path, asked, body={"visibility": "private"}), self._backoff)
        except HubError as refused:
            if refused.retryable:
                raise
            try:
                reply = await retrying(lambda: self._wire.get(path, asked), self._backoff)
            except HubError:
                raise refused from None
            if decode(reply, asked).get("private") is False:
                raise Conflict(
                    "The bucket for job files is public, so nothing was put into it.",
                    hint=f"Make it private at {self._wire.endpoint}/buckets/{bucket}/settings",
                ) from None
        self._known.add(bucket)

    async def find(self, bucket: str) -> None:
        """Raise NotFound when there is no such bucket; one that was found is not looked for again."""
        if bucket in self._known:
            return
        path, asked = self._api_path(bucket), self._asked(bucket)
        await retrying(lambda: self._wire.get(path, asked), self._backoff)

    async def upload(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Write small files, replacing what is there: path in the bucket → bytes. Harmless twice."""
        if not files:
            return
        self._api_path(bucket)
        asked = self._asked(bucket, writes=True)
        additions: list[Any] = [(data, path) for path, data in files.items()]

        async def once() -> None:
            await self._threaded(
                lambda api: api.batch_bucket_files(bucket, add=additions), asked, seconds=_UPLOAD_LASTS
            )

        await retrying(once, Backoff(attempts=2, total=_UPLOAD_LASTS + 5))

    async def pages(self, bucket: str, folder: str, *, recursive: bool = True) -> AsyncGenerator[TreePage, None]:
        """What is under a folder, page by page as the hub gives it; a folder that is not there has nothing."""
        asked = self._asked(bucket)
        prefix = folder.strip("/") + "/"
        path = f"{self._api_path(bucket)}/tree/{quote(prefix[:-1], safe='')}"
        params: Params | None = {"recursive": "true" if recursive else "false"}
        while path:
            try:
                reply = await self._wire.read(path, asked, self._backoff, params=params)
            except NotFound:
                return
            items = decode(reply, asked)
            if not isinstance(items, list):
                raise error_map.unreadable(asked)
            yield TreePage.read(items, prefix, reply)
            path, params = reply.next_url or "", None

    async def tree(self, bucket: str, folder: str, *, limit: int = 1000) -> list[BucketFile]:
        """The files under a folder and below, `limit` at most; a folder that is not there has none."""
        found: list[BucketFile] = []
        async with aclosing(self.pages(bucket, folder)) as pages:
            async for page in pages:
                found += page.files
                if len(found) >= limit:
                    break
        return found[:limit]

    async def lookup(self, bucket: str, paths: Sequence[str]) -> list[BucketFile]:
        """Those of `paths` that are files; each is looked for by itself, however much else there is."""
        asked = self._asked(bucket)
        path = f"{self._api_path(bucket)}/paths-info"
        found: list[BucketFile] = []
        for start in range(0, len(paths), _LOOKED_UP):
            body = {"paths": list(paths[start : start + _LOOKED_UP])}
            try:
                reply = await retrying(partial(self._wire.send, "POST", path, asked, body=body), self._backoff)
            except NotFound:
                return []
            items = decode(reply, asked)
            found += TreePage.read(items if isinstance(items, list) else [], "", reply).files
        return found

    async def read(self, bucket: str, path: str, *, max_bytes: int) -> bytes:
        """The first `max_bytes` of a file. Raises NotFound."""
        self._api_path(bucket)
        asked = self._asked(bucket, what="file")

        async def once() -> bytes:
            return await self._read(f"/buckets/{bucket}/resolve/{quote(path, safe='/')}", asked, max_bytes)

        return await retrying(once, self._backoff)

    async def download(self, bucket: str, files: Sequence[tuple[str, Path]]) -> None:
        """Fetch whole files to local paths, whose folders are made. Raises NotFound if one is missing."""
        self._api_path(bucket)
        asked = self._asked(bucket, what="file")
        pairs: list[Any] = [(path, str(target)) for path, target in files]
        await self._threaded(
            lambda api: api.download_bucket_files(bucket, pairs, raise_on_missing_files=True),
            asked,
            seconds=_DOWNLOAD_LASTS,
        )

    async def _read(self, path: str, asked: RequestContext, max_bytes: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        headers = {"range": f"bytes=0-{max(0, max_bytes - 1)}", "accept-encoding": "identity"}
        try:
            async with self._wire.stream(path, asked, headers=headers, read=_READ_SILENCE, redirects=True) as response:
                async for piece in response.aiter_bytes():
                    pieces.append(piece)
                    size += len(piece)
                    if size >= max_bytes:
                        break
        except httpx2.HTTPError as error:
            raise error_map.from_exception(error, asked) from error
        except HubError as error:
            if "416" in error.message:  # an empty file has no first byte to ask for
                return b""
            raise
        return b"".join(pieces)[:max_bytes]

    async def _threaded(self, call: Callable[[HfApi], T], asked: RequestContext, *, seconds: float) -> T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_THREADS)

        def work() -> T:
            try:
                return call(self._api())
            except JobsError:
                raise
            except Exception as error:
                raise _mapped(error, asked) from error

        with anyio.move_on_after(seconds):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)
        raise HubTimeout("The hub's file store did not answer in time.", hint="Call again in a moment.")

    def _api(self) -> HfApi:
        with _ready:
            if self._api_made is None:
                self._api_made = _hf_api(self._wire.endpoint, self._token)
            return self._api_made

    def _api_path(self, bucket: str) -> str:
        namespace, _, name = bucket.partition("/")
        check_namespace(namespace, field="bucket")
        check_namespace(name, field="bucket")
        return f"/api/buckets/{namespace}/{name}"

    def _asked(self, bucket: str, *, writes: bool = False, what: str = "bucket") -> RequestContext:
        asked = RequestContext(
            what=what,
            endpoint=self._wire.endpoint,
            token=self._wire.has_token,
            namespace=bucket.partition("/")[0],
            writes=writes,
            near=self._wire.near,
            mask=self._wire.mask,
        )
        if not self._wire.has_token:
            raise error_map.no_token(asked)
        return asked


def _hf_api(endpoint: str, token: str | None) -> HfApi:
    settings = {**_FOR_INPUTS, **(_FOR_A_LOCAL_HUB if is_loopback(endpoint) else {})}
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    from huggingface_hub import HfApi
    from huggingface_hub.utils._http import set_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    set_client_factory(_client)
    return HfApi(endpoint=endpoint, token=token or False)


def _client() -> httpx2.Client:
    """`HfApi`'s session with limits: its own waits for ever, and asks a proxy for addresses of this machine."""
    timeout = httpx2.Timeout(60.0, connect=5.0)
    return httpx2.Client(follow_redirects=True, timeout=timeout, verify=certificates(), mounts=DIRECT)


def _mapped(error: Exception, asked: RequestContext) -> HubError:
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response):
        try:
            body = response.content
        except httpx2.StreamError:
            body = b""
        if response.status_code >= 300:  # noqa: PLR2004 - not a success
            return error_map.from_status(response.status_code, response.headers, body, asked)
    if isinstance(error, httpx2.HTTPError):
        return error_map.from_exception(error, asked)
    if said := _STORE_STATUS.search(str(error)):
        return error_map.from_status(int(said[1]), {}, b"", asked)
    if isinstance(error, TimeoutError):
        return HubTimeout("The hub's file store did not answer in time.", hint="Call again in a moment.")
    if type(error).__name__ == "EntryNotFoundError":
        return error_map.from_status(404, {}, b"", asked)
    return HubBroken(
        f"The hub's file store failed. It said: {one_line(str(error), 200)}", hint="Call again in a moment."
    )


def _file(raw: Mapping[str, Any]) -> BucketFile:
    size = raw.get("size")
    return BucketFile(
        path=str(raw.get("path") or ""),
        size=size if isinstance(size, int) else 0,
        xet_hash=str(raw["xetHash"]) if raw.get("xetHash") else None,
        mtime=models.moment(raw.get("mtime") or raw.get("uploadedAt")),
    )
