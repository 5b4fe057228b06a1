"""The header of a uv script: what it asks for in its PEP 723 block's `[tool.hf-jobs]` table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jobs.errors import BadArgument

if TYPE_CHECKING:
    from jobs.spec.request import JobRequest

_BLOCK = re.compile(r"(?m)^# /// script$\n(?P<content>(?:^#(?:| .*)$\n)+?)^# ///$")
_STRINGS = ("image", "flavor", "python", "name", "namespace")
_TABLES = ("env", "labels")
_LISTS = ("secrets", "volumes")
_UNSUPPORTED = ("network_group", "network_aliases")
KEYS = (*_STRINGS, "timeout", *_TABLES, *_LISTS)


@dataclass(frozen=True, slots=True)
class Header:
    """What a script asks for; None and empty where it says nothing."""

    image: str | None = None
    flavor: str | None = None
    python: str | None = None
    timeout: str | float | None = None
    name: str | None = None
    namespace: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


def read(text: str, *, where: str = "script") -> Header:
    """The `[tool.hf-jobs]` table of a script's text; an empty header if there is none.

    The table's keys and types are those of `hf jobs uv run` (huggingface_hub's `_uv_script_header`), except for network
    groups, which are refused.

    Args:
        text: The whole script.
        where: The argument that held it, for the error.

    Raises:
        BadArgument: For TOML that does not parse, unknown keys and wrong types.
    """
    import tomllib

    block = _block(text)
    if block is None or "hf-jobs" not in block:
        return Header()
    try:
        tool = tomllib.loads(block).get("tool", {})
    except tomllib.TOMLDecodeError:
        raise _refusal(where, "is not valid TOML") from None
    table = tool.get("hf-jobs") if isinstance(tool, dict) else None
    if table is None:
        return Header()
    if not isinstance(table, dict):
        raise _refusal(where, "has a `hf-jobs` that is not a table")
    if any(key in table for key in _UNSUPPORTED):
        raise _refusal(where, "asks for a network group, which this server does not offer")
    if set(table) - set(KEYS):
        raise _refusal(where, "has unknown keys")
    return Header(
        **{key: _typed(table, key, where) for key in KEYS if key in table},
    )


def has_dependencies(text: str) -> bool:
    """Whether the script's PEP 723 block says what to install; an unreadable one counts as if it did."""
    import tomllib

    try:
        return bool(tomllib.loads(_block(text) or "").get("dependencies"))
    except tomllib.TOMLDecodeError:
        return True


def merge(request: JobRequest) -> JobRequest:
    """`request` with what its script's header adds; asking again changes nothing.

    As in `hf jobs uv run`: what the request says wins; `env` and `labels` are merged by key, `secrets` by name,
    `volumes` by mount path. The script is `script`, or the file of `files` that the command begins with, which is how
    a script gets arguments.

    Raises:
        BadArgument: If the header cannot be read.
    """
    text, where = _script_of(request)
    if text is None:
        return request
    header = read(text, where=where)
    labels = dict(header.labels)
    if header.name is not None and request.name is None and "name" not in request.labels:
        labels["name"] = header.name
    if request.name is not None:
        labels.pop("name", None)
    taken = {_mount_path(entry) for entry in request.volumes}
    return replace(
        request,
        image=request.image if request.image is not None else header.image,
        flavor=request.flavor if request.flavor is not None else header.flavor,
        python=request.python if request.python is not None else header.python,
        timeout=request.timeout if request.timeout is not None else header.timeout,
        namespace=request.namespace if request.namespace is not None else header.namespace,
        env={**header.env, **request.env},
        labels={**labels, **request.labels},
        secrets=tuple(dict.fromkeys((*request.secrets, *header.secrets))),
        volumes=(*request.volumes, *(entry for entry in header.volumes if _mount_path(entry) not in taken)),
    )


def _block(text: str) -> str | None:
    """The TOML of the script's PEP 723 block, whatever its line endings."""
    block = _BLOCK.search(text.replace("\r\n", "\n").replace("\r", "\n") + "\n")
    if block is None:
        return None
    return "".join(
        line[2:] if line.startswith("# ") else line[1:] for line in block["content"].splitlines(keepends=True)
    )


def _script_of(request: JobRequest) -> tuple[str | None, str]:
    if request.script is not None:
        return request.script, "script"
    path = request.script_file
    return (None, "") if path is None else (request.files[path], "files")


def _typed(table: dict[str, Any], key: str, where: str) -> Any:
    value = table[key]
    if key in _STRINGS and isinstance(value, str):
        return value
    if key == "timeout" and isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    if key in _TABLES and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if key in _LISTS and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    expected = {"timeout": "a duration", "env": "a table of strings", "labels": "a table of strings"}
    kind = expected.get(key, "a list of strings" if key in _LISTS else "a string")
    raise _refusal(where, f"has a `{key}` that is not {kind}")


def _mount_path(entry: str) -> str:
    return "/" + entry.removesuffix(":ro").removesuffix(":rw").rpartition(":/")[2].strip("/")


def _refusal(where: str, what: str) -> BadArgument:
    return BadArgument(
        f"The script's [tool.hf-jobs] header {what}.", hint=f"Its keys are {', '.join(KEYS)}.", field=where
    )
