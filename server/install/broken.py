"""Why a client's file is left alone, with the line that is to blame."""

from __future__ import annotations


class Broken(Exception):
    """The file cannot be read as what it is; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


class Unfit(Broken):
    """The file is sound, and has something else where the servers belong."""


class Twice(Broken):
    """A name that this command has to go by stands there twice; `line` is that of the second."""


class Uneditable(Exception):
    """The file is sound, and written in a way that a change in place would not survive."""


def line_of(text: str, at: int) -> int:
    """The number of the line that a position of the text is on."""
    return text.count("\n", 0, at) + 1
