"""The launcher: puts the rooms of hf-jobs-mcp first on ``sys.path`` and starts the command line.

``server``, ``tools``, ``jobs`` and their neighbours are short names that a stranger's folder may use too. In a
wheel they lie inside this package, in ``rooms/``; in a checkout they lie beside it. Either way the folder that
holds them is put first, before any of them is imported, so nothing on ``PYTHONPATH`` or in the working folder
can stand in their place.
"""

import sys
from pathlib import Path

_INSIDE = Path(__file__).resolve().parent / "rooms"

#: The folder that holds ``server/``, ``tools/``, ``consent/``, ``jobs/`` and ``local_hub/``.
ROOMS = _INSIDE if _INSIDE.is_dir() else _INSIDE.parent.parent


def open_rooms() -> None:
    """Put `ROOMS` first on ``sys.path``. Calling it again changes nothing."""
    folder = str(ROOMS)
    if sys.path[:1] != [folder]:
        sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]


def main() -> None:
    """Run the ``hf-jobs-mcp`` command line and exit with its status. An interrupt is quiet while modules load, too."""
    try:
        open_rooms()
        import server
        from hf_jobs_mcp.bytecode import keep

        keep(str(server.__file__))
        from server.cli import main as run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
