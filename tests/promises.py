"""Which tests hold which promise of SECURITY.md. Run it to bring the list there up to date."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "SECURITY.md"
HEADING = "## The tests that hold each promise\n\nWritten by `python tests/promises.py`.\n\n"

Held = dict[str, dict[str, list[str]]]


def promised() -> list[str]:
    """The ids that SECURITY.md promises, in its order."""
    return re.findall(r"^- \*\*(S\d+)\*\* ", DOCUMENT.read_text(), re.MULTILINE)


@cache
def held() -> Held:
    """Promise → file → the tests in it that carry its id, by a mark of their own or of their module."""
    found: Held = defaultdict(lambda: defaultdict(list))
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        everywhere = [
            promise
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            for promise in _promises(node.value)
        ]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                own = [promise for mark in node.decorator_list for promise in _promises(mark)]
                for promise in dict.fromkeys([*everywhere, *own]):
                    found[promise][str(path.relative_to(ROOT))].append(node.name)
    return found


def listed() -> str:
    """The list as SECURITY.md should have it."""
    by_promise = held()
    parts = []
    for promise in promised():
        lines = [f"### {promise}\n"]
        for file, names in by_promise.get(promise, {}).items():
            lines += [f"`{file}`", *(f"- {name.removeprefix('test_').replace('_', ' ')}" for name in names), ""]
        parts.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(parts)


def _promises(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.promise":
            yield from (str(ast.literal_eval(argument)) for argument in call.args)


if __name__ == "__main__":
    before, heading, _ = DOCUMENT.read_text().partition(HEADING)
    DOCUMENT.write_text(before + heading + listed())
