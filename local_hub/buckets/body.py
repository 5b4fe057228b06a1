"""The body of a request: all of it within bounds, and what it says as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_hub import errors

if TYPE_CHECKING:
    from starlette.requests import Request

_BODY = 32 << 20


async def whole(request: Request) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > _BODY:
            raise errors.ApiError(413, f"A request has at most {_BODY >> 20} MiB.", code="PayloadTooLarge")
    return bytes(body)


def parsed(text: bytes) -> Any:
    """Return what JSON says. Raises ValueError for what is none, is too deep, or holds what is no Unicode."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if b"\\u" in text or not text.isascii():
        json.dumps(found, ensure_ascii=False).encode()
    return found


async def as_object(request: Request) -> dict[str, Any]:
    body = await whole(request)
    try:
        found = parsed(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise errors.invalid("The request's body is not a JSON object.")
    return found
