"""What a Python text looks up in its environment by itself, read from its syntax tree; the text is never run."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from jobs.commands.python_names import names_of
from jobs.commands.python_syntax import nodes, parsed
from jobs.planning.guarded_reads import optional_reads
from jobs.secrets.names import is_name, name_says_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.planning.need import Confidence

_PLAIN = re.compile(r"""(?:environ(?:\.get)?|getenv)\s*[\[(]\s*["']([A-Z][A-Z0-9_]*)["']""")
_USAGE = re.compile(
    r"(?:(?<![\w-])-s|--secrets?)[ =]+[\"']?([A-Z][A-Z0-9_]*)(?:=\S*)?|\bexport\s+([A-Z][A-Z0-9_]*)=|"
    r"\b([A-Z][A-Z0-9_]*)=\S+\s+(?:python|uv|uvx|accelerate|torchrun)\b"
)
_MENTION = re.compile(
    r"\b(?:set|export|needs?|requires?|required|provide|with)\b[^\n.]{0,40}?\b([A-Z][A-Z0-9]*_[A-Z0-9_]*)\b",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"\b(required|requires|needs|needed|optional)\b[^:]{0,30}\b(?:env\w*|secrets?|variables?|vars|credentials|keys)\b[^:]*:",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"([A-Z][A-Z0-9]*_[A-Z0-9_]*)`?\b(?!\s*=\s*\S)")
_SAID = re.compile(r"\b(?:not needed|not required|optional|required|needed)\b", re.IGNORECASE)
_MAY = re.compile(r"\b(can|may|might|could|optional(ly)?|don't|not|never|without|unless|either)\b", re.IGNORECASE)
_FALLBACKS = frozenset({"get", "pop", "setdefault"})
_READERS = frozenset(
    {
        *("os.getenv", "google.colab.userdata.get", "decouple.config", "environs.Env.str", "environs.Env"),
        *("environ.Env.str", "environ.Env", "starlette.config.Config", "kaggle_secrets.UserSecretsClient.get_secret"),
        *("dotenv.get_key", "environs.env.str", "environs.env"),
    }
)
_MAX_DEPTH = 4
_SETTINGS = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings")
_KEYWORDS = frozenset({"envvar", "env_var", "api_key_env_var", "api_key_env", "token_env"})


class Read:
    """A variable that a text reads: where, how surely, and which others will do instead."""

    __slots__ = ("confidence", "line", "name", "others")

    def __init__(self, name: str, line: int, confidence: Confidence, others: tuple[str, ...] = ()) -> None:
        self.name = name
        self.line = line
        self.confidence: Confidence = confidence
        self.others = others


def reads(text: str) -> list[Read]:
    """The variables that one Python text reads. Where it does not parse, they are looked for in its plain text."""
    tree = parsed(text)
    if tree is None:
        return [Read(found[1], text.count("\n", 0, found.start()) + 1, "probably") for found in _PLAIN.finditer(text)]
    return _Reader(text, tree).found()


def stated(text: str) -> Iterator[tuple[str, int, Confidence]]:
    """Names that comments and docstrings say are needed: a usage line passes them, or a sentence asks for them."""
    heading: Confidence | None = None
    for line, said in _prose(text):
        heading, listed = _listed(said, heading)
        if listed is not None:
            yield listed[0], line, listed[1]
            continue
        for found in _USAGE.finditer(said):
            yield found[1] or found[2] or found[3], line, "probably"
        for found in _MENTION.finditer(said):
            if found[1].isupper() and name_says_secret(found[1]):
                yield found[1], line, "optional" if _MAY.search(said[: found.start(1)]) else "probably"


def _listed(said: str, heading: Confidence | None) -> tuple[Confidence | None, tuple[str, Confidence] | None]:
    """What a line says in a list of variables: the heading that counts from here, and the name it lists.

    `HF_TOKEN  (required) a token` says so itself; under "Required env vars:" every name is, until the list ends.
    """
    text = said.strip().lstrip("#*-` \t")
    found = _ENTRY.match(text)
    if found is None:
        if (title := _HEADING.search(text)) is not None:
            return ("optional" if title[1].lower() == "optional" else "probably"), None
        return (heading if text else None), None
    own = _SAID.search(text)
    sure: Confidence | None = heading
    if own is not None:
        sure = "optional" if own[0].lower().startswith(("optional", "not ")) else "probably"
    return heading, None if sure is None else (found[1], sure)


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Comment lines, and the lines of texts that stand alone, as docstrings do."""
    for node in nodes(text):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for offset, said in enumerate(node.value.value.splitlines()):
                yield node.lineno + offset, said
    for number, said in enumerate(text.splitlines(), 1):
        if said.lstrip().startswith("#"):
            yield number, said


class _Reader(ast.NodeVisitor):
    def __init__(self, text: str, tree: ast.Module) -> None:
        self._names = names_of(text)
        self._text = text
        self._tree = tree
        self._reads: list[Read] = []
        self._set: dict[str, int] = {}
        self._handled: set[int] = set()
        self._helpers = self._reading_functions()
        self._optional = optional_reads(text)
        self._classes = {node.name: node for node in nodes(text) if isinstance(node, ast.ClassDef)}

    def found(self) -> list[Read]:
        self.visit(self._tree)
        return [read for read in self._reads if self._set.get(read.name, read.line) >= read.line]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(self._names.dotted(base) in _SETTINGS for base in node.bases):
            self._settings(node, self._configured(node, "env_prefix"), self._configured(node, "env_nested_delimiter"))
        self.generic_visit(node)

    def _configured(self, node: ast.ClassDef, key: str) -> str:
        """What a settings class says of itself, as a keyword or in a dictionary."""
        for found in ast.walk(node):
            if isinstance(found, ast.keyword) and found.arg == key:
                return self._names.text(found.value) or ""
            if isinstance(found, ast.Assign) and any(getattr(each, "id", "") == key for each in found.targets):
                return self._names.text(found.value) or ""
        return ""

    def _settings(self, node: ast.ClassDef, prefix: str, delimiter: str, depth: int = 0) -> None:
        """The fields of a settings class, and with a delimiter those of the models that its fields are."""
        for field in node.body:
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
                continue
            inner = self._classes.get(getattr(field.annotation, "id", ""))
            if inner is not None and delimiter and depth < _MAX_DEPTH:
                self._settings(inner, f"{prefix}{field.target.id}{delimiter}", delimiter, depth + 1)
            else:
                self._setting(field, field.target.id, prefix)

    def _setting(self, field: ast.AnnAssign, name: str, prefix: str) -> None:
        """A field of a settings class: by its aliases, else by its name; with a default it may be missing."""
        described = next(
            (
                each
                for each in ast.walk(field)
                if isinstance(each, ast.Call) and self._names.dotted(each.func).endswith(("Field", "FieldInfo"))
            ),
            None,
        )
        given = {each.arg: each.value for each in described.keywords if each.arg} if described else {}
        aliases = [
            text
            for key in ("validation_alias", "alias")
            if (value := given.get(key)) is not None
            for each in (value.args if isinstance(value, ast.Call) else [value])
            for text in self._names.texts(each)
        ]
        default = field.value if described is None else next(iter(described.args), given.get("default"))
        has_default = default is not None and not (isinstance(default, ast.Constant) and default.value is Ellipsis)
        names = [alias.upper() for alias in dict.fromkeys(aliases)] or [(prefix + name).upper()]
        self._one_of(names, field.lineno, optional=has_default or "default_factory" in given)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`get(A) or get(B)` is one of; with a text or a call at its end, all may be missing."""
        if isinstance(node.op, ast.Or):
            groups = [list(self._read_here(value)) for value in node.values]
            if all(groups[:1]) and any(groups):
                names = [name for group in groups for name, _, _ in group]
                last = node.values[-1]
                falls_back = not groups[-1] and not (isinstance(last, ast.Constant) and last.value in {None, ""})
                self._one_of(names, node.lineno, optional=falls_back and not isinstance(last, ast.Call))
                self._handled.update(id(inner) for value in node.values for inner in ast.walk(value))
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self._names.dotted(node.value) == "os.environ" and not isinstance(node.ctx, ast.Load):
            for name in self._names.texts(node.slice):
                self._set.setdefault(name, node.lineno)
        self._here(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self._here(node)
        self._sets(node)
        for keyword in node.keywords:
            if keyword.arg == "auto_envvar_prefix":
                self._by_prefix(self._names.text(keyword.value))
            if keyword.arg in _KEYWORDS:
                for value in [keyword.value, *self._names.items(keyword.value)]:
                    for name in self._names.texts(value):
                        self._add(name, node.lineno, "probably")
        self.generic_visit(node)

    def _sets(self, node: ast.Call) -> None:
        """`monkeypatch.setenv("K", …)`, `os.environ.update({"K": …})` and `patch.dict(os.environ, {"K": …})`."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        keys: list[ast.expr] = node.args[:1] if method in {"setenv", "putenv"} else []
        if self._names.dotted(node.func) == "os.environ.update" and node.args:
            keys = self._names.items(node.args[0])
        elif method == "dict" and len(node.args) > 1 and self._names.dotted(node.args[0]) == "os.environ":
            keys = self._names.items(node.args[1])
        for name in (text for key in keys for text in self._names.texts(key)):
            self._set.setdefault(name, node.lineno)

    def _by_prefix(self, prefix: str | None) -> None:
        """Click's options, each read from a variable of its own: PREFIX_OPTION."""
        for node in nodes(self._text) if prefix else ():
            if isinstance(node, ast.Call) and self._names.dotted(node.func).endswith("click.option"):
                said = [text for each in node.args for text in self._names.texts(each)[:1]]
                option = next((each for each in said if each.startswith("--")), "").lstrip("-").replace("-", "_")
                required = any(each.arg == "required" for each in node.keywords)
                self._add(f"{prefix}_{option}".upper(), node.lineno, "needed" if required else "optional")

    def visit_Compare(self, node: ast.Compare) -> None:
        if any(isinstance(each, ast.In | ast.NotIn) for each in node.ops) and any(
            self._names.dotted(each) == "os.environ" for each in node.comparators
        ):
            sure: Confidence = "needed" if isinstance(node.ops[0], ast.NotIn) else "probably"
            names = self._names.texts(node.left)
            if len(names) > 1 and sure == "probably":
                self._one_of(names, node.lineno, optional=False)
                return
            for name in names:
                self._add(name, node.lineno, "optional" if id(node) in self._optional else sure)
        self.generic_visit(node)

    def _here(self, node: ast.expr) -> None:
        if id(node) in self._handled:
            return
        found = list(self._read_here(node))
        names = list(dict.fromkeys(name for name, _, _ in found))
        if len(names) > 1 and isinstance(node, ast.Call) and len(node.args) > 1 and not self._is_helper(node):
            self._one_of(names, node.lineno, optional=False)
            self._handled.update(id(inner) for inner in ast.walk(node))
            return
        for name, line, sure in found:
            self._add(name, line, "optional" if id(node) in self._optional else sure)

    def _one_of(self, names: list[str], line: int, *, optional: bool) -> None:
        names = list(dict.fromkeys(names))
        for name in names:
            others = tuple(other for other in names if other != name)
            self._add(name, line, "optional" if optional else "one of" if others else "needed", others)

    def _read_here(self, node: ast.expr) -> Iterator[tuple[str, int, Confidence]]:
        """The variables that this very expression reads."""
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if self._names.dotted(node.value) == "os.environ":
                yield from ((name, node.lineno, "needed") for name in self._names.texts(node.slice))
            return
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            return
        called = self._names.dotted(node.func)
        if self._is_helper(node):
            at = self._helpers[called.rpartition(".")[2] or getattr(node.func, "id", "")]
            argument = node.args[at] if at < len(node.args) else None
            yield from ((name, node.lineno, "needed") for name in self._names.texts(argument))
            return
        head, _, method = called.rpartition(".")
        if called not in _READERS and not (head == "os.environ" and method in _FALLBACKS):
            return
        default = (
            node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
        )
        inner = list(self._read_here(default)) if isinstance(default, ast.expr) else []
        nothing = default is None or (isinstance(default, ast.Constant) and default.value in {None, ""})
        missing = self._names.falls_back(node) or not (nothing or inner)
        sure: Confidence = "optional" if missing else "needed"
        yield from ((name, node.lineno, sure) for name in self._names.texts(node.args[0] if node.args else None))
        yield from inner

    def _is_helper(self, node: ast.Call) -> bool:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return name in self._helpers and name not in self._names.imported

    def _reading_functions(self) -> dict[str, int]:
        """Functions that read the variable whose name is their argument: which argument."""
        found: dict[str, int] = {}
        for node in nodes(self._text) if "environ" in self._text or "getenv" in self._text else ():
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            arguments = [argument.arg for argument in node.args.args if argument.arg not in {"self", "cls"}]
            for inner in ast.walk(node):
                key: ast.expr | None = None
                if isinstance(inner, ast.Subscript) and self._names.dotted(inner.value) == "os.environ":
                    key = inner.slice
                elif isinstance(inner, ast.Call) and inner.args:
                    called = self._names.dotted(inner.func)
                    key = inner.args[0] if called in {"os.getenv", "os.environ.get"} else None
                if isinstance(key, ast.Name) and key.id in arguments:
                    found[node.name] = arguments.index(key.id)
        return found

    def _add(self, name: str, line: int, sure: Confidence, others: tuple[str, ...] = ()) -> None:
        if is_name(name):
            self._reads.append(Read(name, line, sure, others))
