"""Files that hold commands without being shell text: Makefiles and notebooks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=#;]*?)(?:;\s*(.*))?$")
_MAKE_ASSIGNMENT = re.compile(r"^(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*(\?|:{0,3}|\+|!)=\s*(.*)$")
_MAKE_VARIABLE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def makefile(text: str, targets: Sequence[str], *, given: Collection[str] = (), known: Collection[str] = ()) -> str:
    """The recipes that `make targets` runs, as shell text with one line each; the first target's when none is named.

    Args:
        text: The Makefile.
        targets: What the command line asks for.
        given: Variables that the command line sets, which no assignment of the file changes.
        known: Variables of the environment, which `?=` leaves alone.
    """
    lines, rules = _rules(text, given, {*given, *known})
    wanted = [target for target in targets if _rule(target, rules)] or [name for name in rules if name[0] != "."][:1]
    seen: set[str] = set()

    def take(name: str) -> None:
        if name in seen or (found := _rule(name, rules)) is None:
            return
        seen.add(name)
        stem, before, recipe = found
        for each in before:
            take(each.replace("%", stem))
        meant = {"@": name, "*": stem, "<": next(iter(before), "").replace("%", stem)}
        lines.extend(_shell(re.sub(r"\$([@*<])", lambda match: meant[match[1]], line)) for line in recipe)

    for name in wanted:
        take(name)
    return "\n".join(lines)


_Rules = dict[str, tuple[list[str], list[str]]]


def _rule(target: str, rules: _Rules) -> tuple[str, list[str], list[str]] | None:
    """A target's own rule, or that of a pattern it fits, with what `%` stands for."""
    if target in rules:
        return ("", *rules[target])
    for pattern in rules:
        first, percent, last = pattern.partition("%")
        if percent and target.startswith(first) and target.endswith(last) and len(target) > len(first + last):
            return (target[len(first) : len(target) - len(last)], *rules[pattern])
    return None


def _rules(text: str, given: Collection[str], known: Collection[str]) -> tuple[list[str], _Rules]:
    """A Makefile's variables as shell assignments, and each target's prerequisites and recipe."""
    lines: list[str] = []
    rules: _Rules = {}
    current: list[str] | None = None
    for line in re.sub(r"\\\r?\n[ \t]*", " ", text).splitlines():
        if line.startswith("\t"):
            if current is not None:
                current.append(line[1:].lstrip("@-+"))
        elif match := _MAKE_ASSIGNMENT.match(line):
            if match[2] not in (known if match[3] == "?" else given):
                lines.append(f"{match[1] or ''}{match[2]}={_quoted(_shell(match[4]))}")
        elif match := _RULE.match(line):
            current = []
            for name in match[1].split():
                before, recipe = rules.setdefault(name, ([], current))
                before += [each for each in match[2].split() if each not in before]
                rules[name] = (before, recipe or current)
            if match[3]:
                current.append(match[3])
        elif line.startswith("export "):
            lines.append(line)
    return lines, rules


def _shell(text: str) -> str:
    return _MAKE_VARIABLE.sub(r"${\1}", text.replace("$(shell ", "$(")).replace("$$", "$")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def notebook(text: str) -> tuple[str, str]:
    """A notebook's cells as one Python text and one shell text (`!` lines, `%%bash` cells and `%run`)."""
    try:
        cells = json.loads(text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""
    python: list[str] = []
    shell: list[str] = []
    for source in sources:
        if re.match(r"\s*%%(bash|sh|script)\b", source):
            shell.append(source.partition("\n")[2])
            continue
        for line in source.splitlines():
            magic = re.match(r"(\s*)(?:\w+\s*=\s*)?([!%]{1,2})(.*)", line)
            if magic is None:
                python.append(line)
                continue
            python.append(f"{magic[1]}pass")
            if magic[2].startswith("!"):
                shell.append(re.sub(r"\{(\w+)\}", r"$\1", magic[3]))
            elif magic[3].startswith("run "):
                shell.append(f"python {magic[3][4:]}")
            elif assigned := re.match(r"(?:env|set_env)\s+(\w+)[= ](.*)", magic[3]):
                shell.append(f"export {assigned[1]}={assigned[2]}")
    return "\n".join(python), "\n".join(shell)
