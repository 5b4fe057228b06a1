"""Running each job in its real image, with Podman or Docker.

The engine's own client is the process that a supervisor starts and follows, so output, limits of time, adoption and
cancelling are those of every job. Volumes are mounted at their mount paths, the flavor's processors and memory are the
container's, and the network is the machine's, as without containers. The client hands on the signal that asks a job to
end. A missing image is pulled; what cannot be had, image or engine, ends the job as ERROR with the reason.
"""

from __future__ import annotations

import os
import re
import resource
import shlex
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

from local_hub import flavors
from local_hub.backends import environment, tool_settings
from local_hub.backends.base import CannotLaunch, LaunchPlan, LaunchRequest
from local_hub.backends.on_this_machine import cache_of, no_gpu
from local_hub.display_text import shortened

#: The engine's command line, as a shell would split it: for another engine, or one that needs options of its own.
ENGINE_VARIABLE = "HF_JOBS_MCP_CONTAINER_ENGINE"

PULL_SECONDS = 15 * 60
COMMAND_SECONDS = 30
LABEL = "hf-jobs-mcp.job"
MOST_FILES, MOST_PROCESSES = 65_536, 32_768

#: What the engine's client needs of the hub's own environment. A job's secrets cannot bear these names.
_CLIENT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "CONTAINER_HOST",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "REGISTRY_AUTH_FILE",
)

#: What `environment.build` sets for jobs on this machine's own file system, which an image knows better.
_OF_THIS_MACHINE = ("HOME", "PATH", "LANG", "UV_PYTHON_INSTALL_DIR")

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,500}")
_MOUNTABLE = re.compile(r"[^,\"\n]+")
_CACHE = "/hub/cache"
_INIT_FOLDERS = ("/usr/libexec/podman", "/usr/lib/podman", "/usr/local/libexec/podman")


def choose(home: Path) -> Container:
    """Return the engine the operator names, else Podman, else Docker; without any, jobs end with that as the reason."""
    named = os.environ.get(ENGINE_VARIABLE)
    if named:
        return Container(home, shlex.split(named))
    found = shutil.which("podman") or shutil.which("docker")
    return Container(home, [found] if found else [])


def full_name(image: str) -> str:
    """Return an image's whole name, as Docker reads a short one; raises `CannotLaunch` when it can be none."""
    if not _IMAGE.fullmatch(image) or ".." in image:
        raise CannotLaunch("That is no image's name.")
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in first or ":" in first or first == "localhost" else f"docker.io/{image}"


