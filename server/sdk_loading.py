"""How a stdio server loads the MCP SDK: without what only HTTP needs, and no model built before its first use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict

#: What the SDK imports if it is there and does without if it is not: uvicorn for streams over HTTP, rich for its log.
UNUSED_ON_STDIO = ("uvicorn", "rich")


@contextmanager
def sparing() -> Iterator[None]:
    """Load modules sparingly while it is open; what was loaded before, and what is loaded after, is as always.

    Half of a start was the SDK's models of both protocol eras: each builds its validator when a message first needs it.
    """
    kept_out = [name for name in UNUSED_ON_STDIO if name not in sys.modules]
    config = BaseModel.model_config
    BaseModel.model_config = ConfigDict(**{**config, "defer_build": True})
    for name in kept_out:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own sign for "cannot be imported".
    try:
        yield
    finally:
        BaseModel.model_config = config
        for name in kept_out:
            del sys.modules[name]
