"""A reply of which some cannot be had: each part may fail by itself, and `unavailable` says which did and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from jobs.errors import Forbidden, HubError, TokenRefused

T = TypeVar("T")

_FILES = "artifacts"
_FILES_HINT = "This token may see the job and not its files: it needs 'Read access to contents of repos and buckets'."


class PartialReply:
    """Collects what could not be had. Text from a hub is masked by `mask`."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._lacking: dict[str, dict[str, Any]] = {}

    async def had(self, part: str, call: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What `call` gives; where the hub refuses it, `otherwise`, and the refusal is kept under the name `part`."""
        try:
            return await call()
        except HubError as error:
            self.lacking(part, error)
            return otherwise

    def lacking(self, part: str, error: HubError) -> None:
        refused = isinstance(error, Forbidden | TokenRefused) and part == _FILES
        told = {key: value for key, value in error.as_dict().items() if value is not False}
        if refused:
            told["hint"] = _FILES_HINT
        told["message"] = self._mask(error.message)
        self._lacking[part] = {"part": part, **told}

    def lacks(self, part: str) -> bool:
        return part in self._lacking

    @property
    def unavailable(self) -> list[dict[str, Any]] | None:
        """The parts that are not in the reply, each with its error; None where all are."""
        return list(self._lacking.values()) or None
