"""How much of a stranger's text is followed: a shell text of a few lines can stand for more than any machine holds."""

from __future__ import annotations

from dataclasses import dataclass

CHARACTERS = 600_000


class SpentError(Exception):
    """More was to be followed than anybody waits for."""


@dataclass
class Budget:
    """Characters that may still be read or made; shared by everything that one reading follows."""

    left: int = CHARACTERS

    def spend(self, characters: int) -> None:
        """Raises SpentError."""
        self.left -= characters
        if self.left < 0:
            raise SpentError
