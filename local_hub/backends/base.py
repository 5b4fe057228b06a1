"""What a way of running jobs is asked, and what it answers: the seam between the runner and its sandboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A folder of a bucket and where the job finds it.

    Attributes:
        top: the bucket's own folder, which no job can replace.
        inside: the way from there, which jobs that mount the bucket can; whoever mounts it walks it without a link.
        target: where the job finds it.
        read_only: whether the job may only read it.
        identity: device and inode of the folder, as they were when it was looked at, for who can mount by name only.
    """

    top: Path
    inside: str
    target: str
    read_only: bool
    identity: str = ""

    @property
    def source(self) -> Path:
        return self.top / self.inside


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
        enclosure: the namespaces that the supervisor makes for the job, as `backends.namespaces` reads them.
        modes_bind: root too may only write what a file's mode lets its owner write.
        memory: bytes that all its processes together may hold; None where something else sees to that.
        stop_argv: a command that ends the job with a grace period, where signals from here do not reach it.
        note: one short sentence for the job's status message.
    """

    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    cwd: str
    note: str | None = None
    enclosed: bool = False
    enclosure: Mapping[str, Any] | None = None
    modes_bind: bool = False
    memory: int | None = None
    stop_argv: Sequence[str] | None = None


class CannotLaunch(Exception):
    """The job cannot be started on this machine; the text becomes its status message."""


class Launcher(Protocol):
    """A way of running jobs: in a sandbox, as a plain process, in a container."""

    name: str
    #: What keeps a job from the rest of this machine: ``namespaces``, ``bubblewrap``, ``container`` or ``none``.
    sandbox: str

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        """Prepare the folders of an attempt and say what to start. Called in a thread; may raise `CannotLaunch`."""
        ...

    def clear(self, job_id: str) -> None:
        """End and remove what a job left that no signal from here reaches. Called in a thread, when a job has ended."""
        ...
