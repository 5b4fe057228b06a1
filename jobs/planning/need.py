"""One reason why a job wants a variable, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["needed", "probably", "one of", "optional"]
Access = Literal["", "read", "write", "inference"]

ORDER: tuple[Confidence, ...] = ("needed", "probably", "one of", "optional")


@dataclass(frozen=True, slots=True)
class Need:
    """A name that something in a job looks for.

    Attributes:
        name: The environment variable.
        reason: What says so, with file and line or the rule, for a person to check.
        confidence: `one of` when any of `others` will do instead.
        use: What it is used for, in two or three words.
        access: For HF_TOKEN, the right that this use takes.
        others: The names of which one is enough.
    """

    name: str
    reason: str
    confidence: Confidence = "needed"
    use: str = ""
    access: Access = ""
    others: tuple[str, ...] = ()
