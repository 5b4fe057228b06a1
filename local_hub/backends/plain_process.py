"""Running each job as an ordinary process of the user, where this machine has no sandbox to offer.

It sees what the user sees. Mount paths in its command and variables are rewritten to where the folders really are;
a job whose own text names one, or that is promised a folder it cannot write, is refused: it would run on nothing.
A folder whose path a shell would take apart, as one with a blank, is reached by a link that it would not.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from local_hub.backends import environment, interpreters
from local_hub.backends.base import CannotLaunch, LaunchPlan
from local_hub.backends.on_this_machine import OnThisMachine, configure_tools, memory_of, started

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_hub.backends.base import LaunchRequest


#: What a path is made of that is one word in any shell, in a URL and in a program's own text.
_ONE_WORD = re.compile(r"[A-Za-z0-9_./+-]+")
_LINKS = Path("/tmp")  # noqa: S108 - A folder of this user's own in it, looked at before each use.


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
        folders = self._folders(request)
        env = {name: _rewritten(value, folders) for name, value in env.items()}
        env |= {"TMPDIR": str(request.scratch / "tmp"), **request.secrets}
        command = [_rewritten(part, folders) for part in request.command]
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

    def clear(self, job_id: str) -> None:
        """Remove the links that a job had; its processes its supervisor or `orphans` has ended."""
        with suppress(OSError):
            for link in self._links.glob(f"{job_id}-*"):
                link.unlink()
            self._links.rmdir()

    @property
    def _links(self) -> Path:
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:8]
        return _LINKS / f"hf-jobs-mcp-{os.getuid()}-{mark}"

    def _folders(self, request: LaunchRequest) -> dict[str, str]:
        """Return the path that stands for each mount path, one word in any shell."""
        return {
            mount.target: self._one_word(mount.source, f"{request.job_id}-{number}")
            for number, mount in enumerate(request.mounts)
        }

    def _one_word(self, source: Path, name: str) -> str:
        if _ONE_WORD.fullmatch(str(source)):
            return str(source)
        link = self._links / name
        try:
            with suppress(FileExistsError):
                self._links.mkdir(mode=0o700)
            found = self._links.lstat()
            if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != stat.S_IRWXU or not self._links.is_dir():
                raise CannotLaunch(f"{self._links} is not this user's own folder, and volumes are linked there.")
            link.unlink(missing_ok=True)
            link.symlink_to(source, target_is_directory=True)
        except OSError as error:
            raise CannotLaunch(f"A volume could not be linked in {self._links}: {error.strerror}.") from None
        return str(link)


def named_in(text: str, targets: Iterable[str]) -> str | None:
    """Return the first of the mount paths that `text` names, whole components only."""
    found = _pattern(targets).search(text)
    return found[1] if found else None


def _rewritten(text: str, folders: Mapping[str, str]) -> str:
    """Replace each mount path in `text` by the folder it stands for."""
    return _pattern(folders).sub(lambda found: folders[found[1]], text) if folders else text


def _pattern(targets: Iterable[str]) -> re.Pattern[str]:
    names = "|".join(re.escape(target) for target in sorted(targets, key=len, reverse=True))
    return re.compile(rf"(?<![\w./-])({names})(?![\w.-])")
