"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.display_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

EVIDENCE_LINES = 6
EVIDENCE_CHARS = 200


@dataclass(frozen=True)
class Diagnosis:
    """A cause as one word, a sentence, the lines that show it, and what to do.

    Attributes:
        cause: One of the table's (docs/failures.md), or `timeout`, `canceled`, `waiting`, `exception`, `agent_failed`,
            `failed`.
        summary: One sentence.
        evidence: Lines of the log, bounded; data written by the job, not by us.
        suggestion: The next step.
        name: The secret, module, file or command that is missing, where that is the cause.
    """

    cause: str
    summary: str
    evidence: tuple[str, ...] = ()
    suggestion: str | None = None
    name: str | None = None


def bounded(lines: Sequence[str], near: str | None = None) -> tuple[str, ...]:
    """The first few of `lines` that say something, each cut; one that holds `near` is cut around it."""
    return tuple(_cut(line, near) for line in lines if line.strip())[:EVIDENCE_LINES]


def last(lines: Sequence[str]) -> tuple[str, ...]:
    return bounded([line for line in lines[-50:] if line.strip()][-EVIDENCE_LINES // 2 :])


def _cut(line: str, near: str | None) -> str:
    place = line.find(near) if near else -1
    if place > EVIDENCE_CHARS // 2:
        line = "…" + line[place - EVIDENCE_CHARS // 4 :]
    return one_line(line, EVIDENCE_CHARS)
