"""A cron line in the form the Hub takes: numbers only, no ranges or steps inside lists, no `L` and no `#`."""

from __future__ import annotations

import re

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_SPANS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {name: number for number, name in enumerate(_MONTHS, 1)},
    {name: number for number, name in enumerate(_DAYS)},
)
_PART = re.compile(r"(?P<all>\*)|(?P<first>[0-9A-Z]+)(?:-(?P<last>[0-9A-Z]+))?")
_DAY, _WEEKDAY = 2, 4
FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")


class FormError(ValueError):
    """A field that cannot be put into the Hub's form; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def in_the_hubs_form(words: list[str]) -> list[str]:
    """Five cron fields, each as the Hub takes it and of the same meaning. Raises `FormError`."""
    fields = [_field(word.upper(), place) for place, word in enumerate(words)]
    days = (_DAY, _WEEKDAY)
    if all(not fields[place].startswith("*") for place in days):
        for place in days:
            if words[place].startswith("*"):
                raise FormError(FIELDS[place])  # Written out, "both must fit" would become "one of both".
    return fields


def _field(word: str, place: int) -> str:
    head, slash, step = word.partition("/")
    if head == "*" and "," not in word:
        return f"*/{_step(step, place)}" if slash else "*"
    first, last = (None, None) if slash or "," in word else _bounds(word, place)
    if first is not None and last is not None and _day(last, place) == last:
        return f"{first}-{last}"
    return ",".join(map(str, sorted({value for part in word.split(",") for value in _values(part, place)})))


def _values(part: str, place: int) -> list[int]:
    head, slash, step = part.partition("/")
    first, last = _bounds(head, place)
    if last is None:
        last = _SPANS[place][1] if slash or head == "*" else first
    return [_day(value, place) for value in range(first, last + 1, _step(step, place) if slash else 1)]


def _bounds(head: str, place: int) -> tuple[int, int | None]:
    """The first and, in a range, the last value."""
    found = _PART.fullmatch(head)
    if found is None:
        raise FormError(FIELDS[place])
    if found["all"]:
        return _SPANS[place]
    first = _number(found["first"], place)
    last = None if found["last"] is None else _number(found["last"], place)
    if last is not None and last < first:
        raise FormError(FIELDS[place])
    return first, last


def _number(word: str, place: int) -> int:
    lowest, highest = _SPANS[place]
    value = _NAMES[place].get(word)
    if value is None and word.isdigit() and len(word) <= 3:  # noqa: PLR2004 - No field has numbers of more digits.
        value = int(word)
    if value is None or not lowest <= value <= highest:
        raise FormError(FIELDS[place])
    return value


def _step(word: str, place: int) -> int:
    if not word.isdigit() or len(word) > 3 or int(word) == 0:  # noqa: PLR2004 - As above.
        raise FormError(FIELDS[place])
    return int(word)


def _day(value: int, place: int) -> int:
    """Sunday is 0; cron calls it 7 too."""
    return value % 7 if place == _WEEKDAY else value
