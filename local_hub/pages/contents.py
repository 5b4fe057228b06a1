"""What jobs left on this machine, read for pages: the end of a log, a whole log, the files of a job. Blocks."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from local_hub.buckets.tree import PathRefusedError, Tree, checked
from local_hub.pages.job_view import FileRow
from local_hub.pages.log_lines import PageLines
from local_hub.runner.output import LONGEST_LINE, LogReader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from local_hub.paths import HubPaths
    from local_hub.store.job_table import JobRow

LINES = 1000
#: Files that a page lists, and that are looked at for it: those of a job's own come before a crowd of hidden ones.
_FILES, _LOOKED_AT = 500, 30_000
#: Lines that a log has of this hub's own: where attempts begin, and what is left out.
_BESIDE = 1000
#: Bytes of a log's end that a page is made of; the longest line that is shown whole fits in.
END = 2 * LONGEST_LINE


class Files(NamedTuple):
    """Files of a job; with `more` there are others that are not among them."""

    rows: list[FileRow]
    more: bool


class Contents:
    """Logs and files below the hub's folder."""

    def __init__(self, paths: HubPaths) -> None:
        self._paths = paths

    def end_of_log(self, job: JobRow, most: int = LINES) -> list[str]:
        """Return the last lines, and of them what a page can carry; no more of the log is read, however long it is."""
        lines = PageLines()
        found: list[str] = []
        with LogReader(self._paths.output(job.id), most, cut=True, most=END) as reader:
            while (block := reader.read(final=job.final)) and len(found) <= most + _BESIDE:
                found += lines.of(block)
        return found

    def blocks(self, job: JobRow) -> Generator[bytes, None, None]:
        """Yield the whole log as there is of it now, in blocks of events, long lines in pieces."""
        with LogReader(self._paths.output(job.id), cut=True) as reader:
            while block := reader.read(final=job.final):
                yield block

    def files(self, job: JobRow) -> Files:
        """Return the files in the folders that the job can write to; hidden ones and locks of packages last."""
        own: list[FileRow] = []
        beside: list[FileRow] = []
        for looked_at, row in enumerate(self._walk(job)):
            if looked_at >= _LOOKED_AT or len(own) > _FILES:
                return Files([*own, *beside][:_FILES], more=True)
            (beside if _is_beside(row.path) else own).append(row)
        rows = [*own, *beside]
        return Files(rows[:_FILES], more=len(rows) > _FILES)

    def _walk(self, job: JobRow) -> Iterator[FileRow]:
        for number, volume in enumerate(job.spec["volumes"]):
            if volume["readOnly"]:
                continue
            tree, inside = self._tree(volume)
            for entry in tree.walk(inside):
                if entry.state is not None:
                    yield FileRow(number, volume["mountPath"], entry.path.removeprefix(inside), entry.state.size)

    def open(self, job: JobRow, volume: int, path: str) -> int | None:
        """Return a descriptor of a file; None where there is none, or no longer, or it is not the job's."""
        volumes = job.spec["volumes"]
        if volume >= len(volumes) or volumes[volume]["readOnly"]:
            return None
        tree, inside = self._tree(volumes[volume])
        try:
            return tree.descriptor(f"{inside}{checked(path)}")
        except (FileNotFoundError, PathRefusedError):
            return None

    def beginning(self, job: JobRow, volume: int, path: str, most: int) -> tuple[bytes, int] | None:
        """Return the first bytes of a file and its size."""
        descriptor = self.open(job, volume, path)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read(most), os.fstat(file.fileno()).st_size

    def _tree(self, volume: dict[str, str]) -> tuple[Tree, str]:
        """Return a volume's bucket and the prefix of its files' paths there."""
        return Tree(self._paths.buckets / volume["source"]), f"{volume['path']}/" if volume.get("path") else ""


def _is_beside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return any(part.startswith(".") for part in parts) or parts[-1].endswith(".lock")
