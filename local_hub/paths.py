"""Where everything of one hub lies, below its home folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class HubPaths:
    """The folder ``HOME/hub`` and what is in it. Only its owner can open it."""

    root: Path

    @classmethod
    def of(cls, home: Path) -> HubPaths:
        return cls(home.absolute() / "hub")

    def make(self) -> HubPaths:
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)
        self.jobs.mkdir(exist_ok=True)
        return self

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def log(self) -> Path:
        return self.root / "hub.log"

    @property
    def database(self) -> Path:
        return self.root / "hub.sqlite3"

    @property
    def secret_key(self) -> Path:
        return self.root / "secret.key"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def buckets(self) -> Path:
        return self.root / "buckets"

    def job(self, job_id: str) -> Path:
        return self.jobs / job_id

    def output(self, job_id: str) -> Path:
        return self.jobs / job_id / "output"

    def attempt(self, job_id: str, number: int) -> Path:
        return self.jobs / job_id / f"attempt-{number}"

    def scratch(self, job_id: str, number: int) -> Path:
        return self.attempt(job_id, number) / "root"
