"""How files in a workspace are named: as they are shown, as they are asked for, and which nobody asks for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from jobs.display_text import clean, one_line
from jobs.errors import BadArgument
from jobs.spec.workspace import MOUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST_SHOWN = 300
_LONGEST_ASKED = 16_500
_MOST_ASKED = 1_000
_LONGEST_PATTERN = 400
_MOST_SIGNS = 24
_ID_SIGN = "#"
_GLOB_SIGNS = frozenset("*?[")
_NOISE_FOLDERS = frozenset({
    ".fast-agent", ".venv", "venv", "__pycache__", ".cache", ".git", ".hg", ".svn", "node_modules", ".npm", ".tox",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".uv-cache", "__pypackages__",
})  # fmt: skip
_NOISE_FILES = ("*.pyc", "uv.lock.tmp", ".DS_Store")


def shown(path: str, mask: Callable[[str], str] = str) -> str:
    """A path as a reply shows it: as it is, where nothing in it is unseen, secret or too long; else cleaned."""
    masked = mask(path)
    harmless = len(masked) <= _LONGEST_SHOWN and "\n" not in masked and "\t" not in masked and clean(masked) == masked
    return masked if harmless else one_line(masked, _LONGEST_SHOWN)


@dataclass(frozen=True)
class Name:
    """What a file is called.

    Attributes:
        path: Below the workspace's folder; told nowhere where something in it is `masked`.
        masked: The path with the names of values in their place.
        shown: As a reply shows it.
    """

    path: str
    masked: str
    shown: str

    @classmethod
    def of(cls, path: str, mask: Callable[[str], str] = str) -> Name:
        masked = mask(path)
        return cls(path, masked, shown(masked))

    @property
    def id(self) -> str:
        """What fetches a file whose name cannot be shown. A value is no part of it: it could be guessed from it."""
        return _ID_SIGN + hashlib.sha256(self.masked.encode(errors="surrogatepass")).hexdigest()[:12]


def noise(path: str) -> str | None:
    """The part of a path that makes it a tool's own business: a cache, a checkout, installed packages; else None."""
    *folders, name = path.split("/")
    found = next((folder for folder in folders if folder in _NOISE_FOLDERS), None)
    return found or (name if any(fnmatchcase(name, each) for each in _NOISE_FILES) else None)


def is_noise_folder(name: str) -> bool:
    return name in _NOISE_FOLDERS


@dataclass(frozen=True)
class Wanted:
    """The names and patterns that were asked for; none means all.

    A name is a path as it was listed, with or without the mount path before it, a folder's, or a file's id. What is
    no file's exact name is a pattern: `*` goes across folders.
    """

    asked: tuple[str, ...] = ()

    @classmethod
    def parse(cls, asked: Sequence[str]) -> Wanted:
        """Raises BadArgument."""
        if len(asked) > _MOST_ASKED:
            raise BadArgument(f"`artifacts` takes at most {_MOST_ASKED} names.", field="artifacts")
        for each in asked:
            if not each or len(each) > _LONGEST_ASKED or ".." in each.split("/") or "\0" in each:
                raise BadArgument("An artifact pattern is a path or a glob such as *.json.", field="artifacts")
        return cls(tuple(dict.fromkeys(asked)))

    @property
    def exact(self) -> dict[str, str]:
        """Path that may be there → what was asked for it."""
        found: dict[str, str] = {}
        for each in self.asked:
            for path in (each, _bare(each)):
                parts = path.split("/")
                if path and len(parts) <= 64 and not {"", ".", ".."} & set(parts) and _is_unicode(path):  # noqa: PLR2004 - no deeper path exists
                    found.setdefault(path, each)
        return found

    def without(self, asked: set[str]) -> Wanted:
        return Wanted(tuple(each for each in self.asked if each not in asked))

    @property
    def folder(self) -> str:
        """The folder in which all that can match lies, or an empty text."""
        heads = {_fixed_folder(_bare(each)) for each in self.asked}
        return heads.pop() if len(heads) == 1 else ""

    @property
    def names_noise(self) -> bool:
        """Whether any of it could mean files that are otherwise hidden."""
        return any(each.startswith(_ID_SIGN) or _noise_parts(_bare(each)) for each in self.asked) or any(
            not _GLOB_SIGNS & set(each) for each in self.asked
        )

    def match(self, name: Name) -> list[str]:
        """What was asked for and means this file; for no wish at all, `[""]`. With many patterns it takes its time.

        What is masked in the path is not there: a pattern would find it out, character by character.
        """
        hidden = noise(name.path)
        if not self.asked:
            return [] if hidden else [""]
        return [each for each in self.asked if _means(each, name, hidden)]


def _means(asked: str, name: Name, hidden: str | None) -> bool:
    if asked in (name.shown, name.masked) or (asked.startswith(_ID_SIGN) and asked == name.id):
        return True
    path = name.masked
    bare = _bare(asked)
    if path.startswith(bare.rstrip("/") + "/"):
        return not hidden or hidden in bare.split("/")
    if hidden is not None and not any(_names(part, hidden) for part in bare.split("/")):
        return False
    if not _is_pattern(bare):
        return False
    return any(fnmatchcase(path, each) or fnmatchcase(path, each + "/*") for each in {bare, bare.removeprefix("**/")})


def _is_pattern(asked: str) -> bool:
    """Whether a text is held against names as a pattern: one with more signs than anybody writes takes for ever."""
    return len(asked) <= _LONGEST_PATTERN and 0 < sum(map(asked.count, _GLOB_SIGNS)) <= _MOST_SIGNS


def _names(part: str, name: str) -> bool:
    return part == name or (part not in {"*", "**"} and _is_pattern(part) and fnmatchcase(name, part))


def _noise_parts(asked: str) -> bool:
    return any(_names(part, name) for part in asked.split("/") for name in (*_NOISE_FOLDERS, "x.pyc", ".DS_Store"))


def _bare(asked: str) -> str:
    """Without what stands before the workspace's own paths."""
    for before in (f"{MOUNT_PATH}/", "./"):
        asked = asked.removeprefix(before)
    return asked.lstrip("/") or asked


def _fixed_folder(asked: str) -> str:
    if not _GLOB_SIGNS & set(asked):
        return ""
    parts = asked.split("/")
    fixed = next(place for place, part in enumerate(parts) if _GLOB_SIGNS & set(part))
    return "/".join(parts[:fixed])


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
