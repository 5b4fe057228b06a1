"""``hf-jobs-mcp hub …``: the local hub, handled by a person or a script."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import webbrowser
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from hub_contract.command_line import command
from jobs.errors import HubNotStarted
from server.version import version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from server.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Carry out ``hub ACTION``. Returns an exit status."""
    return int(_ACTIONS[arguments.action](settings, arguments))


def _run(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from local_hub.process.daemon import serve

    return serve(settings.home, runner=settings.runner, version=version())


def _start(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from server.hub_connection import start_local  # With it comes all of the MCP SDK, which `hub run` must not carry.

    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    print(f"The local hub runs at {state.endpoint} (process {state.pid}).")
    runs_as = (state.status() or {}).get("runner", settings.runner)
    if (runs_as == "container") != (settings.runner == "container"):
        print(
            f"hf-jobs-mcp: it was started before and runs jobs otherwise ({runs_as}, not {settings.runner}). "
            f"To change that: {command('hub', 'stop')} && {command('hub', 'start', '--runner', settings.runner)}",
            file=sys.stderr,
        )
        return 1
    print(f'Point the hf command at it with: eval "$({command("hub", "env")})"')
    return 0


def _stop(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from local_hub.process.daemon import stop

    print("The local hub has stopped." if stop(settings.home) else "The local hub was not running.")
    return 0


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    from local_hub.process.daemon import read_state

    state = read_state(settings.home)
    if state is None:
        print("{}" if arguments.json else f"The local hub is not running. Start it with: {command('hub', 'start')}")
        return 1
    jobs = (state.status() or {}).get("jobs", {})
    told = {"pid": state.pid, "endpoint": state.endpoint, "version": state.version, "jobs": jobs}
    if arguments.json:
        print(json.dumps(told))
        return 0
    finished = jobs.get("finished")
    counts = ", ".join(f"{count} {stage}" for stage, count in jobs.items() if count and stage != "finished")
    counts = f"{counts or 'no job waits or runs'}{f', {finished} finished' if finished else ''}"
    print(f"The local hub {state.version} runs at {state.endpoint} (process {state.pid}): {counts}.")
    return 0


def _env(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from server.hub_connection import start_local

    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    print(f"export HF_ENDPOINT={shlex.quote(state.endpoint)}")
    print(f"export HF_TOKEN={shlex.quote(state.token)}")
    print("# This shell's hf command now talks to the local hub. Back again: unset HF_ENDPOINT HF_TOKEN")
    return 0


def _open(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.hub_connection import start_local

    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    wanted = (arguments.job or "").rstrip("/").rpartition("/")[2]
    answer = state.call("POST", f"/api/local/ticket?{urlencode({'job': wanted})}")
    if answer is None:
        print("hf-jobs-mcp: the local hub gave no ticket; try again.", file=sys.stderr)
        return 1
    if arguments.job and not answer.get("known", True):
        print(
            "hf-jobs-mcp: the local hub has no job and no schedule with this id. "
            f"All of them: {command('hub', 'open')}",
            file=sys.stderr,
        )
        return 1
    url = f"{state.endpoint}/login?{urlencode({'ticket': answer['ticket'], **({'job': wanted} if wanted else {})})}"
    if not webbrowser.open(url):
        print(f"Open this once in a browser on this machine, within a minute: {url}")
    return 0


_MEGABYTE = 1_000_000
_KINDS = {
    "logs": "records and logs of {jobs} that ended",
    "uploads": "uploads that nobody needs any more",
    "caches": "packages that jobs have installed (the next ones fetch them again)",
    "hub_log": "the hub's old log",
    "results": "{results} that no job or schedule mounts any more",
}
_CLEANING_SECONDS = 600.0


def _clean(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.hub_connection import start_local

    if not (settings.home / "hub").is_dir():
        print("{}" if arguments.json else f"There is no local hub in {settings.home}: nothing to free.")
        return 0
    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    found = state.call("GET", "/api/local-hub/clean", timeout=_CLEANING_SECONDS)
    if found is None:
        print("hf-jobs-mcp: the local hub does not say what could be freed; its log says why.", file=sys.stderr)
        return 1
    kept = {} if arguments.results else {"results": found["bytes"].pop("results")}
    lines = list(_sizes(found))
    if not arguments.json:
        print(f"In {settings.home / 'hub'} can be freed:" if lines else "There is nothing to free.")
        print("\n".join(lines), end="\n" if lines else "")
        if kept.get("results"):
            print(f"Kept: {_size(kept['results'])} of results in the buckets. --results frees those of ended jobs too.")
    if lines and (arguments.yes or (not arguments.json and _agreed())):
        path = f"/api/local-hub/clean?at={found['at']}&results={int(arguments.results)}"
        freed = state.call("POST", path, timeout=_CLEANING_SECONDS)
        if freed is None:
            print("hf-jobs-mcp: the local hub did not free all of it; its log says why.", file=sys.stderr)
            return 1
        print(
            json.dumps({**freed, "freed": True}) if arguments.json else f"Freed {_size(sum(freed['bytes'].values()))}."
        )
    elif arguments.json:
        print(json.dumps({**found, "freed": False}))
    elif lines:
        print(f"Nothing has been freed. To free it: {command('hub', 'clean', '--yes')}")
    return 0


def _sizes(found: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each kind of which there is something."""
    jobs, results = _counted(found["jobs"], "job"), _counted(found["results"], "workspace")
    for kind, words in _KINDS.items():
        if size := found["bytes"].get(kind, 0):
            yield f"  {_size(size):>10}  {words.format(jobs=jobs, results=results)}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= _MEGABYTE else f"{count / 1e3:,.0f} kB"


def _agreed() -> bool:
    from consent.answering.prompt import agreed

    if not sys.stdin.isatty():
        return False
    try:
        return agreed("Free it?")
    except EOFError:
        return False


_ACTIONS = {"run": _run, "start": _start, "stop": _stop, "status": _status, "env": _env, "open": _open, "clean": _clean}
