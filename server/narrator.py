"""Telling a person what goes on: colour and a moving bar at a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Narrator:
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
            self._console.print(f"   {line}", markup=False)

    def pairs(self, rows: Iterable[tuple[str, object]]) -> None:
        rows = [(label, value) for label, value in rows if value is not None]
        width = max((len(label) for label, _ in rows), default=0)
        for label, value in rows:
            self._console.print(f"   {label:<{width}}  {value}", markup=False)

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
