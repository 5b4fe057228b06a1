"""The skills in the wheel's `skills/`: folders with a SKILL.md, each file with its address, size and hash."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SCHEME = "skill://"
_ROOT = Path(__file__).resolve().parents[2] / "skills"
_START = "SKILL.md"
_FENCE = "---\n"


@dataclass(frozen=True)
class SkillFile:
    """One file, as it is served: its bytes are what the hash is of."""

    uri: str
    data: bytes

    @property
    def media_type(self) -> str:
        return "text/markdown" if self.uri.endswith(".md") else mimetypes.guess_type(self.uri)[0] or "text/plain"

    def manifest(self) -> dict[str, Any]:
        """The file as a skill's entry lists it."""
        return {"uri": self.uri, "digest": f"sha256:{hashlib.sha256(self.data).hexdigest()}", "size": len(self.data)}


@dataclass(frozen=True)
class Skill:
    """A folder with a SKILL.md; `files` has it and every other file, in the order of their addresses."""

    uri: str
    frontmatter: dict[str, Any]
    files: tuple[SkillFile, ...]

    def entry(self) -> dict[str, Any]:
        """The skill as `skills/list` and `skills/get` tell it."""
        return {
            "uri": self.uri,
            "frontmatter": self.frontmatter,
            "resources": [file.manifest() for file in self.files],
        }


@cache
def skills() -> tuple[Skill, ...]:
    """Every skill that is shipped. What is in the wheel does not change while the server runs."""
    return tuple(_skill(start.parent) for start in sorted(_ROOT.glob(f"*/{_START}")))


def file_at(uri: str) -> SkillFile | None:
    """The file at an address; None where none of ours is."""
    return next((file for skill in skills() for file in skill.files if file.uri == uri), None)


def _skill(folder: Path) -> Skill:
    base = f"{SCHEME}{folder.name}/"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = tuple(SkillFile(f"{base}{path.relative_to(folder).as_posix()}", path.read_bytes()) for path in paths)
    return Skill(f"{base}{_START}", _frontmatter(folder / _START), files)


def _frontmatter(path: Path) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    _, head, _ = path.read_text(encoding="utf-8").split(_FENCE, 2)
    found: dict[str, Any] = yaml.safe_load(head)
    return found
