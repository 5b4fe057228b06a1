"""What the recipes of a justfile run, as shell text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_ASSIGNMENT = re.compile(r"(export\s++)?([A-Za-z_][\w-]*+)\s*+:=\s*+(.*)")
_RECIPE = re.compile(r"@?([A-Za-z_][\w-]*+)([^:]*+):(?!=)(.*)")
_PARAMETER = re.compile(r"(?<![+*$])[+*$]*+([A-Za-z_][\w-]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|\S+))?")
_PUT_IN = re.compile(r"\{\{(.*?)\}\}")
_READ = re.compile(r"env(?:_var(?:_or_default)?)?\(\s*+['\"]([A-Za-z_]\w*+)['\"]\s*+(?:,(.*?))?\)")
_MAX_DEPTH = 8


@dataclass(slots=True)
class _Recipe:
    parameters: list[tuple[str, str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def recipes(text: str, targets: Sequence[str], given: Mapping[str, str]) -> str:
    """What `just NAME ARGUMENT …` runs; the first recipe where none is named. `given` outranks what the file sets."""
    values, found = _parsed(text)
    variables = {**values, **{name: _quoted(value) for name, value in given.items()}}
    lines = [f"{name}={_shell(value)}" for name, value in variables.items()]
    words = list(targets) or list(found)[:1]
    while words:
        name = words.pop(0)
        if (recipe := found.get(name)) is None:
            continue
        taken, words = words[: len(recipe.parameters)], words[len(recipe.parameters) :]
        lines += _lines(name, taken, found)
    return "\n".join(lines)


def _lines(name: str, arguments: Sequence[str], found: Mapping[str, _Recipe], depth: int = 0) -> list[str]:
    recipe = found.get(name)
    if recipe is None or depth > _MAX_DEPTH:
        return []
    lines = []
    for each in recipe.before:
        other, *rest = re.findall(r"[\w.-]+|\"[^\"]*\"|'[^']*'", each) or [""]
        lines += _lines(other, [word.strip("\"'") for word in rest], found, depth + 1)
    for at, (parameter, default) in enumerate(recipe.parameters):
        lines.append(f"{parameter}={_quoted(arguments[at]) if at < len(arguments) else _shell(default)}")
    body = [_PUT_IN.sub(lambda match: _put_in(match[1].strip()), line) for line in recipe.lines]
    if body and body[0].startswith("#!"):
        program = "python" if "python" in body[0] or "uv " in body[0] else "bash"
        return [*lines, f"{program} - <<'JUST_EOF'", *body[1:], "JUST_EOF"]
    return [*lines, *(line.lstrip("@-") for line in body)]


def _parsed(text: str) -> tuple[dict[str, str], dict[str, _Recipe]]:
    values: dict[str, str] = {}
    found: dict[str, _Recipe] = {}
    current: _Recipe | None = None
    indent = ""
    for line in text.splitlines():
        if line[:1] in {" ", "\t"}:
            if current is not None and line.strip():
                indent = indent or line[: len(line) - len(line.lstrip())]
                current.lines.append(line.removeprefix(indent))
            continue
        if match := _ASSIGNMENT.match(line):
            values[match[2]] = match[3]
        elif line[:1] not in {"#", "[", ""} and (match := _RECIPE.match(line)):
            parameters = [(each[1], each[2] or "''") for each in _PARAMETER.finditer(match[2])]
            before = re.findall(r"\([^)]*\)|[\w-]+", match[3].partition("#")[0])
            current, indent = _Recipe(parameters, before), ""
            found[match[1]] = current
    return values, found


def _put_in(expression: str) -> str:
    if re.fullmatch(r"[A-Za-z_][\w-]*", expression):
        return f"${{{expression}}}"
    return _shell(expression).strip('"')


def _shell(expression: str) -> str:
    """An expression as a shell word: a text, a variable of the environment, the output of a command, or another's."""
    expression = expression.strip()
    if match := _READ.match(expression):
        default = "".join(_shell(match[2]).strip("\"'")) if match[2] else ""
        return f'"${{{match[1]}:-{default}}}"' if default else f'"${match[1]}"'
    if expression.startswith("`"):
        return f'"$({expression.strip("`")})"'
    if expression[:1] in {"'", '"'}:
        return _quoted(expression.strip("\"'"))
    return f'"${{{expression}}}"' if re.fullmatch(r"[A-Za-z_]\w*", expression) else "''"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
