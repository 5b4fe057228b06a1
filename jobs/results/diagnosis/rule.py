"""One row of the table of failures: how a cause shows itself in a log, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SURE, LIKELY, VAGUE = 3, 2, 1
"""How much a sign tells: a surer one wins over one that comes later; among equals the last one wins."""


@dataclass(frozen=True)
class Rule:
    """A cause.

    Attributes:
        cause: One word for it.
        signs: RE2 expressions in any case, of which one is enough; a blank stands for any white space, a line break and
            the border of a box included. A group called `name` gives the secret, module, file or repository.
        summary, advice: May hold `{name}` and the words of `advice.Words`.
        name: Where no sign gives it.
        strength: `SURE`, `LIKELY` or `VAGUE`.
        needs: What must stand somewhere in the same end of the log too.
        hub_token: Whether the cause, in a job without HF_TOKEN, is that it has none.
        of_message: Whether the hub's own word on the job tells it as well.
    """

    cause: str
    signs: tuple[str, ...]
    summary: str
    advice: str
    name: str | None = None
    strength: int = SURE
    needs: str | None = None
    hub_token: bool = False
    of_message: bool = False


@lru_cache(maxsize=1_000)
def compiled(sign: str) -> Any:
    """The expression of a sign."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 2 << 20
    return re2.compile(("(?i)" + sign.replace(" ", r"(?:(?:\s|│|\|)+)")).encode(), options)
