"""A stranger's Python as a syntax tree, which is read and never run."""

from __future__ import annotations

import ast
import functools
import warnings

MAX_TEXT = 400_000


@functools.lru_cache(maxsize=32)
def parsed(text: str) -> ast.Module | None:
    """The tree of a Python text, or None when it is too long or does not parse."""
    if len(text) > MAX_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A stranger's odd escapes are not this program's warnings.
            return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.lru_cache(maxsize=4)
def nodes(text: str) -> tuple[ast.AST, ...]:
    """Every node of a text's tree in the order of `ast.walk`; none where there is no tree. Walking costs most."""
    tree = parsed(text)
    return () if tree is None else tuple(ast.walk(tree))
