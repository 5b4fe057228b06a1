"""Reads a job's command, with its files, into the programs and Python texts that it runs."""

from __future__ import annotations

import posixpath
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.commands import script_files, shell
from jobs.commands.budget import SpentError
from jobs.commands.calls import ProgramCall, PythonText
from jobs.commands.findings import Findings, in_workspace
from jobs.commands.python_starts import started_by_python
from jobs.commands.scope import WORKSPACE, Scope, behind_env
from jobs.commands.task_runners import PROJECT, Asked, Runner, asked_of, console_script
from jobs.commands.wrappers import LAUNCHERS, SETTLES, TEXT_RUNNERS, Unwrapped, after_shell_options, printed, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jobs.commands.calls import Reading

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash", "ksh", "busybox"})
_PYTHON = re.compile(r"python(\d(\.\d+)?)?w?|pypy3?|sys\.executable", re.ASCII)
_PYTHON_VALUES = frozenset({"-X", "-W", "--check-hash-based-pycs"})
_ADDRESS = re.compile(r"(https?|hf|git|s3)(\+\w+)?://", re.ASCII)
_PRINTERS = frozenset({"echo", "printf", "cat", "tee"})
_QUOTERS = frozenset(
    {
        *("echo", "printf", "cat", "grep", "sed", "awk", "which", "type", "pip", "pip3", "apt", "apt-get", "git"),
        *("curl", "wget", "ls", "cp", "mv", "rm", "chmod", "chown", "mkdir", "touch", "find", "test", "[", "uv"),
        *("kill", "pkill", "pgrep", "man", "brew", "npm", "conda", "tee", "head", "tail", "hf", "ln", "stat"),
    }
)
_NESTED = frozenset({"fast-agent", "fast-agent-mcp", "fast-agent-acp"})
_TASK_WRAPPERS = frozenset({"pixi", "pdm", "hatch", "rye"})
_WRAPPER_NAMES = frozenset({"hf-jobs-mcp-run", "hf-jobs-mcp-checked"})
_MAX_CALLS = 500
_MAX_DEPTH = 12


def read(
    command: Sequence[str] | None,
    files: Mapping[str, str] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    place: str = "the command",
) -> Reading:
    """What a command runs; nothing is run and nothing is refused.

    Args:
        command: Its words, as a process is given them: no shell but one that they name.
        files: Texts beside it, by their path in the workspace.
        env: Plain variables of the job.
        cwd: Where it starts: `/workspace` for a uv job, None where nobody knows (an image's own folder).
        place: What to call it in the places of what is found.
    """
    reader = _Reader(files or {})
    env = env or {}
    scope = Scope(place, values=dict(env), exported=set(env), cwd=cwd)
    if command:
        with _as_far_as_it_goes(reader, place):
            reader.run(list(command), scope)
    return reader.reading()


def read_python(
    text: str, files: Mapping[str, str] | None = None, *, env: Mapping[str, str] | None = None, place: str
) -> Reading:
    """What a Python text starts by itself: programs whose words it holds, as `subprocess.run(["hf", …])`."""
    reader = _Reader(files or {})
    env = env or {}
    with _as_far_as_it_goes(reader, place):
        reader.add_python(text, place, Scope(place, values=dict(env), exported=set(env), cwd=WORKSPACE), path=place)
    return reader.reading(without=text)


@contextmanager
def _as_far_as_it_goes(reader: _Reader, place: str) -> Iterator[None]:
    """What was found until the budget is spent counts; that there is more is said."""
    try:
        yield
    except (SpentError, RecursionError):
        reader.note_unread(f"all of what {place} runs: it stands for too much")


