"""``hf-jobs-mcp hub …``: the local hub, handled by a person or a script."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import webbrowser
from typing import TYPE_CHECKING

from hub_contract.command_line import command
from jobs.errors import HubNotStarted
from server.version import version

if TYPE_CHECKING:
    from server.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Carry out ``hub ACTION``. Returns an exit status."""
    return int(_ACTIONS[arguments.action](settings, arguments))


def _run(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from local_hub.process.daemon import serve

    return serve(settings.home, runner=settings.runner, version=version())


def _start(settings: Settings, arguments: argparse.Namespace) -> int:  # noqa: ARG001  # One signature for all actions.
    from server.connection import start_local  # With it comes all of the MCP SDK, which `hub run` must not carry.

    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    print(f"The local hub runs at {state.endpoint} (process {state.pid}).")
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
    from server.connection import start_local

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
    from server.connection import start_local

    try:
        state = start_local(settings, version())
    except HubNotStarted as error:
        print(f"hf-jobs-mcp: {error.message}", file=sys.stderr)
        return 1
    answer = state.call("POST", "/api/local/ticket")
    if answer is None:
        print("hf-jobs-mcp: the local hub gave no ticket; try again.", file=sys.stderr)
        return 1
    ticket = answer["ticket"]
    then = f"&job={arguments.job}" if arguments.job and arguments.job.isalnum() else ""
    url = f"{state.endpoint}/login?ticket={ticket}{then}"
    if not webbrowser.open(url):
        print(f"Open this once in a browser on this machine, within a minute: {url}")
    return 0


_ACTIONS = {"run": _run, "start": _start, "stop": _stop, "status": _status, "env": _env, "open": _open}
