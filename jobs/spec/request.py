"""What a caller asks for, before anything of it is checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """The arguments of `submit_job` and `schedule_job`, as they came; None means not given.

    `files` maps a path in the workspace to its text; `volumes` are written as for `hf jobs run -v`;
    `secrets` are names. `jobs.spec.spec.build` checks all of it.
    """

    command: tuple[str, ...] | None = None
    script: str | None = None
    packages: tuple[str, ...] = ()
    python: str | None = None
    image: str | None = None
    flavor: str | None = None
    timeout: str | float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    attempts: int | None = None
    expose: tuple[int, ...] = ()
    expose_public: tuple[int, ...] = ()
    schedule: str | None = None
    suspend: bool | None = None
    concurrency: bool | None = None

    @property
    def is_uv(self) -> bool:
        """Whether `uv run` starts it: anything but a command in an image of the caller's own."""
        return bool(
            self.script is not None
            or self.packages
            or self.python
            or self.image is None
            or self.script_file is not None
        )

    @property
    def script_file(self) -> str | None:
        """The file among `files` that the command runs as a uv script, which is how a script gets arguments."""
        if not self.command or not self.command[0].endswith(".py"):
            return None
        path = self.command[0].removeprefix("./")
        return path if path in self.files else None
