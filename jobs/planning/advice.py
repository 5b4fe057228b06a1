"""What is allowed but will probably disappoint: said before a job is paid for, in a sentence each."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from jobs import durations
from jobs.commands.fast_agent import fast_agent_calls
from jobs.planning.required_secrets import needs
from jobs.spec import script_header
from jobs.spec.lost_output import lost_output
from jobs.spec.schedule import Schedule
from jobs.spec.validate import DEFAULT_UV_IMAGE
from jobs.spec.workspace import ENVIRONMENT_NAME, MOUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.spec.spec import JobSpec

_SHELL_WORDS = frozenset({"&&", "||", "|", ">", ">>", "<", "2>&1", ";", "&"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "busybox"})
_MAY_PUSH = re.compile(r"push|upload|sync|create_|commit")
_LOOKED_AHEAD = 20
_NAMED = 5
_MAX_PARSED = 200_000


def advice(spec: JobSpec, *, timeout_given: bool = True) -> tuple[str, ...]:
    """Sentences about a spec, most telling first; empty for most. They repeat no value of the caller's.

    Args:
        spec: What would be sent.
        timeout_given: Whether its timeout was asked for and is not the default of thirty minutes.
    """
    kinds = (_unparsable, _not_installed, _pushes, _fast_agent, _shell_words, _elsewhere, lost_output, _overlaps)
    found = tuple(sentence for kind in kinds for sentence in kind(spec))
    return found + (() if timeout_given or spec.flavor.startswith("cpu") else (_default_timeout(spec),))


def _unparsable(spec: JobSpec) -> Iterator[str]:
    if spec.script is None or len(spec.script) > _MAX_PARSED:
        return
    try:
        _parse(spec.script)
    except SyntaxError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        yield f"Python {version} cannot read line {error.lineno} of the script: unless that is newer Python, it fails."
    except (ValueError, RecursionError, MemoryError):
        yield "The script cannot be read as Python."


def _not_installed(spec: JobSpec) -> Iterator[str]:
    """Imports that nothing installs: no packages, no dependencies in the header, and the image that has only uv."""
    if (
        spec.script is None
        or spec.packages
        or spec.image != DEFAULT_UV_IMAGE
        or script_header.has_dependencies(spec.script)
    ):
        return
    beside = {path.partition("/")[0].removesuffix(".py") for path, _ in spec.files}
    if "pyproject.toml" in beside:
        return
    missing = sorted(_imports(spec.script) - sys.stdlib_module_names - beside)
    if missing:
        named = ", ".join(missing[:_NAMED])
        yield f"The script imports {named}, and nothing installs it: name it in packages or in the script's header."


def _pushes(spec: JobSpec) -> Iterator[str]:
    texts = {path: data.decode(errors="replace") for path, data in spec.files}
    if "HF_TOKEN" in spec.secret_names or not any(map(_MAY_PUSH.search, (" ".join(spec.command), *texts.values()))):
        return
    found = needs(spec.command, spec.script, texts, env=dict(spec.env))
    for wanted in found.candidates():
        if wanted.name == "HF_TOKEN" and wanted.access == "write" and wanted.confidence != "optional":
            yield (
                "It uploads to the Hub and has no token for that: ask for the secret HF_TOKEN, "
                "or write into the workspace, which needs none."
            )


def _fast_agent(spec: JobSpec) -> Iterator[str]:
    texts = {path: data.decode(errors="replace") for path, data in spec.files}
    calls = [call for call in fast_agent_calls(spec.argv, texts, env=dict(spec.env)) if call.subcommand == "go"]
    if any(not call.given("--message", "--prompt-file") for call in calls):
        yield "fast-agent has neither --message nor --prompt-file, and nobody can type in a job: it ends unanswered."
    if any(call.results is None and call.trajectory is None for call in calls):
        yield "With --results result.json in the command, fetch_results returns the answer by itself."
    version = re.match(r"3\.(\d+)", spec.python or "")
    if calls and version and int(version[1]) < 12:  # noqa: PLR2004 - fast-agent-mcp 0.10.48 wants 3.12 or later
        yield 'Current fast-agent needs Python 3.12 or later: pass python="3.13".'


def _shell_words(spec: JobSpec) -> Iterator[str]:
    if spec.command[0].rpartition("/")[2] not in _SHELLS and _SHELL_WORDS & set(spec.command[1:]):
        yield 'The command has shell signs as words, and there is no shell: use ["sh", "-c", "…"].'


def _elsewhere(spec: JobSpec) -> Iterator[str]:
    """Files that a container job would look for in the wrong folder."""
    if spec.kind == "uv" or spec.schedule is not None or not spec.files:
        return
    said = " ".join((*spec.command, *(value for _, value in spec.env)))
    if MOUNT_PATH not in said and ENVIRONMENT_NAME not in said:
        yield f"Its files are in {MOUNT_PATH}, but a container job starts in its image's own folder: name them there."


def _overlaps(spec: JobSpec) -> Iterator[str]:
    if spec.schedule is None or spec.concurrency:
        return
    runs = list(islice(Schedule.parse(spec.schedule).runs(datetime(2026, 1, 1, tzinfo=UTC)), _LOOKED_AHEAD))
    closest = int(min((later - earlier).total_seconds() for earlier, later in pairwise(runs)))
    longest = spec.timeout_seconds * spec.attempts
    if longest > closest:
        yield (
            f"A run may take {durations.words(longest)} and the next can come after {durations.words(closest)}: "
            "one that meets another still going is skipped."
        )


def _default_timeout(spec: JobSpec) -> str:
    return (
        f"No timeout was given, so it is stopped after {durations.words(spec.timeout_seconds)}; training may need more."
    )


def _imports(script: str) -> set[str]:
    """Top-level packages that the script imports for sure: at module level, and in no `try` or `if`."""
    try:
        body = _parse(script).body if len(script) <= _MAX_PARSED else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            names.add(statement.module.partition(".")[0])
    return names


def _parse(script: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(script)
