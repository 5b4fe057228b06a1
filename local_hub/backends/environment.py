"""The variables a job starts with. They are built from nothing: the hub's own environment is never handed on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_hub import flavors

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: What package tools and TLS libraries need to reach their index from this machine; no names of accounts, no passwords.
_PASSED_ON = re.compile(
    r"(PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CERT|TRUSTED_HOST|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|PROXY)"
    r"|UV_(INDEX|DEFAULT_INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INDEX_STRATEGY|INSECURE_HOST|NATIVE_TLS"
    r"|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE|PYTHON_DOWNLOADS|PYTHON_INSTALL_MIRROR|PYTHON_PREFERENCE)"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy)\Z"
)
_FILES_NAMED = ("PIP_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_FIND_LINKS")


_FOR_THE_HUB = re.compile(
    r"(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DOCKER_HOST|CONTAINER_HOST"
    r"|CONTAINERS_\w+|PYTHON\w*|VIRTUAL_ENV|COVERAGE_\w+|HF_JOBS_MCP_\w+)\Z"
)


def for_the_hub() -> dict[str, str]:
    """Return what the hub's own process is started with: no credential that its starter happens to have."""
    kept = {name: value for name, value in os.environ.items() if _FOR_THE_HUB.match(name)}
    return {**{name: value for name, value in kept.items() if not name.endswith("TOKEN")}, **tool_variables()}


def tool_variables() -> dict[str, str]:
    """Return the settings of package tools that this machine needs, as the hub found them at its start."""
    return {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}


def tool_paths() -> list[Path]:
    """Return the files and folders those settings name, where they are absolute and exist."""
    named = [Path(part) for name in _FILES_NAMED for part in os.environ.get(name, "").split()]
    return [path for path in named if path.is_absolute() and path.exists()]


def tool_configuration() -> list[tuple[Path, str]]:
    """Return the user's pip and uv configuration files, each with its place below a job's home."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    candidates = [
        (config / "pip/pip.conf", ".config/pip/pip.conf"),
        (Path.home() / ".pip/pip.conf", ".config/pip/pip.conf"),
        (config / "uv/uv.toml", ".config/uv/uv.toml"),
    ]
    found: dict[str, Path] = {}
    for source, place in candidates:
        if source.is_file():
            found.setdefault(place, source)
    return [(source, place) for place, source in found.items()]


def build(
    job_id: str, spec: Mapping[str, Any], secrets: Mapping[str, str], *, home: str, path: str, caches: str
) -> dict[str, str]:
    """Return the whole environment of a job.

    Args:
        job_id: becomes ``JOB_ID``.
        spec: the job as it is kept; its `environment` wins over everything but the Hub's own four variables.
        secrets: name and value of each secret, which win over `environment`.
        home: the job's home folder, as the job sees it.
        path: folders that come before the system's own on ``PATH``.
        caches: the folder of the caches that jobs share, as the job sees it.
    """
    flavor = flavors.by_name()[spec["flavor"]]
    return {
        "HOME": home,
        "PATH": f"{path}:{home}/.local/bin:{SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "UV_CACHE_DIR": f"{caches}/uv",
        "UV_PYTHON_INSTALL_DIR": f"{caches}/python",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_BREAK_SYSTEM_PACKAGES": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **tool_variables(),
        **(spec.get("environment") or {}),
        **secrets,
        "JOB_ID": job_id,
        "ACCELERATOR": flavor.name if flavor.accelerator else "none",
        "CPU_CORES": str(flavor.cpus),
        "MEMORY": f"{flavor.ram_gb}Gi",
    }
