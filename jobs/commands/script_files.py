"""Files that hold commands without being shell text: Makefiles, notebooks, and Python that starts programs."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

from jobs.commands.python_syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RULE = re.compile(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=#;]*?)(?:;\s*(.*))?$")
_MAKE_ASSIGNMENT = re.compile(r"^(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*(?:\?|:{0,2}|\+|!)=\s*(.*)$")
_MAKE_VARIABLE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_STARTERS = frozenset(
    {
        *("run", "call", "check_call", "check_output", "Popen", "getoutput", "system", "popen"),
        *("open_process", "run_process", "create_subprocess_shell"),
    }
)
_EXECUTORS = frozenset({"execvp", "execv", "execvpe", "execlp", "create_subprocess_exec", "spawn"})


def makefile(text: str, targets: Sequence[str]) -> str:
    """The recipes that `make targets` runs, as shell text with one line each; the first target's when none is named."""
    lines, rules = _rules(text)
    wanted = [target for target in targets if target in rules] or [name for name in rules if name[0] != "."][:1]
    seen: set[str] = set()

    def take(name: str) -> None:
        if name in seen or name not in rules:
            return
        seen.add(name)
        before, recipe = rules[name]
        for each in before:
            take(each)
        lines.extend(_shell(line) for line in recipe)

    for name in wanted:
        take(name)
    return "\n".join(lines)


def _rules(text: str) -> tuple[list[str], dict[str, tuple[list[str], list[str]]]]:
    """A Makefile's variables as shell assignments, and each target's prerequisites and recipe."""
    lines: list[str] = []
    rules: dict[str, tuple[list[str], list[str]]] = {}
    current: list[str] | None = None
    for line in re.sub(r"\\\r?\n[ \t]*", " ", text).splitlines():
        if line.startswith("\t"):
            if current is not None:
                current.append(line[1:].lstrip("@-+"))
        elif match := _MAKE_ASSIGNMENT.match(line):
            lines.append(f"{match[1] or ''}{match[2]}={_quoted(_shell(match[3]))}")
        elif match := _RULE.match(line):
            current = []
            for name in match[1].split():
                rules[name] = (match[2].split(), current)
            if match[3]:
                current.append(match[3])
        elif line.startswith("export "):
            lines.append(line)
    return lines, rules


def _shell(text: str) -> str:
    return _MAKE_VARIABLE.sub(r"${\1}", text).replace("$$", "$")


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


def started_by_python(text: str) -> Iterator[tuple[int, tuple[str, ...] | str]]:
    """Programs that a Python text starts with words it holds itself: line, and words or a shell text."""
    for node in nodes(text):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if called in _STARTERS and isinstance(first, ast.List | ast.Tuple):
            words = [_text(each) for each in first.elts]
            if words and words[0] is not None:
                yield node.lineno, tuple("$_" if word is None else word for word in words)
        elif called in _STARTERS and (line := _text(first)) is not None:
            split = called in {"run", "call", "check_call", "check_output", "Popen"}
            yield node.lineno, (line,) if split and not _is_shell(node) and " " not in line else line
        elif called in _EXECUTORS:
            words = [_text(each) for each in node.args]
            if isinstance(node.args[-1], ast.List | ast.Tuple):
                words = [_text(each) for each in node.args[-1].elts]
            if words and words[0] is not None:
                yield node.lineno, tuple("$_" if word is None else word for word in words)


def _is_shell(node: ast.Call) -> bool:
    return any(keyword.arg == "shell" for keyword in node.keywords)


def _text(node: ast.expr) -> str | None:
    """A constant text; in an f-string what is put in stands as a variable that nobody knows."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "$_" for part in node.values)
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return "python"
    return None
