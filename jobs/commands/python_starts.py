"""Programs that a Python text starts with words it holds itself: lists, texts, and what variables of them say."""

from __future__ import annotations

import ast
import shlex
from typing import TYPE_CHECKING

from jobs.commands.python_names import names_of
from jobs.commands.python_syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.commands.python_names import Names

_SPLITTERS = frozenset({"run", "call", "check_call", "check_output", "Popen"})
_STARTERS = _SPLITTERS | {
    *("getoutput", "getstatusoutput", "system", "popen", "open_process", "run_process", "create_subprocess_shell"),
}
_EXECUTORS = frozenset({"execvp", "execv", "execvpe", "execlp", "create_subprocess_exec", "spawn"})
_MAX_WAYS = 8


def started_by_python(text: str) -> Iterator[tuple[int, tuple[str, ...] | str]]:
    """Line, and words or a shell text; a word that nobody can tell is `$_`, one that can be several gives each."""
    if not any(word in text for word in _STARTERS | _EXECUTORS):
        return
    names = names_of(text)
    own = _own_starters(text)
    for node in nodes(text):
        if isinstance(node, ast.Call) and (at := own.get(getattr(node.func, "id", ""))) is not None:
            yield from _by_own(node, at, names)
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else _keyword(node, "args")
        if called in _STARTERS and first is not None:
            if words := _listed(first, names):
                yield from ((node.lineno, each) for each in _ways(words, names))
            else:
                is_shell = called not in _SPLITTERS or _keyword(node, "shell") is not None
                for line in _texts(first, names):
                    yield node.lineno, line if is_shell or " " in line else (line,)
        elif called in _EXECUTORS and node.args:
            words = _listed(node.args[-1], names) or [
                *(
                    part
                    for each in node.args
                    for part in (names.items(each) if isinstance(each, ast.Starred) else [each])
                )
            ]
            yield from ((node.lineno, each) for each in _ways(words, names))


def _own_starters(text: str) -> dict[str, int]:
    """The text's own functions that start what they are given, each with which argument that is."""
    found: dict[str, int] = {}
    for node in nodes(text) if "subprocess" in text or "os.system" in text else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parameters = [each.arg for each in node.args.args]
            for inner in ast.walk(node):
                first = inner.args[0] if isinstance(inner, ast.Call) and inner.args else None
                if isinstance(first, ast.Name) and first.id in parameters and isinstance(inner, ast.Call):
                    called = inner.func.attr if isinstance(inner.func, ast.Attribute) else ""
                    if called in _STARTERS:
                        found[node.name] = parameters.index(first.id)
    return found


def _by_own(node: ast.Call, at: int, names: Names) -> Iterator[tuple[int, tuple[str, ...] | str]]:
    """What a call of such a function starts: its words, or a text that a shell reads."""
    if at < len(node.args):
        if words := _listed(node.args[at], names):
            yield from ((node.lineno, each) for each in _ways(words, names))
        else:
            yield from ((node.lineno, line) for line in _texts(node.args[at], names))


def _listed(node: ast.expr, names: Names) -> list[ast.expr]:
    """The words of a list that is written out, or of a text that is split."""
    if isinstance(node, ast.Name) and (made := names.made(node)) is not None and not names.items(node):
        node = made
    if isinstance(node, ast.Call):
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        inner = node.func.value if attribute == "split" and isinstance(node.func, ast.Attribute) else None
        source = node.args[0] if node.args and names.dotted(node.func) == "shlex.split" else inner
        line = next(iter(_texts(source, names)), None) if source is not None and attribute == "split" else None
        return [ast.Constant(word) for word in _split(line or "")]
    return names.items(node)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _ways(words: Sequence[ast.expr], names: Names) -> Iterator[tuple[str, ...]]:
    """The words as texts; where a word can be several texts, one way for each."""
    choices = [_texts(word, names) or ["$_"] for word in words]
    if not choices or choices[0] == ["$_"]:
        return
    for way in range(min(max(map(len, choices)), _MAX_WAYS)):
        yield tuple(choice[min(way, len(choice) - 1)] for choice in choices)


def _texts(node: ast.expr, names: Names) -> list[str]:
    """What an expression can be; in an f-string what nobody knows stands as a variable that nobody knows."""
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return ["python"]
    if isinstance(node, ast.Call) and len(node.args) == 1 and getattr(node.func, "id", "") in {"str", "Path"}:
        return _texts(node.args[0], names)
    if not isinstance(node, ast.JoinedStr):
        known = [text for text in names.texts(node) if text]
        made = names.made(node) if not known and isinstance(node, ast.Name) else None
        return _texts(made, names) if isinstance(made, ast.JoinedStr | ast.Call) else known
    parts = [
        [part.value] if isinstance(part, ast.Constant) else names.texts(getattr(part, "value", None)) or ["$_"]
        for part in node.values
    ]
    ways = min(max(map(len, parts), default=0), _MAX_WAYS)
    return ["".join(str(part[min(way, len(part) - 1)]) for part in parts) for way in range(ways)]


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
