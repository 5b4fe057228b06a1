"""A pasted `hf jobs run …`, `hf jobs uv run …`, `uv run --with …` or `uvx …` line, as the arguments that mean the same.

What the line says that has no argument here is refused by the argument's name, never passed on: a job that runs
`hf jobs uv run` inside a container would start another job, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.errors import BadArgument, SecretInArgument

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HF = frozenset({"hf", "huggingface-cli"})
#: Option of `hf jobs …` → the argument it fills; a list where it may be repeated. As in `hf jobs uv run --help`.
_TEXT = {
    "--flavor": "flavor", "--timeout": "timeout", "--image": "image", "--namespace": "namespace", "--name": "name",
    "--python": "python", "-p": "python", "--attempts": "attempts",
}  # fmt: skip
_LISTS = {
    "--with": "packages", "--secrets": "secrets", "-s": "secrets", "--volume": "volumes", "-v": "volumes",
    "--expose": "expose", "--expose-public": "expose_public",
}  # fmt: skip
_PAIRS = {"--env": "env", "-e": "env", "--label": "labels", "-l": "labels"}
_SWITCHES = {
    "--dry-run": "dry_run", "--suspend": "suspend", "--concurrency": "concurrency", "--no-suspend": None,
    "--no-concurrency": None, "--detach": None, "-d": None, "--quiet": None, "-q": None, "--json": None,
    "--no-project": None, "--isolated": None, "--no-cache": None,
}  # fmt: skip
_IGNORED = frozenset({"--format"})
_NO_PLACE = {
    "--env-file": ("env", "The server reads no local files: put the variables into `env`."),
    "--secrets-file": ("secrets", "The server reads no local files: put the names into `secrets`."),
    "--token": ("secrets", "No token is passed; the server uses its own for the hub."),
    "--with-requirements": ("packages", "The server reads no local files: put the requirements into `packages`."),
    "--with-editable": ("packages", "The server reads no local files: put the code into `files`."),
    "--ssh": ("command", "This server opens no SSH; leave it out."),
}


@dataclass
class _Line:
    """The words of a line, taken from the front."""

    words: list[str]
    found: dict[str, Any] = field(default_factory=dict)

    def options(self, known: Sequence[Mapping[str, Any]]) -> None:
        """Take the options that stand before the first word of another kind."""
        while self.words and self.words[0].startswith("-"):
            word = self.words.pop(0)
            if word == "--":
                return
            flag, given, value = word.partition("=")
            self._option(flag, value if given else None, known)

    def _option(self, flag: str, value: str | None, known: Sequence[Mapping[str, Any]]) -> None:
        if flag in _NO_PLACE:
            about, hint = _NO_PLACE[flag]
            raise BadArgument("`command` holds a pasted line with an option for local use.", hint=hint, field=about)
        if flag in _SWITCHES:
            if (name := _SWITCHES[flag]) is not None:
                self.found[name] = True
            return
        if not any(flag in table for table in (*known, _IGNORED)):
            raise _unclear()
        text = value if value is not None else self._value()
        if flag in _TEXT:
            self.found[_TEXT[flag]] = int(text) if flag == "--attempts" and text.isdecimal() else text
        elif flag in _LISTS:
            self._add(_LISTS[flag], text)
        elif flag in _PAIRS:
            self._pair(_PAIRS[flag], text)

    def _add(self, name: str, text: str) -> None:
        if name == "secrets" and "=" in text:
            raise SecretInArgument(
                "The pasted line gives a secret's value; nothing was sent.",
                hint="Give the name alone in `secrets`; the server finds the value itself.",
                field="secrets",
            )
        item = int(text) if name.startswith("expose") and text.isdecimal() else text
        self.found.setdefault(name, []).append(item)

    def _pair(self, name: str, text: str) -> None:
        key, given, value = text.partition("=")
        if not given and name == "env":
            raise BadArgument(
                "The pasted line takes a variable from the shell it was written for.",
                hint="Give it in `env` with its value, or in `secrets` by name.",
                field="env",
            )
        self.found.setdefault(name, {})[key] = value

    def _value(self) -> str:
        if not self.words:
            raise _unclear()
        return self.words.pop(0)

    def next(self) -> str:
        """The next word that has to be there."""
        if not self.words:
            raise _unclear()
        return self.words.pop(0)


def translated(words: list[str], *, image: bool, schedule: bool) -> tuple[dict[str, Any], str] | None:
    """The arguments that a pasted line means, and what it was; None for a command that is none.

    Args:
        words: The command.
        image: Whether the caller named an image, in which `uv run` may be meant as it stands.
        schedule: Whether the tool takes a schedule.

    Raises:
        JobsError: The line says something that has no place here.
    """
    rest = list(words)
    env: dict[str, str] = {}
    while rest and (assigned := re.fullmatch(r"([A-Z_][A-Z0-9_]*)=(.*)", rest[0], re.DOTALL)):
        env[assigned[1]] = assigned[2]
        rest.pop(0)
    found: tuple[dict[str, Any], str] | None = None
    if rest[:1] and rest[0] in _HF and rest[1:2] == ["jobs"]:
        found = _hf(_Line(rest[2:]), schedule=schedule)
    elif rest[:2] == ["uv", "run"] and not image:
        found = _uv(_Line(rest[2:])), "uv run"
    elif (rest[:1] == ["uvx"] or rest[:3] == ["uv", "tool", "run"]) and not image:
        found = _uvx(_Line(rest[1 if rest[0] == "uvx" else 3 :])), "uvx"
    if found is not None and env:
        found[0]["env"] = {**env, **found[0].get("env", {})}
    return found


def _hf(line: _Line, *, schedule: bool) -> tuple[dict[str, Any], str]:
    verb = line.next()
    scheduled = verb == "scheduled"
    if scheduled:
        verb = line.next()
        if not schedule:
            raise BadArgument("The pasted line schedules a job.", hint="Use schedule_job for it.", field="command")
    uv = verb == "uv"
    if uv:
        verb = line.next()
    if verb != "run":
        raise BadArgument(
            "The pasted line does not run a job.",
            hint="`hf jobs ps` and `inspect` are job_status, `logs` is fetch_results, `cancel` is manage_job, "
            "`hardware` is list_hardware.",
            field="command",
        )
    line.options((_TEXT, _LISTS, _PAIRS))
    if scheduled:
        line.found["schedule"] = line.next()
        line.options((_TEXT, _LISTS, _PAIRS))
    if not uv:
        line.found["image"] = line.next()
        if line.words[:1] == ["--"]:
            line.words.pop(0)
    _command(line)
    return line.found, f"hf jobs{' scheduled' if scheduled else ''}{' uv' if uv else ''} run"


def _uv(line: _Line) -> dict[str, Any]:
    line.options(({"--python": 0, "-p": 0}, {"--with": 0}))
    _split_packages(line)
    _command(line)
    return line.found


def _uvx(line: _Line) -> dict[str, Any]:
    origin: list[str] = []
    while line.words[:1] and (line.words[0] == "--from" or line.words[0].startswith("--from=")):
        flag, given, value = line.words.pop(0).partition("=")
        origin.append(value if given and flag else line.next())
    line.options(({"--python": 0, "-p": 0}, {"--with": 0}))
    if line.words[:1] == ["--from"]:
        line.words.pop(0)
        origin.append(line.next())
    _split_packages(line)
    program = line.next()
    name, at, version = program.partition("@")
    package = origin[0] if origin else f"{name}=={version}" if at and version != "latest" else name
    line.found["packages"] = [package, *line.found.get("packages", [])]
    # fast-agent's package and its program have different names.
    line.found["command"] = ["fast-agent" if name == "fast-agent-mcp" else name, *line.words]
    return line.found


def _split_packages(line: _Line) -> None:
    """`--with a,b` names two packages."""
    if "packages" in line.found:
        line.found["packages"] = [part for item in line.found["packages"] for part in item.split(",") if part]


def _command(line: _Line) -> None:
    if not line.words:
        raise _unclear()
    if "://" in line.words[0]:
        raise BadArgument(
            "The pasted line runs a script from an address.",
            hint="Put the script's text into `script`, or into `files` and its name into `command`.",
            field="script",
        )
    line.found["command"] = line.words


def _unclear() -> BadArgument:
    return BadArgument(
        "`command` is a pasted command line that cannot be taken apart with certainty.",
        hint="Give its parts by name: command (the program and its words), packages (--with), python, image, flavor, "
        "timeout, env, secrets (names), volumes, labels.",
        field="command",
    )