class _Reader(Findings):
    def run(self, words: Sequence[str], scope: Scope, *, line: int = 1, stdin: str | None = None) -> str | None:
        """Follow one command through what wraps it to the program it runs."""
        words = list(words)
        if not words or len(self._calls) >= _MAX_CALLS or scope.depth > _MAX_DEPTH:
            return None
        while words and words[0] == "":
            words = words[1:]
        if not words:
            return None
        name = words[0].rpartition("/")[2]
        if name == "env":
            self._env(words[1:], scope, line, stdin)
        elif name in _SHELLS:
            self._shell(words, scope, line, stdin)
        elif _PYTHON.fullmatch(name):
            self._interpreter(words, scope, line, stdin)
        elif (task := asked_of(words)) is not None and self._tasks(words, *task, scope, line):
            return None
        elif (inner := self._behind(words, scope)) is not None:
            return self._unwrapped(words, inner, scope, line=line, stdin=stdin)
        else:
            return self._program(words, scope, line, stdin)
        return None

    def _behind(self, words: list[str], scope: Scope) -> Unwrapped | None:
        """What a wrapper runs; an entry point that is the job's own script is none."""
        own = words[0].endswith(".sh") and (words[0].startswith(".") or self.contents(words[0], scope) is not None)
        return None if own else unwrap(words)

    def _program(self, words: list[str], scope: Scope, line: int, stdin: str | None) -> str | None:
        name = words[0].rpartition("/")[2]
        on_path = "/" not in words[0]
        if words[0].endswith((".py", ".ipynb")) or _ADDRESS.match(words[0]):
            self._script(words, scope, line, on_path=on_path)
            return None
        text = self.contents(words[0], scope) if "/" in words[0] or words[0].endswith((".sh", ".bash")) else None
        if text is not None:
            self._executable(words, text, scope)
            return None
        if words[0].endswith((".sh", ".bash")):
            self._missing_script(words, scope, line, on_path=on_path)
            return None
        if on_path and (module := console_script(self.contents("pyproject.toml", scope) or "", name)) is not None:
            self._module([module, *words[1:]], scope, line)
            return None
        call = self._call(words, scope, line)
        for variable, value in SETTLES.get((name, *words[1:2]), ()):
            scope.set(variable, value, exported=True)
        for prefix in LAUNCHERS:
            if (name, *words[1:])[: len(prefix)] == prefix:
                self._launched(words[len(prefix) :], scope, line)
                return None
        if call.program not in _NESTED and name not in _QUOTERS:
            self._nested(words, scope, line)
        return self._printed(words, stdin, scope)

    def _printed(self, words: Sequence[str], stdin: str | None, scope: Scope) -> str | None:
        """What a program prints, as far as it only prints; the words of one that hands them to a shell are followed."""
        name, *rest = words[0].rpartition("/")[2], *words[1:]
        for word in rest if name in TEXT_RUNNERS else ():
            if " " in word.strip():
                shell.follow(word, scope.child(), self)
        if name == "cat" and rest and "-" not in rest:
            return self.joined(rest, scope)
        return printed(words, stdin) if name in _PRINTERS else None

    def _call(self, words: Sequence[str], scope: Scope, line: int, packages: Sequence[str] = ()) -> ProgramCall:
        flow = scope.instead, scope.choice, scope.stdout
        call = ProgramCall(tuple(words), scope.environment(), scope.at(line), scope.cwd, tuple(packages), *flow)
        self._calls.append(call)
        return call

    def _nested(self, words: list[str], scope: Scope, line: int) -> None:
        """A program nobody knows that has fast-agent among its words most likely runs it."""
        for at, word in enumerate(words[1:], 1):
            if word.rpartition("/")[2].partition("@")[0] in _NESTED and at + 1 < len(words):
                self.run(words[at:], scope, line=line)
                return

    def _env(self, words: list[str], scope: Scope, line: int, stdin: str | None) -> None:
        scope = scope.child(subshell=True)
        rest, text = behind_env(words, scope)
        if text is not None:
            shell.follow(f"env {text}", scope, self)
        else:
            self.run(rest, scope, line=line, stdin=stdin)

    def _shell(self, words: list[str], scope: Scope, line: int, stdin: str | None) -> None:
        rest, is_text = after_shell_options(words)
        rest = rest[1:] if rest[:1] in (["-"], ["/dev/stdin"]) else rest
        inner = scope.child()
        if is_text and rest:
            if len(rest) > 1 and rest[1] in _WRAPPER_NAMES:
                inner.cwd = WORKSPACE
                checked = rest[1] != "hf-jobs-mcp-run" and "--" in rest
                self.run(rest[rest.index("--") + 1 :] if checked else rest[2:], inner, line=line)
                return
            inner.arguments = tuple(rest[2:])
            shell.follow(rest[0], inner, self)
        elif rest:
            text = self.contents(rest[0], scope)
            if text is None:
                self._missing_script(rest, scope, line)
            else:
                self._shell_file(rest, text, scope)
        elif stdin is not None:
            shell.follow(stdin, inner, self)
        else:
            self._unread[f"what {words[0].rpartition('/')[2]} reads from its standard input ({scope.at(line)})"] = None

    def _missing_script(self, words: list[str], scope: Scope, line: int, *, on_path: bool = False) -> None:
        """A script that is not there to read; what follows it may be the program that it ends in."""
        self.lacks(words[0], "run", scope, line, on_path=on_path)
        self._call(words, scope, line)
        self._nested(words, scope, line)

    def _shell_file(self, words: list[str], text: str, scope: Scope) -> None:
        inner = scope.child(place=words[0])
        inner.line_by_line = True
        inner.arguments = tuple(words[1:])
        self._texts[words[0]] = text
        shell.follow(text, inner, self)

    def _executable(self, words: list[str], text: str, scope: Scope) -> None:
        """A file of the job's that is run by its path: its first line says by what."""
        first = text.partition("\n")[0]
        if first.startswith("#!") and ("python" in first or "uv " in first):
            self._python_text(words, text, scope)
        elif not first.startswith("#!") or any(first.endswith(each) or f"{each} " in first for each in _SHELLS):
            self._shell_file(words, text, scope)

    def _interpreter(self, words: list[str], scope: Scope, line: int, stdin: str | None) -> None:
        at = 1
        while at < len(words):
            word = words[at]
            if word == "-c" and at + 1 < len(words):
                self._call(("python", *words[at:]), scope, line)
                self.add_python(words[at + 1], scope.at(line), scope, arguments=words[at + 2 :])
                return
            if word in {"-m", "-um"} and at + 1 < len(words):
                self._module(words[at + 1 :], scope, line)
                return
            if word == "-":
                break
            if not word.startswith("-"):
                self._script(words[at:], scope, line)
                return
            at += 2 if word in _PYTHON_VALUES else 1
        if stdin is not None:
            self._call(("python", "-"), scope, line)
            self.add_python(stdin, scope.at(line), scope, arguments=words[at + 1 :])
        elif at >= len(words) and words[-1] in {"-V", "--version", "-VV", "-h", "--help"}:
            return
        else:
            self._unread[f"what Python reads from its standard input ({scope.at(line)})"] = None

    def _module(self, words: list[str], scope: Scope, line: int) -> None:
        path = words[0].replace(".", "/")
        for place in (f"{path}.py", f"{path}/__main__.py", f"src/{path}.py", f"src/{path}/__main__.py"):
            if (text := self.contents(place, scope)) is not None:
                self._call(("python", place, *words[1:]), scope, line)
                self._python_text([place, *words[1:]], text, scope)
                return
        if words[0] == "fast_agent" or words[0].startswith("fast_agent.cli"):
            words = ["fast-agent", *words[1:]]
        self._program(words, scope, line, None)

    def _launched(self, words: list[str], scope: Scope, line: int) -> None:
        """A launcher's script or module, which follows options of its own."""
        for at, word in enumerate(words):
            if word in {"-m", "--module"} and at + 1 < len(words):
                self._module(words[at + 1 :], scope, line)
                return
            if word.endswith((".py", ".ipynb")) and not word.startswith("-"):
                self._script(words[at:], scope, line)
                return
        self._nested(["", *words], scope, line)

    def _script(self, words: list[str], scope: Scope, line: int, *, on_path: bool = False) -> None:
        """A Python script or notebook by its path or address."""
        if _ADDRESS.match(words[0]):
            self._unread[f"a script that is fetched when the job runs ({scope.at(line)})"] = None
            self._call(("python", *words), scope, line)
            return
        text = self.contents(words[0], scope)
        if text is None:
            main = f"{words[0].rstrip('/')}/__main__.py"
            text = self.contents(main, scope)
        if text is None:
            self.lacks(words[0], "run", scope, line, on_path=on_path)
        self._call(("python", *words), scope, line)
        if text is None:
            self._nested(words, scope, line)
        else:
            self._python_text(words, text, scope)

    def _python_text(self, words: Sequence[str], text: str, scope: Scope) -> None:
        path = in_workspace(scope.resolve(words[0]))
        path = path if path in self._files else posixpath.normpath(words[0])
        if path.endswith(".ipynb"):
            self._texts[words[0]] = text
            text, commands = script_files.notebook(text)
            inner = scope.child(place=words[0])
            shell.follow(commands, inner, self)
        self.add_python(text, words[0], scope, path=path, arguments=words[1:])

    def add_python(
        self, text: str, place: str, scope: Scope, *, path: str | None = None, arguments: Sequence[str] = ()
    ) -> None:
        found = PythonText(text, place, path, tuple(arguments), scope.environment())
        if found in self._python:
            return
        self._python.append(found)
        inner = scope.child(place=place)
        for line, started in started_by_python(text):
            inner.line_by_line = path is not None
            if isinstance(started, str):
                shell.follow(started, inner.child(place=inner.at(line)), self)
            else:
                self.run(started, inner, line=line)

    def _tasks(self, words: list[str], runner: Runner, asked: Asked, scope: Scope, line: int) -> bool:
        """What a task runner's file has it run; False where its words may be a program's and no task has that name."""
        scope = scope.child()
        if asked.folder is not None:
            scope.change_folder(asked.folder)
        found = next((name for name in asked.names if self.contents(name, scope) is not None), None)
        there = None if found is None else self.contents(found, scope)
        text = None if there is None else runner.read(there, asked, scope.values | asked.given)
        if text is None and not runner.sure:
            return False
        self._call(words, scope, line)
        if found is None:
            self.lacks(asked.names[-1], "run", scope, line)
            return True
        for name, value in asked.given.items():
            scope.set(name, value, exported=True)
        self._texts[found] = self.contents(found, scope) or ""
        inner = scope.child(place=found)
        inner.values |= {name: value for name, value in scope.values.items() if name not in inner.values}
        shell.follow(text or "", inner, self)
        return True

    def _unwrapped(
        self,
        words: list[str],
        found: Unwrapped,
        scope: Scope,
        *,
        line: int,
        stdin: str | None,
    ) -> str | None:
        """What a wrapper runs, in the folder and with the variables that the wrapper gives it."""
        rest, options = found.rest, found.options
        name = words[0].rpartition("/")[2].partition("@")[0]
        if name in _TASK_WRAPPERS and self._tasks(words, PROJECT, Asked(PROJECT.files, targets=[*rest]), scope, line):
            return None
        if name not in {"uv", "uvx", "pipx"}:
            return self.run(rest, scope, line=line, stdin=stdin)
        scope = scope.child(subshell=True)
        packages = [value for option, value in options if option in {"--with", "-w", "--from", "--spec"}]
        for option, value in options:
            if option == "--directory":
                scope.change_folder(value)
            elif option == "--env-file":
                self._env_file(value, scope, line)
        flags = {option for option, _ in options}
        if not rest:
            return None
        self._packaged(name == "uv" and words[1] != "tool", rest, flags, packages, scope, line, stdin)
        return None

    def _packaged(  # noqa: PLR0917 -- what a wrapper was given
        self,
        is_run: bool,
        rest: Sequence[str],
        flags: set[str],
        packages: Sequence[str],
        scope: Scope,
        line: int,
        stdin: str | None,
    ) -> None:
        first, *others = rest
        if is_run and flags & {"-m", "--module"}:
            self._module([first, *others], scope, line)
        elif is_run and (first == "-" or first.endswith((".py", ".pyw")) or flags & {"-s", "--script", "--gui-script"}):
            if first == "-":
                self._interpreter(["python", "-", *others], scope, line, stdin)
            else:
                self._script([first, *others], scope, line)
        elif is_run:
            before = len(self._calls)
            self.run(rest, scope, line=line, stdin=stdin)
            self._installed(before, packages)
        else:
            program = re.split(r"[@=<>~\[\s]", first)[0].rpartition("/")[2] or first
            before = len(self._calls)
            self.run([program, *others], scope, line=line, stdin=stdin)
            self._installed(before, [*packages, first])

    def _installed(self, since: int, packages: Sequence[str]) -> None:
        added = self._calls[since:]
        self._calls[since:] = [replace(call, packages=(*packages, *call.packages)) for call in added]

    def _env_file(self, path: str, scope: Scope, line: int) -> None:
        text = self.contents(path, scope)
        if text is None:
            self.lacks(path, "read", scope, line)
        else:
            scope.set_from(text)
