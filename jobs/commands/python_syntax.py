"""A stranger's Python as a syntax tree, which is read and never run."""

from __future__ import annotations

import ast
import functools
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_TEXT = 400_000


def parsed(text: str) -> ast.Module | None:
    """The tree of a Python text, or None when it is too long or does not parse; branches never taken are empty."""
    return _read(text)[0]


def nodes(text: str) -> tuple[ast.AST, ...]:
    """Every node of a text's tree in the order of `ast.walk`; none where there is no tree. Walking costs most."""
    return _read(text)[1]


@functools.lru_cache(maxsize=8)
def _read(text: str) -> tuple[ast.Module | None, tuple[ast.AST, ...]]:
    if len(text) > MAX_TEXT:
        return None, ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A stranger's odd escapes are not this program's warnings.
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None, ()
    found = tuple(ast.walk(tree))
    return tree, tuple(ast.walk(tree)) if _leave_out_dead(tree, found) else found


def _leave_out_dead(tree: ast.Module, found: Sequence[ast.AST]) -> bool:
    """Empty the branches that a constant decides: `if False:`, and `if KIND == "local":` where KIND is set once.

    Returns whether there were any.
    """
    branches: list[ast.If | ast.IfExp] = []
    stored: dict[str, int] = {}
    for node in found:
        if isinstance(node, ast.If | ast.IfExp):
            branches.append(node)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored[node.id] = stored.get(node.id, 0) + 1
        elif isinstance(node, ast.arg):
            stored[node.arg] = stored.get(node.arg, 0) + 1
    if not branches:
        return False
    is_any = False
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and stored[target.id] == 1
    }
    for branch in branches:
        taken = _decided(branch.test, constants)
        if taken is None:
            continue
        is_any = True
        if isinstance(branch, ast.If):
            branch.body, branch.orelse = (branch.body, []) if taken else ([], branch.orelse)
        elif taken:
            branch.orelse = ast.Constant(None)
        else:
            branch.body = ast.Constant(None)
    return is_any


def _decided(test: ast.expr, constants: Mapping[str, object]) -> bool | None:
    """Whether a test holds, where constants alone say so."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _decided(test.operand, constants)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [_decided(value, constants) for value in test.values]
        decisive = isinstance(test.op, ast.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.NotEq):
        sides = [_value(side, constants) for side in (test.left, test.comparators[0])]
        if not all(known for known, _ in sides):
            return None
        return (sides[0][1] == sides[1][1]) is isinstance(test.ops[0], ast.Eq)
    known, value = _value(test, constants)
    return bool(value) if known else None


def _value(node: ast.expr, constants: Mapping[str, object]) -> tuple[bool, object]:
    if isinstance(node, ast.Constant):
        return True, node.value
    return (True, constants[node.id]) if isinstance(node, ast.Name) and node.id in constants else (False, None)
