"""What fast-agent (0.10.48) prints when an agent came to no good end, whatever its exit status and its files say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.results.diagnosis.model import Diagnosis, bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNS = (
    (re.compile(r"I hit an internal error while calling the model"), "its model call failed"),
    (re.compile(r"^Error details: \w+ request failed"), "its model call failed"),
    (re.compile(r"^Maximum output tokens reached - generation stopped"), "its answer was cut at the token limit"),
    (re.compile(r"^Request refused by safety classifier"), "a safety filter stopped it"),
    (
        re.compile(r"did not produce valid JSON matching the structured output schema"),
        "its answer is not what was asked",
    ),
    (
        re.compile(r"^(?:The )?\w[\w ]{0,30} API key (?:is )?required but not set|^Provider configuration error"),
        "it has no key",
    ),
)


def agents_own_word(lines: Sequence[str]) -> Diagnosis | None:
    """The failure of an agent that it told in its output."""
    for at in range(len(lines) - 1, -1, -1):
        for sign, why in _SIGNS:
            if sign.search(lines[at]):
                return Diagnosis(
                    "agent_failed",
                    f"The process ended well, but the agent inside did not: {why}.",
                    bounded(lines[max(0, at - 1) : at + 3]),
                    "Read the log for its error, then change the model, the message or the secrets.",
                )
    return None
