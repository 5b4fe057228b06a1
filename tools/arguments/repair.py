"""From the arguments as they came to those that the tool takes, and what was taken for what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from jobs.client.wait import LONGEST_WAIT
from jobs.errors import BadArgument
from tools.arguments.aliases import ACTIONS, ALIASES, IDLE
from tools.arguments.forms import FORMS, words
from tools.arguments.pasted_line import translated

_JOB_TOOLS = frozenset({"submit_job", "schedule_job"})
#: Aliases whose other meaning (a yes or no, a number of them) says nothing about the argument.
_TEXT_ONLY = frozenset({"flavor", "image", "schedule", "python", "script", "name", "namespace"})


def repaired(tool: str, arguments: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The arguments as the tool takes them, and what was understood, without any value.

    What is not certain stays as it was, for the schema to refuse by name.

    Raises:
        JobsError: It is certain what was meant, and it cannot be done.
    """
    plain, spelt = _snaked(tool, arguments, known)
    taken, notes = _renamed(tool, plain, known)
    notes[:0] = spelt
    _meant_action(tool, taken, known, notes)
    _formed("command", taken, known, notes)
    if tool in _JOB_TOOLS:
        _unpaste(tool, taken, notes)
    for name in list(taken):
        _formed(name, taken, known, notes)
    return taken, notes


def _snaked(tool: str, arguments: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Arguments written `likeThis`, by the names that are meant, and what was taken for what."""
    names = {*known, *(other for all_of in ALIASES.get(tool, {}).values() for other in all_of)}
    found: dict[str, Any] = {}
    notes: list[str] = []
    for name, value in arguments.items():
        plain = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
        if name not in names and plain in names and plain not in arguments:
            found[plain] = value
            notes.append(f"{name} is `{plain}`")
        else:
            found[name] = value
    return found, notes


def _meant_action(tool: str, taken: dict[str, Any], known: Mapping[str, Any], notes: list[str]) -> None:
    """`action` by another name, or in another case."""
    said = taken.get("action")
    meant = ACTIONS.get(tool, {})
    if not isinstance(said, str) or "action" not in known:
        return
    plain = said.strip().lower().replace("-", "_").replace(" ", "_")
    action = meant.get(plain, plain)
    if action != said and action in get_args(known["action"].annotation):
        taken["action"] = action
        notes.append(f'action: taken as "{action}"')


def _formed(name: str, taken: dict[str, Any], known: Mapping[str, Any], notes: list[str]) -> None:
    """Put one argument into the form that the tool takes."""
    form = FORMS.get(name)
    if form is None or name not in known or taken.get(name) is None:
        return
    value = taken[name]
    fresh = form(value)
    if fresh != value or type(fresh) is not type(value):
        taken[name] = fresh
        notes.append(f"{name}: {_told(name, value, fresh)}")


def _renamed(tool: str, arguments: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    taken = {name: value for name, value in arguments.items() if name in known}
    notes: list[str] = []
    others = {other: name for name, all_of in ALIASES.get(tool, {}).items() for other in all_of}
    for given, value in arguments.items():
        if given in known:
            continue
        name = others.get(given)
        if any(value is idle or (isinstance(idle, str) and value == idle) for idle in IDLE.get(given, ())):
            notes.append(f"{given}: it is so anyway")
        elif name is not None and name in known and name not in taken and _fits(name, value):
            taken[name] = value
            notes.append(f"{given} is `{name}`")
        elif given == "args" and tool in _JOB_TOOLS and _appends(taken, value, arguments):
            notes.append("args: put after the program in `command`")
        else:
            taken[given] = value
    return taken, notes


def _fits(name: str, value: Any) -> bool:
    if name in _TEXT_ONLY:
        return isinstance(value, str) or (name == "python" and isinstance(value, float))
    return not isinstance(value, bool)


def _appends(taken: dict[str, Any], value: Any, arguments: Mapping[str, Any]) -> bool:
    """Put `args` after the program; False where there is none, or the arguments are no words."""
    program = words(taken.get("command", arguments.get("cmd")))
    more = words(value)
    both = isinstance(program, list) and isinstance(more, list)
    if not both or "command" not in taken or not all(isinstance(item, str) for item in more):
        return False
    taken["command"] = [*program, *more]
    return True


def _unpaste(tool: str, taken: dict[str, Any], notes: list[str]) -> None:
    command = taken.get("command")
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return
    line = translated(command, image=bool(taken.get("image")), schedule=tool == "schedule_job")
    if line is None:
        return
    meant, what = line
    for name, value in meant.items():
        if name != "command" and taken.get(name) not in (None, [], {}, value):
            raise BadArgument(
                f"The pasted `{what}` line and the argument `{name}` say different things.",
                hint=f"Give `{name}` once, and in `command` only the program and its words.",
                field=name,
            )
    taken.update(meant)
    parts = ", ".join(sorted(meant))
    notes.append(f"command: a pasted `{what}` line, taken apart into {parts}")


def _told(name: str, before: Any, after: Any) -> str:
    if name == "wait_seconds":
        return f"a call waits {LONGEST_WAIT:.0f} s at most; call again"
    if name == "command":
        if isinstance(before, list):
            return (
                "its words joined for a shell, whose signs are among them"
                if after[:2] == ["sh", "-c"]
                else "words as text"
            )
        return "one text, run by a shell" if after[:2] == ["sh", "-c"] else "one text, taken as its words"
    kinds = {str: "a text", list: "a list", dict: "a map", int: "a number", float: "a number"}
    return f"{kinds.get(type(before), 'it')} taken as {_KIND.get(name, 'what the tool takes')}"


_KIND = {
    "secrets": "names", "packages": "a list", "env": "names with texts", "labels": "names with texts",
    "python": "a version", "flavor": "the hub's spelling", "schedule": "a preset", "expose": "a list of ports",
    "expose_public": "a list of ports", "job_id": "the id in it", "scheduled_job_id": "the id in it",
    "artifacts": "a list", "volumes": "a list", "files": "paths with texts", "models": "a list",
}  # fmt: skip
