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


def namespaces_are_allowed() -> bool:
    """Tell whether this machine lets this user make namespaces, asked without any of the product's own code."""
    import sys

    if sys.platform != "linux":
        return False
    make = (
        "import ctypes, os; libc = ctypes.CDLL(None); user = os.geteuid(); assert libc.unshare(0x10020000) == 0;"
        " open('/proc/self/setgroups', 'w').write('deny'); open('/proc/self/uid_map', 'w').write(f'{user} {user} 1');"
        " assert libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0"
    )
    return subprocess.run([sys.executable, "-c", make], check=False, capture_output=True, timeout=20).returncode == 0
