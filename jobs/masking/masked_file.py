"""A file's bytes, masked on the way to another: what a quick look passes goes as it is, the rest through a stream."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.masking.masker import Masker

_PIECE = 1 << 20
_LOOKED_AT_AFTER = 4 << 20
_BLOCK = 1 << 20
_AT_ONCE = max(2, min(4, os.cpu_count() or 2))

Range = tuple[int, int]


def doubtful(source: IO[bytes], masker: Masker) -> list[Range]:
    """The half-open ranges of an open file in which something may have to be masked; outside of them nothing has."""
    from jobs.masking.quick_look import OVERLAP

    size = os.fstat(source.fileno()).st_size
    if size < _LOOKED_AT_AFTER or not hasattr(os, "pread"):
        return [(0, size)]
    look = masker.quick_look
    if not look.usable:
        return [(0, size)]
    number = source.fileno()
    blocks = range(-(-size // _BLOCK))

    def holds(block: int) -> bool:
        begin = max(0, block * _BLOCK - OVERLAP)
        return look.may_hold(os.pread(number, (block + 1) * _BLOCK + OVERLAP - begin, begin))

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        met = [block for block, found in zip(blocks, threads.map(holds, blocks), strict=True) if found]
    around = -(-masker.longest // _BLOCK)
    ranges: list[Range] = []
    for block in met:
        begin, end = max(0, block - around) * _BLOCK, min(size, (block + 1 + around) * _BLOCK)
        if ranges and begin <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((begin, end))
    return ranges


def unchanged(source: IO[bytes], masker: Masker, ranges: list[Range]) -> bool:
    """Whether masking `ranges` of the file leaves every byte."""
    for begin, end in ranges:
        stream = masker.stream()
        held = b""
        for piece in _pieces(source, begin, end):
            held += piece
            out = stream.feed(piece)
            if not held.startswith(out):
                return False
            held = held[len(out) :]
        if held != stream.flush():
            return False
    return True


def write(source: IO[bytes], target: IO[bytes], masker: Masker, ranges: list[Range]) -> None:
    """Write the whole file, `ranges` of it masked."""
    place = 0
    for begin, end in ranges:
        for piece in _pieces(source, place, begin):
            target.write(piece)
        stream = masker.stream()
        for piece in _pieces(source, begin, end):
            target.write(stream.feed(piece))
        target.write(stream.flush())
        place = end
    for piece in _pieces(source, place, None):
        target.write(piece)


def _pieces(source: IO[bytes], begin: int, end: int | None) -> Iterator[bytes]:
    source.seek(begin)
    while piece := source.read(_PIECE if end is None else max(0, min(_PIECE, end - source.tell()))):
        yield piece
