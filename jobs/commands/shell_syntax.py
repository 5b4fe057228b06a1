"""A shell text as commands, groups, loops and functions; both sides of every condition are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jobs.commands.shell_words import Part, Token, Word, plain, scan

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?(\+?)=")
_SKIPPED = frozenset({"if", "then", "elif", "else", "fi", "!", "do", "coproc"})
_CLOSED_BY = {"(": ")", "{": "}", "while": "done", "until": "done"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MAX_TEXT = 400_000
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    value: Word
    items: tuple[Word, ...] | None = None
    appended: bool = False


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: what is assigned before it, its words, what is redirected; `piped` when it reads the one before.

    `instead` when it runs only where the one before `||` failed, `choice` in a branch of an `if` or a `case`.
    """

    line: int
    assignments: tuple[Assignment, ...] = ()
    words: tuple[Word, ...] = ()
    redirections: tuple[Token, ...] = ()
    piped: bool = False
    instead: bool = False
    choice: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Commands in brackets; a subshell keeps its variables and its folder to itself."""

    nodes: tuple[Node, ...]
    subshell: bool = False
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """`for NAME in VALUES`, or, without values and with redirections, `while read NAME` over what it reads."""

    name: str
    values: tuple[Word, ...]
    nodes: tuple[Node, ...]
    redirections: tuple[Token, ...] = ()
    piped: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    nodes: tuple[Node, ...]


Node = Simple | Group | Loop | Function


def parse(text: str) -> tuple[Node, ...]:
    """The commands of a shell text, in order. Text that no shell would take gives what could be read of it."""
    return _Parser(scan(text[:_MAX_TEXT])).parse(frozenset())


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._branches: list[bool] = []

    def parse(self, until: frozenset[str]) -> tuple[Node, ...]:
        """Commands up to a keyword or operator of `until`, which is consumed, or to the end."""
        nodes: list[Node] = []
        self._depth += 1
        piped = instead = False
        while (token := self._next()) is not None and self._depth < _MAX_DEPTH:
            said = token.text if token.kind == "operator" else plain(token.word) if token.kind == "word" else None
            if said is not None and said in until:
                self._at += 1
                break
            if token.kind == "operator" and said != "(":
                self._at += 1
                piped = said in {"|", "|&"} or (piped and said == "\n")
                instead = said == "||" or (instead and said == "\n")
                continue
            if token.kind == "word" and said in _SKIPPED:
                self._at += 1
                self._branch_of(said)
                continue
            if (node := self._command(said, piped=piped)) is not None:
                nodes.append(replace(node, instead=True) if instead and isinstance(node, Simple | Group) else node)
            piped = instead = False
        self._depth -= 1
        return tuple(nodes)

    def _branch_of(self, keyword: str) -> None:
        """Keep in mind whether what follows is in a branch of an `if`, and not its condition."""
        if keyword == "if":
            self._branches.append(False)
        elif keyword == "fi" and self._branches:
            self._branches.pop()
        elif keyword in {"then", "else"} and self._branches:
            self._branches[-1] = True

    def _command(self, said: str | None, *, piped: bool) -> Node | None:
        if said in _CLOSED_BY:
            return self._closed(said or "", piped=piped)
        if said in {"for", "select"}:
            return self._loop()
        if said in {"case", "[["}:
            return self._case() if said == "case" else self._test()
        if said == "function":
            self._at += 1
        if (name := self._function_name(after_keyword=said == "function")) is not None:
            body = self._next()
            inner = None if body is None else self._command(_said(body), piped=False)
            return Function(name, () if inner is None else (inner,))
        return None if self._next() is None else self._simple(piped=piped)

    def _closed(self, said: str, *, piped: bool) -> Node | None:
        """What a keyword or bracket opens, up to what closes it."""
        self._at += 1
        if said == "(" and self._is_operator("(") and not self._tokens[self._at].spaced:
            self._skip_arithmetic()
            return None
        nodes = self.parse(frozenset({_CLOSED_BY[said]}))
        first = nodes[0] if said == "while" and nodes else None
        if isinstance(first, Simple) and (name := _read_into(first)) is not None:
            return Loop(name, (), nodes[1:], self._redirections(), piped, line=first.line)
        return Group(nodes, subshell=said == "(")

    def _redirections(self) -> tuple[Token, ...]:
        """What stands behind `done`."""
        found: list[Token] = []
        while (token := self._next()) is not None and token.kind == "redirection":
            found.append(token)
            self._at += 1
        return tuple(found)

    def _skip_arithmetic(self) -> None:
        depth = 2
        self._at += 1
        while depth and (token := self._next()) is not None:
            depth += (token.text == "(") - (token.text == ")")
            self._at += 1

    def _test(self) -> Simple:
        """`[[ … ]]`: its words are kept as those of a test, for what they expand."""
        line = self._tokens[self._at].line
        words: list[Word] = []
        while (token := self._next()) is not None:
            self._at += 1
            if token.kind == "word":
                words.append(token.word)
                if plain(token.word) == "]]":
                    break
            elif token.kind == "redirection":
                words.append(token.word)
            elif token.text == "\n":
                break
        return Simple(line, words=(((Part("text", "test"),)), *words[1:]))

    def _loop(self) -> Node:
        self._at += 1
        name_token = self._next()
        if name_token is None or name_token.kind != "word":  # for ((i=0; …))
            while (token := self._next()) is not None and _said(token) != "do":
                self._at += 1
            return Group(self.parse(frozenset({"done"})))
        self._at += 1
        values: list[Word] = []
        self._skip_newlines()
        token = self._next()
        if token is not None and _said(token) == "in":
            self._at += 1
            while (token := self._next()) is not None and token.kind == "word":
                values.append(token.word)
                self._at += 1
        else:
            values.append((Part("name", "@", quoted=True),))
        return Loop(plain(name_token.word) or "", tuple(values), self.parse(frozenset({"done"})))

    def _case(self) -> Node:
        self._at += 1
        nodes: list[Node] = []
        if (subject := self._next()) is not None and subject.kind == "word":
            nodes.append(Simple(subject.line, words=((Part("text", ":"),), subject.word)))
            self._at += 1
        while (token := self._next()) is not None:
            self._at += 1
            if _said(token) == "in":
                break
        while (token := self._next()) is not None:
            if _said(token) == "esac":
                self._at += 1
                break
            while (token := self._next()) is not None and _said(token) not in {")", "esac"}:
                self._at += 1
            if token is not None and _said(token) == ")":
                self._at += 1
                nodes += self._branch()
        return Group(tuple(nodes))

    def _branch(self) -> tuple[Node, ...]:
        """What one pattern of a `case` runs; `esac` is left for the case itself."""
        self._branches.append(True)
        inner = self.parse(frozenset({";;", "esac"}))
        self._branches.pop()
        if self._at and _said(self._tokens[self._at - 1]) == "esac":
            self._at -= 1
        return inner

    def _function_name(self, *, after_keyword: bool) -> str | None:
        token = self._next()
        if token is None or token.kind != "word" or not (name := plain(token.word)) or not _NAME.fullmatch(name):
            return None
        rest = self._tokens[self._at + 1 : self._at + 3]
        brackets = [_said(each) for each in rest] == ["(", ")"]
        if not brackets and not after_keyword:
            return None
        self._at += 3 if brackets else 1
        self._skip_newlines()
        return name

    def _simple(self, *, piped: bool) -> Simple:
        line = self._tokens[self._at].line
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirections: list[Token] = []
        while (token := self._next()) is not None and token.kind != "operator":
            self._at += 1
            if token.kind == "redirection":
                redirections.append(token)
            elif not words and (assigned := self._assignment(token.word)) is not None:
                assignments.append(assigned)
            else:
                words.append(token.word)
        if not words and not assignments and not redirections:
            self._at += 1
        choice = any(self._branches)
        return Simple(line, tuple(assignments), tuple(words), tuple(redirections), piped, choice=choice)

    def _assignment(self, word: Word) -> Assignment | None:
        if not word or word[0].kind != "text" or word[0].quoted:
            return None
        match = _ASSIGNMENT.match(word[0].text)
        if match is None:
            return None
        rest = word[0].text[match.end() :]
        value = (Part("text", rest), *word[1:]) if rest else word[1:]
        items: tuple[Word, ...] | None = None
        if not value and self._is_operator("(") and not self._tokens[self._at].spaced:
            self._at += 1
            listed: list[Word] = []
            while (token := self._next()) is not None and token.text != ")":
                if token.kind == "word":
                    listed.append(token.word)
                self._at += 1
            self._at += 1
            items = tuple(listed)
        return Assignment(match[1], value, items, appended=bool(match[3]))

    def _skip_newlines(self) -> None:
        while self._is_operator("\n"):
            self._at += 1

    def _is_operator(self, text: str) -> bool:
        token = self._next()
        return token is not None and token.kind == "operator" and token.text == text

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _said(token: Token) -> str | None:
    return token.text if token.kind == "operator" else plain(token.word) if token.kind == "word" else None


def _read_into(node: Simple) -> str | None:
    """The first variable that a `read` sets, whatever stands before it (`IFS=`)."""
    words = [plain(word) or "" for word in node.words]
    named = [word for word in words[1:] if not word.startswith("-")]
    return named[0] if words[:1] == ["read"] and named else None
