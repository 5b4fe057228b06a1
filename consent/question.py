"""The question a person reads, and the form they answer it with.

The text is the same every time it is built for the same request: the SDK pins an answer to the exact rendering,
and a client shows it as it is, so it is folded at 64 columns here (fast-agent cuts lines at about 68).
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    create_model,
    model_validator,
)

from consent.quoted import MARK
from consent.request import ConsentRequest  # pydantic reads the annotation of a ClassVar's owner.
from consent.width import fold

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = 64
_LABEL = 6
_MORE = " " * _LABEL + MARK
_CUT = " " * (_LABEL + 1) + MARK.strip()


class Answer(BaseModel):
    """The base of every form: boxes only, all of them empty to begin with, nothing else accepted.

    What is not the form, such as words for ticks or a name that was not asked, is read as a form with nothing ticked.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    request: ClassVar[ConsentRequest]
    _is_the_form: bool = PrivateAttr(default=True)

    @model_validator(mode="wrap")
    @classmethod
    def _of_any_shape(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError:
            unticked: dict[str, Any] = dict.fromkeys(cls.model_fields, False)
            answer = cast("Self", cls.model_construct(None, **unticked))
            answer._is_the_form = False  # noqa: SLF001 - its own
            return answer

    @property
    def is_the_form(self) -> bool:
        """Whether it came as the form has it, and not as something else."""
        return self._is_the_form

    def ticked(self) -> frozenset[str]:
        return frozenset(name for name, value in self if value is True)


def text(request: ConsentRequest, everything: Path | None = None) -> str:
    """The question as plain text, no line wider than `COLUMNS` but for the path of the file that holds it all.

    Only words of ours stand at the beginning of a line: what goes on from the line before is set in.
    """
    lines = _lines("", request.title)
    for fact in request.facts:
        if fact.field == "again":
            lines += _lines(fact.label, fact.value)
    for fact in request.brief or request.facts:
        if fact.field != "again":
            lines += _lines(fact.label, fact.value)
    where = f"Fingerprint {request.fingerprint}" if everything is None else f"All of it: {_short(everything)}"
    return "\n".join([*lines, where])


def lines_of(label: str, value: str) -> int:
    """How many lines a fact takes."""
    return len(_lines(label, value))


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


def _lines(label: str, value: str) -> list[str]:
    head = "! " if label == "!" else f"{label:<{_LABEL}} " if label else ""
    lines: list[str] = []
    for part in value.split("\n"):
        for line, after_blank in fold(part, COLUMNS - (len(head) if not lines else len(_MORE)), COLUMNS - len(_MORE)):
            start = head if not lines else _MORE if after_blank else _CUT
            lines.append(f"{start}{line}".rstrip())
    return lines


def _short(path: Path) -> str:
    with suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(path.home())}"
    return str(path)
