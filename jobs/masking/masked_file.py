"""A file on its way into a folder of the user's: known values are masked, everything else is the same byte by byte."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.masking.masker import Masker

_PIECE = 1 << 20


def move_masked(source: Path, target: Path, masker: Masker | None) -> None:
    """Move `source` to `target`, whose folders are made; memory stays flat. Blocks; an existing target is an error.

    Raises:
        OSError: It cannot be written, or is there already.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    stream = masker.stream() if masker is not None else None
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        while piece := reading.read(_PIECE):
            writing.write(stream.feed(piece) if stream is not None else piece)
        if stream is not None:
            writing.write(stream.flush())
    source.unlink()
