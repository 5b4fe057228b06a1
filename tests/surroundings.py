"""The suite, or a part of it, where it has to hold: bare, as an ordinary user, offline, with hardly an environment …

Run: python -m tests.surroundings [NAME …] [--times N] [-- PYTEST-ARGUMENTS]. Each surrounding is made of what this machine
has (users, namespaces), is told with what ran and what was skipped in it and why, and fails when nothing ran.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
#: Programs that a machine need not have: the bare surroundings have none of them.
EXTRAS = re.compile(
    r"(bwrap|pasta|slirp4netns|podman|docker|runc|crun|node|npm|npx|uv|uvx|chromium.*|google-chrome.*|hf|fast-agent"
    r"|hf-jobs-mcp|catatonit|tmux)\Z"
)
FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
#: How packages are reached from here; a minimal environment goes without.
INDEX = re.compile(r"(PIP_\w+|UV_\w+|SSL_CERT_\w+|https?_proxy|no_proxy)\Z", re.IGNORECASE)
_LOOPBACK = """
import fcntl, os, socket, struct, sys
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))
os.execvp(sys.argv[1], sys.argv[1:])
"""


class CannotBeMadeError(Exception):
    """This machine cannot make that surrounding; the text says why."""


@dataclass
class Outcome:
    """What one run came to."""

    surrounding: str
    ran: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    reason: str = ""

    @property
    def good(self) -> bool:
        return bool(self.ran and not self.failed) or bool(self.reason)


@dataclass
class Surrounding:
    """How to run a program there: the checkout, the interpreter, the environment, what stands before the command."""

    folder: Path
    checkout: Path = ROOT
    python: str = sys.executable
    before: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    busy: bool = False

    def run(self, name: str, arguments: list[str]) -> Outcome:
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [
            *self.before,
            self.python,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            *arguments,
        ]
        began = time.monotonic()
        with busy_cores() if self.busy else _nothing():
            done = subprocess.run(command, cwd=self.checkout, env=self.env, check=False, stdin=subprocess.DEVNULL)
        outcome = read(report, name)
        outcome.seconds = time.monotonic() - began
        if done.returncode and not outcome.failed:
            outcome.failed.append(f"pytest ended with status {done.returncode}")
        return outcome


def read(report: Path, name: str) -> Outcome:
    """Read pytest's own report."""
    outcome = Outcome(name)
    if not report.exists():
        return outcome
    for case in ET.parse(report).getroot().iter("testcase"):
        kinds = {child.tag: child for child in case}
        if "skipped" in kinds:
            outcome.skipped[kinds["skipped"].get("message", "")] += 1
            continue
        outcome.ran += 1
        if kinds.keys() & {"failure", "error"}:
            outcome.failed.append(f"{case.get('classname')}::{case.get('name')}")
    return outcome


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy with something else."""
    spin = [sys.executable, "-c", "while True: pass"]
    spinning = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in spinning:
            one.kill()
            one.wait()


def bare(folder: Path) -> Surrounding:
    """Whoever runs this, with a fresh home and none of the programs that a machine need not have."""
    programs = folder / "bin"
    programs.mkdir()
    for place in FOLDERS:
        for program in Path(place).glob("*"):
            if not EXTRAS.match(program.name) and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    home = folder / "home"
    home.mkdir()
    index = {name: value for name, value in os.environ.items() if INDEX.match(name)}
    told = next((file for file in (".config/pip/pip.conf", ".pip/pip.conf") if (Path.home() / file).is_file()), None)
    index |= {"PIP_CONFIG_FILE": str(Path.home() / told)} if told else {}
    return Surrounding(folder, env={**index, "PATH": str(programs), "HOME": str(home), "LANG": "C.UTF-8"})


def user(folder: Path) -> Surrounding:
    """An ordinary user, who owns a checkout and an environment of their own."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise CannotBeMadeError("it takes root and setpriv to become another user")
    # setpriv itself still may what root may when it starts a program; env no longer does.
    as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env"]
    made = bare(folder)
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:
            raise CannotBeMadeError(f"{parent} is closed to other users")
    python = next(filter(lambda one: _runs([*as_user, one, "-c", _NEW_ENOUGH]), _pythons()), None)
    if python is None:
        raise CannotBeMadeError("no Python of 3.11 or later here can be run by another user")
    made.checkout = folder / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (made.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.checkout / name)
    (made.checkout / ".git").mkdir()  # A checkout that is none of the user's own work.
    from uv import find_uv_bin

    uv = [find_uv_bin(), "--quiet"]
    own = str(made.checkout / ".venv")
    for command in (
        [*uv, "venv", "--python", python, own],
        [*uv, "pip", "install", "--python", f"{own}/bin/python", "-e", f"{made.checkout}[dev]"],
    ):
        subprocess.run(command, check=True)
    made.python = f"{own}/bin/python"
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
    made.env.pop("PIP_CONFIG_FILE", None)
    made.before = as_user
    return made


