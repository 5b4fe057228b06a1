"""The launcher: puts the rooms of hf-jobs-mcp first on ``sys.path`` and starts the command line.

``server``, ``tools``, ``jobs`` and their neighbours are short names that a stranger's folder may use too. In a
wheel they lie inside this package, in ``rooms/``; in a checkout they lie beside it. Either way the folder that
holds them is put first, before any of them is imported, so nothing on ``PYTHONPATH`` or in the working folder
can stand in their place.
"""

import os
import sys

_HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - pathlib takes as long to load as all else here.
_INSIDE = os.path.join(_HERE, "rooms")  # noqa: PTH118

#: The folder that holds ``server/``, ``tools/``, ``consent/``, ``jobs/`` and ``local_hub/``.
ROOMS = _INSIDE if os.path.isdir(_INSIDE) else os.path.dirname(_HERE)  # noqa: PTH112, PTH120
#: The exit status of a command that Ctrl-C ended, as shells have it.
INTERRUPTED = 130


def open_rooms() -> None:
    """Put `ROOMS` first on ``sys.path``. Calling it again changes nothing."""
    if sys.path[:1] != [ROOMS]:
        sys.path[:] = [ROOMS, *(entry for entry in sys.path if entry != ROOMS)]


def leave(_signal: int, _frame: object) -> None:
    """End at once and say nothing: while modules load there is nothing to undo, and Python may lose an interrupt."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the ``hf-jobs-mcp`` command line and exit with its status.

    An interrupt is quiet while modules load; the command line takes it over when a command has what it needs.
    """
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, leave)
        _leave_no_core()
        open_rooms()
        import server
        from hf_jobs_mcp.bytecode import keep

        keep(str(server.__file__))
        from server.cli import main as run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    _let_go()
    sys.exit(status)


def _leave_no_core() -> None:
    """A process that crashes is not written to a file: its memory holds values."""
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _let_go() -> None:
    """What could not be written has been told; Python would try it again at the exit and say so in its own words."""
    try:
        _ = sys.stdout.closed or sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
