"""Where compiled modules are kept when the install cannot take them: with the user, so that starts stay fast."""

import os
import stat
import sys
from importlib.util import cache_from_source
from pathlib import Path

#: The folder's name in the state folder.
FOLDER = "compiled"


def keep(beside: str) -> None:
    """Keep compiled modules in the state folder if that of the module at `beside`, just imported, was not kept.

    A system's package or an image that is mounted to read only has none, and compiling it all anew doubles a start.
    """
    if sys.dont_write_bytecode or sys.pycache_prefix is not None or Path(cache_from_source(beside)).exists():
        return
    try:
        folder = _home() / FOLDER
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        found = folder.lstat()
    except OSError:
        return
    if stat.S_ISDIR(found.st_mode) and _is_ours_alone(found):
        sys.pycache_prefix = str(folder)


def _is_ours_alone(found: os.stat_result) -> bool:
    """Whether nobody else may write there: what lies there is run."""
    return not hasattr(os, "getuid") or (
        found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _home() -> Path:
    if home := os.environ.get("HF_JOBS_MCP_HOME"):
        return Path(home).expanduser().absolute()
    from platformdirs import user_state_path

    return user_state_path("hf-jobs-mcp", appauthor=False)
