"""What a running shell knows: variables, which of them programs see, its folder, its arguments."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.commands.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.commands.shell_syntax import Node

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)

WORKSPACE = "/workspace"
"""Where a job's files lie, and where a uv job starts."""


@dataclass(slots=True)
class Scope:
    """A shell's state, and of a process that is none what it inherits.

    `values` holds what is known; a name in `unknown` was set to something nobody here can tell (`$(…)`), so it is not
    read from the job's environment either. `exported` are the names that programs see. `instead` and `choice` say that
    what runs now does so only if something before it failed, or in one branch of several; `stdout` takes its output.
    """

    place: str
    values: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    tested: set[str] = field(default_factory=set)
    cwd: str | None = None
    arguments: tuple[str, ...] = ()
    functions: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    exports_all: bool = False
    line_by_line: bool = False
    instead: bool = False
    choice: bool = False
    stdout: str | None = None
    depth: int = 0
    budget: Budget = field(default_factory=Budget)

    def at(self, line: int) -> str:
        return f"{self.place}, line {line}" if self.line_by_line else self.place

    def set(self, name: str, value: str | tuple[str, ...] | None, *, exported: bool = False) -> None:
        if value is None:
            self.values.pop(name, None)
            self.unknown.add(name)
        else:
            self.values[name] = value
            self.unknown.discard(name)
        if exported or self.exports_all:
            self.exported.add(name)

    def set_from(self, text: str) -> None:
        """What an env file's lines set."""
        for each in text.splitlines():
            if match := _ASSIGNMENT.fullmatch(each.strip().removeprefix("export ")):
                self.set(match[1], match[2].strip("'\""), exported=True)

    def unset(self, name: str) -> None:
        self.values.pop(name, None)
        self.exported.discard(name)
        self.unknown.add(name)

    def environment(self) -> dict[str, str]:
        """What a program started now sees of what is known; a set but unknown value stands as `$NAME`."""
        seen: dict[str, str] = {}
        for name in self.exported:
            value = self.values.get(name)
            if isinstance(value, str):
                seen[name] = value
            elif name in self.unknown:
                seen[name] = f"${name}"
        return seen

    def child(self, *, subshell: bool = False, place: str | None = None) -> Scope:
        """A process started from here: a subshell keeps everything, a program what is exported."""
        kept = set(self.values) if subshell else self.exported
        self.budget.spend(len(self.values) + len(self.unknown) + len(self.functions))
        return Scope(
            place=self.place if place is None else place,
            values={name: value for name, value in self.values.items() if name in kept},
            exported=set(self.exported),
            unknown={name for name in self.unknown if subshell or name in self.exported},
            tested=set(self.tested),
            cwd=self.cwd,
            arguments=self.arguments if subshell else (),
            functions=dict(self.functions) if subshell else {},
            exports_all=subshell and self.exports_all,
            line_by_line=self.line_by_line if place is None else False,
            instead=self.instead,
            choice=self.choice,
            stdout=self.stdout,
            depth=self.depth + 1,
            budget=self.budget,
        )

    def resolve(self, path: str) -> str:
        """A path as it is in the job; a relative one begins in the workspace where the present folder is unknown."""
        return posixpath.normpath(posixpath.join(self.cwd or WORKSPACE, path))

    def change_folder(self, path: str | None) -> None:
        if path is None or "$" in path or path.startswith("~") or path == "-":
            self.cwd = None
        elif path.startswith("/") or self.cwd is not None:
            self.cwd = posixpath.normpath(posixpath.join(self.cwd or "/", path))


def behind_env(words: Sequence[str], scope: Scope) -> tuple[list[str], str | None]:
    """The program behind `env`'s own words, whose effect is put into `scope`; or the text that `-S` has it split."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word in {"-u", "--unset", "-C", "--chdir"} and at < len(words):
            if word in {"-C", "--chdir"}:
                scope.change_folder(words[at])
            else:
                scope.unset(words[at])
            at += 1
        elif word in {"-S", "--split-string", "-vS"} and at < len(words):
            return [], " ".join(words[at:])
        elif word in {"-i", "-", "--ignore-environment"}:
            scope.values, scope.exported = {}, set()
        elif word.startswith("--unset="):
            scope.unset(word.partition("=")[2])
        elif word == "--":
            break
        elif match := _ASSIGNMENT.fullmatch(word):
            scope.set(match[1], match[2], exported=True)
        elif not word.startswith("-"):
            at -= 1
            break
    return list(words[at:]), None
