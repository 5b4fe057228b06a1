"""The two ways of running a job without a container engine: in a bubblewrap sandbox, and as a plain process.

In the sandbox the job has a file system of its own: a root folder that is thrown away, the system's folders and
the Python installs read-only, its volumes at their mount paths, and nothing of the user's home or of the hub. As a
plain process it sees what the user sees, and the mount paths in its command and variables are rewritten to where
the folders really are. Neither is a wall against hostile code: the network is the machine's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from local_hub.backends import environment, interpreters, tool_path
from local_hub.backends.base import CannotLaunch, LaunchPlan, LaunchRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME = "/home/job"
READ_ONLY = ("/usr", "/etc", "/opt", "/nix")
FORMER_ROOT_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
UNREADABLE = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-")
DEVICES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/kfd", "/dev/dri")
RUN_IT = ("/bin/sh", "-c", 'exec "$@"', "job")
PROGRAMS = (Path("/bin"), Path("/usr/bin"))
PROBE_SECONDS = 5


def choose(home: Path, *, plain: bool = False) -> Sandbox | PlainProcess:
    """Return the best way this machine has, having tried bubblewrap for real once. Blocks up to `PROBE_SECONDS`."""
    found = None if plain else shutil.which("bwrap")
    if found is not None:
        probe = [found, *_namespaces(), *_system(), "--proc", "/proc", "--dev", "/dev", "/bin/true"]
        with suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run(probe, check=False, capture_output=True, timeout=PROBE_SECONDS).returncode == 0:
                return Sandbox(home, found)
    return PlainProcess(home)


def _namespaces() -> list[str]:
    return ["--unshare-user", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL"]


def _system() -> list[str]:
    """Return the arguments that show the system's own folders, read-only, and its secrets not at all."""
    arguments: list[str] = []
    for name in READ_ONLY:
        arguments += ["--ro-bind-try", name, name]
    for name in FORMER_ROOT_FOLDERS:
        folder = Path(name)
        if folder.is_symlink():
            arguments += ["--symlink", str(folder.readlink()), name]
        elif folder.is_dir():
            arguments += ["--ro-bind", name, name]
    for name in UNREADABLE:
        if os.access(name, os.R_OK):
            arguments += ["--ro-bind", "/dev/null", name]
    resolver = Path("/etc/resolv.conf").resolve()
    if resolver.exists() and not resolver.is_relative_to("/etc"):
        arguments += ["--ro-bind", str(resolver), str(resolver)]
    return arguments


class _OnThisMachine:
    """What both ways share: the tools a job finds on its PATH, and the words that say what was not done."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.caches = home / "cache"
        for name in ("uv", "python"):
            (self.caches / name).mkdir(parents=True, exist_ok=True)

    def tools(self, chosen: interpreters.Interpreter | None) -> Path:
        """Return the folder of tools in which ``python`` is the chosen interpreter."""
        return tool_path.folder(self.home, chosen)

    def clear(self, job_id: str) -> None:
        """Do nothing: a job here is processes of this user, which its supervisor or `leftovers` has ended."""

    def note(self, request: LaunchRequest, chosen: interpreters.Interpreter | None, *, exact: bool) -> str:
        image = request.spec.get("dockerImage") or request.spec.get("spaceId")
        words = f"Runs on this machine; {image} is not pulled"
        if chosen and not exact:
            words += f", Python 3.{chosen.minor} stands in"
        return words


class Sandbox(_OnThisMachine):
    """Runs each job under bubblewrap."""

    name = "bubblewrap"

    def __init__(self, home: Path, bubblewrap: str) -> None:
        super().__init__(home)
        self._bubblewrap = bubblewrap

    @cached_property
    def _fixed(self) -> list[str]:
        arguments = _system()
        for path in _outermost(interpreters.folders()):
            arguments += ["--ro-bind", str(path), str(path)]
        for path in _outermost(environment.tool_paths()):
            if not any(path.is_relative_to(shown) for shown in READ_ONLY):
                arguments += ["--ro-bind-try", str(path), str(path)]
        arguments += ["--bind", str(self.caches), "/hub/cache", "--proc", "/proc", "--dev", "/dev"]
        for device in DEVICES:
            if Path(device).exists():
                arguments += ["--dev-bind-try", device, device]
        arguments += ["--ro-bind-try", "/sys", "/sys"]
        if any(self.home.is_relative_to(shown) for shown in READ_ONLY):
            arguments += ["--tmpfs", str(self.home)]
        return arguments

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        chosen, exact = interpreters.for_image(request.spec.get("dockerImage"))
        for name in ("tmp", "var/tmp", "run", "hub", HOME.lstrip("/")):
            (request.scratch / name).mkdir(parents=True, exist_ok=True)
        _configure_tools(request.scratch / HOME.lstrip("/"))
        arguments = [self._bubblewrap, *_namespaces(), "--bind", str(request.scratch), "/", *self._fixed]
        arguments += ["--ro-bind", str(self.tools(chosen)), "/hub/bin"]
        for mount in sorted(request.mounts, key=lambda mount: mount.target.count("/")):
            arguments += ["--ro-bind" if mount.read_only else "--bind", str(mount.source), mount.target]
        arguments += ["--chdir", "/", "--", *_started(request.command)]
        env = environment.build(
            request.job_id, request.spec, request.secrets, home=HOME, path="/hub/bin", caches="/hub/cache"
        )
        return LaunchPlan(argv=arguments, env=env, cwd="/", note=self.note(request, chosen, exact=exact), enclosed=True)


class PlainProcess(_OnThisMachine):
    """Runs each job as an ordinary process of the user."""

    name = "process"

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        chosen, exact = interpreters.for_image(request.spec.get("dockerImage"))
        home = request.scratch / "home"
        for folder in (home, request.scratch / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        _configure_tools(home)
        path, caches = str(self.tools(chosen)), str(self.caches)
        env = environment.build(request.job_id, request.spec, {}, home=str(home), path=path, caches=caches)
        env = {name: _rewritten(value, request) for name, value in env.items()}
        env |= {"TMPDIR": str(request.scratch / "tmp"), **request.secrets}
        command = [_rewritten(part, request) for part in request.command]
        if not Path("/bin/sh").exists():
            raise CannotLaunch("This machine has no /bin/sh to start a job with.")
        note = f"{self.note(request, chosen, exact=exact)}; a plain process, not sandboxed"
        return LaunchPlan(argv=_started(command), env=env, cwd=str(home), note=note)


def _started(command: list[str]) -> list[str]:
    """Return what runs a command so that one that cannot be found is exit status 127, as in a container.

    A program of the system, named by its path, is there on both sides and needs no shell to find it.
    """
    program = Path(command[0])
    if program.parent in PROGRAMS and os.access(program, os.X_OK):
        return command
    return [*RUN_IT, *command]


def _configure_tools(home: Path) -> None:
    """Give a job's home what the user has told pip and uv."""
    for source, place in environment.tool_configuration():
        with suppress(OSError):
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, home / place)


def _rewritten(text: str, request: LaunchRequest) -> str:
    """Replace each mount path in `text` by the folder it stands for, longest first, whole components only."""
    folders = {mount.target: str(mount.source) for mount in request.mounts}
    if not folders:
        return text
    names = "|".join(re.escape(target) for target in sorted(folders, key=len, reverse=True))
    return re.sub(rf"(?<![\w./-])({names})(?![\w.-])", lambda found: folders[found[1]], text)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without those that lie in another of them, parents first."""
    found: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found
