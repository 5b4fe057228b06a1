"""The forms a value is written in: one string for a list, a map for names, a number for text."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from jobs.client.wait import LONGEST_WAIT
from jobs.errors import BadArgument, SecretInArgument

Form = Callable[[Any], Any]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?((===?|[<>~!]=|[<>])[A-Za-z0-9.*+!]+)?")
_JOB_URL = re.compile(r"https?://[^/\s]+/(?:api/)?(?:scheduled-)?jobs/([A-Za-z0-9._-]+)/([0-9a-zA-Z]+)/?(?:[?#].*)?")
_OPERATORS = frozenset("();<>|&")
_SIGNS = frozenset({"&&", "||", "|", ";", ">", ">>", "<", "2>&1", "&"})
_PATHS = ("path", "name", "filename")
_CONTENTS = ("content", "text", "contents", "data")
_SOURCES = ("source", "uri", "src", "name")
_TARGETS = ("target", "mount_path", "mountPath", "mount", "path", "destination")
_PRESETS = frozenset({"annually", "yearly", "monthly", "weekly", "daily", "hourly"})
_LONGEST_LINE = 130_000


def words(value: Any) -> Any:
    """A command line as its words; one that only a shell understands is given to `sh -c`."""
    if isinstance(value, list):
        return _words(value)
    if not isinstance(value, str) or not value.strip():
        return value
    if len(value) > _LONGEST_LINE:
        raise BadArgument("`command` is too long.", hint="Put long texts into `files`.", field="command")
    listed = _json(value, list)
    if listed is not None:
        return listed
    try:
        found = shlex.split(value)
        lexer = shlex.shlex(value, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        operators = any(set(token) <= _OPERATORS for token in lexer)
    except ValueError:
        return value
    return ["sh", "-c", value] if operators or "\n" in value.strip() or _expands(value) else found


def _words(value: list[Any]) -> Any:
    """Words that are a list already: a list in a list, numbers, and signs of a shell that stand alone."""
    if len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    found = [str(word) if isinstance(word, int | float) and not isinstance(word, bool) else word for word in value]
    if not all(isinstance(word, str) for word in found):
        return value
    if len(found) > 2 and {"&&", "||"} & set(found[1:-1]) and not {"-c", "-lc"} & set(found):  # noqa: PLR2004 - a sign between two
        return ["sh", "-c", " ".join(word if word in _SIGNS else shlex.quote(word) for word in found)]
    return found


def contents(value: Any) -> Any:
    """Files as `[{"path": …, "content": …}]`, or each with its text in a map of its own."""
    if _are_pairs(value):
        found = [(_one_of(item, _PATHS), _one_of(item, _CONTENTS)) for item in value]
        whole = all(isinstance(each, str) for pair in found for each in pair)
        return dict(found) if whole and len({path for path, _ in found}) == len(found) else value
    if isinstance(value, Mapping):
        inner = {
            path: _one_of(item, _CONTENTS)
            for path, item in value.items()
            if isinstance(item, Mapping) and len(item) == 1
        }
        return {**value, **{path: text for path, text in inner.items() if isinstance(text, str)}}
    return value


def _are_pairs(value: Any) -> bool:
    """Whether it is a list of maps with two keys each."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) and len(one) == 2 for one in value)  # noqa: PLR2004 - two


def _one_of(item: Mapping[Any, Any], keys: tuple[str, ...]) -> Any:
    return next((item[key] for key in keys if key in item), None)


def mounts(value: Any) -> Any:
    """Volumes as a map of one side to the other, or as maps of their own, where the address says which side it is."""
    if _are_pairs(value):
        sides = [(_one_of(item, _SOURCES), _one_of(item, _TARGETS)) for item in value]
    elif isinstance(value, Mapping):
        sides = list(value.items())
    else:
        return texts(value)
    found = []
    for one, other in sides:
        source, target = (one, other) if str(one).startswith("hf://") else (other, one)
        if not (str(source).startswith("hf://") and str(target).startswith("/")):
            return value
        found.append(f"{source}:{target}")
    return found or value


def _expands(text: str) -> bool:
    """Whether a shell would put something in the place of a `$NAME` or a backtick: all but single quotes let it."""
    outside = re.sub(r"'[^']*'|\\.", "", text)
    return re.search(r"\$[A-Za-z_{(]|`", outside) is not None


def texts(value: Any) -> Any:
    """One text for a list of them."""
    if isinstance(value, str) and value.strip():
        listed = _json(value, list)
        return [value] if listed is None else listed
    return value