_NEW_ENOUGH = "import sys; raise SystemExit(sys.version_info < (3, 11))"


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _pythons() -> Iterator[str]:
    yield str(Path(sys.base_prefix) / "bin" / "python3")
    for folder in FOLDERS:
        yield from sorted(map(str, Path(folder).glob("python3*")))


def offline(folder: Path) -> Surrounding:
    """No network at all but this machine's loopback."""
    alone = ["unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--net"]
    made = bare(folder)
    made.before = [*alone, sys.executable, "-c", _LOOPBACK]
    if shutil.which("unshare") is None or not _runs([*made.before, "true"]):
        raise CannotBeMadeError("a namespace for the network cannot be made")
    return made


def minimal(folder: Path) -> Surrounding:
    """Nothing in the environment but PATH and HOME."""
    made = bare(folder)
    made.env = {name: made.env[name] for name in ("PATH", "HOME")}
    return made


def odd(folder: Path) -> Surrounding:
    """A home, and a folder for what is temporary, with blanks and letters that are not ASCII in their paths."""
    made = bare(folder)
    home = folder / "Zoë  Müller-Σ ✓"
    (home / "tmp é").mkdir(parents=True)
    made.env |= {"HOME": str(home), "TMPDIR": str(home / "tmp é")}
    return made


def busy(folder: Path) -> Surrounding:
    """Every core busy with something else."""
    made = bare(folder)
    made.busy = True
    return made


MADE: dict[str, Callable[[Path], Surrounding]] = {
    "bare": bare, "user": user, "offline": offline, "minimal": minimal, "odd": odd, "busy": busy,
}  # fmt: skip


def table(outcomes: list[Outcome]) -> str:
    """Return what ran where, and under it what failed and what was skipped, with the reasons."""
    lines = ["| surrounding | ran | failed | skipped | seconds |", "|---|---|---|---|---|"]
    for one in outcomes:
        counts = f"{one.ran} | {len(one.failed)} | {one.skipped.total()} | {one.seconds:.0f}"
        lines.append(f"| {one.surrounding} | {one.reason or counts} |")
    for one in outcomes:
        lines += [f"{one.surrounding}: FAILED {test}" for test in one.failed]
        lines += [f"{one.surrounding}: skipped {count}: {why}" for why, count in one.skipped.most_common()]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.surroundings", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MADE))
    parser.add_argument("--times", type=int, default=1, help="how often to run in each")
    at = words.index("--") if "--" in words else len(words)
    mine, theirs = words[:at], words[at + 1 :]
    asked = parser.parse_args(mine)
    unknown = set(asked.names) - set(MADE)
    if unknown:
        parser.error(f"there is no surrounding {', '.join(sorted(unknown))}")
    outcomes = [outcome for name in asked.names or MADE for outcome in _in(name, asked.times, theirs)]
    sys.stdout.write(f"{table(outcomes)}\n")
    return int(not all(one.good for one in outcomes))


def _in(name: str, times: int, arguments: list[str]) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(prefix=f"surrounding-{name}-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)
        try:
            made = MADE[name](Path(place))
        except CannotBeMadeError as reason:
            yield Outcome(name, reason=f"not here: {reason}")
            return
        for _ in range(times):
            yield made.run(name, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
