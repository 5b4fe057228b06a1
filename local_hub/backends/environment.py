"""The variables a job starts with. They are built from nothing: the hub's own environment is never handed on."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from local_hub import flavors
from local_hub.backends import tool_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_FOR_THE_HUB = re.compile(
    r"(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DOCKER_HOST|CONTAINER_HOST"
    r"|CONTAINERS_\w+|PYTHON\w*|VIRTUAL_ENV|COVERAGE_\w+|HF_JOBS_MCP_\w+)\Z"
)


def for_the_hub() -> dict[str, str]:
    """Return what the hub's own process is started with: no credential that its starter happens to have."""
    kept = {name: value for name, value in os.environ.items() if _FOR_THE_HUB.match(name)}
    return {**{name: value for name, value in kept.items() if not name.endswith("TOKEN")}, **tool_settings.variables()}


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
        # uv brings its own certificates otherwise, and a hub knows only what whoever started it knew.
        "UV_SYSTEM_CERTS": "1",
        **tool_settings.variables(),
        **(spec.get("environment") or {}),
        **secrets,
        "JOB_ID": job_id,
        "ACCELERATOR": flavor.name if flavor.accelerator else "none",
        "CPU_CORES": str(flavor.cpus),
        "MEMORY": f"{flavor.ram_gb}Gi",
    }
