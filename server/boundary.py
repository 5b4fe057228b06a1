"""The one wrapper round every message: what goes out is masked, whatever door it goes by.

It runs inside the SDK's sealing of `requestState`, so the sealed text itself is left alone and everything else
in a result or an error passes through here: tool replies in both forms, questions, resources, prompts,
completions and errors. Progress goes out by another door, which masks through the same masker
(`tools.services.Services.progress`), and so do our own logs (`server.server_log`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from pydantic import BaseModel, ValidationError

from consent.caller import forget_state

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from jobs.masking.masker import Masker

#: Characters that are masked at once: a few milliseconds, whatever they are.
_LITTLE = 16_000

_log = logging.getLogger(__name__)

#: Sealed right after this boundary; masking it would break the seal's contents without hiding anything more.
_SEALED_LATER = "requestState"


class Boundary:
    """Middleware for `MCPServer(middleware=…)`. `masker` gives the masker for the values known right now.

    A tool that is not among `tools` is a protocol error, as the protocol has it; the SDK would answer with a result.
    """

    def __init__(self, masker: Callable[[], Masker], tools: Collection[str]) -> None:
        self._masker = masker
        self._tools = tools

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if (ctx.params or {}).get(_SEALED_LATER) is None:
            forget_state()
        if ctx.method == "tools/call" and (ctx.params or {}).get("name") not in self._tools:
            raise MCPError(INVALID_PARAMS, "Unknown tool.", {"hint": f"Tools: {', '.join(self._tools)}."})
        try:
            result = await call_next(ctx)
        except MCPError as error:
            said = await masked(self._masker(), [error.error.message, error.error.data])
            raise MCPError(code=error.error.code, message=said[0], data=said[1]) from None
        except ValidationError:  # The SDK answers it without a word of what was in it.
            raise
        except Exception:  # noqa: BLE001 - whatever it is, its words stay here
            # Further out the SDK writes an exception's text into its trace, so it goes no further than our own log.
            _log.exception("%s failed", ctx.method)
            raise MCPError(INTERNAL_ERROR, "Internal error.") from None
        if isinstance(result, BaseModel):
            result = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        if not result:
            return result
        told = {key: value for key, value in result.items() if key != _SEALED_LATER}
        shown = dict(zip(told, await masked(self._masker(), list(told.values())), strict=True))
        return {**result, **shown}  # The protocol's own keys stay, whatever value may be called as one of them.


class NameBoundary:
    """The outermost middleware: a value sent where a name belongs is masked before the SDK's traces note the name."""

    def __init__(self, masker: Callable[[], Masker]) -> None:
        self._masker = masker

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        name = (ctx.params or {}).get("name")
        if isinstance(name, str) and (shown := await masked(self._masker(), name)) != name:
            ctx = replace(ctx, params={**(ctx.params or {}), "name": shown})
        return await call_next(ctx)


async def masked(masker: Masker, value: Any) -> Any:
    """JSON with every text masked; much of it in a thread, where nobody waits for it."""
    if _is_little(value):
        return masker.mask_json(value)
    return await anyio.to_thread.run_sync(masker.mask_json, value)


def _is_little(value: Any) -> bool:
    waiting, room = [value], _LITTLE
    while waiting and room > 0:
        found = waiting.pop()
        room -= len(found) if isinstance(found, (str, bytes, dict, list, tuple)) else 1
        if room > 0 and isinstance(found, (dict, list, tuple)):
            waiting += [*found, *found.values()] if isinstance(found, dict) else found
    return room > 0
