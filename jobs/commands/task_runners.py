"""Programs that run what a file of tasks names: make, just, task, npm and its kin, poe and other projects' tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.commands import justfile
from jobs.commands.script_files import makefile

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_GO_VARIABLE = re.compile(r"\{\{\s*\.?([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|[^}]*)?\}\}")
_MAX_DEPTH = 8
_LONGEST_TABLE = 200_000


@dataclass(slots=True)
class Asked:
    """What a task runner's words ask for: which file, in which folder, which tasks, with which variables."""

    names: Sequence[str]
    folder: str | None = None
    targets: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runner:
    """A row a runner: the files it looks for, how they are read, and its options that take a value of their own.

    `sure` says that the words can mean nothing but a task; else, without such a task, they are a program's.
    """

    files: tuple[str, ...]
    read: Callable[[str, Asked, Collection[str]], str | None]
    values: tuple[str, ...] = ()
    sure: bool = True


def _make(text: str, asked: Asked, known: Collection[str]) -> str:
    return makefile(text, asked.targets, given=asked.given, known=known)


def _just(text: str, asked: Asked, _: Collection[str]) -> str:
    return justfile.recipes(text, asked.targets, asked.given)


def _taskfile(text: str, asked: Asked, _: Collection[str]) -> str | None:
    import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

    try:
        whole = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(whole, dict) or not isinstance(tasks := whole.get("tasks"), dict):
        return None
    variables = _variables({**_table(whole.get("vars")), **_table(whole.get("env"))}, asked.given)
    lines = [line for target in asked.targets or ["default"] for line in _lines(target, tasks, asked)]
    return _GO_VARIABLE.sub(r"${\1}", "\n".join([*variables, *lines]))


def _package(text: str, asked: Asked, _: Collection[str]) -> str | None:
    try:
        tasks = json.loads(text).get("scripts")
    except (ValueError, AttributeError, RecursionError):
        return None
    name, *rest = asked.targets or [""]
    if not isinstance(tasks, dict) or name not in tasks:
        return None
    lines = [str(tasks[each]) for each in (f"pre{name}", name, f"post{name}") if each in tasks]
    return "\n".join([*lines[:-1], " ".join([lines[-1], *rest])] if len(lines) == 1 else lines)


def _project(text: str, asked: Asked, _: Collection[str]) -> str | None:
    """The tasks of poe, pixi, pdm, hatch and rye, which stand in `pyproject.toml` or `pixi.toml`."""
    whole = _toml(text)
    tool = _table(whole.get("tool"))
    environments = _table(_table(tool.get("hatch")).get("envs"))
    tables = [
        whole.get("tasks"),
        _table(tool.get("poe")).get("tasks"),
        _table(tool.get("pixi")).get("tasks"),
        _table(tool.get("pdm")).get("scripts"),
        _table(tool.get("rye")).get("scripts"),
        *(_table(each).get("scripts") for each in environments.values()),
    ]
    name, *rest = asked.targets or [""]
    name = name.rpartition(":")[2]
    for tasks in tables:
        if name in (known := _table(tasks)):
            lines = list(_lines(name, known, asked))
            return "\n".join([*lines[:-1], " ".join([*lines[-1:], *rest])])
    return None


def console_script(text: str, name: str) -> str | None:
    """The module that a `pyproject.toml` gives a command of its own, or None."""
    whole = _toml(text)
    poetry = _table(_table(whole.get("tool")).get("poetry")).get("scripts")
    called = {**_table(poetry), **_table(_table(whole.get("project")).get("scripts"))}.get(name)
    return called.partition(":")[0] if isinstance(called, str) else None


def _toml(text: str) -> Mapping[str, Any]:
    import tomllib

    if len(text) > _LONGEST_TABLE:  # Reading one may take the square of its length.
        return {}
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _lines(name: str, tasks: Mapping[str, Any], asked: Asked, depth: int = 0) -> list[str]:
    """One task's shell lines, with those of the tasks that have to run before."""
    task = tasks.get(name)
    if task is None or depth > _MAX_DEPTH:
        return []
    if isinstance(task, str):
        return [task]
    if isinstance(task, list):
        return [line for each in task for line in _step(each, tasks, asked, depth)]
    table = _table(task)
    before = table.get("deps") or table.get("depends-on") or table.get("depends_on") or []
    lines = [
        line for each in ([before] if isinstance(before, str) else before) for line in _step(each, tasks, asked, depth)
    ]
    lines += _variables({**_table(table.get("vars")), **_table(table.get("env"))}, asked.given)
    for key in ("cmd", "shell", "cmds", "sequence", "composite", "chain"):
        steps = table.get(key) or []
        whole = key == "cmd" and isinstance(steps, list)
        for each in [" ".join(map(str, steps))] if whole else [steps] if isinstance(steps, str) else steps:
            lines += _step(each, tasks, asked, depth)
    if isinstance(called := table.get("script") or table.get("call"), str):
        lines.append(f"python -m {called.partition(':')[0]}")
    return lines


