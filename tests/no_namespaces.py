"""A command in whose processes nobody can make a namespace, as on a machine that forbids it."""

from __future__ import annotations

import shutil
import subprocess

_FORBID = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'


def forbidding(command: list[str]) -> list[str]:
    """Return `command` so that it runs where user namespaces are refused."""
    return ["unshare", "--user", "--map-root-user", "/bin/sh", "-c", _FORBID, "sh", *command]


def can_forbid() -> bool:
    """Tell whether this machine has what that needs."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(forbidding(["true"]), check=False, capture_output=True, timeout=20).returncode == 0
