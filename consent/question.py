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

from consent.request import ConsentRequest  # pydantic reads the annotation of a ClassVar's owner.
from consent.width import fit, fold, width
from consent.wording.quoted import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from consent.request import Fact

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


def text(request: ConsentRequest, everything: Path | None = None, *, room: int | None = None) -> str:
    """The question as plain text, no line wider than `COLUMNS` but for the path of the file that holds it all.

    Only words of ours stand at the beginning of a line: what goes on from the line before is set in. With `room` for
    fewer lines it says less, and its last line where the rest is; each danger stands in it all the same.
    """
    where = f"Fingerprint {request.fingerprint}" if everything is None else f"All of it: {_short(everything)}"
    boxes = {tick.name for tick in request.ticks}
    whole = [*_again(request), *(fact for fact in request.brief or request.facts if fact.field != "again")]
    # A secret's own box says its name and why it is wanted.
    unrepeated = [fact for fact in whole if fact.field != "secret" or fact.value.partition(":")[0] not in boxes]
    ways = [_told(request, whole)]
    if room is not None and request.short:
        ways += [_told(request, unrepeated), *(_few(request, unrepeated, room - 1)), _fewest(request)]
    fitting = (lines for lines in ways if room is None or len(lines) < room)
    return "\n".join([*next(fitting, ways[-1]), where])


def _again(request: ConsentRequest) -> list[Fact]:
    return [fact for fact in request.facts if fact.field == "again"]


def _told(request: ConsentRequest, facts: Sequence[Fact]) -> list[str]:
    lines = _lines("", request.title)
    for fact in facts:
        lines += _lines(fact.label, fact.value)
    return lines


def _few(request: ConsentRequest, facts: Sequence[Fact], room: int) -> Iterator[list[str]]:
    """A line for each of what decides, the dangers packed, and then what else there is room for, a line each."""
    decides = [fact for fact in request.short if fact.field != "danger"]
    lines = [fit(request.title, COLUMNS), *(_one(fact) for fact in decides), *_packed(request)]
    shown = {fact.field for fact in decides} | {"danger"}
    rest = [_one(fact) for fact in facts if fact.field not in shown]
    for more in range(max(0, room - len(lines)), -1, -1):
        yield [*lines, *rest[:more]]


def _fewest(request: ConsentRequest) -> list[str]:
    """Two lines, and more only where there are many dangers."""
    said = {fact.field: fact.value for fact in request.short if fact.field != "danger"}
    cost = said["cost"].replace("less than ", "<").replace("at most ", "up to ")
    tail = f" ({said['where']}, {cost})"
    runs = f"Runs {fit(said['command'], max(16, COLUMNS - 5 - width(tail)))}{tail}"
    packed = _packed(request)
    title = f"{request.title} {packed[0]}" if packed else request.title
    if len(packed) == 1 and width(title) <= COLUMNS:
        return [title, fit(runs, COLUMNS)]
    return [request.title, fit(runs, COLUMNS), *packed]


def _one(fact: Fact) -> str:
    return fit(f"{fact.label:<{_LABEL}} {fact.value.splitlines()[0] if fact.value else ''}", COLUMNS)


def _packed(request: ConsentRequest) -> list[str]:
    """Every danger, as many on a line as fit."""
    lines: list[str] = []
    for danger in (fact.value for fact in request.short if fact.field == "danger"):
        if lines and width(f"{lines[-1]} - {danger}") <= COLUMNS:
            lines[-1] += f" - {danger}"
        else:
            lines.append(fit(f"! {danger}", COLUMNS))
    return lines


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