def _step(step: object, tasks: Mapping[str, Any], asked: Asked, depth: int) -> list[str]:
    """One step: a line, another task by its name, or a table that says either."""
    if isinstance(step, str):
        return _lines(step, tasks, asked, depth + 1) if step in tasks else [step]
    table = _table(step)
    other = table.get("task") or table.get("ref")
    if isinstance(other, str):
        return [
            *_variables(_table(table.get("vars")), asked.given),
            *_lines(other, tasks, asked, depth + 1),
        ]
    line = table.get("cmd") or table.get("shell")
    return [line] if isinstance(line, str) else []


def _variables(table: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    """Assignments, without those that the command line sets; `{sh: …}` is what a command prints."""
    lines = []
    for name, value in table.items():
        if name in given or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            continue
        if isinstance(value, dict):
            lines.append(f"export {name}=$({value.get('sh', '')})")
        else:
            lines.append(f'export {name}="' + str(value).replace('"', '\\"') + '"')
    return lines


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_PROJECT = ("pyproject.toml", "pixi.toml")
_MAKE = Runner(
    ("GNUmakefile", "makefile", "Makefile"), _make, ("-f", "--file", "--makefile", "-j", "-C", "--directory")
)
_NPM = Runner(("package.json",), _package, ("--prefix", "-C", "--cwd"), sure=False)

RUNNERS: dict[tuple[str, ...], Runner] = {
    ("make",): _MAKE,
    ("gmake",): _MAKE,
    ("just",): Runner(
        (".justfile", "Justfile", "justfile"), _just, ("-f", "--justfile", "-d", "--working-directory", "--set")
    ),
    ("task",): Runner(
        ("Taskfile.dist.yml", "taskfile.yml", "Taskfile.yaml", "Taskfile.yml"),
        _taskfile,
        ("-t", "--taskfile", "-d", "--dir"),
    ),
    ("go-task",): Runner(("Taskfile.yaml", "Taskfile.yml"), _taskfile, ("-t", "--taskfile", "-d", "--dir")),
    **{(program, "run"): _NPM for program in ("npm", "pnpm", "yarn", "bun")},
    **{("npm", word): _NPM for word in ("start", "test")},
    ("pnpm",): _NPM,
    ("yarn",): _NPM,
    ("poe",): Runner(("pyproject.toml",), _project, ("-C", "--directory")),
}
"""Task runners by the words they begin with; add a row here."""

PROJECT = Runner(_PROJECT, _project, sure=False)
"""What `pixi run`, `pdm run`, `hatch run` and `rye run` look for first."""

_FOLDER = frozenset({"-C", "--directory", "-d", "--working-directory", "--dir", "--prefix", "--cwd"})
_FILE = frozenset({"-f", "--file", "--makefile", "--justfile", "-t", "--taskfile", "--manifest-path"})


def asked_of(words: Sequence[str]) -> tuple[Runner, Asked] | None:
    """The runner that the first words name and what they ask of it, or None when they are no runner's."""
    name = words[0].rpartition("/")[2]
    for length in (2, 1):
        row = RUNNERS.get((name, *words[1:length]))
        if row is not None and len(words) >= length:
            tasks = list(words[1:]) if words[1:2] in (["start"], ["test"]) else list(words[length:])
            return row, _asked(tasks, row)
    return None


def _asked(words: list[str], row: Runner) -> Asked:
    asked = Asked(row.files)
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if word == "--":
            asked.targets += list(rest) if asked.targets else []
        elif word.startswith("-") and not asked.targets:
            value = value if equals else next(rest, "") if option in row.values else ""
            if option in _FOLDER:
                asked.folder = value
            elif option in _FILE:
                asked.names = (value,)
            elif option == "--set":
                asked.given[value] = next(rest, "")
        elif (match := _ASSIGNMENT.fullmatch(word)) and row.read in {_make, _just, _taskfile}:
            asked.given[match[1]] = match[2]
        elif not word.startswith("-") or row.read is not _make:
            asked.targets.append(word)
    return asked
