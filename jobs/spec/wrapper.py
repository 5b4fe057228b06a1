"""What a job does before its command: a folder for each run of a schedule, and the approved files, byte for byte.

The hashes of the files stand in the command itself, which the yes covers. Whatever lies in the bucket when the job
starts is copied, and compared where it will be used; anything else than what was approved is not run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from jobs.spec.workspace import ENVIRONMENT_NAME, INPUTS_MOUNT, INPUTS_NAME, MOUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What stands for `$0`, by which a wrapper is known in any version: the first two came before files were compared.
NAME = "hf-jobs-mcp-checked"
EARLIER_NAME = "hf-jobs-mcp-run"

#: The exit status of a job whose files are not the approved ones.
NOT_APPROVED = 97

_END = "--"
_HASH = (
    "h() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; "
    "elif command -v shasum >/dev/null 2>&1; then shasum -a 256; "
    "elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; "
    "else python3 -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; fi; }; "
    f'no() {{ echo "hf-jobs-mcp: $1; nothing was run" >&2; exit {NOT_APPROVED}; }}; '
)
_FILES = (
    f'i="${{{INPUTS_NAME}:-{INPUTS_MOUNT}}}"; '
    f'while [ "$1" != {_END} ]; do t="$w/$2"; mkdir -p "${{t%/*}}" && rm -rf "$t" && cp "$i/$2" "$t" '
    '|| no "the file $2 is not there"; s=$(h <"$t"); '
    '[ "${s%% *}" = "$1" ] || no "the file $2 is not the one that was approved"; shift 2; done; shift; '
)
#: uv would make a project's environment, thousands of files and links, in the workspace, which is a bucket.
_PROJECT = (
    'if [ -f "$w/pyproject.toml" ]; then export '
    'UV_PROJECT_ENVIRONMENT="${UV_PROJECT_ENVIRONMENT:-${TMPDIR:-/tmp}/project-${JOB_ID:-$$}}"; fi; '
)
ONCE = f'{_HASH}w="${{{ENVIRONMENT_NAME}:-{MOUNT_PATH}}}"; {_FILES}{_PROJECT}exec "$@"'
"""For a job that runs once and has files."""

EACH_RUN = (
    f'{_HASH}w="${{{ENVIRONMENT_NAME}:-{MOUNT_PATH}}}/${{JOB_ID:-$(date -u +%Y%m%dT%H%M%SZ)-$$}}"; '
    f'mkdir -p "$w" || no "no folder could be made for this run"; {_FILES}'
    f'cd "$w" || exit 1; export {ENVIRONMENT_NAME}="$w"; {_PROJECT}exec "$@"'
)
"""For each run of a schedule: a folder of its own, the files in it, and then the command there."""

_EARLIER = frozenset(
    {
        (
            'd="${HF_JOB_WORKSPACE:-/workspace}"; i="$d/inputs"; '
            'd="$d/runs/${JOB_ID:-$(date -u +%Y%m%dT%H%M%SZ)-$$}"; mkdir -p "$d" || exit 1; '
            'if [ -d "$i" ]; then cp -R "$i/." "$d/" || exit 1; fi; '
            'cd "$d" || exit 1; export HF_JOB_WORKSPACE="$d"; exec "$@"'
        )
    }
)
"""Every wrapper that an earlier version sent; put the old text here when one of the above changes."""


_KNOWN = frozenset({ONCE, EACH_RUN, *(text.replace(_PROJECT, "") for text in (ONCE, EACH_RUN))})
"""The wrappers of this version, and what they were before a project's environment had a place of its own."""


class Unwrapped(NamedTuple):
    """A wrapper of ours taken apart: the command in it, and its files as (path, sha256)."""

    command: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()


def wrap(argv: Sequence[str], files: Iterable[tuple[str, bytes]], *, scheduled: bool) -> tuple[str, ...]:
    """`argv` with what has to come before it; the image needs `sh`, `mkdir`, `cp` and something that hashes.

    A job that runs once and has no files needs nothing and stays as it is.
    """
    hashes = tuple(word for path, data in files for word in (hashlib.sha256(data).hexdigest(), path))
    if not scheduled and not hashes:
        return tuple(argv)
    return ("sh", "-c", EACH_RUN if scheduled else ONCE, NAME, *hashes, _END, *argv)


def unwrap(argv: Sequence[str]) -> Unwrapped:
    """The command inside the wrapper and its files; anything but a wrapper of ours, to the letter, stays as it is."""
    words = tuple(argv)
    if words[:2] != ("sh", "-c") or len(words) < len(("sh", "-c", "text", "name")):
        return Unwrapped(words)
    if words[3] == EARLIER_NAME and words[2] in _EARLIER:
        return Unwrapped(words[4:])
    if words[3] == NAME and words[2] in _KNOWN and _END in words[4::2]:
        end = 4 + 2 * words[4::2].index(_END)
        return Unwrapped(words[end + 1 :], tuple(zip(words[5:end:2], words[4:end:2], strict=True)))
    return Unwrapped(words)
