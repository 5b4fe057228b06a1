"""From pydantic's complaint to one sentence that names the argument and never repeats its value."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from jobs.errors import BadArgument, JobsError, UnknownArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel, ValidationError

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
}


def refusal(error: ValidationError, model: type[BaseModel]) -> JobsError:
    """The first thing that is wrong with the arguments, as an error for the caller."""
    complaints = error.errors(include_url=False, include_context=True, include_input=False)
    first = next((item for item in complaints if item["type"] == "extra_forbidden"), complaints[0])
    names = list(model.model_fields)
    if first["type"] == "extra_forbidden":
        return unknown_argument(str(first["loc"][-1]), names)
    field = str(first["loc"][0]) if first["loc"] else None
    if first["type"] == "missing":
        return BadArgument(f"`{field}` is missing.", hint=_expected(model, field), field=field)
    return BadArgument(f"`{field}` is not valid: {_reason(first)}.", hint=_expected(model, field), field=field)


def unknown_argument(given: str, known: Iterable[str]) -> UnknownArgument:
    """The error for a name that is not an argument. The name itself is not repeated: it may be a pasted value."""
    known = sorted(known)
    near = difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    listed = ", ".join(known)
    hint = f"Did you mean `{near[0]}`? Arguments: {listed}." if near else f"Arguments: {listed}."
    return UnknownArgument("There is an argument here that this tool does not take; nothing was sent.", hint=hint)


def _reason(complaint: Any) -> str:
    kind = complaint["type"]
    if kind in _KINDS:
        where = "each entry must be " if len(complaint["loc"]) > 1 else "it must be "
        return where + _KINDS[kind]
    context = complaint.get("ctx") or {}
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for bound, words in bounds.items():
        if bound in context:
            return f"it must be {words} {context[bound]}"
    if kind == "literal_error":
        return f"it must be one of {context.get('expected', 'the listed words')}"
    if kind in {"too_long", "string_too_long"}:
        return f"it is longer than {context.get('max_length')}"
    return "it does not have the form this argument takes"


def _expected(model: type[BaseModel], field: str | None) -> str:
    info = model.model_fields.get(field or "")
    return (info.description if info is not None else None) or "The tool's input schema says what it takes."
