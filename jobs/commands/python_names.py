"""What names mean in a Python text: imports, aliases, constants, and what variables were made by."""

from __future__ import annotations

import ast
import functools
import posixpath
from typing import TYPE_CHECKING

from jobs.commands.command_line import CommandLine
from jobs.commands.python_syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_STEPS = 8
_MAX_ITEMS = 20_000
NONE: frozenset[tuple[str, str]] = frozenset()
_UNIMPORTED = {"os": "os", "environ": "os.environ", "getenv": "os.getenv"}
"""What these names mean in a text that lost its imports, as a notebook's cell or a part of a file."""


class Names:
    """Resolves expressions to dotted names as imported (`os.environ.get`) and to constant texts.

    What the program's arguments and the job's variables say counts before defaults, where they are known.
    A method of an object that nobody can tell resolves to `*.name`; a method of a client that was made by a known call
    to that call's name (`huggingface_hub.HfApi.upload_file`).
    """

    def __init__(
        self, text: str, arguments: tuple[str, ...] | None = None, env: frozenset[tuple[str, str]] = NONE
    ) -> None:
        self._given = CommandLine(arguments)
        self._env = dict(env)
        self.imported: dict[str, str] = {}
        self.modules: dict[str, int] = {}
        self._made: dict[str, ast.expr] = {}
        self._texts: dict[str, list[ast.expr]] = {}
        self._grown: dict[str, list[ast.expr]] = {}
        self._tested: set[str] = set()
        self._budget = _MAX_ITEMS
        for node in nodes(text):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._imports(node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assigned(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            self._assigned(node.target, node.value)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._assigned(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._looped(node.target, node.iter)
        else:
            self._learn_more(node)

    def _learn_more(self, node: ast.AST) -> None:
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
            self._grown.setdefault(node.target.id, []).append(ast.Starred(node.value))
        elif isinstance(node, ast.Call):
            self._grows(node)
            self._given.learn(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name, default in self._given.parameters(node):
                self._texts.setdefault(name, []).append(default)
        elif isinstance(node, ast.IfExp) and isinstance(node.test, ast.Name) and _is_empty(node.orelse):
            self._tested.add(node.test.id)

    def falls_back(self, node: ast.expr) -> bool:
        """Whether a value is kept in a variable that may be missing: `{…} if token else {}`."""
        return any(self._made.get(name) is node for name in self._tested)

    def without_untaken(self, nodes: Sequence[ast.AST]) -> Sequence[ast.AST]:
        """The nodes but for those in branches that the command line decides against: `if args.push:` without it."""
        untaken: set[int] = set()
        for node in nodes if self._given.flags else ():
            if isinstance(node, ast.If) and (taken := self.flag(node.test)) is not None:
                branch = node.orelse if taken else node.body
                untaken.update(id(inner) for each in branch for inner in ast.walk(each))
        return [node for node in nodes if id(node) not in untaken] if untaken else nodes

    def flag(self, node: ast.expr) -> bool | None:
        """Whether the command line gives the switch that an expression stands for; None where it is none."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.flag(node.operand)
            return None if inner is None else not inner
        return self._given.flags.get(node.attr) if isinstance(node, ast.Attribute) else None

    def _imports(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.modules.setdefault(alias.name, node.lineno)
                self.imported[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif node.module and not node.level:
            self.modules.setdefault(node.module, node.lineno)
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def _grows(self, node: ast.Call) -> None:
        """`words.append("x")` and `words.extend([…])`."""
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and len(node.args) == 1:
            grown = self._grown.setdefault(node.func.value.id, [])
            if node.func.attr == "append":
                grown.append(node.args[0])
            elif node.func.attr == "extend":
                grown.append(ast.Starred(node.args[0]))

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name) and isinstance(value, ast.BinOp) and _is_same(value.left, target):
            self._grown.setdefault(target.id, []).append(ast.Starred(value.right))
        elif isinstance(target, ast.Name | ast.Attribute):
            self._texts.setdefault(_key(target), []).append(value)
            self._made[_key(target)] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for each, part in zip(target.elts, value.elts, strict=True):
                self._assigned(each, part)

    def _looped(self, target: ast.expr, values: ast.expr) -> None:
        items = self.items(values)
        if isinstance(target, ast.Name):
            self._texts.setdefault(target.id, []).extend(items)
        elif isinstance(target, ast.Tuple):
            for item in items:
                if isinstance(item, ast.Tuple) and len(item.elts) == len(target.elts):
                    for each, part in zip(target.elts, item.elts, strict=True):
                        self._assigned(each, part)

    def items(self, node: ast.expr, steps: int = 0) -> list[ast.expr]:
        """The entries of a list, tuple, set or dict (its keys) that is written out somewhere, spread ones in place."""
        self._budget -= 1
        if steps > _MAX_STEPS or self._budget < 0:
            return []
        found: list[ast.expr] = []
        if isinstance(node, ast.Starred):
            found = self.items(node.value, steps + 1)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            found = self._spread(node.elts, steps)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            found = [*self.items(node.left, steps + 1), *self.items(node.right, steps + 1)]
        elif isinstance(node, ast.Dict):
            found = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
            found = self._pairs(node.func.value, steps)
        elif isinstance(node, ast.Name | ast.Attribute) and (written := self._written(node, steps)) is not None:
            grown = self._grown.get(node.id, []) if isinstance(node, ast.Name) else []
            found = [*self.items(written, steps + 1), *self._spread(grown, steps + 1)]
        return found

    def _pairs(self, node: ast.expr, steps: int) -> list[ast.expr]:
        """A dictionary's entries, each as a tuple."""
        inner = self._written(node, steps)
        if not isinstance(inner, ast.Dict):
            return []
        return [
            ast.Tuple([key, value], ast.Load())
            for key, value in zip(inner.keys, inner.values, strict=True)
            if key is not None
        ]

    def _spread(self, elements: list[ast.expr], steps: int) -> list[ast.expr]:
        """Entries, with those of a list that is spread among them in its place."""
        return [
            item
            for each in elements
            for item in (self.items(each.value, steps + 1) if isinstance(each, ast.Starred) else [each])
        ]

    def made(self, node: ast.expr) -> ast.expr | None:
        """What a variable was last assigned, as far as the text tells."""
        return self._made.get(_key(node)) if isinstance(node, ast.Name | ast.Attribute) else None

    def _written(self, node: ast.expr, steps: int) -> ast.expr | None:
        if isinstance(node, ast.Name | ast.Attribute) and steps < _MAX_STEPS:
            return self._made.get(_key(node))
        return node if isinstance(node, ast.Dict) else None

    def texts(self, node: ast.expr | None, steps: int = 0) -> list[str]:
        """Every constant text that an expression can be, as far as the text tells."""
        if node is None or steps > _MAX_STEPS:
            return []
        found: list[str] = []
        if isinstance(node, ast.Constant):
            found = [node.value] if isinstance(node.value, str) else []
        elif isinstance(node, ast.IfExp | ast.BoolOp):
            either = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
            found = [text for value in either for text in self.texts(value, steps + 1)]
        elif isinstance(node, ast.JoinedStr):
            values = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
            found = self._joined(values, steps, whole=False)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            found = self._joined([node.left, node.right], steps, whole=True)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            folder = next(iter(self.texts(node.left, steps + 1)), "")
            found = [posixpath.join(folder, text) for text in self.texts(node.right, steps + 1)]
        elif isinstance(node, ast.Name | ast.Attribute):
            values = self._values(node)[:_MAX_STEPS]
            found = [text for value in values for text in self.texts(value, steps + 1)]
        elif isinstance(node, ast.Call) and node.args:
            found = self._called_texts(node, steps)
        return found

    def _called_texts(self, node: ast.Call, steps: int) -> list[str]:
        """What a call gives that looks a text up, or wraps it."""
        called = self.dotted(node.func)
        if called.endswith((".get", "getenv")):
            set_here = [self._env[name] for name in self.texts(node.args[0], steps + 1) if name in self._env]
            default = node.args[1] if len(node.args) > 1 else None
            return set_here or self.texts(default, steps + 1)
        wraps = called.endswith((".Option", ".Argument", ".Path")) or getattr(node.func, "id", "") == "str"
        return self.texts(node.args[0], steps + 1) if wraps else []

    def _values(self, node: ast.Name | ast.Attribute) -> list[ast.expr]:
        """What was assigned to a name; of an attribute what a class's body says too, of `.value` an enum's member."""
        known = self._texts.get(_key(node), [])
        if (asked := self._given.values.get(node.id if isinstance(node, ast.Name) else node.attr)) is not None:
            return [asked, *known]
        if known or isinstance(node, ast.Name):
            return known
        return [node.value] if node.attr == "value" else self._texts.get(node.attr, [])

    def _joined(self, values: list[ast.expr], steps: int, *, whole: bool) -> list[str]:
        """Texts one after the other, each by its first value; of one that is not known whole, its known beginning."""
        parts = [self.texts(value, steps + 1) for value in values]
        if all(parts):
            return ["".join(part[0] for part in parts)]
        return [] if whole or not parts or not parts[0] else [parts[0][0]]

    def text(self, node: ast.expr | None) -> str | None:
        return next(iter(self.texts(node)), None)

    def constant(self, node: ast.expr | None) -> object:
        """A constant's value, of a variable what it was last assigned; None where it is none."""
        made = self.made(node) if isinstance(node, ast.Name) else node
        return made.value if isinstance(made, ast.Constant) else None

    def dotted(self, node: ast.expr | None, steps: int = 0) -> str:
        """The name of what an expression is; "" for none."""
        if node is None or steps > _MAX_STEPS:
            return ""
        if isinstance(node, ast.Attribute):
            return self._attribute(node, steps)
        if isinstance(node, ast.Call | ast.Await):
            return self.dotted(node.func if isinstance(node, ast.Call) else node.value, steps + 1)
        return self._named(node, steps) if isinstance(node, ast.Name) else self._generic(node, steps)

    def _generic(self, node: ast.expr, steps: int) -> str:
        """`Agent[Deps, Answer]("…")` is a call of Agent."""
        head = self.dotted(node.value, steps + 1) if isinstance(node, ast.Subscript) else ""
        return head if head.rpartition(".")[2][:1].isupper() else ""

    def _named(self, node: ast.Name, steps: int) -> str:
        made = self._made.get(node.id)
        if made is not None and self._copies_environment(made, steps):
            return "os.environ"
        known = self.imported.get(node.id) or (_UNIMPORTED.get(node.id) if made is None else None)
        if known is None and (isinstance(made, ast.Call | ast.Attribute | ast.Await) or _is_other(made, node)):
            known = self.dotted(made, steps + 1)
        return known or ""

    def _copies_environment(self, made: ast.expr, steps: int) -> bool:
        """`{**os.environ}`, `dict(os.environ)` and `os.environ.copy()` hold what it holds."""
        if isinstance(made, ast.Dict):
            spread = [value for key, value in zip(made.keys, made.values, strict=True) if key is None]
            return any(self.dotted(value, steps + 1) == "os.environ" for value in spread)
        if not isinstance(made, ast.Call):
            return False
        if isinstance(made.func, ast.Name) and made.func.id == "dict" and made.args:
            return self.dotted(made.args[0], steps + 1) == "os.environ"
        return self.dotted(made.func, steps + 1) == "os.environ.copy"

    def _attribute(self, node: ast.Attribute, steps: int) -> str:
        head = self.dotted(node.value, steps + 1)
        if not head and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            made = self._made.get(_key(node))
            return self.dotted(made, steps + 1) if made is not None else f"*.{node.attr}"
        return f"{head}.{node.attr}" if head and head[0] != "*" else f"*.{node.attr}"


def names_of(text: str, arguments: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> Names:
    """The names of a text, kept for whoever reads the same text next.

    Args:
        text: The text.
        arguments: What its command line gives it; None when nobody knows.
        env: The job's variables; those that the text does not name make no difference.
    """
    declares = arguments is not None and ("add_argument" in text or "option(" in text or bool(arguments))
    named = frozenset((name, value) for name, value in (env or {}).items() if name in text)
    return _kept(text, tuple(arguments or ()) if declares else None, named)


_kept = functools.lru_cache(maxsize=8)(Names)


def _key(node: ast.Name | ast.Attribute) -> str:
    """What a variable is kept under: attributes by their own name, whatever object they belong to."""
    return node.id if isinstance(node, ast.Name) else f".{node.attr}"


def _is_empty(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and not node.value) or (isinstance(node, ast.Dict) and not node.keys)


def _is_same(node: ast.expr, name: ast.Name) -> bool:
    return isinstance(node, ast.Name) and node.id == name.id


def _is_other(made: ast.expr | None, node: ast.Name) -> bool:
    return isinstance(made, ast.Name) and made.id != node.id
