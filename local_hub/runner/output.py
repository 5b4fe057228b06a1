"""A job's output as the events of its log: whole lines with the moment they were read, in the same order each time.

A reader holds one block and the beginning of one line, whatever the size of the output: the event of a long line is
given in pieces, and only once its end is there. It can start at the last N lines without reading what lies before them.
Bytes that are no UTF-8 become U+FFFD here; the file keeps them.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Self

from local_hub.clock import banner, iso
from local_hub.runner.supervisor import MARK, RECORD

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 256 * 1024
LONGEST_LINE = 256 * 1024
CONTINUATION = 0x80  # The top bits of every byte of a UTF-8 character but its first.
RECORDS_AT_ONCE = 4096
BANNER = "===== Job started at {} ====="
#: What a reader who asked for an end of so many bytes is told in place of what comes before it.
LEFT_OUT = "[Earlier output is left out here.]"


@lru_cache(maxsize=64)
def _stamp(moment_ms: int) -> str:
    return json.dumps(iso(moment_ms))


def _opening(moment_ms: int) -> str:
    return f'data: {{"timestamp": {_stamp(moment_ms)}, "data": '


def _escaped(piece: bytes) -> str:
    return encode_basestring_ascii(piece.decode("utf-8", "replace"))[1:-1]


def events_of(moment_ms: int, lines: list[bytes], *, more: bool = False) -> str:
    """Write lines as the Hub's server-sent events. They are plain ASCII, so no client cuts one at an odd character.

    With `more` the line goes on in the next event, which only a reader that asked for cut lines is sent.
    """
    before, after = _opening(moment_ms), ', "more": true}\n\n' if more else "}\n\n"
    texts = b"\n".join(lines).decode("utf-8", "replace").split("\n")
    return "".join([f"{before}{encode_basestring_ascii(text)}{after}" for text in texts])


class LogReader:
    """Reads the log of one job from its beginning, or from its last `tail` lines. Blocks; call it in a thread.

    With `cut` a long line becomes several events, all but the last of them marked, so that what each `read` gives is
    whole events. With `most` the last lines are no more than so many bytes; if even the last line is longer, its end.
    """

    def __init__(self, output: Path, tail: int | None = None, *, cut: bool = False, most: int | None = None) -> None:
        self._output = output
        self._tail = tail
        self._cuts = cut
        self._most = most
        self._open_line = False
        self._looked = 0
        self._file: int | None = None
        self._index: int | None = None
        self._at = 0
        self._next_record = 0
        self._records: list[tuple[int, int]] = []
        self._moment = 0
        self._carry = b""
        self._before: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for descriptor in (self._file, self._index):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._index = None

    @property
    def has_more(self) -> bool:
        """Tell, cheaply, whether output has come that was not read yet."""
        if self._file is None:
            return self._output.exists()
        return os.fstat(self._file).st_size > max(self._at, self._looked)

    def read(self, *, final: bool) -> bytes:
        """Return the next events, about one block of them; empty when there are none for now.

        Args:
            final: the job has ended, so a last line without an end is a line too. Once this is true and the answer
                is empty, the log is complete.
        """
        if self._file is None and not self._open(final=final):
            return b""
        assert self._file is not None  # noqa: S101 - `_open` has just set it.
        size = os.fstat(self._file).st_size
        events, self._before = self._before, []
        written = 0
        while written < BLOCK or not events:
            if len(self._carry) > LONGEST_LINE and not self._open_line and not self._begin_long(events, final=final):
                break
            record = self._record()
            if record is not None and record[0] <= self._at:
                self._take(record, events)
                continue
            end = size if record is None else min(size, record[0])
            data = os.pread(self._file, min(end - self._at, BLOCK), self._at)
            if not data:
                break
            self._at += len(data)
            written += len(data)
            self._split(data, events)
        if final and not events and (self._carry or self._open_line) and self._at >= size:
            self._flush(events)
        return "".join(events).encode()

    def _open(self, *, final: bool) -> bool:
        try:
            self._file = os.open(self._output, os.O_RDONLY)
            self._index = os.open(f"{self._output}.index", os.O_RDONLY)
        except FileNotFoundError:
            self.close()
            return False
        if not self._load():
            self.close()
            return False
        if self._tail is not None:
            self._seek(self._tail, final=final)
        return True

    def _load(self) -> bool:
        assert self._index is not None  # noqa: S101 - Only called while open.
        data = os.pread(self._index, RECORD.size * RECORDS_AT_ONCE, self._next_record * RECORD.size)
        self._records = list(RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]))
        self._records.reverse()
        self._next_record += len(self._records)
        return bool(self._records)

    def _record(self) -> tuple[int, int] | None:
        if not self._records and not self._load():
            return None
        return self._records[-1]

    def _take(self, record: tuple[int, int], events: list[str]) -> None:
        self._records.pop()
        if record[1] & MARK:
            self._flush(events)
            self._moment = record[1] & ~MARK
            events.append(events_of(self._moment, [BANNER.format(banner(self._moment)).encode()]))
        else:
            self._moment = record[1]

    def _split(self, data: bytes, events: list[str]) -> None:
        if self._open_line:
            piece, broken, data = data.partition(b"\n")
            self._carry += piece
            if not broken:
                self._give_piece(events)
                return
            self._flush(events)
        *lines, self._carry = (self._carry + data).split(b"\n")
        if self._cuts and lines and len(lines[0]) > LONGEST_LINE:
            lines[0] = self._cut(lines[0], events)
        if lines:
            events.append(events_of(self._moment, lines))
        if self._cuts and len(self._carry) > LONGEST_LINE:
            self._carry = self._cut(self._carry, events)

    def _begin_long(self, events: list[str], *, final: bool) -> bool:
        """Begin the event of a long line, if its end is there: nothing else can be sent before it is whole."""
        if not final and not self._ends():
            return False
        events.append(f'{_opening(self._moment)}"')
        self._open_line = True
        self._give_piece(events)
        return True

    def _ends(self) -> bool:
        """Whether the line that is being read has its end in the file by now."""
        assert self._file is not None  # noqa: S101 - Only called while open.
        self._looked = max(self._looked, self._at)
        while data := os.pread(self._file, BLOCK, self._looked):
            if b"\n" in data:
                return True
            self._looked += len(data)
        return False

    def _give_piece(self, events: list[str]) -> None:
        end = _whole_characters(self._carry, len(self._carry) - 1)
        if end:
            events.append(_escaped(self._carry[:end]))
            self._carry = self._carry[end:]

    def _cut(self, line: bytes, events: list[str]) -> bytes:
        while len(line) > LONGEST_LINE:
            end = _whole_characters(line, LONGEST_LINE)
            events.append(events_of(self._moment, [line[:end]], more=True))
            line = line[end:]
        return line

    def _flush(self, events: list[str]) -> None:
        if self._open_line:
            events.append(f'{_escaped(self._carry)}"}}\n\n')
        elif self._carry:
            events.append(events_of(self._moment, [self._carry]))
        self._open_line, self._carry = False, b""

    def _seek(self, lines: int, *, final: bool) -> None:
        """Go to the last `lines` lines; the first banner is kept in front of them, as the Hub does."""
        assert self._file is not None  # noqa: S101 - Only called while open.
        assert self._index is not None  # noqa: S101 - Only called while open.
        start = _start_of_last(self._file, lines, final=final, most=self._most)
        if start == 0:
            return
        self._take(self._records[-1], self._before)
        if self._most is not None:
            self._before.append(events_of(self._moment, [LEFT_OUT.encode()]))
        low, high = 1, os.fstat(self._index).st_size // RECORD.size
        while low < high:
            middle = (low + high) // 2
            offset, moment = RECORD.unpack(os.pread(self._index, RECORD.size, middle * RECORD.size))
            if offset <= start:
                low, self._moment = middle + 1, moment & ~MARK
            else:
                high = middle
        self._at, self._next_record, self._records = start, low, []


def _whole_characters(line: bytes, end: int) -> int:
    """The last place up to `end` that cuts no character."""
    least = max(0, end - 3)
    while end > least and line[end] & 0xC0 == CONTINUATION:
        end -= 1
    return max(0, end)


def _start_of_last(file: int, lines: int, *, final: bool, most: int | None = None) -> int:
    """Return the offset at which the last `lines` lines begin, reading backwards from the end.

    A last line without an end counts as a line only when nothing can follow it. What is more than `most` bytes from
    the end is not looked at.
    """
    size = at = os.fstat(file).st_size
    floor = 0 if most is None else max(0, size - most)
    ends = at > 0 and os.pread(file, 1, at - 1) == b"\n"
    wanted = lines + (1 if ends or not final else 0)
    if wanted <= 0:
        return at
    while at > floor:
        block_start = max(floor, at - BLOCK)
        data = os.pread(file, at - block_start, block_start)
        position = data.rfind(b"\n")
        while position >= 0:
            wanted -= 1
            if wanted == 0:
                return block_start + position + 1
            position = data.rfind(b"\n", 0, position)
        at = block_start
    return _line_after(file, floor, size) if floor else 0


def _line_after(file: int, floor: int, size: int) -> int:
    """Return where the first line begins at `floor` or after it; if there is none, the first whole character."""
    at = floor - 1
    while at < size and (data := os.pread(file, BLOCK, at)):
        position = data.find(b"\n")
        if position >= 0:
            if at + position + 1 < size:
                return at + position + 1
            break
        at += len(data)
    return floor + next((n for n, byte in enumerate(os.pread(file, 4, floor)) if byte & 0xC0 != CONTINUATION), 0)
