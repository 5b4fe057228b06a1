"""YAML, edited in place: lines are put in under a key or taken out; PyYAML says where things are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

from server.install import jsonc
from server.install.broken import Broken, Twice, Unfit, line_of

if TYPE_CHECKING:
    from server.install.clients import Key


def _read(text: str) -> yaml.Node | None:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Broken(mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        raise Broken(line_of(text, error.position)) from None
    except RecursionError:
        raise Broken(1) from None
    if root is not None and not isinstance(root, yaml.MappingNode) and not _is_null(root):
        raise Unfit(root.start_mark.line + 1)
    return None if root is None or _is_null(root) else root


def parse(text: str) -> Any:
    """The data, with each scalar as its kind and its letters, so that tags of the client's own are no hindrance."""
    root = _read(text)
    return {} if root is None else _data(root)


def plain(value: Any) -> Any:
    """A value as `parse` gives it."""
    return _data(yaml.compose(yaml.safe_dump(value), Loader=yaml.SafeLoader))


def _data(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {
            key.value if isinstance(key, yaml.ScalarNode) else repr(_data(key)): _data(part) for key, part in node.value
        }
    if isinstance(node, yaml.SequenceNode):
        return [_data(item) for item in node.value]
    return None if _is_null(node) else (node.tag, node.value)


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def refuse_doubles(text: str, key: Key) -> None:
    """Raise `Twice` where a name on the way to `key`, or its own, stands twice in one mapping."""
    node: yaml.Node | None = _read(text)
    for name in key:
        if not isinstance(node, yaml.MappingNode):
            return
        same = [(label, part) for label, part in node.value if label.value == name]
        if len(same) > 1:
            raise Twice(same[1][0].start_mark.line + 1)
        node = same[0][1] if same else None


def put(text: str, key: Key, value: Any) -> str:
    """The text with `value` at `key`; what is between is made, and everything else stays as it is."""
    lines = "\r\n" if "\r\n" in text else "\n"
    root = _read(text)
    if root is None:
        body = _dump(key, value, 0, lines)
        return (text if not text.strip() or text.endswith("\n") else text + lines) + body
    if root.flow_style and _is_json(text):
        return jsonc.put(text, key, value)
    node, under = root, None
    for depth, name in enumerate(key):
        rest = key[depth + 1 :]
        found = _find(node, name)
        if found is None:
            return _insert(text, node, under, (name, *rest), value)
        label, part = found
        if not rest:
            return _replace(text, node, label, part, value)
        if _is_null(part):
            if part.start_mark.index != part.end_mark.index or node.flow_style:
                flow = " " + json.dumps(_nested(rest, value), ensure_ascii=False)
                return text[: part.start_mark.index].rstrip(" ") + flow + text[part.end_mark.index :]
            body = _dump(rest, value, label.start_mark.column + 2, lines)
            return _after_line(text, label.end_mark.line, body, lines)
        if not isinstance(part, yaml.MappingNode):
            raise Unfit(part.start_mark.line + 1)
        node, under = part, label
    raise AssertionError


def drop(text: str, key: Key) -> str:
    """The text without the lines of what is at `key`."""
    root = _read(text)
    if root is None:
        return text
    if root.flow_style and _is_json(text):
        return jsonc.drop(text, key)
    node: yaml.Node = root
    for name in key[:-1]:
        found = _find(node, name) if isinstance(node, yaml.MappingNode) else None
        if found is None:
            return text
        node = found[1]
    found = _find(node, key[-1]) if isinstance(node, yaml.MappingNode) else None
    if found is None:
        return text
    if node.flow_style:
        begins, end = found[0].start_mark.index, found[1].end_mark.index
        rest = text[end:].lstrip()
        return text[:begins] + rest[1:].lstrip() if rest[:1] == "," else text[:begins].rstrip(" ,") + text[end:]
    every = text.splitlines(keepends=True)
    return "".join([*every[: found[0].start_mark.line], *every[_last_line(found[1]) + 1 :]])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _find(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((key, part) for key, part in node.value if key.value == name), None)


def _insert(text: str, node: yaml.MappingNode, under: yaml.Node | None, key: Key, value: Any) -> str:
    lines = "\r\n" if "\r\n" in text else "\n"
    if node.flow_style:
        at = text.index("{", node.start_mark.index) + 1
        member = f"{json.dumps(key[0])}: {json.dumps(_nested(key[1:], value), ensure_ascii=False)}"
        return text[:at] + member + (", " if node.value else "") + text[at:]
    body = _dump(key, value, node.value[0][0].start_mark.column, lines)
    if under is None:
        return (text if text.endswith("\n") else text + lines) + body
    return _after_line(text, under.end_mark.line, body, lines)


def _after_line(text: str, number: int, body: str, lines: str) -> str:
    every = text.splitlines(keepends=True)
    if not every[number].endswith("\n"):
        every[number] += lines
    return "".join([*every[: number + 1], body, *every[number + 1 :]])


def _replace(text: str, node: yaml.MappingNode, label: yaml.Node, part: yaml.Node, value: Any) -> str:
    if node.flow_style:
        return text[: part.start_mark.index] + json.dumps(value, ensure_ascii=False) + text[part.end_mark.index :]
    lines = "\r\n" if "\r\n" in text else "\n"
    every = text.splitlines(keepends=True)
    body = _dump((label.value,), value, label.start_mark.column, lines)
    return "".join([*every[: label.start_mark.line], body, *every[_last_line(part) + 1 :]])


def _last_line(node: yaml.Node) -> int:
    """The last line that a value is written on, without the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        ends_before = node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line
        return int(node.end_mark.line - (1 if ends_before else 0))
    last = node.value[-1]
    return max(_last_line(part) for part in (last if isinstance(last, tuple) else (last,)))


def _nested(key: Key, value: Any) -> Any:
    for name in reversed(key):
        value = {name: value}
    return value


def _dump(key: Key, value: Any, indent: int, lines: str) -> str:
    body = yaml.safe_dump(
        _nested(key, value), sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
    )
    return "".join(f"{' ' * indent}{line}{lines}" for line in body.splitlines())
