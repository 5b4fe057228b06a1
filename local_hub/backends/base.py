"""What a way of running jobs is asked, and what it answers: the seam between the runner and its sandboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A folder of this machine and where the job finds it."""

    source: Path
    target: str
    read_only: bool


@dataclass(frozen=True)
class LaunchRequest:
    """One attempt of a job, about to be started. `scratch` is a folder of its own, removed afterwards."""

    job_id: str
    spec: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    mounts: Sequence[Mount]
    scratch: Path
    attempt: int

    @property
    def command(self) -> list[str]:
        return [*self.spec["command"], *self.spec["arguments"]]


@dataclass(frozen=True)
class LaunchPlan:
    """A process to start. Secret values are in `env` and nowhere else.

    Attributes:
        argv: the program, by its full path, and its arguments.
        enclosed: the first two processes belong to the sandbox and are spared when the job is asked to end.
        stop_argv: a command that ends the job with a grace period, where signals from here do not reach it.
        note: one short sentence for the job's status message.
    """

    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    cwd: str
    note: str | None = None
    enclosed: bool = False
    stop_argv: Sequence[str] | None = None


class CannotLaunch(Exception):
    """The job cannot be started on this machine; the text becomes its status message."""


class Launcher(Protocol):
    """A way of running jobs: bubblewrap, a plain process, a container."""

    name: str

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        """Prepare the folders of an attempt and say what to start. Called in a thread; may raise `CannotLaunch`."""
        ...

    def clear(self, job_id: str) -> None:
        """End and remove what a job left that no signal from here reaches. Called in a thread, when a job has ended."""
        ...
