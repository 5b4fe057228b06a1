"""A value that cannot be printed, formatted, copied or pickled by accident."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a secret's value for the length of one call; only `reveal` gives it out.

    Shown, formatted, logged or in a traceback's locals it is `Secret(NAME)`. Two of them never compare equal.
    """

    __slots__ = ("__value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.__value = value

    def reveal(self) -> str:
        """The value. Call it inside the expression that sends it, and keep no other reference."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"{self!r} does not leave this process")

    __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = __iter__ = __len__ = _refuse
