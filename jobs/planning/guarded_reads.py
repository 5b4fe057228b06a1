"""Variables that a Python text does without: it looks whether they are there, and goes on where they are not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from jobs.commands.python_names import names_of
from jobs.commands.python_syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.commands.python_names import Names

_STOPS = frozenset(
    {"exit", "_exit", "quit", "abort", "fail", "error", "Exit", "SystemExit", "skip", "getpass", "input"}
)
_READERS = frozenset({"os.getenv", "os.environ.get"})


def optional_reads(text: str) -> frozenset[int]:
    """The reads, by the identity of their nodes, without which the text goes on.

    `key = os.environ.get("K")` is one where every use of `key` stands behind `if key:` and no `else:` stops the
    program; so is what `if "K" in os.environ:` asks for, and what stands in such a branch.
    """
    if "environ" not in text and "getenv" not in text:
        return frozenset()
    names = names_of(text)
    found: set[int] = set()
    kept = _kept(text, names)
    allowed: dict[str, set[int]] = {}
    branches = [node for node in nodes(text) if isinstance(node, ast.If | ast.IfExp)]
    for node in branches:
        if not _stops(node.orelse if isinstance(node, ast.If) else []):
            body = node.body if isinstance(node, ast.If) else [node.body]
            for guard in _guards(node.test):
                if isinstance(guard, ast.Name):
                    inside = {id(each) for part in [guard, *body] for each in ast.walk(part)}
                    allowed.setdefault(guard.id, set()).update(inside)
                elif (name := _read_name(guard, names)) is not None:
                    found.add(id(guard))
                    found |= {id(each) for part in body for each in ast.walk(part) if _read_name(each, names) == name}
        if isinstance(node, ast.If) and (passed := _passed_over(node)) in kept:
            allowed.setdefault(passed, set()).update(id(each) for each in nodes(text))
    found -= _answered(text)
    for use in nodes(text) if kept else ():
        name = use.id if isinstance(use, ast.Name) and isinstance(use.ctx, ast.Load) else ""
        if name in kept and id(use) not in allowed.get(name, ()):
            kept.pop(name)
    return frozenset({*found, *(id(read) for name, read in kept.items() if name in allowed)})


def _passed_over(node: ast.If) -> str:
    """The variable for want of which a function ends without a word: `if not key: return`; "" for none."""
    test = node.test.operand if isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not) else None
    only = node.body[0] if len(node.body) == 1 and not node.orelse else None
    silent = isinstance(only, ast.Return) and (
        only.value is None or (isinstance(only.value, ast.Constant) and not only.value.value)
    )
    return test.id if silent and isinstance(test, ast.Name) else ""


def _kept(text: str, names: Names) -> dict[str, ast.expr]:
    """Variables that are set once, to what a read gives."""
    stored: dict[str, int] = {}
    reads: dict[str, ast.expr] = {}
    for node in nodes(text):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored[node.id] = stored.get(node.id, 0) + 1
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.targets[0], ast.Name)
            and _read_name(node.value, names) is not None
        ):
            reads[node.targets[0].id] = node.value
    return {name: read for name, read in reads.items() if stored.get(name) == 1}


def _guards(test: ast.expr) -> Iterator[ast.expr]:
    """What has to be there for a test to hold."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _guards(value)
    elif isinstance(test, ast.NamedExpr):
        yield from _guards(test.value)
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot):
        yield test.left
    elif isinstance(test, ast.Name | ast.Call | ast.Compare):
        yield test


def _read_name(node: ast.AST, names: Names) -> str | None:
    """The variable that an expression reads, or looks for, without a fallback."""
    key: ast.expr | None = None
    if isinstance(node, ast.Call) and len(node.args) == 1 and names.dotted(node.func) in _READERS:
        key = node.args[0]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
        key = node.left if names.dotted(node.comparators[0]) == "os.environ" else None
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        key = node.slice if names.dotted(node.value) == "os.environ" else None
    return names.text(key)


def _answered(text: str) -> set[int]:
    """Reads behind which a block answers, and without any of which it stops: `if get(A): return …` … `raise`."""
    found: set[int] = set()
    for node in nodes(text):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if not isinstance(block, list) or not _stops(block[-1:]):
                continue
            for each in block:
                if isinstance(each, ast.If) and each.body and isinstance(each.body[-1], ast.Return):
                    found |= {id(inner) for inner in ast.walk(each.test)}
    return found


def _stops(block: Sequence[ast.stmt]) -> bool:
    """Whether a block ends the program, or what it is part of."""
    for node in (inner for each in block for inner in ast.walk(each)):
        if isinstance(node, ast.Raise | ast.Return):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _STOPS:
                return True
    return False
