"""The real Python interpreters of this machine, and which of them stands in for an image."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NAMED = re.compile(r"python3\.(\d+)\Z")
_IMAGE = re.compile(r"(?:\A|/)python:3(?:\.(\d+))?|:python3\.(\d+)")
_USUAL = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_OLDEST = 8
_MANAGED = ((".pyenv", "versions"), ("uv", "python"))
_SYSTEM = (Path("/usr"), Path("/opt"), Path("/bin"), Path("/nix"))


@dataclass(frozen=True)
class Interpreter:
    """A Python 3 of this machine: its minor version, its real executable and the folder that holds its library."""

    minor: int
    executable: Path
    prefix: Path

    @property
    def outside_the_system(self) -> bool:
        return not any(self.prefix.is_relative_to(folder) for folder in _SYSTEM)


@cache
def installed() -> dict[int, Interpreter]:
    """Return one interpreter for each minor version: the hub's own first, then PATH, pyenv, uv and the usual folders.

    A pyenv shim is passed over for what it stands for, since it cannot run without its manager. Left out is an
    interpreter whose prefix holds the user's home: giving that to a job would show it everything.
    """
    home = Path.home().resolve()
    folders = [Path(sys.base_prefix) / "bin"]
    on_path = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    folders += on_path
    pyenvs = [folder.parent for folder in on_path if folder.name == "shims"] + [home / ".pyenv"]
    folders += [found for pyenv in pyenvs for found in sorted(pyenv.glob("versions/*/bin"), key=_natural, reverse=True)]
    folders += sorted((home / ".local/share/uv/python").glob("*/bin"), key=_natural, reverse=True)
    folders += map(Path, _USUAL)
    found: dict[int, Interpreter] = {}
    for folder in folders:
        if folder.name == "shims":
            continue
        for executable in sorted(folder.glob("python3*")):
            named = _NAMED.match(executable.resolve().name)
            if named is None or not os.access(executable, os.X_OK):
                continue
            minor, real = int(named[1]), executable.resolve()
            prefix = real.parent.parent
            if minor >= _OLDEST and minor not in found and not home.is_relative_to(prefix):
                found[minor] = Interpreter(minor, real, prefix)
    return found


def _natural(path: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", path.parent.name)]


def folders() -> list[Path]:
    """Return the folders outside the system's own that hold all of them; a manager's many installs are one folder."""
    prefixes = [one.prefix for one in installed().values() if one.outside_the_system]
    return [prefix.parent if prefix.parent.parts[-2:] in _MANAGED else prefix for prefix in prefixes]


def for_image(image: str | None) -> tuple[Interpreter | None, bool]:
    """Return the interpreter that is ``python`` in a job of this image, and whether it is the version the image has."""
    known = installed()
    if not known:
        return None, False
    named = _IMAGE.search(image or "")
    if named is None:
        return known.get(sys.version_info.minor) or known[max(known)], True
    wanted = named[1] or named[2]
    if wanted is None:
        return known[max(known)], True
    if int(wanted) in known:
        return known[int(wanted)], True
    return known[min(known, key=lambda minor: (abs(minor - int(wanted)), -minor))], False
