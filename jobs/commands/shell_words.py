"""The words, operators and here-documents of a shell text, with what each word expands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SPACE = " \t\r"
_ENDS_WORD = " \t\r\n|&;()<>"
_OPERATORS = (
    *("&>>", "<<-", "<<<", "&&", "||", ";;", "|&", "&>", "<<", ">>", ">&", "<&", ">|", "<>"),
    *("|", "&", ";", "(", ")", "<", ">", "\n"),
)
_OPERATOR = re.compile(r"(?![<>]\()(?:" + "|".join(map(re.escape, _OPERATORS)) + ")")
_PLAIN = re.compile(r"[^ \t\r\n|&;()<>\\'\"$`]+")
_REDIRECTIONS = frozenset({"&>>", "<<-", "<<<", "&>", "<<", ">>", ">&", "<&", ">|", "<>", "<", ">"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"[!#]?([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(\[[^\]]*\])?(:?[-=?+]|[#%/^,@:].*)?", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word: its own text, a variable's name, or the text of a command whose output stands there.

    `operator` is what follows a name in braces (`:-`, `?` …) and `default` the text after it; `quoted` says whether
    what it expands to stays one word.
    """

    kind: Literal["text", "name", "run"]
    text: str
    quoted: bool = False
    operator: str = ""
    default: str = ""


Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, an operator, or a redirection with its target; `here` is the text of a here-document.

    `stream` is the number before a redirection, "" where none stands.
    """

    kind: Literal["word", "operator", "redirection"]
    line: int
    word: Word = ()
    text: str = ""
    here: Word | None = None
    spaced: bool = True
    stream: str = ""


def plain(word: Word) -> str | None:
    """A word that expands nothing and was not quoted, as a keyword has to be; else None."""
    if all(part.kind == "text" and not part.quoted for part in word):
        return "".join(part.text for part in word)
    return None


def scan(text: str) -> list[Token]:
    """All tokens of a shell text. What no shell would read ends where it stops making sense; nothing is raised."""
    return _Scanner(text).tokens()


def expansions(text: str) -> Word:
    """What a text expands as it would between double quotes, as here-documents and defaults do."""
    return _Scanner(text).quoted_text("")


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text.replace("\\\r\n", " ").replace("\r\n", "\n")
        self._at = 0
        self._line = 1
        self._waiting: list[tuple[Token, str, bool, bool, list[Token], int]] = []

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        spaced = True
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in _SPACE:
                self._at += 1
                spaced = True
            elif char == "\\" and self._text.startswith("\\\n", self._at):
                self._forward(2)
                spaced = True
            elif char == "#" and spaced:
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif operator := self._operator():
                self._take(operator, found, spaced=spaced)
                spaced = operator in {"\n", ";"}
            else:
                found.append(Token("word", self._line, self._word(), spaced=spaced))
                spaced = False
        self._here_documents()
        return found

    def _operator(self) -> str | None:
        found = _OPERATOR.match(self._text, self._at)
        return found[0] if found else None

    def _take(self, operator: str, found: list[Token], *, spaced: bool) -> None:
        line = self._line
        self._forward(len(operator))
        if operator == "\n":
            found.append(Token("operator", line, text="\n"))
            self._here_documents()
            return
        if operator not in _REDIRECTIONS:
            found.append(Token("operator", line, text=operator, spaced=spaced))
            return
        stream = ""
        if found and not spaced and found[-1].kind == "word" and (number := plain(found[-1].word) or "").isdigit():
            found.pop()
            stream = number
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1
        target = self._word()
        if operator in {"<<", "<<-"}:
            end = "".join(part.text for part in target)
            quoted = any(part.quoted for part in target)
            token = Token("redirection", line, target, operator)
            self._waiting.append((token, end, quoted, operator == "<<-", found, len(found)))
        else:
            here = target if operator == "<<<" else None
            token = Token("redirection", line, target, operator, here=here, stream=stream)
        found.append(token)

    def _here_documents(self) -> None:
        """Read the bodies that begin after this line's end."""
        for token, end, quoted, tabs, found, place in self._waiting:
            lines: list[str] = []
            while self._at < len(self._text):
                stop = self._text.find("\n", self._at)
                stop = len(self._text) if stop < 0 else stop
                line = self._text[self._at : stop]
                self._forward(stop + 1 - self._at)
                line = line.lstrip("\t") if tabs else line
                if line == end:
                    break
                lines.append(line + "\n")
            body = "".join(lines)
            here = (Part("text", body, quoted=True),) if quoted else expansions(body)
            found[place] = Token("redirection", token.line, token.word, token.text, here)
        self._waiting = []

    def _forward(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def _word(self) -> Word:
        parts: list[Part] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "<>" and self._text.startswith(("<(", ">("), self._at):
                self._at += 2
                parts.append(Part("run", self._until_closed("(", ")")))
            elif char in _ENDS_WORD:
                break
            elif char == "\\":
                if self._text[self._at + 1 : self._at + 2] != "\n":
                    parts.append(Part("text", self._text[self._at + 1 : self._at + 2], quoted=True))
                self._forward(2)
            elif char == "'":
                parts.append(Part("text", self._single_quoted(), quoted=True))
            elif char == '"':
                self._at += 1
                parts += self.quoted_text('"') or (Part("text", "", quoted=True),)
            elif char in "$`":
                parts.append(self._expansion(quoted=False))
            else:
                found = _PLAIN.match(self._text, self._at)
                end = found.end() if found else self._at + 1
                parts.append(Part("text", self._text[self._at : end]))
                self._at = end
        return tuple(parts)

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at + 1)
        end = len(self._text) if end < 0 else end
        inside = self._text[self._at + 1 : end]
        self._forward(end + 1 - self._at)
        return inside

    def quoted_text(self, end: str) -> Word:
        """Parts up to a closing `end`, or to the end of the text where that is empty."""
        parts: list[Part] = []
        text = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if end and char == end:
                self._at += 1
                break
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in {"$", "`", '"', "\\", "\n"}:
                text += "" if self._text[self._at + 1] == "\n" else self._text[self._at + 1]
                self._forward(2)
            elif char in "$`":
                if text:
                    parts.append(Part("text", text, quoted=True))
                    text = ""
                parts.append(self._expansion(quoted=True))
            else:
                text += char
                self._forward(1)
        return (*parts, Part("text", text, quoted=True)) if text else tuple(parts)

    def _expansion(self, *, quoted: bool) -> Part:
        """What stands at a `$` or a backtick."""
        if self._text[self._at] == "`":
            end = re.compile(r"(?<!\\)`").search(self._text, self._at + 1)
            stop = end.start() if end else len(self._text)
            inside = self._text[self._at + 1 : stop].replace("\\`", "`")
            self._forward(stop + 1 - self._at)
            return Part("run", inside, quoted)
        rest = self._text[self._at + 1 : self._at + 3]
        if rest[:1] in {"(", "{"}:
            return self._bracketed(rest, quoted=quoted)
        if rest.startswith("'") and not quoted:
            self._at += 1
            return self._ansi_quoted()
        if match := _NAME.match(self._text, self._at + 1):
            self._at = match.end()
            return Part("name", match[0], quoted)
        if rest[:1].isdigit() or rest[:1] in {"@", "*", "#", "?", "$", "!", "-"}:
            self._at += 2
            return Part("name", rest[0], quoted)
        self._at += 1
        return Part("text", "$" if quoted or rest[:1] != '"' else "", quoted)

    def _bracketed(self, rest: str, *, quoted: bool) -> Part:
        """`$((…))`, `$(…)` or `${…}`."""
        if rest.startswith("(("):
            self._at += 3
            inside = self._until_closed("(", ")")
            if self._text.startswith(")", self._at):
                self._at += 1
            return Part("run", f": {inside}" if "$" in inside else "", quoted)
        self._at += 2
        if rest.startswith("("):
            return Part("run", self._until_closed("(", ")"), quoted)
        return _braced(self._until_closed("{", "}"), quoted=quoted)

    def _ansi_quoted(self) -> Part:
        match = re.compile(r"'((?:[^'\\]|\\.)*)'?", re.DOTALL).match(self._text, self._at)
        inside = match[1] if match else ""
        self._forward(len(match[0]) if match else 1)
        return Part("text", re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), inside), quoted=True)

    def _until_closed(self, opening: str, closing: str) -> str:
        """The text up to the matching bracket, quotes respected; the position is behind that bracket."""
        start, depth = self._at, 1
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "\\":
                self._forward(2)
                continue
            if char == "'" and opening == "(":
                self._single_quoted()
                continue
            if char == '"':
                self._at += 1
                self.quoted_text('"')
                continue
            depth += (char == opening) - (char == closing)
            self._forward(1)
            if not depth:
                return self._text[start : self._at - 1]
        return self._text[start:]


def _braced(inside: str, *, quoted: bool) -> Part:
    match = _BRACED.match(inside)
    if match is None or inside.startswith("#"):
        inner = _NAME.search(inside)
        return Part("name", inner[0], quoted, "#") if inner else Part("text", f"${{{inside}}}", quoted)
    name = "@" + match[1] if match[2] in {"[@]", "[*]"} else match[1]
    return Part("name", name, quoted, match[3] or "", inside[match.end() :])
