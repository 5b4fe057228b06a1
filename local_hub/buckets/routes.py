"""The bucket half of the Hub's API."""

import base64
import hashlib
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial, wraps
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_hub import errors
from local_hub import query as query_text
from local_hub.accounts import ACCOUNTS, USER, account
from local_hub.buckets import any_path, body
from local_hub.buckets import file_response as reply
from local_hub.buckets.batch import Batch
from local_hub.buckets.buckets import BucketExistsError, BucketMissingError, BucketNameError, Buckets
from local_hub.buckets.hashes import Place
from local_hub.buckets.tree import Entry, FileState, PathRefusedError, Tree, checked
from local_hub.buckets.xet_routes import XetStore
from local_hub.clock import iso

_PAGE = 1000
_PAGE_SECONDS = 2.0
_LARGEST_PAGE = 5000
_PATHS = 2000
_HASHED_AT_ONCE = 8 << 20
_FILE_INFO = "application/vnd.xet-fileinfo+json"
_OPERATIONS = 10_000


any_path.register()

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


def routes(buckets: Buckets, in_use: Callable[[str], Awaitable[bool]]) -> list[Route]:
    """Return the routes that serve `buckets`; who may call them is the app's business.

    `in_use` says whether a job that has not ended mounts the bucket of that id: it is neither deleted nor moved.
    Paths below ``/xet/`` check a token of their own and must be let through without the hub's.
    """
    return _BucketApi(buckets, in_use).routes()


