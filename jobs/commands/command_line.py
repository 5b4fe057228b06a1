"""What a Python program's own command line decides: the options it declares, with what is given or their defaults."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECLARE = frozenset({"add_argument", "option"})
"""argparse's method, and the decorator of click and typer."""
_SWITCHES = {"store_true": False, "store_false": True}


class CommandLine:
    """Options by the name under which the program reads them.

    `values` are texts; `flags` are switches, known only where the arguments are known (an empty tuple is known).
    """

    def __init__(self, arguments: tuple[str, ...] | None) -> None:
        self._known = arguments is not None
        self._words = arguments or ()
        self.values: dict[str, ast.expr] = {}
        self.flags: dict[str, bool] = {}

    def learn(self, node: ast.Call) -> None:
        """Take a call that declares an option."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _DECLARE:
            return
        declared = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        keywords = {each.arg: each.value for each in node.keywords if each.arg}
        if not declared:
            return
        long = next((name for name in declared if name.startswith("--")), declared[0])
        dest = keywords.get("dest")
        name = str(dest.value) if isinstance(dest, ast.Constant) else long.lstrip("-").partition("/")[0]
        name = name.replace("-", "_")
        action = getattr(keywords.get("action"), "value", None)
        if action in _SWITCHES or getattr(keywords.get("is_flag"), "value", None) is True:
            resting = _SWITCHES.get(str(action), False)
            if self._known:
                self.flags[name] = resting is not any(word in declared for word in self._words)
        elif (value := self._given(declared) or keywords.get("default")) is not None:
            self.values[name] = value

    def parameters(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
        """A function's parameters with their defaults, or with what is given under their names (typer, fire)."""
        places = [*node.args.posonlyargs, *node.args.args]
        pairs = [
            *zip(places[len(places) - len(node.args.defaults) :], node.args.defaults, strict=True),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        for parameter, default in pairs:
            value = self._given([f"--{parameter.arg}", f"--{parameter.arg.replace('_', '-')}"]) or default
            if value is not None:
                yield parameter.arg, value

    def _given(self, options: list[str]) -> ast.expr | None:
        """The value that the arguments give one of these options."""
        for at, word in enumerate(self._words):
            name, equals, value = word.partition("=")
            if name in options and name.startswith("-"):
                following = self._words[at + 1] if at + 1 < len(self._words) else ""
                return ast.Constant(value if equals else following)
        return None
