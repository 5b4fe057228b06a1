"""Refuses a fast-agent call that could only fail for want of a file or of fast-agent itself, in every wrapping."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from jobs.commands import fast_agent
from jobs.commands.reader import read
from jobs.commands.scope import WORKSPACE
from jobs.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from jobs.commands.calls import Reading
    from jobs.commands.fast_agent import FastAgentCall

_MAKE_NO_FILES = frozenset(
    {
        *(
            "echo",
            "printf",
            "mkdir",
            "chmod",
            "export",
            "true",
            "false",
            ":",
            "sleep",
            "ls",
            "pwd",
            "date",
            "test",
            "[",
        ),
        *("env", "ulimit", "umask", "which", "type", "command", "nvidia-smi", "exit", "return", "cat"),
    }
)
_ADDRESSES = ("https://", "http://", "file://", "hf://")


def check_agent_calls(
    command: Sequence[str], files: Mapping[str, bytes], *, env: Mapping[str, str], installed: bool, cwd: str | None
) -> None:
    """Refuse a command whose fast-agent calls read files that are not among `files`, or that nothing installs.

    A call that comes after a program that may have made its files, or installed it, is left alone.

    Args:
        command: The job's words.
        files: What is placed in the workspace.
        env: The job's plain variables.
        installed: Whether packages, a project or an image may bring fast-agent.
        cwd: Where the command starts; None where only the image knows, and then only absolute paths are judged.

    Raises:
        BadArgument: Names the option, never the path.
    """
    texts = {path: data.decode(errors="replace") for path, data in files.items()}
    reading = read(command, texts, env=env, cwd=cwd)
    there = {*texts, *reading.written}
    for call in _judged(reading):
        if not installed and not call.call.packages and "/" not in call.call.words[0]:
            raise BadArgument(
                "`packages` lacks fast-agent, and the default image does not have it.",
                hint='Pass packages=["fast-agent-mcp"] and python="3.13".',
                field="packages",
            )
        for option, path in call.reads:
            if not _is_there(call, path, there):
                raise BadArgument(
                    f"`files` lacks what {option} in `command` reads.",
                    hint="The server reads no local files: put the text into files under the very path the command "
                    "names.",
                    field="files",
                )


def _judged(reading: Reading) -> Iterator[FastAgentCall]:
    """The calls before which nothing ran that may have made files."""
    if reading.unread:
        return
    for call in reading.calls:
        if call.program in fast_agent.NAMES:
            yield fast_agent.parse(call)
        if call.program not in _MAKE_NO_FILES:
            return


def _is_there(call: FastAgentCall, path: str, there: Collection[str]) -> bool:
    """Whether a file or folder of this name is there; what lies outside the workspace is not ours to know."""
    if path.startswith((*_ADDRESSES, "~")) or "$" in path or (call.call.cwd is None and not path.startswith("/")):
        return True
    inside = posixpath.relpath(call.place_of(path), WORKSPACE)
    if inside == "." or inside.startswith("../"):
        return True
    return inside in there or any(each.startswith(f"{inside}/") for each in there)
