"""Follows a shell text as a shell would, without running anything: every branch is taken, every loop goes round."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Protocol

from jobs.commands.calls import VariableRead
from jobs.commands.shell_syntax import Assignment, Function, Loop, Node, Simple, parse
from jobs.commands.shell_words import Part, Word, expansions, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.commands.scope import Scope

_SET_BY_SHELL = frozenset(
    {
        *("_", "PWD", "OLDPWD", "RANDOM", "SECONDS", "LINENO", "HOME", "PATH", "USER", "SHELL", "HOSTNAME", "UID"),
        *("EUID", "PPID", "BASH_SOURCE", "FUNCNAME", "OPTARG", "OPTIND", "REPLY", "IFS", "BASHPID", "TMPDIR"),
    }
)
_KEEPS_VALUE = (":-", "-", ":=", "=", ":?", "?", ":+", "+")  # Any other operator cuts or changes it.
_MAX_ROUNDS = 8
_WRITES = frozenset({">", ">>", ">|", "&>", "&>>"})
_NODE = 20  # What following one command costs, in characters.
_MAX_DEPTH = 12
_NAMES_VARIABLES = frozenset({"unset", "read", "mapfile", "readarray", "getopts"})
_CHANGES_SHELL = _NAMES_VARIABLES | {"cd", "pushd", "popd", "set", "shift"}
_SETTERS = frozenset({"export", "declare", "typeset", "local", "readonly"})
_SET = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Runner(Protocol):
    """Who is told of each command that the shell would run."""

    def run(self, words: Sequence[str], scope: Scope, *, line: int = 1, stdin: str | None = None) -> str | None:
        """Follow one command; what it prints, where that can be known."""

    def read(self, read: VariableRead) -> None: ...

    def wrote(self, path: str, text: str, scope: Scope, *, appended: bool) -> None: ...

    def contents(self, path: str, scope: Scope) -> str | None: ...


def follow(text: str, scope: Scope, runner: Runner) -> None:
    """Run a shell text in `scope`, telling `runner` of every command and of every variable that it reads."""
    if scope.depth <= _MAX_DEPTH:
        scope.budget.spend(len(text))
        _Shell(scope, runner).nodes(parse(text))


class _Shell:
    def __init__(self, scope: Scope, runner: Runner) -> None:
        self._scope = scope
        self._runner = runner
        self._printed: str | None = None

    def nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self._node(node)

    def _node(self, node: Node) -> None:
        self._scope.budget.spend(_NODE)
        if isinstance(node, Simple):
            self._simple(node)
        elif isinstance(node, Function):
            self._scope.functions[node.name] = node.nodes
        elif isinstance(node, Loop):
            self._loop(node)
        else:
            before = self._scope.instead
            self._scope.instead = before or node.instead
            if node.subshell:
                _Shell(self._scope.child(subshell=True), self._runner).nodes(node.nodes)
            else:
                self.nodes(node.nodes)
            self._scope.instead = before

    def _loop(self, node: Loop) -> None:
        values = [field for word in node.values for field in self.fields(word, 1)]
        if node.line:
            values = [line.split()[0] for line in (self._stdin(node) or "").splitlines() if line.strip()]
        known = dict.fromkeys(value for value in values if "$" not in value and not set(value) & set("*?["))
        rounds: list[str | None] = [*known]
        for value in rounds[:_MAX_ROUNDS] or [None]:
            self._scope.set(node.name, value)
            self.nodes(node.nodes)

    def _simple(self, node: Simple) -> None:
        first = plain(node.words[0]) if node.words else None
        if first in _SETTERS:
            self._set_by_name(node)
            return
        if not node.words:
            for assignment in node.assignments:
                self._assign(assignment, node.line)
            self._redirect(node, None)
            return
        guard = first in {"[", "test"} and any(plain(word) in {"-n", "-v"} for word in node.words)
        words = [field for word in node.words for field in self.fields(word, node.line, guard=guard)]
        scope = self._scope
        if node.assignments:
            scope = scope.child(subshell=True)
            inner = _Shell(scope, self._runner)
            for assignment in node.assignments:
                inner._assign(assignment, node.line, exported=True)
        stdin = self._stdin(node)
        if words:
            before = scope.instead, scope.choice, scope.stdout
            scope.instead, scope.choice = scope.instead or node.instead, scope.choice or node.choice
            scope.stdout = self._sent_to(node) or scope.stdout
            self._printed = self._run(words, scope, node, stdin)
            scope.instead, scope.choice, scope.stdout = before
        self._redirect(node, self._printed)

    def _run(self, words: list[str], scope: Scope, node: Simple, stdin: str | None) -> str | None:
        name, rest = words[0], words[1:]
        if (body := scope.functions.get(name)) is not None and scope.depth <= _MAX_DEPTH:
            before, scope.arguments, scope.depth = scope.arguments, tuple(rest), scope.depth + 1
            _Shell(scope, self._runner).nodes(body)
            scope.arguments, scope.depth = before, scope.depth - 1
            return None
        if name in _CHANGES_SHELL:
            _change(scope, name, rest)
        elif name in {"eval", "trap"}:
            follow(" ".join(rest if name == "eval" else rest[:1]), scope, self._runner)
        elif name in {"source", "."} and rest:
            self._source(rest[0], tuple(rest[1:]))
        else:
            return self._runner.run(words, scope, line=node.line, stdin=stdin)
        return None

    def _source(self, path: str, arguments: tuple[str, ...]) -> None:
        text = self._runner.contents(path, self._scope)
        if text is None or self._scope.depth > _MAX_DEPTH:
            return
        scope = self._scope
        before = scope.place, scope.line_by_line, scope.arguments
        scope.place, scope.line_by_line, scope.depth = path, True, scope.depth + 1
        scope.arguments = arguments or scope.arguments
        follow(text, scope, self._runner)
        scope.place, scope.line_by_line, scope.arguments = before
        scope.depth -= 1

    def _set_by_name(self, node: Simple) -> None:
        exported = plain(node.words[0]) == "export" or any("x" in (plain(word) or "")[1:] for word in node.words[1:2])
        for word in node.words[1:]:
            match = _SET.match(word[0].text) if word and word[0].kind == "text" else None
            if match is None:
                name = plain(word) or ""
                if _NAME.fullmatch(name) and exported:
                    self._scope.exported.add(name)
                continue
            rest = word[0].text[match.end() :]
            value = (Part("text", rest, word[0].quoted), *word[1:]) if rest else word[1:]
            self._assign(Assignment(match[1], value, appended=bool(match[2])), node.line, exported=exported)

    def _assign(self, assignment: Assignment, line: int, *, exported: bool = False) -> None:
        value: str | tuple[str, ...] | None
        if assignment.items is not None:
            value = tuple(field for item in assignment.items for field in self.fields(item, line))
        else:
            value = self._one(assignment.value, line)
        before = self._scope.values.get(assignment.name)
        if assignment.appended and before is not None and value is not None:
            if isinstance(before, tuple) or isinstance(value, tuple):
                value = (*_many(before), *_many(value))
            else:
                value = before + value
                self._scope.budget.spend(len(value))
        self._scope.set(assignment.name, value, exported=exported)

    def _one(self, word: Word, line: int) -> str | None:
        """A value as one text, or None when it holds the output of a command."""
        unknown = any(part.kind == "run" for part in word)
        text = " ".join(self.fields(tuple(Part(p.kind, p.text, True, p.operator, p.default) for p in word), line))
        return None if unknown else text

    def _stdin(self, node: Simple | Loop) -> str | None:
        stdin = self._printed if node.piped else None
        for token in node.redirections:
            if token.here is not None:
                stdin = self._one(token.here, token.line)
                stdin = "".join(self.fields(token.here, token.line)) if stdin is None else stdin
            elif token.text == "<":
                stdin = self._runner.contents(" ".join(self.fields(token.word, token.line)), self._scope)
        return stdin

    def _sent_to(self, node: Simple) -> str | None:
        """The file that takes a command's output."""
        targets = [token for token in node.redirections if token.text in _WRITES and token.stream in {"", "1"}]
        return " ".join(self.fields(targets[-1].word, node.line)) if targets else None

    def _redirect(self, node: Simple, printed: str | None) -> None:
        for token in node.redirections:
            target = " ".join(self.fields(token.word, token.line)) if token.here is None else ""
            if token.text in {">", ">>", ">|"} and printed is not None and target:
                self._runner.wrote(target, printed, self._scope, appended=token.text == ">>")

    def fields(self, word: Word, line: int, *, guard: bool = False) -> list[str]:
        """The words that one word becomes: variables put in where they are known, `$NAME` where they are not."""
        done: list[str] = []
        current: str | None = None
        for part in word:
            pieces = self._part(part, line, guard=guard)
            self._scope.budget.spend(1 + sum(map(len, pieces)))
            if pieces:
                current = (current or "") + pieces[0]
            for each in pieces[1:]:
                done.append(current or "")
                current = each
        if current is not None:
            done.append(current)
        fields = [item for field in done for item in _braces(field, word)]
        if len(fields) > len(done):
            self._scope.budget.spend(sum(map(len, fields)))
        return fields

    def _part(self, part: Part, line: int, *, guard: bool) -> list[str]:
        if part.kind == "text":
            return [part.text]
        if part.kind == "run":
            return [self._substitute(part.text)]
        name = part.text
        if not _NAME.fullmatch(name):
            return self._special(part, line)
        value = self._scope.values.get(name)
        if value is not None:
            changed = bool(part.operator) and not part.operator.startswith(_KEEPS_VALUE)
            text = f"${name}" if changed else " ".join(_many(value))
            return [text] if part.quoted else text.split() or []
        self._note(part, line, guard=guard)
        if part.operator.startswith((":-", "-", ":=", "=")):
            text = self._default(part, line)
            if part.operator.endswith("="):
                self._scope.set(name, text)
            return [text] if part.quoted else text.split() or []
        return [f"${name}"]

    def _special(self, part: Part, line: int) -> list[str]:
        """The shell's own: its arguments, all of an array, and numbers that nobody needs."""
        name = part.text
        if name in {"@", "*"}:
            return list(self._scope.arguments)
        if name.startswith("@"):
            return list(_many(self._scope.values.get(name[1:], ())))
        if not name.isdigit():
            return ["0"]
        if name == "0":
            return [self._scope.place]
        if int(name) <= len(self._scope.arguments):
            return [self._scope.arguments[int(name) - 1]]
        return [self._default(part, line)] if part.default else [f"${name}"]

    def _default(self, part: Part, line: int) -> str:
        self._scope.budget.spend(len(part.default))
        return "".join(self.fields(expansions(part.default), line))

    def _note(self, part: Part, line: int, *, guard: bool) -> None:
        """Tell of a variable that is read and that nothing before it set."""
        name = part.text
        if guard:
            self._scope.tested.add(name)
        if name in self._scope.unknown or name in _SET_BY_SHELL:
            return
        self._scope.budget.spend(len(part.default))
        others = tuple(found.text for found in expansions(part.default) if found.kind == "name")
        falls_back = part.operator.startswith((":-", "-", ":+", "+", ":=", "="))
        self._runner.read(
            VariableRead(
                name,
                self._scope.at(line),
                optional=name in self._scope.tested or (falls_back and not others),
                one_of=others if falls_back else (),
            )
        )

    def _substitute(self, text: str) -> str:
        """What `$(…)` stands for: the contents of a file it only prints, else something nobody knows."""
        self._scope.budget.spend(len(text))
        inner = self._scope.child(subshell=True)
        shell = _Shell(inner, self._runner)
        shell.nodes(parse(text))
        return (shell._printed or "").rstrip("\n") or "$_"


