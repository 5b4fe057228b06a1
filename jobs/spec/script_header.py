"""The header of a uv script: what it asks for in its PEP 723 block's `[tool.hf-jobs]` table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jobs.errors import BadArgument
from jobs.spec.fields import InHeader, JobRequest

_BEGINS = "# /// script"
_ENDS = "# ///"
_LONGEST = 20_000
"""Characters of a block: reading TOML may take their square of time."""

_MERGE = {
    name: mark.merge
    for name, info in JobRequest.model_fields.items()
    for mark in info.metadata
    if isinstance(mark, InHeader)
}
KEYS = tuple(_MERGE)
_EMPTY = JobRequest()


def read(text: str, *, where: str = "script") -> JobRequest:
    """The `[tool.hf-jobs]` table of a script's text as a request; an empty one if there is none.

    The table's keys and types are those of `hf jobs uv run` (huggingface_hub's `_uv_script_header`).

    Args:
        text: The whole script.
        where: The argument that held it, for the error.

    Raises:
        BadArgument: For TOML that does not parse, unknown keys and wrong types.
    """
    import tomllib

    block = _block(text)
    if block is None or "hf-jobs" not in block:
        return _EMPTY
    if len(block) > _LONGEST:
        raise _refusal(where, "is in a block of more text than anybody reads")
    try:
        tool = tomllib.loads(block).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        raise _refusal(where, "is not valid TOML") from None
    table = tool.get("hf-jobs") if isinstance(tool, dict) else None
    if table is None:
        return _EMPTY
    if not isinstance(table, dict):
        raise _refusal(where, "has a `hf-jobs` that is not a table")
    if set(table) - set(KEYS):
        raise _refusal(where, "has unknown keys")
    return JobRequest(**{key: _typed(table, key, where) for key in KEYS if key in table})


def has_dependencies(text: str) -> bool:
    """Whether the script's PEP 723 block says what to install; an unreadable one counts as if it did."""
    import tomllib

    block = _block(text) or ""
    try:
        return len(block) > _LONGEST or bool(tomllib.loads(block).get("dependencies"))
    except (tomllib.TOMLDecodeError, RecursionError):
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
    merged: dict[str, Any] = {"labels": {**labels, **request.labels}}
    for key, how in _MERGE.items():
        asked, said = getattr(request, key), getattr(header, key)
        if key not in {"name", "labels"}:
            merged[key] = _each(key, asked, said) if how == "each" else asked if asked not in (None, ()) else said
    return request.model_copy(update=merged)


def _each(key: str, asked: Any, said: Any) -> Any:
    """Both: by key for a table, by mount path for volumes, by the entry itself for names."""
    if isinstance(asked, dict):
        return {**said, **asked}
    same = _mount_path if key == "volumes" else str
    taken = {same(entry) for entry in asked}
    return (*asked, *(entry for entry in said if same(entry) not in taken))


def _block(text: str) -> str | None:
    """The TOML of the script's PEP 723 block, whatever its line endings."""
    block: list[str] | None = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if block is None:
            block = [] if line == _BEGINS else None
        elif line == _ENDS and block:
            return "".join(f"{said[2:] if said.startswith('# ') else said[1:]}\n" for said in block)
        elif line == "#" or line.startswith("# "):
            block.append(line)
        else:
            block = None
    return None


def _script_of(request: JobRequest) -> tuple[str | None, str]:
    if request.script is not None:
        return request.script, "script"
    path = request.script_file
    return (None, "") if path is None else (request.files[path], "files")


def _typed(table: dict[str, Any], key: str, where: str) -> Any:
    """A value of the header, whose type is its field's; TOML says what is text and what is a number."""
    value, annotation = table[key], str(JobRequest.model_fields[key].annotation)
    if "dict" in annotation:
        fits, kind = isinstance(value, dict) and _are_texts(value.values()), "a table of strings"
    elif "tuple" in annotation:
        fits, kind = isinstance(value, list) and _are_texts(value), "a list of strings"
    elif "float" in annotation:
        fits, kind = isinstance(value, str | int | float) and not isinstance(value, bool), "a duration"
    else:
        fits, kind = isinstance(value, str), "a string"
    if not fits:
        raise _refusal(where, f"has a `{key}` that is not {kind}")
    return value


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _mount_path(entry: str) -> str:
    return "/" + entry.removesuffix(":ro").removesuffix(":rw").rpartition(":/")[2].strip("/")


def _refusal(where: str, what: str) -> BadArgument:
    return BadArgument(
        f"The script's [tool.hf-jobs] header {what}.", hint=f"Its keys are {', '.join(KEYS)}.", field=where
    )
