"""Refuses a command that could only fail for want of a file, or of fast-agent itself, in every wrapping."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from jobs.commands import fast_agent
from jobs.commands.findings import IMAGE_FOLDER, MAKE_NO_FILES
from jobs.commands.reader import read
from jobs.commands.scope import WORKSPACE
from jobs.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from jobs.commands.calls import Reading
    from jobs.commands.fast_agent import FastAgentCall

_ADDRESSES = ("https://", "http://", "file://", "hf://")


def check_files(
    argv: Sequence[str], files: Mapping[str, bytes], *, env: Mapping[str, str], installed: bool, cwd: str | None
) -> None:
    """Refuse a command that runs a script, or whose fast-agent reads a file, that is not among `files`.

    What comes after a program that may have made its files, or installed fast-agent, is left alone.

    Args:
        argv: The words that are sent.
        files: What is placed in the workspace.
        env: The job's plain variables.
        installed: Whether packages, a project or an image may bring fast-agent.
        cwd: Where the command starts; None where only the image knows: then absolute paths are judged, and relative
            ones that name one of `files`, which do not lie there.

    Raises:
        BadArgument: Names the option, never the path.
    """
    texts = {path: data.decode(errors="replace") for path, data in files.items()}
    reading = read(argv, texts, env=env, cwd=IMAGE_FOLDER if cwd is None else cwd)
    there = {*texts, *reading.written}
    if any(one.sure and not _is_there(one.path, one.cwd, there) for one in reading.missing):
        raise BadArgument(
            "`command` runs a script that is not among `files`.",
            hint="The server reads no local files: put the script's text into files under that name, "
            "or pass it as script.",
            field="command",
        )
    for call in _judged(reading):
        if not installed and not call.call.packages and "/" not in call.call.words[0]:
            raise BadArgument(
                "`packages` lacks fast-agent, and the default image does not have it.",
                hint='Pass packages=["fast-agent-mcp"] and python="3.13".',
                field="packages",
            )
        for option, path in call.reads:
            if not _is_there(path, call.call.cwd, there):
                raise BadArgument(
                    f"`files` lacks what {option} in `command` reads.",
                    hint="The server reads no local files: put the text into files under the very path the command "
                    "names.",
                    field="files",
                )
    if reading.misplaced or any(_is_misplaced(call, there) for call in _judged(reading)):
        raise BadArgument(
            "`command` names a file by a relative path, but a container job starts in its image's own folder.",
            hint=f"Write {WORKSPACE}/ before the name, or pass packages too: "
            "then it is a uv job, which starts in its workspace.",
            field="command",
        )


def _judged(reading: Reading) -> Iterator[FastAgentCall]:
    """The calls before which nothing ran that may have made files."""
    if reading.unread:
        return
    for call in reading.calls:
        if call.program in fast_agent.NAMES:
            yield fast_agent.parse(call)
        if call.program not in MAKE_NO_FILES:
            return


def _is_there(path: str, cwd: str | None, there: Collection[str]) -> bool:
    """Whether a file or folder of this name is there; what lies outside the workspace is not ours to know."""
    if path.startswith((*_ADDRESSES, "~")) or "$" in path or (cwd is None and not path.startswith("/")):
        return True
    inside = posixpath.relpath(posixpath.join(cwd or "/", path), WORKSPACE)
    return inside == "." or inside.startswith("../") or _is_among(inside, there)


def _is_misplaced(call: FastAgentCall, there: Collection[str]) -> bool:
    """Whether a call reads one of the job's files where the image's own files are."""
    return call.call.cwd == IMAGE_FOLDER and any(_is_among(posixpath.normpath(path), there) for _, path in call.reads)


def _is_among(path: str, there: Collection[str]) -> bool:
    return path in there or any(each.startswith(f"{path}/") for each in there)