def _change(scope: Scope, name: str, rest: list[str]) -> None:
    """A builtin that changes nothing but the shell itself."""
    if name in {"cd", "pushd"}:
        scope.change_folder(next((word for word in rest if word not in {"--", "-P", "-L"}), "~"))
    elif name == "popd":
        scope.cwd = None
    elif name == "set":
        _set(scope, rest)
    elif name == "shift":
        count = int(rest[0]) if rest and rest[0].isdigit() else 1
        scope.arguments = scope.arguments[count:]
    for each in rest if name in _NAMES_VARIABLES else ():
        if _NAME.fullmatch(each):
            scope.unset(each)


def _set(scope: Scope, rest: list[str]) -> None:
    for place, word in enumerate(rest):
        if word == "--":
            scope.arguments = tuple(rest[place + 1 :])
            return
        if word in {"-a", "-o"} or (word[:1] == "-" and "a" in word[1:] and word[1:].isalpha()):
            scope.exports_all = word != "-o" or "allexport" in rest
        elif word in {"+a", "+o"}:
            scope.exports_all = False


def _many(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


_BRACES = re.compile(r"\{([^{},\s]*(?:,[^{},\s]*)+)\}")


def _braces(text: str, word: Word) -> list[str]:
    """`a{b,c}` as `ab` and `ac`, where the braces were not quoted."""
    if "{" not in text or any(part.quoted and "{" in part.text for part in word):
        return [text]
    pieces = _BRACES.split(text)
    choices = [piece.split(",") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in itertools.islice(itertools.product(*choices), 64)]
