"""What a Python text looks up in its environment, read from its syntax tree; the text is never run."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from jobs.secrets.names import is_name

_PLAIN = re.compile(r"""(?:environ(?:\.get)?|getenv)\s*[\[(]\s*["']([A-Z][A-Z0-9_]*)["']""")
_READERS = frozenset({"get", "pop", "setdefault"})

# Libraries that look for a variable by themselves, and calls that need a token that can write.
_LIBRARIES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "cohere": "CO_API_KEY",
    "wandb": "WANDB_API_KEY",
}
_WRITES = frozenset(
    {
        "push_to_hub",
        "upload_file",
        "upload_folder",
        "upload_large_folder",
        "create_repo",
        "create_commit",
        "save_to_hub",
    }
)
_WRITES_REASON = "calls {}, which needs a token that can write; what is left in the workspace needs none"


@dataclass(frozen=True)
class PythonReads:
    """`names` read from the environment, `models` of declared fast-agent agents, `implied` (name, reason) pairs."""

    names: tuple[str, ...]
    models: tuple[str, ...]
    implied: tuple[tuple[str, str], ...]


def of(text: str) -> PythonReads:
    """Read one Python text. When it does not parse, variables are looked for in its plain text only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # A stranger's odd escapes are not this program's warnings.
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return PythonReads(tuple(dict.fromkeys(_PLAIN.findall(text))), (), ())
    reader = _Reader()
    reader.visit(tree)
    return reader.reads()


class _Reader(ast.NodeVisitor):
    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._models: dict[str, None] = {}
        self._implied: dict[tuple[str, str], None] = {}
        self._modules: set[str] = set()

    def reads(self) -> PythonReads:
        for module in sorted(self._modules & _LIBRARIES.keys()):
            self._implied[_LIBRARIES[module], f"imports {module}, which looks for it"] = None
        models = tuple(self._models) if "fast_agent" in self._modules else ()
        return PythonReads(tuple(self._names), models, tuple(self._implied))

    def visit_Import(self, node: ast.Import) -> None:
        self._modules.update(alias.name.partition(".")[0] for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            self._modules.add(node.module.partition(".")[0])

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if _tail(node.value) == "environ" and isinstance(node.ctx, ast.Load):
            self._name(node.slice)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = _tail(node.func)
        if (called == "getenv" or _is_environ_read(node.func)) and node.args:
            self._name(node.args[0])
        if called in _WRITES:
            self._implied["HF_TOKEN", _WRITES_REASON.format(called)] = None
        for keyword in node.keywords:
            value = keyword.value
            if keyword.arg == "model" and isinstance(value, ast.Constant) and isinstance(value.value, str):
                self._models[value.value] = None
        self.generic_visit(node)

    def _name(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_name(node.value):
            self._names[node.value] = None


def _tail(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_environ_read(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _READERS and _tail(node.value) == "environ"
