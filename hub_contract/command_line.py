"""The ``hf-jobs-mcp`` command as a person can type it in a terminal of theirs: this very program, this state folder."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from functools import lru_cache
from pathlib import Path

PROGRAM = "hf-jobs-mcp"
_HOME = "HF_JOBS_MCP_HOME"
#: Folders that a terminal of the person's has on its ``PATH`` whatever this process was started with.
_USUAL = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")


def command(*words: str) -> str:
    """The command line, quoted for a shell; with the state folder where the environment names one of its own.

    A client may have started this server by its full path, with a ``PATH`` and variables that no terminal has.
    """
    home = os.environ.get(_HOME, "").strip()
    own = home and not (home.startswith("${") and home.endswith("}"))
    before = [f"{_HOME}={shlex.quote(str(Path(home).expanduser().absolute()))}"] if own else []
    return " ".join([*before, *_program(), *map(shlex.quote, words)])


@lru_cache(maxsize=1)
def _program() -> tuple[str, ...]:
    beside = Path(sys.executable).with_name(PROGRAM)
    if not beside.exists():
        return (shlex.quote(sys.executable), "-m", "hf_jobs_mcp")
    found = shutil.which(PROGRAM)
    if found is not None and str(Path(found).parent) in (*_USUAL, str(Path.home() / ".local" / "bin")):
        return (PROGRAM,)
    return (shlex.quote(str(beside)),)
