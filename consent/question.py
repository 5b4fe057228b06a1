"""The question a person reads, and the form they answer it with.

The text is the same every time it is built for the same request: the SDK pins an answer to the exact rendering,
and a client shows it as it is, so it is wrapped at 64 columns here (fast-agent cuts lines at about 68).
"""

from __future__ import annotations

import textwrap
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from consent.quoted import MARK
from consent.request import ConsentRequest  # pydantic reads the annotation of a ClassVar's owner.

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLUMNS = 64
_LABEL = 11


class Answer(BaseModel):
    """The base of every form: boxes only, all of them empty to begin with, nothing else accepted."""

    model_config = ConfigDict(extra="forbid", strict=True)
    request: ClassVar[ConsentRequest]

    def ticked(self) -> frozenset[str]:
        return frozenset(name for name, value in self if value is True)


def text(request: ConsentRequest, everything: Path | None = None) -> str:
    """The question as plain text, no line longer than `COLUMNS` but for the path of the file that holds it all."""
    lines = [*textwrap.wrap(request.title, COLUMNS), ""]
    for fact in request.facts:
        lines += _fact(fact.label, fact.value)
    lines += ["", *textwrap.wrap(_closing(request), COLUMNS)]
    if everything is not None:
        lines += ["Everything that would be sent, in full:", _short(everything)]
    lines.append(f"Fingerprint {request.fingerprint}")
    return "\n".join(lines)


def form(request: ConsentRequest) -> type[Answer]:
    """A form with one empty box per tick, which every client that can show a form can draw."""
    return _form(request)


@lru_cache(maxsize=64)
def _form(request: ConsentRequest) -> type[Answer]:
    boxes: dict[str, Any] = {
        tick.name: (bool, Field(default=False, title=tick.title, description=tick.description))
        for tick in request.ticks
    }
    model = create_model("Consent", __base__=Answer, **boxes)
    model.request = request
    return model


def _closing(request: ConsentRequest) -> str:
    names = request.secret_names
    if not names:
        return "Tick the box and accept to go ahead. Anything else sends nothing."
    each = "the secret" if len(names) == 1 else "each secret"
    return (
        f"Tick {each} this may have, then accept. A name left unticked is withheld; with nothing ticked, "
        "nothing is sent. Only names are shown to the agent, never values."
    )


def _fact(label: str, value: str) -> Iterable[str]:
    head = f"{label:<{_LABEL}}"
    blank = " " * _LABEL
    for part in value.split("\n"):
        mark = MARK if part.startswith(MARK) else ""
        width = COLUMNS - _LABEL - len(mark)
        body = part.removeprefix(mark)
        for line in textwrap.wrap(body, width, break_long_words=True, break_on_hyphens=False) or [""]:
            yield f"{head}{mark}{line}".rstrip()
            head = blank


def _short(path: Path) -> str:
    with suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(path.home())}"
    return str(path)
