"""The version of this distribution, read without importing anything heavy."""

from __future__ import annotations

from functools import cache

DISTRIBUTION = "hf-jobs-mcp"


@cache
def version() -> str:
    """The installed version, or ``0+checkout`` where nothing is installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+checkout"
