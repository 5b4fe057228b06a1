"""What names mean in a Python text: imports, aliases, constants, and what variables were made by."""

from __future__ import annotations

import ast

_MAX_STEPS = 8


class Names:
    """Resolves expressions to dotted names as imported (`os.environ.get`) and to constant texts.

    A method of an object that nobody can tell resolves to `*.name`; a method of a client that was made by a known call
    to that call's name (`huggingface_hub.HfApi.upload_file`).
    """

    def __init__(self, tree: ast.AST) -> None:
        self.imported: dict[str, str] = {}
        self.modules: dict[str, int] = {}
        self._made: dict[str, ast.expr] = {}
        self._texts: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.modules.setdefault(alias.name, node.lineno)
                self.imported[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            self.modules.setdefault(node.module, node.lineno)
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assigned(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            self._assigned(node.target, node.value)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._assigned(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._looped(node.target, node.iter)

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name | ast.Attribute):
            name = target.id if isinstance(target, ast.Name) else f".{target.attr}"
            self._texts.setdefault(name, []).append(value)
            self._made[name] = value
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
        """The entries of a list, tuple, set or dict (its keys) that is written out somewhere."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return list(node.elts)
        if isinstance(node, ast.Dict):
            return [key for key in node.keys if key is not None]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
            inner = self._written(node.func.value, steps)
            if isinstance(inner, ast.Dict):
                return [
                    ast.Tuple([key, value], ast.Load())
                    for key, value in zip(inner.keys, inner.values, strict=True)
                    if key is not None
                ]
            return []
        if isinstance(node, ast.Name | ast.Attribute) and (written := self._written(node, steps)) is not None:
            return self.items(written, steps + 1) if steps < _MAX_STEPS else []
        return []

    def _written(self, node: ast.expr, steps: int) -> ast.expr | None:
        if isinstance(node, ast.Name) and steps < _MAX_STEPS:
            return self._made.get(node.id)
        if isinstance(node, ast.Attribute) and steps < _MAX_STEPS:
            return self._made.get(f".{node.attr}")
        return node if isinstance(node, ast.Dict) else None

    def texts(self, node: ast.expr | None, steps: int = 0) -> list[str]:
        """Every constant text that an expression can be, as far as the text tells."""
        if node is None or steps > _MAX_STEPS:
            return []
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, steps + 1) + self.texts(node.orelse, steps + 1)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self.texts(value, steps + 1)]
        if isinstance(node, ast.JoinedStr):
            parts = [self.texts(part.value if isinstance(part, ast.FormattedValue) else part, steps + 1) for part in node.values]  # fmt: skip
            return ["".join(part[0] for part in parts)] if all(parts) else [part[0] for part in parts[:1] if part]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.texts(node.left, steps + 1), self.texts(node.right, steps + 1)
            return [left[0] + right[0]] if left and right else []
        if isinstance(node, ast.Name | ast.Attribute):
            key = node.id if isinstance(node, ast.Name) else f".{node.attr}"
            return [text for value in self._texts.get(key, ())[:_MAX_STEPS] for text in self.texts(value, steps + 1)]
        if isinstance(node, ast.Call) and self.dotted(node.func).endswith((".get", "getenv")) and len(node.args) > 1:
            return self.texts(node.args[1], steps + 1)
        return []

    def text(self, node: ast.expr | None) -> str | None:
        return next(iter(self.texts(node)), None)

    def dotted(self, node: ast.expr, steps: int = 0) -> str:
        """The name of what an expression is; "" for none."""
        if steps > _MAX_STEPS:
            return ""
        if isinstance(node, ast.Attribute):
            head = self.dotted(node.value, steps + 1)
            if not head and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
                made = self._made.get(f".{node.attr}")
                return self.dotted(made, steps + 1) if made is not None else f"*.{node.attr}"
            return f"{head or '*'}.{node.attr}" if head[:1] != "*" else f"*.{node.attr}"
        if isinstance(node, ast.Call):
            return self.dotted(node.func, steps + 1)
        if isinstance(node, ast.Await):
            return self.dotted(node.value, steps + 1)
        if not isinstance(node, ast.Name):
            return ""
        if node.id in self.imported:
            return self.imported[node.id]
        made = self._made.get(node.id)
        if isinstance(made, ast.Call | ast.Attribute | ast.Await) or (
            isinstance(made, ast.Name) and made.id != node.id
        ):
            return self.dotted(made, steps + 1)
        return ""
