"""How ``hf-jobs-mcp demo`` shows what goes on: colour and a moving bar at a terminal, plain lines anywhere else."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CENT = 0.01


def in_words(label: str, value: object) -> str:
    """A value as a person reads it: money with its sign, lists with commas, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int | float) and (label.endswith("cost") or "most" in label):
        return money(value)
    return str(value)


def money(amount: float) -> str:
    """US dollars, to the cent."""
    return f"${amount:,.2f}" if amount >= _CENT or amount == 0 else "less than $0.01"


class DemoOutput:
    """Says things on stdout. `watched` tells whether a person is looking."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self.watched = self._console.is_terminal
        self._step = 0

    def step(self, title: str) -> None:
        """Begin the next numbered step."""
        self._step += 1
        self._console.print(f"\n[bold]{self._step}. {title}[/bold]")

    def say(self, *lines: str) -> None:
        for line in lines:
            self._indented(line, 3)

    def pairs(self, rows: Iterable[tuple[str, object]]) -> None:
        """Label and value, one a line; what is None is left out."""
        told = [(label, in_words(label, value)) for label, value in rows if value is not None]
        width = max((len(label) for label, _ in told), default=0)
        for label, value in told:
            self._indented(f"{label:<{width}}  {value}", 3, width + 2)

    def _indented(self, line: str, margin: int, hanging: int = 0) -> None:
        """Print a line; at a terminal it is wrapped between words, and what follows stays under its beginning."""
        if not self.watched:
            self._console.print(" " * margin + line, markup=False)
            return
        room = max(20, self._console.width - margin)
        words = textwrap.wrap(
            line, room, subsequent_indent=" " * hanging, break_long_words=False, break_on_hyphens=False,
            drop_whitespace=True, replace_whitespace=False,
        )  # fmt: skip
        for part in words or [""]:
            self._console.print(" " * margin + part, markup=False)

    @contextmanager
    def waiting(self, title: str) -> Iterator[Callable[[str], None]]:
        """While work goes on: yields a function that says how far it is."""
        if not self.watched:
            last = [""]

            def line(words: str) -> None:
                if words != last[0]:
                    last[0] = words
                    self.say(f"{title}: {words}")

            yield line
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(title, total=None)
            yield lambda words: progress.update(task, description=f"{title}: {words}"[:70])
