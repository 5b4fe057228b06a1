"""Facts and limits of jobs that both sides keep to, each written down once."""

from __future__ import annotations

from urllib.parse import urlsplit

#: The presets of `ScheduledJobInfo.schedule` in huggingface_hub, and the five cron fields each stands for.
PRESETS = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}

#: How long a job may run when nothing is said, and at most, in seconds.
DEFAULT_TIMEOUT_SECONDS = 30 * 60
MAX_TIMEOUT_SECONDS = 30 * 86_400

#: How often one job may be tried in all.
MAX_ATTEMPTS = 10

#: Folders of the image that nothing can be mounted over.
SYSTEM_FOLDERS = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")

#: The names of this machine's own addresses, as they stand in a URL or a Host header.
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(address: str) -> bool:
    """Tell whether a URL, a Host header or a bare host names this machine's loopback."""
    if address in LOOPBACK_HOSTS:
        return True
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return False
    return host in LOOPBACK_HOSTS
