"""Ids and namespaces as they may enter a URL or a path: checked first, never trusted."""

from __future__ import annotations

import re

from jobs.errors import BadArgument

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_NAMESPACE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?", re.ASCII)


def check_id(value: str, *, field: str = "job_id") -> str:
    """Return `value` if it can be the id of a job or a schedule.

    1 to 64 letters, digits, `-` and `_`, beginning with a letter or a digit (the Hub's own are 24 hexadecimal digits).

    Raises:
        BadArgument: With `field`, for anything else.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadArgument(
            f"`{field}` is not an id: an id has letters, digits, `-` and `_` only, 64 at most.",
            hint="Pass the id as submit_job or job_status returned it, `ID` or `namespace/ID`.",
            field=field,
        )
    return value


def check_namespace(value: str, *, field: str = "namespace") -> str:
    """Return `value` if it can be a user or an organisation on the Hub.

    1 to 96 letters, digits, `-`, `_` and `.`, neither beginning nor ending with `-` or `.`, and without `--` or `..`,
    as `huggingface_hub` validates the first half of a repository id.

    Raises:
        BadArgument: With `field`, for anything else.
    """
    if not _is_namespace(value):
        raise BadArgument(
            f"`{field}` is not the name of a user or an organisation.",
            hint="Use the name as in huggingface.co/NAME, or leave it out for your own.",
            field=field,
        )
    return value


def _is_namespace(value: str) -> bool:
    return isinstance(value, str) and bool(_NAMESPACE.fullmatch(value)) and "--" not in value and ".." not in value


def split_job_id(value: str, *, field: str = "job_id") -> tuple[str | None, str]:
    """Split `ID` or `namespace/ID` into (namespace or None, id), both checked.

    Raises:
        BadArgument: With `field`, if either half is not what it should be or there are more than two.
    """
    if isinstance(value, str) and value.count("/") == 1:
        namespace, _, identifier = value.partition("/")
        if _is_namespace(namespace):
            return namespace, check_id(identifier, field=field)
    return None, check_id(value, field=field)
