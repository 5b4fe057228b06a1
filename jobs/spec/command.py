"""The command line of a job: what is asked for, what is sent for it, and what could only fail once it is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.errors import BadArgument
from jobs.spec import workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jobs.spec.fields import JobRequest

_PROJECT = "pyproject.toml"
_UV_OPTIONS = frozenset({"--directory", "--no-project", "--python", "--with"})


def uv_argv(
    command: tuple[str, ...],
    packages: tuple[str, ...],
    python: str | None,
    *,
    scheduled: bool,
    paths: Collection[str],
    has_workspace: bool = True,
) -> tuple[str, ...]:
    """What a uv job runs: `uv run` in its workspace, with the words of `hf jobs uv run`.

    Without a project among `paths`, uv is told to look for none: on a plain process of the local hub it would find the
    user's own, in a folder above the workspace.
    """
    folder = () if scheduled or not has_workspace else ("--directory", workspace.MOUNT_PATH)
    project = () if _PROJECT in paths else ("--no-project",)
    version = () if python is None else ("--python", python)
    extra = tuple(word for package in packages for word in ("--with", package))
    return ("uv", "run", *folder, *project, *version, *extra, *command)


def parse_argv(argv: tuple[str, ...]) -> tuple[tuple[str, ...], bool, tuple[str, ...], str | None]:
    """Command, whether it is a uv job of ours, packages and Python version of a stored command line.

    Only what `uv_argv` would make again word by word is taken apart; anything else is a command as it stands.
    """
    words, packages, python, given = list(argv[2:]), [], None, set()
    if argv[:2] == ("uv", "run"):
        while words and words[0] in _UV_OPTIONS:
            option = words.pop(0)
            given.add(option)
            value = words.pop(0) if option != "--no-project" and words else ""
            if option == "--with":
                packages.append(value)
            elif option == "--python":
                python = value
        again = uv_argv(
            tuple(words),
            tuple(packages),
            python,
            scheduled="--directory" not in given,
            paths=() if "--no-project" in given else (_PROJECT,),
        )
        if words and not words[0].startswith("-") and again == argv:
            return tuple(words), True, tuple(packages), python
    return argv, False, (), None


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
    if request.script is not None:
        _check_script(request.script)


def check_scheduled(command: Sequence[str]) -> None:
    """Refuse absolute paths into the workspace: each run of a schedule has a folder of its own."""
    for word in command:
        path = word.rpartition("=")[2]
        if path == workspace.MOUNT_PATH or path.startswith(f"{workspace.MOUNT_PATH}/"):
            raise BadArgument(
                f"`command` names {workspace.MOUNT_PATH}, but each run of a schedule has a folder of its own.",
                hint=f"Use relative paths; they begin in that folder, which is also in ${workspace.ENVIRONMENT_NAME}.",
                field="command",
            )


def _check_script(script: str) -> None:
    if not script.strip():
        raise BadArgument("`script` is empty.", hint="It is the text of a Python file.", field="script")
    first = script.strip().splitlines()[0]
    if script.strip() == first and first.endswith((".py", ".sh")) and " " not in first:
        raise BadArgument(
            "`script` is a path or an address, and it has to be the script's text.",
            hint="Read the file and pass what it says; an https:// address of a script can be the command.",
            field="script",
        )
    if first.startswith("```"):
        raise BadArgument(
            "`script` is wrapped in Markdown fences.", hint="Pass the lines between them alone.", field="script"
        )
    if first.startswith("#!") and "python" not in first and "uv" not in first:
        raise BadArgument(
            "`script` is not Python by its first line.",
            hint='Put it into files and run it: command=["sh", "run.sh"].',
            field="script",
        )
