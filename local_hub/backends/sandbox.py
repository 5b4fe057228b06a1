"""Running each job in a sandbox: namespaces of its own, made by its supervisor or, where only that may, by bubblewrap.

The job has a file system of its own: a root folder that is thrown away, the system's folders and the Python installs
read-only, its volumes at their mount paths, and nothing of the user's home or of the hub; it has processes, IPC and
users of its own. The network is the machine's: what listens on loopback sees it as it sees any other program.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_hub.backends import environment, interpreters, job_view, namespaces
from local_hub.backends.base import LaunchPlan
from local_hub.backends.job_view import Step
from local_hub.backends.on_this_machine import OnThisMachine, configure_tools, memory_of, started
from local_hub.backends.plain_process import PlainProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_hub.backends.base import LaunchRequest

PROBE_SECONDS = 10
#: Bubblewrap takes folders by name. So what it mounted is looked at before the job's program starts: it can no longer
#: be exchanged then, and it is the folder that was opened without a link or nothing is run.
_LOOK = (
    'while [ "$1" != -- ]; do'
    ' [ "$(stat -c %d:%i -- "$2")" = "$1" ] || {'
    ' echo "The job was not started. Volume $2: a link stands in the place of its folder." >&2; exit 126; };'
    " shift 2; done; shift; "
    'exec "$@"'
)


def choose(home: Path, *, plain: bool = False) -> Sandbox | PlainProcess:
    """Return the best way this machine has, each having been tried for real. Blocks up to twice `PROBE_SECONDS`.

    A machine that is too busy to end a trial in time has not said no. What is then believed fails a job in words, where
    a plain process would run it with all of this user's rights.
    """
    if plain:
        return PlainProcess(home)
    if namespaces.supported() and _works(_namespaces_probe):
        return Sandbox(home)
    found = shutil.which("bwrap")
    if found is not None and _works(lambda _: [*_bubblewrap(found), *_arguments(job_view.system()), *_PROBE]):
        return Bubblewrap(home, found)
    return PlainProcess(home)


_PROBE = ("--proc", "/proc", "--dev", "/dev", "/bin/true")


def _works(command: Any) -> bool:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, suppress(OSError):
        try:
            probe = subprocess.run(command(folder), check=False, capture_output=True, timeout=PROBE_SECONDS, cwd="/")
        except subprocess.TimeoutExpired:
            return True
        return probe.returncode == 0
    return False


def _namespaces_probe(folder: str) -> list[str]:
    enclosure = json.dumps({"root": folder, "steps": list(job_view.system()), "settings": job_view.settings()})
    return [sys.executable, "-I", "-S", str(Path(namespaces.__file__)), enclosure, "/bin/true"]


class Sandbox(OnThisMachine):
    """Runs each job in namespaces that its supervisor makes."""

    name = "sandbox"
    sandbox = "namespaces"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._view = job_view.JobView(home)

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        chosen, exact = interpreters.for_image(request.spec.get("dockerImage"))
        for name in job_view.OWN_FOLDERS:
            (request.scratch / name).mkdir(parents=True, exist_ok=True)
        configure_tools(request.scratch / job_view.HOME.lstrip("/"))
        steps = self._view.of(request, tools=self.tools(chosen), caches=self.caches(request))
        env = environment.build(
            request.job_id,
            request.spec,
            request.secrets,
            home=job_view.HOME,
            path=job_view.TOOLS,
            caches=job_view.CACHES,
        )
        return self._planned(request, steps, env, self.note(request, chosen, exact=exact))

    def _planned(self, request: LaunchRequest, steps: list[Step], env: dict[str, str], note: str) -> LaunchPlan:
        return LaunchPlan(
            argv=started(request.command),
            env=env,
            cwd="/",
            note=note,
            enclosed=True,
            enclosure={"root": str(request.scratch), "steps": steps, "settings": job_view.settings()},
            memory=memory_of(request.spec["flavor"]),
        )


class Bubblewrap(Sandbox):
    """Runs each job under the system's bubblewrap, on a machine that lets nobody else make namespaces."""

    sandbox = "bubblewrap"

    def __init__(self, home: Path, program: str) -> None:
        super().__init__(home)
        self._program = program

    def _planned(self, request: LaunchRequest, steps: list[Step], env: dict[str, str], note: str) -> LaunchPlan:
        arguments = [*_bubblewrap(self._program), "--bind", str(request.scratch), "/", "--dev", "/dev"]
        settings = [word for path in job_view.settings() for word in ("--ro-bind", path, path)]
        arguments += [*_arguments(steps), "--proc", "/proc", *settings, "--chdir", "/", "--"]
        command = started(request.command)
        if request.mounts:
            seen = [text for mount in request.mounts for text in (mount.identity, mount.target)]
            command = ["/bin/sh", "-c", _LOOK, "job", *seen, "--", *command]
        return LaunchPlan(
            argv=[*arguments, *command],
            env=env,
            cwd="/",
            note=note,
            enclosed=True,
            memory=memory_of(request.spec["flavor"]),
        )


def _bubblewrap(program: str) -> list[str]:
    return [
        program,
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *("--die-with-parent", "--cap-drop", "ALL"),
    ]


def _arguments(steps: Any) -> list[str]:
    """Return the steps as bubblewrap's arguments."""
    arguments: list[str] = []
    for kind, *rest in steps:
        arguments += _WORDS[kind](*rest)
    return arguments


def _bind(source: str, target: str, writable: bool, device: bool) -> Sequence[str]:
    return ("--dev-bind-try" if device else "--bind-try" if writable else "--ro-bind-try", source, target)


def _volume(top: str, inside: str, target: str, writable: bool) -> Sequence[str]:
    source = os.path.realpath(top)
    return ("--bind" if writable else "--ro-bind", f"{source}/{inside}" if inside else source, target)


def _mask(target: str) -> Sequence[str]:
    if Path(target).is_dir():
        return ("--tmpfs", target, "--remount-ro", target)
    return ("--ro-bind-try", "/dev/null", target)


_WORDS: dict[str, Any] = {
    "bind": _bind,
    "volume": _volume,
    "tmpfs": lambda target, _size: ("--tmpfs", target),
    "symlink": lambda text, target: ("--symlink", text, target),
    "mask": _mask,
}
