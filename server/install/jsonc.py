"""JSON with comments, edited in place: only the characters of what changes are touched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from server.install.broken import Broken, Twice, Unfit, line_of

if TYPE_CHECKING:
    from server.install.clients import Key

_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r"[-+.\w]+")


@dataclass
class Node:
    """A value with its place in the text. `items` are an array's; `members` are an object's, as it has them.

    `doubles` are the names that an object has more than once, each with where it stands the last time.
    """

    start: int
    end: int = 0
    value: Any = None
    members: dict[str, tuple[int, Node]] | None = None
    items: list[Node] | None = None
    comma: bool = False
    last: int = field(default=0)
    doubles: dict[str, int] = field(default_factory=dict)

    def parts(self) -> list[tuple[int, Node]]:
        """An object's or an array's parts in order, each with where it starts."""
        if self.members is not None:
            return sorted(self.members.values(), key=lambda part: part[0])
        return [(item.start, item) for item in self.items or []]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def document(self) -> Node | None:
        at = self._skip(0)
        if at == len(self.text):
            return None
        root = self._value(at)
        at = self._skip(root.end)
        if at != len(self.text):
            self._fail(at)
        return root

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _fail(self, at: int) -> NoReturn:
        raise Broken(line_of(self.text, min(at, len(self.text.rstrip()))))

    def _value(self, at: int) -> Node:
        match self.text[at : at + 1]:
            case "{":
                return self._group(Node(at, members={}), "}")
            case "[":
                return self._group(Node(at, items=[]), "]")
            case '"':
                return self._scalar(at, _STRING)
            case _:
                return self._scalar(at, _WORD)

    def _scalar(self, at: int, form: re.Pattern[str]) -> Node:
        found = form.match(self.text, at)
        try:
            return Node(at, at + len(found[0]) if found else at, json.loads(found[0] if found else ""))
        except ValueError:
            self._fail(at)

    def _group(self, node: Node, closing: str) -> Node:
        at = self._skip(node.start + 1)
        while self.text[at : at + 1] != closing:
            begins, key = at, None
            if node.members is not None:
                if self.text[at : at + 1] != '"':
                    self._fail(at)
                key = self._scalar(at, _STRING)
                at = self._skip(key.end)
                if self.text[at : at + 1] != ":":
                    self._fail(at)
                at = self._skip(at + 1)
            part = self._value(at)
            if node.members is not None and key is not None:
                if key.value in node.members:
                    node.doubles[key.value] = begins
                node.members[key.value] = (begins, part)
            elif node.items is not None:
                node.items.append(part)
            node.last = part.end
            at = self._skip(part.end)
            node.comma = self.text[at : at + 1] == ","
            if node.comma:
                at = self._skip(at + 1)
            elif self.text[at : at + 1] != closing:
                self._fail(at)
        node.end = at + 1
        return node


def _read(text: str) -> Node | None:
    try:
        root = _Reader(text).document()
    except RecursionError:
        raise Broken(1) from None
    if root is not None and root.members is None:
        raise Unfit(line_of(text, root.start))
    return root


def parse(text: str) -> Any:
    """The data, as a client that takes comments reads it; an empty file is an empty object."""
    root = _read(text)
    return {} if root is None else _data(root)


def _data(node: Node) -> Any:
    if node.members is not None:
        return {name: _data(part) for name, (_, part) in node.members.items()}
    return [_data(item) for item in node.items] if node.items is not None else node.value


def refuse_doubles(text: str, key: Key) -> None:
    """Raise `Twice` where a name on the way to `key`, or its own, stands twice in one object."""
    node = _read(text)
    for name in key:
        if node is None or node.members is None:
            return
        if name in node.doubles:
            raise Twice(line_of(text, node.doubles[name]))
        node = node.members[name][1] if name in node.members else None


def put(text: str, key: Key, value: Any) -> str:
    """The text with `value` at `key`; what is between is made, and everything else stays as it is."""
    root = _read(text)
    if root is None:
        body = json.dumps(_nested(key, value), indent=2, ensure_ascii=False) + "\n"
        return body if not text.strip() else text.rstrip() + "\n" + body
    node = root
    for depth, name in enumerate(key):
        found = _find(node, name)
        if found is None:
            return _insert(text, node, name, _nested(key[depth + 1 :], value))
        _, part = found
        rest = key[depth + 1 :]
        if not rest:
            return text[: part.start] + _dump(text, value, _indent(text, part.start)) + text[part.end :]
        wants_list = rest[0].startswith("#")
        if part.members is None and part.items is None and part.value is None:
            made = _dump(text, _nested(rest, value), _indent(text, part.start))
            return text[: part.start] + made + text[part.end :]
        if (part.items if wants_list else part.members) is None:
            raise Unfit(line_of(text, part.start))
        node = part
    raise AssertionError


def drop(text: str, key: Key) -> str:
    """The text without what is at `key`, and with all else as it is."""
    node = _read(text)
    for name in key[:-1]:
        found = _find(node, name) if node is not None else None
        node = found[1] if found else None
    found = _find(node, key[-1]) if node is not None else None
    if node is None or found is None:
        return text
    begins, part = found
    after = _SPACE.match(text, part.end)
    end = after.end() if after else part.end
    if text[end : end + 1] == ",":
        end += 1
        while text[end : end + 1] in {" ", "\t"}:
            end += 1
    else:
        end = part.end
        before = [one for _, one in node.parts() if one.end <= begins]
        if before and not node.comma:
            comma = text.index(",", before[-1].end)
            text, begins, end = text[:comma] + text[comma + 1 :], begins - 1, end - 1
    line = text.rfind("\n", 0, begins) + 1
    if not text[line:begins].strip() and text[end : end + 1] in {"\n", "\r"}:
        begins, end = line, text.index("\n", end) + 1
    return text[:begins] + text[end:]


def _find(node: Node, name: str) -> tuple[int, Node] | None:
    if name.startswith("#"):
        same = [item for item in node.items or [] if item.members and _id(item) == name[1:]]
        return (same[0].start, same[0]) if same else None
    return (node.members or {}).get(name)


def _id(item: Node) -> Any:
    _, found = (item.members or {}).get("id", (0, Node(0)))
    return found.value


def _nested(key: Key, value: Any) -> Any:
    for name in reversed(key):
        value = [value] if name.startswith("#") else {name: value}
    return value


def _insert(text: str, node: Node, name: str, value: Any) -> str:
    lines = "\r\n" if "\r\n" in text else "\n"
    outer, parts = _indent(text, node.start), node.parts()
    indent = outer + _unit(text)
    if parts:
        begins = parts[-1][0]
        before = text[text.rfind("\n", 0, begins) + 1 : begins]
        indent = before if not before.strip() else indent
    inner = text[: node.end - 1]
    body = len(inner.rstrip(" \t\r\n"))
    label = "" if name.startswith("#") else json.dumps(name) + ": "
    made = lines + indent + label + _dump(text, value, indent) + ("," if node.comma else "")
    closing = "" if "\n" in inner[body:] else lines + outer
    text = text[:body] + made + closing + (text[body:] if not closing else text[node.end - 1 :])
    return text if node.comma or not parts else text[: node.last] + "," + text[node.last :]


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    found = re.search(r"^([ \t]+)[\"{\[]", text, re.MULTILINE)
    return found[1] if found and len(found[1]) <= 8 else "  "  # noqa: PLR2004 - no deeper indent is a unit


def _dump(text: str, value: Any, indent: str) -> str:
    lines = "\r\n" if "\r\n" in text else "\n"
    return json.dumps(value, indent=_unit(text), ensure_ascii=False).replace("\n", lines + indent)
