"""Running each job as an ordinary process of the user, where this machine has no sandbox to offer.

It sees what the user sees. Mount paths in its command and variables are rewritten to where the folders really are;
a job whose own text names one, or that is promised a folder it cannot write, is refused: it would run on nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from local_hub.backends import environment, interpreters
from local_hub.backends.base import CannotLaunch, LaunchPlan
from local_hub.backends.on_this_machine import OnThisMachine, configure_tools, memory_of, started

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_hub.backends.base import LaunchRequest


class PlainProcess(OnThisMachine):
    """Runs each job as an ordinary process of the user."""

    name = "process"
    sandbox = "none"

    def plan(self, request: LaunchRequest) -> LaunchPlan:
        chosen, exact = interpreters.for_image(request.spec.get("dockerImage"))
        home = request.scratch / "home"
        for folder in (home, request.scratch / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        configure_tools(home)
        path, caches = str(self.tools(chosen)), str(self.caches(request))
        env = environment.build(request.job_id, request.spec, {}, home=str(home), path=path, caches=caches)
        env = {name: _rewritten(value, request) for name, value in env.items()}
        env |= {"TMPDIR": str(request.scratch / "tmp"), **request.secrets}
        command = [_rewritten(part, request) for part in request.command]
        if not Path("/bin/sh").exists():
            raise CannotLaunch("This machine has no /bin/sh to start a job with.")
        return LaunchPlan(
            argv=started(command),
            env=env,
            cwd=str(home),
            note=f"{self.note(request, chosen, exact=exact)}; not sandboxed",
            modes_bind=any(mount.read_only for mount in request.mounts),
            memory=memory_of(request.spec["flavor"]),
        )


def named_in(text: str, targets: Iterable[str]) -> str | None:
    """Return the first of the mount paths that `text` names, whole components only."""
    found = _pattern(targets).search(text)
    return found[1] if found else None


def _rewritten(text: str, request: LaunchRequest) -> str:
    """Replace each mount path in `text` by the folder it stands for."""
    folders = {mount.target: str(mount.source) for mount in request.mounts}
    return _pattern(folders).sub(lambda found: folders[found[1]], text) if folders else text


def _pattern(targets: Iterable[str]) -> re.Pattern[str]:
    names = "|".join(re.escape(target) for target in sorted(targets, key=len, reverse=True))
    return re.compile(rf"(?<![\w./-])({names})(?![\w.-])")
