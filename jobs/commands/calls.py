"""What a reading of a command gives: program calls, Python texts, variables read, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProgramCall:
    """One program that is run.

    Attributes:
        words: The program and its arguments, without what wraps it, known variables put in. A module that Python runs
            (`python -m trl sft`) stands under its own name.
        env: The variables that are set for it, by the command, by what runs before it, or by the job.
        place: Where it was found: "the command", or "run.sh, line 3".
        cwd: The folder it runs in, `/workspace` for a job's own; None where that is not known.
        packages: What `uv run --with` or `uvx --from` installs for it.
        instead: Whether it runs only where what stands before `||` failed.
        choice: Whether it runs in one branch of several.
        stdout: The file its output is sent to, as it is written.
    """

    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    place: str = "the command"
    cwd: str | None = None
    packages: tuple[str, ...] = ()
    instead: bool = False
    choice: bool = False
    stdout: str | None = None

    @property
    def program(self) -> str:
        """The program's name, without its folder and without a version behind an `@`."""
        return self.words[0].rstrip("/").rpartition("/")[2].partition("@")[0] if self.words else ""


@dataclass(frozen=True, slots=True)
class PythonText:
    """Python that is run: a file's, `-c`'s, a here-document's or a notebook's."""

    text: str
    place: str
    path: str | None = None
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VariableRead:
    """A variable that a shell text expands and nothing before it sets.

    `one_of` names the others where any of them will do (`${A:-$B}`); `optional` is for one that may be missing.
    """

    name: str
    place: str
    optional: bool = False
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A script, a Makefile or an env file that the command names and that is not among the files.

    `sure` says that nothing ran before that may have made it. `cwd` is the folder in which it is looked for.
    """

    path: str
    cwd: str | None
    sure: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a command runs, as far as its words and files tell.

    `texts` are the shell texts, Makefiles and notebooks that were read, by place; `unread` are sentences' subjects:
    what is run or fetched and was not there to read; `missing` are the files among them. `written` are files that the
    command itself writes out. `misplaced` are files that are run by a relative path where a container job starts.
    """

    calls: tuple[ProgramCall, ...] = ()
    python: tuple[PythonText, ...] = ()
    reads: tuple[VariableRead, ...] = ()
    unread: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    missing: tuple[MissingFile, ...] = ()
    misplaced: tuple[str, ...] = ()
