"""Collects what a reader of commands meets: calls, texts, variables, and files that are there, written or missing."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from jobs.commands.calls import MissingFile, ProgramCall, PythonText, Reading, VariableRead
from jobs.commands.scope import WORKSPACE
from jobs.commands.wrappers import LAUNCHERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.commands.scope import Scope

MAKE_NO_FILES = frozenset(
    {
        *("echo", "printf", "mkdir", "chmod", "export", "true", "false", ":", "sleep", "ls", "pwd", "date"),
        *("env", "ulimit", "umask", "which", "type", "command", "nvidia-smi", "exit", "return", "cat"),
    }
)
"""Programs after which a file that was missing still is. `test` is none: behind it, anything may be a choice."""

_LAUNCHERS = frozenset(prefix[0] for prefix in LAUNCHERS)

IMAGE_FOLDER = "/the-folder-of-the-image"
"""Stands for the folder in which a container job starts, which only its image knows."""


class Findings:
    """The job's files as its command finds them, and everything that was met on the way."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {posixpath.normpath(path): text for path, text in files.items()}
        self._calls: list[ProgramCall] = []
        self._python: list[PythonText] = []
        self._reads: dict[VariableRead, None] = {}
        self._unread: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._written: set[str] = set()
        self._missing: list[MissingFile] = []
        self._misplaced: dict[str, None] = {}

    def reading(self, *, without: str | None = None) -> Reading:
        """Everything so far; `without` leaves out the Python text that was read."""
        return Reading(
            tuple(self._calls),
            tuple(found for found in self._python if found.text != without),
            tuple(self._reads),
            tuple(self._unread),
            dict(self._texts),
            frozenset(self._written),
            tuple(self._missing),
            tuple(self._misplaced),
        )

    def read(self, read: VariableRead) -> None:
        self._reads[read] = None

    def note_unread(self, what: str) -> None:
        self._unread[what] = None

    def wrote(self, path: str, text: str, scope: Scope, *, appended: bool) -> None:
        tidy = in_workspace(scope.resolve(path))
        self._written.add(tidy)
        self._files[tidy] = self._files.get(tidy, "") + text if appended else text

    def contents(self, path: str, scope: Scope) -> str | None:
        tidy = in_workspace(scope.resolve(path))
        if tidy not in self._files:
            tidy = posixpath.normpath(path)
            if scope.cwd == IMAGE_FOLDER and tidy in self._files:
                self._misplaced[tidy] = None
        return self._files.get(tidy)

    def joined(self, paths: Sequence[str], scope: Scope) -> str | None:
        """What `cat` prints of files that are there; None where one is not."""
        texts = [self._files.get(in_workspace(scope.resolve(path))) for path in paths]
        return None if None in texts else "".join(map(str, texts))

    def lacks(self, path: str, done: str, scope: Scope, line: int, *, on_path: bool = False) -> None:
        """Note a file that is `run` or `read` and is not among the files; one `on_path` may well be in the image."""
        before = {call.program for call in self._calls}
        sure = not on_path and not self._unread and before <= MAKE_NO_FILES | _LAUNCHERS
        self._missing.append(MissingFile(path, scope.cwd, sure))
        self._unread[f"{path} ({done} by {scope.at(line)}, not among files)"] = None


def in_workspace(path: str) -> str:
    """A path in the job as a path in the workspace."""
    return path.removeprefix(f"{WORKSPACE}/")
