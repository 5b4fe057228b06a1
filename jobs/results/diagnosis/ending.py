"""How a log ends: the traceback of the last error, and the lines that may tell of one."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRACEBACK = "Traceback (most recent call last)"
_JOINED = ("During handling of the above exception", "The above exception was the direct cause")
_ERROR_LINE = re.compile(
    r"^(?:\([A-Z]\w{0,30}(?: pid=\d+)?\) |(?:ERROR|CRITICAL) [\d:. -]{4,30})?(?:\[[^\]]{1,40}\][: ]{0,2})?(?:[\w.]+\.)?"
    r"([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Exists|NotFound\w*|Timeout)|[A-Z]\w+(?:Error|Exception)\w*)(?::|$)"
)
_DOTTED = re.compile(r"(?:[a-z_]\w*\.)+_?[A-Z]\w+(?::|$)")
_WRAPPERS = re.compile(
    r"(?:ChildFailedError|CalledProcessError|SystemExit|ProcessRaisedException|ProcessExitedException"
    r"|BrokenProcessPool|Engine core initialization failed|ExceptionGroup|unhandled errors in a TaskGroup"
    r"|exited unexpectedly|RayTaskError|DatasetGenerationError"
    r"|See root cause above|because of the following error|look up to see its traceback)"
)
_FOLLOWED = 45
_TAIL = 25
_FAR = 200
_MESSAGE_LINES = 15
_MILD = re.compile(
    r"\b(?:\w*warn(?:ing)?s?|info|debug|notice|hint|note|tip|retry(?:ing)?|retried|fall(?:ing)? ?back|fallback"
    r"|ignor(?:ed|ing|e)|skip(?:ped|ping)?|refresh(?:ed|ing)|renewed"
    r"|recovered|handled|expected|deprecated|optional|optionally|for example|e\.g\."
    r"|passed|anonymous(?:ly)?|simulat\w+|if you|if not|unless|defaults? to|instead|disabled|continu(?:e|ing)|caught"
    r"|using (?:default|device|cpu|the cpu|torch|sdpa|eager)|attempt \d+/\d+|backing off|sleeping|no errors?|0 errors?"
    r"|without (?:errors?|problems?)|avoid(?:ed|s|ing)?"
    r"|prevent(?:ed|s|ing)?|test_\w+|docs?:|see https?:|as (?:it should|intended))\b"
    r"|\bwould\b|\b0 times\b|\b(?:ok|fine|granted)\W*$"
    r"|^\W{0,3}ok\b|\[W\]|\((?:created|fixed|ok|fine|handled|skipped|ignored|recovered)",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\b(?:error|fatal|critical)\b[:\]]|\b[1-9]\d* failed\b", re.IGNORECASE)
_WENT_ON = re.compile(
    r"\b(?:epoch|step|iter(?:ation)?|batch|chunk|row|file|sample)s?\W{0,3}\d+|\b(?:saved|wrote|written|uploaded|finished|done|succeeded|recovered"
    r"|continuing|resum(?:ed|ing)|all good|ok)\b|\d(?:it|s)/(?:s|it)\b|loss[=: ]",
    re.IGNORECASE,
)
_FAILED = re.compile(r"error|fail|exit|abort|kill|unable|cannot|could not|not ", re.IGNORECASE)
_NOISE_AFTER = re.compile(r"^\s*[\^~]+\s*$")
_AROUND = 300


@dataclass(frozen=True)
class Ending:
    """The last lines of a log, cleaned."""

    lines: Sequence[str]

    @cached_property
    def data(self) -> bytes:
        return "\n".join(self.lines).encode(errors="replace")

    @cached_property
    def _starts(self) -> list[int]:
        starts, place = [0], 0
        for line in self.lines:
            place += len(line.encode(errors="replace")) + 1
            starts.append(place)
        return starts

    def line_at(self, place: int) -> int:
        """Which line a place in `data` is in."""
        return min(bisect_right(self._starts, place) - 1, max(0, len(self.lines) - 1))

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """First and last line of each traceback, those it was raised from included."""
        found: list[tuple[int, int]] = []
        starts = [index for index, line in enumerate(self.lines) if _TRACEBACK in line and not line.startswith("   ")]
        for place, start in enumerate(starts):
            limit = starts[place + 1] if place + 1 < len(starts) else len(self.lines)
            end = next(
                (at for at in range(start + 1, limit) if self._ends_trace(at)), min(start + 1, len(self.lines) - 1)
            )
            error = end
            while end + 1 < limit and end - error < _MESSAGE_LINES and self._belongs(end + 1):
                end += 1
            joined = found and any(sign in line for line in self.lines[found[-1][1] : start + 1] for sign in _JOINED)
            if joined:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return sorted([*found, *self._bare(found)])

    def _bare(self, traced: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Errors that stand without a traceback, each with its message."""
        inside = {at for first, last in traced for at in range(first, last + 1)}
        found: list[tuple[int, int]] = []
        for at, line in enumerate(self.lines):
            if at in inside or not self._is_error(at) or _MILD.search(line):
                continue
            end = at
            while end + 1 < len(self.lines) and end - at < _MESSAGE_LINES and end + 1 not in inside:
                if self._is_error(end + 1) or not self._belongs(end + 1):
                    break
                end += 1
            found.append((at, end))
            inside.update(range(at, end + 1))
        return found

    def _is_error(self, at: int) -> bool:
        line = self.lines[at]
        return bool(_ERROR_LINE.match(line.strip())) and not line.startswith("  ")

    def _ends_trace(self, at: int) -> bool:
        """Whether a line within a traceback is its error: `pyarrow.lib.ArrowInvalid: …` does not look like one."""
        return self._is_error(at) or (bool(_DOTTED.match(self.lines[at])) and self.lines[at - 1].startswith("  "))

    def _belongs(self, at: int) -> bool:
        """Whether a line after an error's first is still its message, which may hold an empty line."""
        line = self.lines[at]
        if not line.strip():
            return at + 1 < len(self.lines) and bool(self.lines[at + 1].strip()) and self._belongs(at + 1)
        return not (
            _ENDS_MESSAGE.match(line)
            or any(sign in line for sign in _JOINED)
            or (_WENT_ON.search(line) and not _FAILED.search(line))
        )

    @cached_property
    def final_blocks(self) -> list[tuple[int, int]]:
        """The traceback that ended it, and those before it that it only wraps; the last first."""
        blocks: list[tuple[int, int]] = []
        for first, last in reversed(self.blocks):
            if not blocks and (self._many_after(last) or self.went_on(last)):
                break
            blocks.append((first, last))
            if not self._wraps(first, last):
                break
        return blocks

    def _wraps(self, first: int, last: int) -> bool:
        """Whether an error only says that another one ended something."""
        return any(_WRAPPERS.search(line) for line in self.lines[first : last + 1])

    def _many_after(self, last: int) -> bool:
        return sum(bool(line.strip()) for line in self.lines[last + 1 :]) > _FOLLOWED

    @cached_property
    def _progress(self) -> list[int]:
        return [
            index
            for index, line in enumerate(self.lines)
            if not line.lstrip().startswith("wandb:")
            and _WENT_ON.search(line[:1000])
            and not _FAILED.search(line[:1000])
        ]

    def went_on(self, line: int) -> bool:
        """Whether the job did more work after this line."""
        return bool(self._progress) and self._progress[-1] > line

    def tells(self, first: int, last: int, column: int) -> int:
        """How much a match in these lines counts: 3 in the final traceback, 2 near the end, 1 far from it, 0 not."""
        for start, end in self.final_blocks:
            if start <= first and last <= end:
                return 3
        if self.went_on(last):
            return 0
        if self.final_blocks and last < self.final_blocks[-1][0] and not self._wraps(*self.final_blocks[-1]):
            return 0
        text = " ".join(self.lines[first : last + 1])
        near = text[max(0, column - _AROUND) : column + _AROUND] if len(text) > 2 * _AROUND else text
        if _MILD.search(near) and not _LEVEL.search(near):
            return 0
        after = sum(bool(line.strip()) and not line.lstrip().startswith("wandb:") for line in self.lines[last + 1 :])
        if after < _TAIL:
            return 2
        return 1 if after < _FAR and _FAILED.search(near) else 0

    def traceback(self, most: int) -> list[str]:
        """The last frames and the error that ended it."""
        if not self.final_blocks:
            return []
        first, last = self.final_blocks[-1]
        starts = [at for at in range(first, last + 1) if _TRACEBACK in self.lines[at]]
        ends = [at for at in range(first, last + 1) if self._ends_trace(at)]
        ends = [at for at in ends if not _WRAPPERS.search(self.lines[at])] or ends
        if not ends:
            return []
        begin = max((at for at in starts if at < ends[-1]), default=first)
        frames = [line for line in self.lines[begin + 1 : ends[-1]] if not _NOISE_AFTER.match(line)]
        return [*frames[-(most - 1) :], self.lines[ends[-1]]]


_ENDS_MESSAGE = re.compile(r"^(?:\[rank\d+\]:\s*$|wandb:|\d{4}-\d\d-\d\d|Traceback|\[W|\[E|INFO|WARNING|ERROR )")
