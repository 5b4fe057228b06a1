"""The command line of a job: what is asked for, and what is sent for it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from jobs import workspace
from jobs.errors import BadArgument

if TYPE_CHECKING:
    from jobs.request import JobRequest

_FAST_AGENT = "fast-agent"


def argv(
    command: tuple[str, ...], packages: tuple[str, ...], python: str | None, *, is_uv: bool, scheduled: bool
) -> tuple[str, ...]:
    """What is sent: `uv run` in the workspace for a uv job, and each run of a schedule in a folder of its own."""
    if not is_uv:
        return workspace.wrap(command) if scheduled else command
    folder = () if scheduled else ("--directory", workspace.MOUNT_PATH)
    version = () if python is None else ("--python", python)
    extra = tuple(word for package in packages for word in ("--with", package))
    words = ("uv", "run", *folder, *version, *extra, *command)
    return workspace.wrap(words) if scheduled else words


def check_one_of_two(request: JobRequest) -> None:
    """Refuse both or neither of command and script, and a script that is not a script's text."""
    if (request.command is None) == (request.script is None):
        both = request.command is not None
        raise BadArgument(
            "`command` and `script` were both given." if both else "Neither `command` nor `script` was given.",
            hint="Give one: command is a list of words, script is the text of a Python file. "
            'For a script with arguments, put it into files and run command=["train.py", "--epochs", "3"].',
            field="command",
        )
    script = request.script
    if script is None:
        return
    if not script.strip():
        raise BadArgument("`script` is empty.", hint="It is the text of a Python file.", field="script")
    first = script.strip().splitlines()[0]
    if script.strip() == first and first.endswith((".py", ".sh")) and " " not in first:
        raise BadArgument(
            "`script` is a path or an address, and it has to be the script's text.",
            hint="Read the file and pass what it says; an https:// address of a script can be the command.",
            field="script",
        )
    if first.startswith("#!") and "python" not in first and "uv" not in first:
        raise BadArgument(
            "`script` is not Python by its first line.",
            hint='Put it into files and run it: command=["sh", "run.sh"].',
            field="script",
        )


def check_uv(
    command: tuple[str, ...], files: tuple[tuple[str, bytes], ...], packages: tuple[str, ...], request: JobRequest
) -> None:
    """Refuse what could only fail once it had been paid for: a script that is not there, fast-agent not asked for."""
    program = command[0]
    there = dict(files)
    is_local = not program.startswith(("/", "https://", "http://"))
    if program.endswith(".py") and is_local and posixpath.normpath(program) not in there:
        raise BadArgument(
            "`command` begins with a script that is not among `files`.",
            hint="The server reads no local files: put its text into files under that name, or pass it as script.",
            field="command",
        )
    if program == _FAST_AGENT and request.image is None and not packages and "pyproject.toml" not in there:
        raise BadArgument(
            "`packages` lacks fast-agent, and the default image does not have it.",
            hint='Pass packages=["fast-agent-mcp"] and python="3.13".',
            field="packages",
        )
