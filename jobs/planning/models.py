"""Which provider serves a model, and which secret it wants: asked of fast-agent itself, else of the built-in table."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from hub_contract import uv_program
from jobs.display_text import one_line
from jobs.errors import BadArgument
from jobs.planning.model_table import VERSION, ModelPlan, corrected, from_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MAX_MODELS", "ModelPlan", "from_table", "resolve_models"]

MAX_MODELS = 32
_LEGAL_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_MODEL = re.compile(r"[^\s,\x00-\x1f][^,\x00-\x1f\x7f]{0,199}")
_PASSED = frozenset(
    {
        *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC"),
        *("PATHEXT", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    }
)
"""What a fast-agent is given of this process's environment: exact names, none of which can hold a secret."""

_PASSED_TO_UV = frozenset(
    {
        *("UV_OFFLINE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "UV_PYTHON_DOWNLOADS", "UV_DEFAULT_INDEX", "UV_INDEX_URL"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    }
)
"""What fetching one takes besides; an address that carries a sign-in is left out."""

_MAX_OUTPUT = 1 << 20
_TTL = 24 * 3600.0
_TTL_FAILURE = 600.0


async def resolve_models(
    models: Sequence[str],
    *,
    cache: Path,
    fetch: bool = False,
    timeout: float = 30.0,  # noqa: ASYNC109 -- the caller's bound on a subprocess, which is ended here when it is reached
) -> list[ModelPlan]:
    """Plans for `models`, in order, each once.

    A fast-agent that is installed is asked in a process of its own, with an environment of a few harmless variables,
    a home of its own and none of the user's configuration. With `fetch` (an operator's choice, since it downloads and
    runs a program) uv gets one, of the very version that the built-in table was made from. Its answers are kept a day
    in `cache` (a folder). Where there is none, or it fails, or takes more than `timeout` seconds, the built-in table
    answers, as `resolved_by` says, and fast-agent is left in peace for ten minutes.

    Raises:
        BadArgument: More than 32 models, or a name with a comma, control characters or over 200 characters.
    """
    wanted = list(dict.fromkeys(model.strip() for model in models if model.strip()))
    if len(wanted) > MAX_MODELS or not all(_MODEL.fullmatch(model) for model in wanted):
        raise BadArgument(
            "models holds too many entries, or one that is not a model's name.",
            hint=f"At most {MAX_MODELS} names such as sonnet, kimi or openai.gpt-4.1, without commas.",
            field="models",
        )
    store = _Cache(cache / "models.json")
    known = await anyio.to_thread.run_sync(store.read)
    missing = [model for model in wanted if model not in known]
    if missing and not store.gave_up and (command := _fast_agent(fetch=fetch, cache=cache)) is not None:
        answer = await _ask(command, missing, seconds=timeout)
        await anyio.to_thread.run_sync(store.write, answer)
        known |= answer or {}
    return [corrected(known[model]) if model in known else from_table(model) for model in wanted]


async def _ask(program: Sequence[str], models: Sequence[str], *, seconds: float) -> dict[str, ModelPlan] | None:
    """fast-agent's own answers by model, or None when it gave none in time."""
    command = [*program, "check", "models", f"--for-model={','.join(models)}", "--json"]
    with tempfile.TemporaryDirectory(prefix="hf-jobs-mcp-") as folder:
        output = await _run(command, Path(folder), seconds)
    return _parsed(output, models) if output else None


def _fast_agent(*, fetch: bool, cache: Path) -> list[str] | None:
    """How to run fast-agent: one that is installed, or uv's way to get one; None when neither may be."""
    beside = Path(sys.executable).with_name("fast-agent")
    if found := shutil.which("fast-agent") or (str(beside) if beside.is_file() else None):
        return [found]
    if not fetch:
        return None
    uv = uv_program.found()
    if uv is None:
        return None
    requirement = f"fast-agent-mcp=={VERSION}"
    return [
        *(str(uv), "--cache-dir", str(cache / "uv"), "tool", "run", "--isolated", "--python", ">=3.12"),
        *("--from", requirement, "fast-agent"),
    ]


def _pyenv_pythons() -> list[str]:
    """Folders of pyenv's own Pythons: its shims answer only for the activated version, and uv may look no further."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return sorted((str(path) for path in root.glob("versions/3.1[2-9]*/bin")), reverse=True)


def _environment(folder: Path) -> dict[str, str]:
    """A few exact variables of this process, none with a sign-in in it, and a home that is empty and goes away."""
    given = {name: value for name, value in os.environ.items() if name in _PASSED | _PASSED_TO_UV and "@" not in value}
    home = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "FAST_AGENT_HOME"), str(folder))
    path = os.pathsep.join([given.get("PATH", os.defpath), *_pyenv_pythons()])
    return {**given, **home, "PATH": path, "COLUMNS": "20000", "NO_COLOR": "1", "TERM": "dumb"}


async def _run(command: Sequence[str], folder: Path, seconds: float) -> bytes | None:
    """The command's standard output, or None when it failed, said too much, or was still at it after `seconds`."""
    try:
        process = await anyio.open_process(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=DEVNULL,
            stderr=DEVNULL,
            start_new_session=os.name == "posix",
        )
    except OSError:
        return None
    output = bytearray()
    try:
        with anyio.move_on_after(seconds):
            if process.stdout:
                async for chunk in process.stdout:
                    output += chunk
                    if len(output) > _MAX_OUTPUT:
                        return None
            return bytes(output) if await process.wait() == 0 else None
        return None
    finally:
        with anyio.CancelScope(shield=True):
            _end(process.pid)
            await process.aclose()


def _end(pid: int) -> None:
    """End the process and what it started."""
    try:
        if os.name == "posix":
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return


def _parsed(output: bytes, models: Sequence[str]) -> dict[str, ModelPlan] | None:
    """Answers out of `check models --json`, whose text may be wrapped inside strings."""
    text = output.decode(errors="replace")
    try:
        payload = json.loads(text[text.index("{") :], strict=False)
        entries = [entry for entry in payload["resolved"] if isinstance(entry, dict)]
    except (ValueError, KeyError, TypeError):
        return None
    plans = {str(entry.get("input")): _from_entry(entry) for entry in entries}
    return {model: plans[model] for model in models if model in plans} or None


def _from_entry(entry: Mapping[str, Any]) -> ModelPlan:
    def text(key: str) -> str | None:
        value = entry.get(key)
        return one_line(value, 200) if isinstance(value, str) and value else None

    secret = text("required_env")
    if secret and (not _LEGAL_NAME.fullmatch(secret) or text("provider") == "fast-agent"):
        secret = None
    return ModelPlan(
        str(entry.get("input")), text("resolved_model"), text("provider"), secret, text("error"), "fast-agent"
    )


class _Cache:
    """fast-agent's answers on disk: a JSON file replaced as a whole; unreadable means empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, dict[str, Any]] = {}
        self.gave_up = False

    def read(self) -> dict[str, ModelPlan]:
        now = time.time()
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self.gave_up = 0 <= now - stored["failed_at"] < _TTL_FAILURE
            self._entries = {model: entry for model, entry in stored["models"].items() if 0 <= now - entry["at"] < _TTL}
            return {model: ModelPlan(**entry["plan"]) for model, entry in self._entries.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._entries, self.gave_up = {}, False
            return {}

    def write(self, answers: Mapping[str, ModelPlan] | None) -> None:
        now = time.time()
        for model, plan in (answers or {}).items():
            self._entries[model] = {"at": now, "plan": asdict(plan)}
        stored = {"failed_at": 0.0 if answers else now, "models": self._entries}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, encoding="utf-8", delete=False) as file:
                json.dump(stored, file)
            Path(file.name).replace(self._path)
        except OSError:
            return  # Asked again next time.