class _BucketApi:
    def __init__(self, buckets: Buckets, in_use: Callable[[str], Awaitable[bool]]) -> None:
        self.buckets = buckets
        self.in_use = in_use
        self.store = XetStore(buckets)
        self._threads = anyio.CapacityLimiter(8)

    def routes(self) -> list[Route]:
        one = "/api/buckets/{namespace}/{name}"
        return [
            Route("/api/buckets/{namespace}", _mapped(self._list), methods=["GET"]),
            Route("/api/buckets/{namespace}", _mapped(self._bare), methods=["POST", "DELETE"]),
            Route(one, _mapped(self._create), methods=["POST"]),
            Route(one, _mapped(self._info)),
            Route(one, _mapped(self._delete), methods=["DELETE"]),
            Route(f"{one}/settings", _mapped(self._settings), methods=["PUT"]),
            Route(f"{one}/tree", _mapped(self._tree)),
            Route(f"{one}/tree/{{prefix:any}}", _mapped(self._tree)),
            Route(f"{one}/paths-info", _mapped(self._paths_info), methods=["POST"]),
            Route(f"{one}/batch", _mapped(self._batch), methods=["POST"]),
            Route(f"{one}/xet-read-token", _mapped(partial(self._token, write=False))),
            Route(f"{one}/xet-write-token", _mapped(partial(self._token, write=True))),
            Route(f"{one}/events", _mapped(self._events)),
            Route("/api/repos/move", _mapped(self._move), methods=["POST"]),
            Route("/buckets/{namespace}/{name}/resolve/{path:any}", _mapped(self._resolve), methods=["GET", "HEAD"]),
            *self.store.routes(),
        ]

    async def _list(self, request: Request) -> Response:
        namespace = _namespace(request)
        search = request.query_params.get("search", "").lower()
        names = [name for name in self.buckets.names(namespace) if search in name.lower()]
        found = await self._run(lambda: [self._describe(namespace, name) for name in names])
        return JSONResponse(found)

    async def _bare(self, request: Request) -> Response:
        raise _missing(request.path_params["namespace"])

    async def _create(self, request: Request) -> Response:
        namespace, name = request.path_params["namespace"], request.path_params["name"]
        namespace = USER.name if namespace == "me" else namespace
        if namespace not in ACCOUNTS:
            raise errors.forbidden(f"You don't have the rights to create a bucket under the namespace {namespace!r}")
        wanted = await body.as_object(request)
        if wanted.get("resourceGroupId"):
            raise errors.unsupported("Resource groups")
        visibility = wanted.get("visibility") or ("private" if wanted.get("private") else "public")
        if visibility not in ("private", "public"):
            raise errors.invalid("visibility is 'private' or 'public'.")
        answer = {
            "url": f"{_origin(request)}/buckets/{namespace}/{name}",
            "id": hashlib.sha256(f"{namespace}/{name}".encode()).hexdigest()[:24],
        }
        try:
            await self._run(partial(self.buckets.create, namespace, name, private=visibility == "private"))
        except BucketExistsError:
            refusal = errors.conflict("You already created this bucket")
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message}
            return JSONResponse({"error": refusal.message, **answer}, 409, headers)
        return JSONResponse({**answer, "name": f"{namespace}/{name}"}, 200)

    async def _info(self, request: Request) -> Response:
        return JSONResponse(await self._run(partial(self._describe, *_bucket(request))))

    async def _delete(self, request: Request) -> Response:
        bucket = _bucket(request)
        await self._check_unused(*bucket)
        await self._run(partial(self.buckets.delete, *bucket))
        return Response(status_code=204)

    async def _settings(self, request: Request) -> Response:
        bucket, wanted = _bucket(request), await body.as_object(request)
        private = wanted.get("private")
        if private is None and "cdnRegions" in wanted:
            private = self.buckets.about(*bucket).private
        if not isinstance(private, bool):
            raise errors.invalid("private is true or false.")
        await self._run(partial(self.buckets.settings, *bucket, private=private))
        return JSONResponse({"private": private, "cdnRegions": []})

    async def _move(self, request: Request) -> Response:
        wanted = await body.as_object(request)
        if wanted.get("type") != "bucket":
            raise errors.unsupported("Models, datasets and spaces")
        source, target = (tuple(str(wanted.get(key, "")).split("/")) for key in ("fromRepo", "toRepo"))
        if len(source) != 2 or len(target) != 2:  # noqa: PLR2004 - namespace and name
            raise errors.invalid("fromRepo and toRepo are each a namespace, '/', and a name.")
        if source[0] not in ACCOUNTS:
            raise _missing("/".join(source))
        if target[0] not in ACCOUNTS:
            raise errors.forbidden(f"You don't have the rights to move a bucket to the namespace {target[0]!r}")
        await self._check_unused(*source)
        try:
            await self._run(partial(self.buckets.move, source, target))
        except BucketExistsError:
            raise errors.conflict("There is a bucket of that name already") from None
        return Response(status_code=200)

    async def _tree(self, request: Request) -> Response:
        namespace, name = _bucket(request)
        tree = self.buckets.tree(namespace, name)
        query = request.query_params
        prefix = request.path_params.get("prefix", "")
        recursive = "recursive" not in query or _flag(request, "recursive")
        limit = query_text.number("limit", query.get("limit", str(_PAGE)), 1, _LARGEST_PAGE)
        if query.get("sort", "path") != "path" or query.get("direction", "asc") != "asc":
            raise errors.unsupported("An order other than that of the paths")
        walk = tree.walk(prefix, recursive=recursive, after=_after(query.get("cursor")), everything=True)
        found, last, left = await self._run(partial(self._page, namespace, name, tree, walk, limit))
        headers = {"X-Left-Out": ", ".join(f"{kind}={count}" for kind, count in left.items())} if left else {}
        if last is not None:
            cursor = base64.urlsafe_b64encode(os.fsencode(last)).decode()
            following = urlencode({**query, "cursor": cursor})
            headers["Link"] = f'<{_origin(request)}{quote(request.url.path)}?{following}>; rel="next"'
        return JSONResponse(found, headers=headers)

    def _page(
        self, namespace: str, name: str, tree: Tree, walk: Iterator[Entry], limit: int
    ) -> tuple[list[dict[str, Any]], str | None, Counter[str]]:
        """Return one page, its last path when there is more, and what in it is no file, by kind.

        Hashing new files ends a page early.
        """
        found: list[dict[str, Any]] = []
        left: Counter[str] = Counter()
        until, last = time.monotonic() + _PAGE_SECONDS, ""
        for entry in walk:
            if len(found) >= limit or (found and time.monotonic() > until):
                return found, last, left
            last = entry.path
            if entry.left_out is not None:
                left[entry.left_out] += 1
            elif entry.state is None:
                found.append({"type": "directory", "path": entry.path, "uploadedAt": _changed(tree, entry.path)})
            elif (file := self._file(namespace, name, tree, entry.path)) is not None:
                found.append(file)
            else:
                left["unreadable"] += 1
        return found, None, left

    async def _paths_info(self, request: Request) -> Response:
        namespace, name = _bucket(request)
        tree = self.buckets.tree(namespace, name)
        paths = (await body.as_object(request)).get("paths")
        paths = [paths] if isinstance(paths, str) else paths
        if not isinstance(paths, list) or len(paths) > _PATHS:
            raise errors.invalid(f"paths is a list of at most {_PATHS} paths.")
        found = await self._run(lambda: [self._file(namespace, name, tree, str(path)) for path in paths])
        return JSONResponse([file for file in found if file is not None])

    async def _batch(self, request: Request) -> Response:
        bucket = _bucket(request)
        self.buckets.tree(*bucket)
        try:
            operations = [body.parsed(line) for line in (await body.whole(request)).splitlines() if line.strip()]
        except ValueError:
            raise errors.no_batch("A batch is one JSON object a line.") from None
        if len(operations) > _OPERATIONS or not all(isinstance(one, dict) for one in operations):
            raise errors.no_batch(f"A batch is at most {_OPERATIONS} JSON objects, one a line.")
        batch = Batch(self.buckets, self.store.uploads, bucket)
        failed = await self._run(partial(batch.apply, operations))
        done = len(operations) - len(failed)
        status = 422 if failed and done == 0 else 200
        answer = {"success": not failed, "processed": done, "succeeded": done, "failed": failed}
        return JSONResponse(answer, status)

    async def _token(self, request: Request, *, write: bool) -> Response:
        self.buckets.tree(*_bucket(request))
        return self.store.grant(request, write=write)

    async def _events(self, request: Request) -> Response:
        self.buckets.tree(*_bucket(request))
        raise errors.ApiError(501, "Following changes: not on the local hub.", code="NotOnLocalHub")

    async def _resolve(self, request: Request) -> Response:
        namespace, name = _bucket(request)
        path = request.path_params["path"]
        if not path:
            raise errors.invalid("File path required")
        tree = self.buckets.tree(namespace, name)
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
            **reply.display(path, save=_flag(request, "download")),
        }
        if _flag(request, "noContentDisposition"):
            del headers["Content-Disposition"]
        information = _FILE_INFO in request.headers.get("accept", "")
        if request.method == "HEAD" or information:
            found = await self._run(partial(self._file, namespace, name, tree, path))
            if found is None:
                raise _no_entry(path)
            refresh = f"{_origin(request)}/api/buckets/{namespace}/{name}/xet-read-token"
            if information and request.method == "GET":
                return JSONResponse(
                    {
                        "hash": found["xetHash"],
                        "etag": f'"{found["xetHash"]}"',
                        "size": found["size"],
                        "contentType": headers["Content-Type"],
                        "refreshUrl": refresh,
                        "reconstructionUrl": self.store.reconstruction(request, found["xetHash"]),
                    },
                    headers={"Vary": "Accept"},
                    media_type=_FILE_INFO,
                )
            headers |= {
                "Content-Length": str(found["size"]),
                "ETag": f'"{found["xetHash"]}"',
                "X-Linked-Size": str(found["size"]),
                "X-Linked-Etag": f'"{found["xetHash"]}"',
                "X-Xet-Hash": found["xetHash"],
                "X-Xet-Refresh-Route": refresh,
                "Link": f'<{refresh}>; rel="xet-auth"',
            }
            return Response(status_code=200, headers=headers)
        try:
            descriptor = await self._run(partial(tree.descriptor, path))
        except FileNotFoundError:
            raise _no_entry(path) from None
        etag = await self._run(partial(self._etag, descriptor))
        return reply.stream(request, descriptor, {**headers, "ETag": etag, "Vary": "Accept"})

    def _etag(self, descriptor: int) -> str:
        """Return the content's hash, or for a large file that nobody has hashed yet what tells its states apart."""
        state = FileState.of(os.fstat(descriptor))
        if state.size > _HASHED_AT_ONCE and self.buckets.digests.known(state) is None:
            return f'W/"{state.inode:x}-{state.size:x}-{state.mtime_ns:x}"'
        return f'"{self.buckets.digests.of(descriptor)[0]}"'

    def _describe(self, namespace: str, name: str) -> dict[str, Any]:
        about = self.buckets.about(namespace, name)
        files, size = self.buckets.total(namespace, name)
        return {
            "id": f"{namespace}/{name}",
            "author": namespace,
            "repoType": "bucket",
            "cdnRegions": [],
            "private": about.private,
            "visibility": "private" if about.private else "public",
            "createdAt": iso(int(about.created_at * 1000)),
            "updatedAt": iso(int(self.buckets.tree(namespace, name).root.stat().st_mtime * 1000)),
            "size": size,
            "totalFiles": files,
        }

    def _file(self, namespace: str, name: str, tree: Tree, path: str) -> dict[str, Any] | None:
        """Describe one file; None when there is none."""
        try:
            with tree.open(checked(path)) as descriptor:
                digest, state = self.buckets.digests.of(descriptor)
        except (FileNotFoundError, PathRefusedError):
            return None
        self.buckets.digests.place(digest, Place(namespace, name, path))
        return {
            "type": "file",
            "path": path,
            "size": state.size,
            "xetHash": digest,
            "mtime": iso(state.mtime_ns // 1_000_000),
            "uploadedAt": iso(state.ctime_ns // 1_000_000),
        }

    async def _check_unused(self, namespace: str, name: str) -> None:
        if await self.in_use(f"{namespace}/{name}"):
            raise errors.conflict("A job that has not ended has this bucket mounted; cancel it or wait for it first")

    async def _run(self, call: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(call, limiter=self._threads)


def _mapped(handler: Handler) -> Handler:
    """Give the domain's exceptions the status and code that the client's error parser knows."""

    @wraps(handler)
    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except BucketMissingError as error:
            raise _missing(str(error)) from None
        except (BucketNameError, PathRefusedError) as error:
            raise errors.invalid(str(error)) from None

    return call


def _changed(tree: Tree, folder: str) -> str | None:
    """Return when a folder's entries last changed; the bucket's own moment when it is gone by now."""
    try:
        found = (tree.root / folder).lstat()
    except OSError:
        found = tree.root.stat()
    return iso(int(found.st_mtime * 1000))


def _missing(bucket: str) -> errors.ApiError:
    return errors.not_found(f"Bucket {bucket!r} not found", code="RepoNotFound")


def _no_entry(path: str) -> errors.ApiError:
    return errors.not_found(f"{path!r} does not exist in this bucket", code="EntryNotFound")


def _namespace(request: Request) -> str:
    namespace: str = request.path_params["namespace"]
    return account(USER.name if namespace == "me" else namespace).name


def _bucket(request: Request) -> tuple[str, str]:
    namespace, name = request.path_params["namespace"], request.path_params["name"]
    namespace = USER.name if namespace == "me" else namespace
    if namespace not in ACCOUNTS:
        raise BucketMissingError(f"{namespace}/{name}")
    return namespace, name


def _origin(request: Request) -> str:
    """Return the hub's address as this client wrote it."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "false").lower() not in {"false", "0"}


def _after(cursor: str | None) -> str:
    if cursor is None:
        return ""
    try:
        return os.fsdecode(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise errors.invalid("cursor is one that this hub gave.") from None
