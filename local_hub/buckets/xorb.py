"""The chunks of a *xorb*, the pack in which Xet clients upload: where each lies, and what bytes it stands for."""

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

#: A chunk on the wire: version, compressed length (3 bytes), compression scheme, length (3 bytes), then the data.
CHUNK_HEADER = 8

_LARGEST_CHUNK = 4 << 20
_PLAIN, _LZ4, _LZ4_IN_FOURS = 0, 1, 2


class XorbError(ValueError):
    """A xorb that does not follow the format, or has fewer chunks than a shard says."""


@dataclass(frozen=True)
class _Chunk:
    offset: int
    stored: int
    scheme: int
    size: int


class Xorb:
    """One uploaded xorb, open for reading; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @cached_property
    def _chunks(self) -> list[_Chunk]:
        """Every chunk, up to the footer or whatever else is no chunk."""
        found: list[_Chunk] = []
        offset = 0
        while len(header := self._read(offset, CHUNK_HEADER)) == CHUNK_HEADER and header[0] == 0:
            stored, size = int.from_bytes(header[1:4], "little"), int.from_bytes(header[5:8], "little")
            found.append(_Chunk(offset + CHUNK_HEADER, stored, header[4], size))
            offset += CHUNK_HEADER + stored
        return found

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def chunk(self, index: int) -> bytes:
        """Return the bytes of a chunk; raises `XorbError`."""
        if index >= len(self._chunks):
            raise XorbError("The xorb has fewer chunks than the shard says.")
        chunk = self._chunks[index]
        data = self._read(chunk.offset, chunk.stored)
        if len(data) < chunk.stored or chunk.size > _LARGEST_CHUNK:
            raise XorbError("A chunk of the xorb is cut short or too large.")
        return _unpacked(data, chunk.scheme, chunk.size)


def _unpacked(data: bytes, scheme: int, size: int) -> bytes:
    if scheme in {_LZ4, _LZ4_IN_FOURS}:
        data = _decompressed(data, size)
    elif scheme != _PLAIN:
        raise XorbError("A chunk of the xorb is compressed in a way that is not known here.")
    if len(data) != size:
        raise XorbError("A chunk of the xorb is not as long as it says.")
    return data if scheme != _LZ4_IN_FOURS else _interleaved(data)


def _decompressed(data: bytes, size: int) -> bytes:
    from lz4.frame import LZ4FrameDecompressor

    try:
        found: bytes = LZ4FrameDecompressor().decompress(data, size + 1)
    except (RuntimeError, struct.error, EOFError):
        raise XorbError("A chunk of the xorb cannot be decompressed.") from None
    return found


def _interleaved(data: bytes) -> bytes:
    """Undo the grouping of bytes in fours: all that came first of their four lie first, then all that came second."""
    whole = bytearray(len(data))
    start = 0
    for lane in range(4):
        count = len(range(lane, len(data), 4))
        whole[lane::4] = data[start : start + count]
        start += count
    return bytes(whole)
