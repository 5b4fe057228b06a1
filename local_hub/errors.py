"""What goes wrong in a request, in the words and headers that the Hub's own client reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

LONGEST_MESSAGE, LONGEST_HEADER = 4000, 1000


class ApiError(Exception):
    """A request that is answered with an error: status, a code for programs, one sentence for people."""

    def __init__(self, status: int, message: str, *, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})


class HubStartError(Exception):
    """The hub could not be started, reached or kept; the text is one sentence for a person."""


def unauthorized() -> ApiError:
    return ApiError(401, "Invalid credentials in Authorization header", code="Unauthorized")


def forbidden(message: str) -> ApiError:
    return ApiError(403, message, code="Forbidden")


def not_found(what: str, *, code: str = "NotFound") -> ApiError:
    return ApiError(404, what, code=code)


def conflict(message: str) -> ApiError:
    return ApiError(409, message, code="Conflict")


def invalid(message: str) -> ApiError:
    """A request that the Hub's description does not allow: the Hub itself answers so too."""
    return ApiError(400, message, code="ValidationError")


def no_batch(message: str) -> ApiError:
    """The one route whose description names another status for it."""
    return ApiError(422, message, code="ValidationError")


def unsupported(what: str) -> ApiError:
    return ApiError(400, f"{what}: not on the local hub.", code="NotOnLocalHub")


def too_many(message: str, *, retry_after: int) -> ApiError:
    """A refusal to be tried again after `retry_after` seconds, in both of the forms clients look for."""
    headers = {"Retry-After": str(retry_after), "RateLimit": f'"jobs";r=0;t={retry_after}'}
    return ApiError(429, message, code="TooManyRequests", headers=headers)


def answer(_request: Request, error: Exception) -> Response:
    """Turn an `ApiError` into a response."""
    assert isinstance(error, ApiError)  # noqa: S101 - Starlette registers this for that class only.
    return render(error)


def render(error: ApiError) -> Response:
    """Write the error where `hf_raise_for_status` reads it: ``X-Error-Code``, ``X-Error-Message`` and the body."""
    message = shown(error.message)
    line = "".join(one if one.isprintable() else " " for one in message)
    in_header = line[:LONGEST_HEADER].encode("latin-1", "replace").decode("latin-1")
    headers = {"X-Error-Code": error.code, "X-Error-Message": in_header, **error.headers}
    return JSONResponse({"error": message}, status_code=error.status, headers=headers)


def shown(text: str) -> str:
    """Return what a request said as an answer can carry it: of bounded length, and Unicode all of it."""
    text = text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"
    return text.encode("utf-8", "replace").decode()