def parts(value: Any) -> Any:
    """Names in one text, with commas or blanks between them."""
    if isinstance(value, str) and value.strip():
        listed = _json(value, list)
        return [part for part in re.split(r"[\s,]+", value) if part] if listed is None else listed
    return value


def requirements(value: Any) -> Any:
    """Packages in one text, where each part is a requirement by itself; else the text is one requirement."""
    found = parts(value)
    if isinstance(value, str) and isinstance(found, list):
        return found if all(isinstance(part, str) and _REQUIREMENT.fullmatch(part) for part in found) else [value]
    return found


def names(value: Any) -> Any:
    """Secret names: from a text, or from a map whose values say nothing.

    Raises:
        SecretInArgument: A map or list that holds values.
    """
    given = _json(value, dict) if isinstance(value, str) else None
    value = value if given is None else given
    if isinstance(value, Mapping):
        if all(_NAME.fullmatch(str(name)) and _says_nothing(str(name), item) for name, item in value.items()):
            return [str(name) for name in value]
        raise SecretInArgument(
            "`secrets` takes names, and here are values too; nothing was sent.",
            hint='Give the names alone, for example secrets=["HF_TOKEN"]; the server finds the values itself.',
            field="secrets",
        )
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and set(item) == {"name"} for item in value):
        return [item["name"] for item in value]
    return parts(value)


def _says_nothing(name: str, value: Any) -> bool:
    """Whether a name's value in a map is a placeholder for it and not a value."""
    if value is None or value is True or value == "":
        return True
    return isinstance(value, str) and value.strip() in {name, f"${name}", f"${{{name}}}", f"<{name}>", f"env:{name}"}


def pairs(value: Any) -> Any:
    """Names with texts: from ``["NAME=value"]``, from one ``NAME=value``, and with numbers as text."""
    if isinstance(value, str):
        given = _json(value, dict)
        value = [value] if given is None and "=" in value else value if given is None else given
    if isinstance(value, list) and value:
        if all(isinstance(item, str) and "=" in item for item in value):
            value = dict(item.split("=", 1) for item in value)
        elif all(isinstance(item, Mapping) and set(item) == {"name", "value"} for item in value):
            value = {item["name"]: item["value"] for item in value}
    if isinstance(value, Mapping):
        return {key: _text(item) for key, item in value.items()}
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def version(value: Any) -> Any:
    """A Python version given as a number; 3.10 as a number is 3.1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return "3.10" if value == 3.1 else str(value)  # noqa: PLR2004 - see above


def flavor(value: Any) -> Any:
    """A flavor in the hub's spelling."""
    return value.strip().lower().replace("_", "-").replace(" ", "-") if isinstance(value, str) else value


def schedule(value: Any) -> Any:
    """A preset without its sign."""
    bare = value.strip().lower() if isinstance(value, str) else ""
    bare = "@daily" if bare in {"midnight", "@midnight"} else bare
    return f"@{bare}" if bare in _PRESETS else bare if bare.removeprefix("@") in _PRESETS else value


def numbers(value: Any) -> Any:
    """One number for a list of them."""
    found = parts(value)
    if isinstance(found, int) and not isinstance(found, bool):
        return [found]
    if isinstance(found, list):
        return [int(item) if isinstance(item, str) and item.isdecimal() else item for item in found]
    return found


def job_id(value: Any) -> Any:
    """A job's id out of the address of its page."""
    if isinstance(value, list):
        return [job_id(item) for item in value]
    if not isinstance(value, str):
        return value
    found = _JOB_URL.fullmatch(value.strip())
    return f"{found[1]}/{found[2]}" if found else value


def wait(value: Any) -> Any:
    """A wait no longer than one call may last."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}s?", value):
        value = int(value.removesuffix("s"))
    return LONGEST_WAIT if isinstance(value, int | float) and value > LONGEST_WAIT else value


def _json(text: str, kind: type) -> Any:
    """`text` as JSON of that kind; None when it is not."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, kind) else None


#: Argument → how it may be written. A form that is not understood is left for the schema to refuse.
FORMS: Mapping[str, Form] = {
    "command": words, "packages": requirements, "secrets": names, "env": pairs, "labels": pairs, "python": version,
    "flavor": flavor, "schedule": schedule, "expose": numbers, "expose_public": numbers, "job_id": job_id,
    "scheduled_job_id": job_id, "wait_seconds": wait, "artifacts": texts, "volumes": mounts,
    "files": contents, "models": parts,
}  # fmt: skip
