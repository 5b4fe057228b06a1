"""The small files that travel with a job into its workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import BadArgument
from jobs.field_text import is_unicode, shows_as_it_is
from jobs.spec.workspace import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILES = 100
MAX_BYTES = 1 << 20
"""In all: these are prompts, cards and scripts, and every byte passes through a model's context first."""

SCRIPT_NAME = "script.py"
_MAX_PATH_BYTES = 512
_MAX_PART_BYTES = 200


def check_files(files: Mapping[str, str], script: str | None, *, field: str = "files") -> tuple[tuple[str, bytes], ...]:
    """The files to place, sorted by path, with the script among them as `script.py`.

    Raises:
        BadArgument: For a path that climbs out, a name the workspace needs itself, a file that would also have to be a
            folder, text that is not valid Unicode, or more than 100 files or 1 MiB.
    """
    placed: dict[str, bytes] = {}
    for path, text in files.items():
        tidy = check_path(path, field=field)
        if tidy in placed:
            raise BadArgument(f"`{field}` has one file twice.", hint="Drop a leading ./ of one of them.", field=field)
        placed[tidy] = _encode(text, field)
    if script is not None:
        if SCRIPT_NAME in placed:
            raise BadArgument(
                f"`{field}` has a {SCRIPT_NAME}, where `script` goes.", hint="Name the file differently.", field=field
            )
        placed[SCRIPT_NAME] = _encode(script, "script")
    if len(placed) > MAX_FILES:
        raise BadArgument(
            f"`{field}` has more than {MAX_FILES} files.", hint="Put them into a bucket and mount it.", field=field
        )
    if sum(map(len, placed.values())) > MAX_BYTES:
        raise BadArgument(
            "The files and the script are above 1 MiB together.",
            hint="Put large files into a bucket and mount it with `volumes`.",
            field=field,
        )
    _check_no_file_is_a_folder(placed, field)
    return tuple(sorted(placed.items()))


def check_path(path: str, *, field: str = "files") -> str:
    """A relative path inside the workspace with `/` between its parts; a leading `./` is dropped.

    Raises:
        BadArgument: With `field`, for anything that could leave the folder or hide what it is.
    """
    if not isinstance(path, str) or not shows_as_it_is(path) or "\\" in path:
        raise BadArgument(
            f"`{field}` has a file name with invisible characters or backslashes.",
            hint="Use plain names with / between folders.",
            field=field,
        )
    tidy = path.removeprefix("./")
    parts = tidy.split("/")
    if any(part in {"", ".", ".."} or part != part.strip() for part in parts) or (len(tidy) > 1 and tidy[1] == ":"):
        raise BadArgument(
            f"`{field}` has a file name that is absolute, empty or climbs out of its folder.",
            hint="Use paths relative to the workspace, like cards/writer.md.",
            field=field,
        )
    if len(tidy.encode()) > _MAX_PATH_BYTES or any(len(part.encode()) > _MAX_PART_BYTES for part in parts):
        raise BadArgument(f"`{field}` has a file name that is too long.", hint="Use shorter names.", field=field)
    if tidy == MANIFEST:
        raise BadArgument(
            f"`{field}` has a {MANIFEST}, which the workspace keeps for itself.",
            hint="Name the file differently.",
            field=field,
        )
    return tidy


def _encode(text: str, field: str) -> bytes:
    if not isinstance(text, str) or not is_unicode(text):
        raise BadArgument(f"`{field}` has text that is not valid Unicode.", hint="Send plain text.", field=field)
    return text.encode()


def _check_no_file_is_a_folder(placed: Mapping[str, bytes], field: str) -> None:
    for path in placed:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in placed:
                raise BadArgument(
                    f"`{field}` has a file whose name is also a folder's.", hint="Rename one of them.", field=field
                )
            parent = parent.rpartition("/")[0]