class Container:
    """Runs each job in a container of its own."""

    name = "container"
    sandbox = "container"

    def __init__(self, home: Path, engine: list[str]) -> None:
        self._home = home
        self._engine = engine
        self._podman = bool(engine) and "podman" in Path(engine[0]).name

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        """Say how to start the job's container, having pulled its image if need be. Blocks, for minutes at most."""
        if not self._engine or shutil.which(self._engine[0]) is None:
            raise CannotLaunch("Jobs are to run in containers here, and neither Podman nor Docker was found.")
        if not request.spec.get("dockerImage"):
            raise CannotLaunch("The images of Spaces are not on the local hub.")
        image = full_name(request.spec["dockerImage"])
        self._have(image)
        name = f"hf-jobs-mcp-{request.job_id}-{request.attempt}"
        options, variables = self._variables(request)
        first, *rest = request.command if request.spec["command"] else [None, *request.command]
        entry = [] if first is None else ["--entrypoint", first]
        argv = [
            *[shutil.which(self._engine[0]) or self._engine[0], *self._engine[1:]],
            *["run", "--rm", "--pull=never", "--log-driver=none", "--network=host", *self._init],
            *["--name", name, "--label", f"{LABEL}={request.job_id}", "--security-opt", "no-new-privileges"],
            *(["--security-opt", "label=disable"] if self._podman else []),
            *self._limits(request),
            *self._mounts(request),
            *options,
            *entry,
            image,
            *rest,
        ]
        return LaunchPlan(
            argv=argv,
            env={**self._client_environment(), **variables},
            cwd="/",
            note=f"Runs in {image} on this machine{no_gpu(request.spec['flavor'])}",
        )

    def clear(self, job_id: str) -> None:
        """Remove what is left of a job's containers, running or not. Blocks, for half a minute at most."""
        listed = self._run("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}={job_id}")
        if listed and (names := listed.stdout.split()):
            self._run("rm", "--force", *names)

    def _limits(self, request: LaunchRequest) -> list[str]:
        flavor = flavors.by_name()[request.spec["flavor"]]
        options = []
        if "cpu" in self._controllers:
            options.append(f"--cpus={min(flavor.cpus, os.cpu_count() or 1)}")
        if "memory" in self._controllers:
            options.append(f"--memory={flavor.ram_gb}g")
        for kind, limit, most in (
            ("nofile", resource.RLIMIT_NOFILE, MOST_FILES),
            ("nproc", resource.RLIMIT_NPROC, MOST_PROCESSES),
        ):
            hard = resource.getrlimit(limit)[1]
            count = most if hard == resource.RLIM_INFINITY else min(hard, most)
            options.append(f"--ulimit={kind}={count}:{count}")
        return options

    @cached_property
    def _init(self) -> list[str]:
        """Ask for an init process, which passes signals on: Docker brings one, Podman finds one that may be missing."""
        there = not self._podman or any((Path(folder) / "catatonit").exists() for folder in _INIT_FOLDERS)
        return ["--init"] if there else []

    @cached_property
    def _controllers(self) -> frozenset[str]:
        """What the engine can limit: all of it, but for a Podman whose user was given no control groups."""
        if not self._podman:
            return frozenset({"cpu", "memory"})
        told = self._run("info", "--format={{json .Host.CgroupControllers}}")
        return frozenset(re.findall(r"[a-z]+", told.stdout)) if told and told.returncode == 0 else frozenset()

    def _mounts(self, request: LaunchRequest) -> list[str]:
        mounts = {str(path): (str(path), True) for path in tool_settings.paths()}
        mounts |= {target: (str(source), True) for _, target, source in _tool_files(request.scratch)}
        mounts[_CACHE] = (str(cache_of(self._home, request.secrets)), False)
        mounts |= {mount.target: (str(mount.source), mount.read_only) for mount in request.mounts}
        options = []
        for target, (source, read_only) in mounts.items():
            if not _MOUNTABLE.fullmatch(source) or not _MOUNTABLE.fullmatch(target):
                raise CannotLaunch("A container cannot mount a path that has a comma, a quote or a line break in it.")
            only = ",readonly" if read_only else ""
            options.append(f"--mount=type=bind,source={source},target={target}{only}")
        return options

    def _variables(self, request: LaunchRequest) -> tuple[list[str], dict[str, str]]:
        """Return options that name the job's variables, and the values: those are never on the command line.

        Only a plain variable that the client itself needs for something else is given with its value.
        """
        spec = request.spec
        built = environment.build(
            request.job_id, spec, request.secrets, home="/root", path="/usr/local/bin", caches=_CACHE
        )
        given = {**(spec.get("environment") or {}), **request.secrets}
        wanted = {name: value for name, value in built.items() if name in given or name not in _OF_THIS_MACHINE}
        for name, value in (
            ("UV_LINK_MODE", "copy"),
            *((name, target) for name, target, _ in _tool_files(request.scratch)),
        ):
            wanted.setdefault(name, value)
        options, values = [], {}
        for name, value in sorted(wanted.items()):
            if name not in _CLIENT_VARIABLES:
                options += ["--env", name]
                values[name] = value
            elif name in request.secrets:
                raise CannotLaunch(f"A secret cannot be named {name} where jobs run in containers.")
            else:
                options += ["--env", f"{name}={value}"]
        return options, values

    def _client_environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in _CLIENT_VARIABLES if name in os.environ}

    def _have(self, image: str) -> None:
        found = self._run("image", "inspect", "--format={{.Id}}", image)
        if found and found.returncode == 0:
            return
        pulled = self._run("pull", "--quiet", image, seconds=PULL_SECONDS)
        if pulled is None:
            raise CannotLaunch(f"The image {image} could not be pulled: the engine did not end in time.")
        if pulled.returncode != 0:
            lines = [line for line in pulled.stderr.splitlines() if line.strip()]
            reason = shortened(lines[-1], 300) if lines else f"exit status {pulled.returncode}"
            raise CannotLaunch(f"The image {image} could not be pulled: {reason}")

    def _run(self, *arguments: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str] | None:
        """Run the engine; None when it cannot be started or does not end in time."""
        try:
            return subprocess.run(
                [*self._engine, *arguments],
                env=self._client_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=seconds,
                text=True,
                errors="replace",
            )
        except (OSError, subprocess.TimeoutExpired):
            return None


def _tool_files(scratch: Path) -> list[tuple[str, str, Path]]:
    """Return the user's settings of pip and uv: a variable that names it, its place in the container, the file."""
    named = {"pip.conf": "PIP_CONFIG_FILE", "uv.toml": "UV_CONFIG_FILE"}
    found = []
    for place, text in tool_settings.files().items():
        file = scratch / Path(place).name
        file.write_text(text)
        found.append((named[file.name], f"/hub/{file.name}", file))
    return found
