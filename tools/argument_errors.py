"""What is said of arguments that do not fit: pydantic's complaint as one sentence that never repeats a value."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from jobs.errors import BadArgument, JobsError, UnknownArgument
from tools.arguments.aliases import ALIASES, INSTEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import BaseModel, ValidationError

#: A name that is no value: short, and of lower-case words alone.
_QUOTED = re.compile(r"`([a-z_]+)`")
_TOOLS = re.compile(r"\b(?:submit_job|schedule_job|job_status|fetch_results|list_hardware)\b")
_PLAIN = re.compile(r"[a-z]{1,16}(_[a-z]{1,16}){0,2}")
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


def refusal(error: ValidationError, model: type[BaseModel], tool: str = "") -> JobsError:
    """What is wrong with the arguments, as an error for the caller: all unknown ones, else the first other thing."""
    complaints = error.errors(include_url=False, include_context=True, include_input=False)
    names = list(model.model_fields)
    if unknown := [str(item["loc"][-1]) for item in complaints if item["type"] == "extra_forbidden"]:
        return unknown_arguments(unknown, names, tool)
    first = complaints[0]
    field = str(first["loc"][0]) if first["loc"] else None
    if first["type"] == "missing":
        return BadArgument(f"`{field}` is missing.", hint=_expected(model, field), field=field)
    return BadArgument(f"`{field}` is not valid: {_reason(first)}.", hint=_expected(model, field), field=field)


def unknown_arguments(given: Sequence[str], known: Iterable[str], tool: str = "") -> UnknownArgument:
    """The error for names that are not arguments. One that may be a pasted value is not repeated."""
    known = sorted(known)
    shown = [f"`{name}`" for name in given if _PLAIN.fullmatch(name)]
    hidden = len(given) - len(shown)
    if hidden:
        shown.append(f"{hidden} other{'s' if hidden > 1 else ''}" if shown else "An argument here")
    many = len(given) > 1
    what = f"{', '.join(shown)} {'are no arguments' if many else 'is no argument'} of {tool or 'this tool'}"
    hints = [hint for name in given if (hint := _instead(name, known, tool, named=many))]
    if len(hints) < len(given):
        hints.append(f"Arguments: {', '.join(known)}.")
    return UnknownArgument(f"{what}; nothing was sent.", hint=" ".join(hints))


def _instead(given: str, known: Sequence[str], tool: str, *, named: bool) -> str | None:
    """What to use in place of one unknown name: the argument it is another name for, what to do, or the nearest one."""
    if given not in known and (instead := INSTEAD.get(given)) is not None and _fits(instead, known):
        return instead
    meant = next((name for name, others in ALIASES.get(tool, {}).items() if given in others and name in known), None)
    near = [meant] if meant else difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    if not near:
        return None
    about = f"For `{given}`: did" if named and _PLAIN.fullmatch(given) else "Did"
    return f"{about} you mean `{near[0]}`?"


def _fits(instead: str, known: Sequence[str]) -> bool:
    """Whether a hint names another tool, or an argument that this one has, or none."""
    named = _QUOTED.findall(instead)
    return not named or _TOOLS.search(instead) is not None or any(name in known for name in named)


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
