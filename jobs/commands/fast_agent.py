"""The fast-agent calls of a command, with the options that version 0.10.48 takes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.commands.calls import ProgramCall, Reading
from jobs.commands.reader import read
from jobs.commands.scope import WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES = frozenset({"fast-agent", "fast-agent-mcp", "fast-agent-acp"})
SUBCOMMANDS = frozenset(
    {
        *("go", "batch", "serve", "acp", "export", "check", "auth", "bootstrap", "cards", "config", "demo"),
        *("model", "plugins", "quickstart", "scaffold", "session", "skills"),
    }
)
_GROUPS = frozenset({"batch", "check", "cards", "skills", "plugins", "session", "auth", "demo"})
_RUNS_AGENTS = frozenset({"go", "serve", "acp", "batch run"})
_ADDRESSES = ("https://", "http://", "file://", "hf://", "git+", "ssh://")

_FLAGS = frozenset(
    """
    --no-home --noenv --isolated --shell -x --no-shell --subagents --no-subagents --ptc --reload --watch --quiet -q
    --help --verbose -v --color --no-color --version --no-update-check --a2a-oauth --no-a2a-oauth --include-input
    --no-include-input --overwrite --keep-temp --no-keep-temp --progress --no-progress --no-trackio --final-summary
    --no-final-summary --prefer-local-shell --no-permissions --list --privacy-filter --download-privacy-filter
    --show-redactions --json --all --smart --force
    """.split()  # noqa: SIM905 -- forty options read best as running text
)
# Shorthands, and options with two names, by subcommand where they differ.
_SAME = {
    "--models": "--model",
    "--card": "--agent-cards",
    "--agent-card": "--agent-cards",
    "--card-pack": "--pack",
    "--skills": "--skills-dir",
    "--trackio-project": "--project",
    "--trackio-name": "--run-name",
    "--trackio-group": "--group",
}
_SHORT = {"-i": "--instruction", "-c": "--config-path", "-m": "--message", "-p": "--prompt-file", "-a": "--attach",
          "-E": "--environment", "-t": "--timeout", "-d": "--description"}  # fmt: skip
_SHORT_OF = {
    "batch run": {"-i": "--input", "-p": "--prompt", "-o": "--output", "-m": "--model"},
    "export": {"-a": "--agent", "-o": "--output"},
}
_READ = frozenset(
    {
        *("--agent-cards", "--card-tool", "--instruction", "--config-path", "--prompt-file", "--json-schema"),
        *("--attach", "--input", "--template", "--vars-json", "--var-file", "--trackio-config-json"),
        *("--pack-registry", "--skills-dir"),
    }
)
"""Options whose value is a file or a folder that is read."""

_WRITTEN = frozenset(
    {
        *("--results", "--trajectory-output", "--output", "--summary-output", "--error-output", "--telemetry-output"),
        "--export-traces",
    }
)


@dataclass(frozen=True, slots=True)
class FastAgentCall:
    """One `fast-agent` call: its subcommand (`go`, `batch run`, `serve`, …; "" for none), its options by long name."""

    call: ProgramCall
    subcommand: str
    options: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()

    def given(self, *names: str) -> tuple[str, ...]:
        """The values of the options of these names, in order; names are long ones (`--agent-cards` for `--card`)."""
        return tuple(value for name, value in self.options if name in names)

    @property
    def runs_agents(self) -> bool:
        """Whether it asks models; options without a subcommand are `go`'s."""
        asks = self.subcommand in _RUNS_AGENTS or (not self.subcommand and bool(self.options))
        return asks and not {name for name, _ in self.options} & {"--help", "--version"}

    @property
    def models(self) -> tuple[str, ...]:
        """The models that `--model` or `--models` name; none when the option is not there."""
        named = self.given("--model")[-1:]
        return tuple(model.strip() for value in named for model in value.split(",") if model.strip())

    @property
    def cards(self) -> tuple[str, ...]:
        return self.given("--agent-cards", "--card-tool")

    @property
    def results(self) -> str | None:
        """Where the conversation is written, as the command says it; several models write `x-MODEL.json` each."""
        return next(iter(self.given("--results")[-1:]), None)

    @property
    def trajectory(self) -> str | None:
        return next(iter(self.given("--trajectory-output")[-1:]), None)

    @property
    def summary(self) -> str | None:
        """Where `batch run` writes its summary."""
        return next(iter(self.given("--summary-output")[-1:]), None)

    @property
    def output(self) -> str | None:
        """Where `batch run` and `export` write what they make."""
        return next(iter(self.given("--output")[-1:]), None)

    @property
    def json_schema(self) -> str | None:
        return next(iter(self.given("--json-schema")[-1:]), None)

    @property
    def reads(self) -> tuple[tuple[str, str], ...]:
        """The option, as it was written, and the path of every file or folder that has to be there."""
        found: list[tuple[str, str]] = []
        for (name, value), (written, _) in zip(self.options, self.said, strict=True):
            if name == "--var-file":
                found.append((written, value.partition("=")[2]))
            elif name in _READ or (name == "--pack" and _is_path(value)):
                found.append((written, value))
        return tuple(found)

    @property
    def writes(self) -> tuple[tuple[str, str], ...]:
        """Option and path of every file that the call leaves behind."""
        return tuple((name, value) for name, value in self.options if name in _WRITTEN)

    def in_workspace(
        self, path: str, *, assumed_cwd: str | None = WORKSPACE, outputs: Sequence[str] = ()
    ) -> str | None:
        """A path of this call inside the workspace, or None for one that is elsewhere.

        Args:
            path: As the command writes it.
            assumed_cwd: The folder it runs in where the command does not tell; None when nobody knows.
            outputs: Further folders that lie in the workspace, `/a/b` as `a/b`.
        """
        if path.startswith((*_ADDRESSES, "~")) or "$" in path:
            return None
        cwd = self.call.cwd or assumed_cwd
        if cwd is None and not path.startswith("/"):
            return None
        place = posixpath.normpath(posixpath.join(cwd or "/", path))
        if any(place.startswith(f"{folder}/") for folder in outputs):
            return place[1:]
        inside = place.removeprefix(f"{WORKSPACE}/")
        return inside if inside != place else None


def fast_agent_calls(
    command: Sequence[str] | None,
    files: Mapping[str, str] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> tuple[FastAgentCall, ...]:
    """Every fast-agent call of a command, however it is wrapped; `of_reading` for what was read already.

    Args:
        command: A job's words: those asked for, or those that a hub gives back (`uv run …`, a schedule's wrapper).
        files: Texts beside it, by path in the workspace; without them, what scripts run is not seen.
        env: The job's plain variables.
        cwd: Where the command starts, if it is known: `/workspace` for a uv job.
    """
    return of_reading(read(command, files, env=env, cwd=cwd))


def of_reading(reading: Reading) -> tuple[FastAgentCall, ...]:
    """The fast-agent calls among the programs of a reading."""
    return tuple(parse(call) for call in reading.calls if call.program in NAMES)


def parse(call: ProgramCall) -> FastAgentCall:
    """Read the options of one call. What it does not know is taken for an option with a value, as most are."""
    words = list(call.words[1:])
    subcommand = "acp" if call.program == "fast-agent-acp" else ""
    options: list[tuple[str, str]] = []
    said: list[tuple[str, str]] = []
    arguments: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            arguments += words[at:]
            break
        if not word.startswith("-") or word == "-":
            if not subcommand and not arguments and word in SUBCOMMANDS:
                subcommand = word
                if word in _GROUPS and at < len(words) and not words[at].startswith("-"):
                    subcommand = f"{word} {words[at]}"
                    at += 1
            else:
                arguments.append(word)
            continue
        name, equals, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] not in _FLAGS:  # noqa: PLR2004 - `-mTEXT`
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        long = _long(name, subcommand)
        if not equals and name not in _FLAGS and not (name == "--resume" and _ends(words, at)):
            value = words[at] if at < len(words) else ""
            at += 1
        options.append((long, value))
        said.append((name, value))
    return FastAgentCall(call, subcommand, tuple(options), tuple(arguments), tuple(said))


def _ends(words: Sequence[str], at: int) -> bool:
    """Whether no value follows: `--resume` may stand alone, and in `batch run` always does."""
    return at >= len(words) or words[at].startswith("-")


def _long(name: str, subcommand: str) -> str:
    short = _SHORT_OF.get(subcommand, {}).get(name) or _SHORT.get(name, name)
    return _SAME.get(short, short)


def _is_path(value: str) -> bool:
    """Whether a pack is a folder of the job's and not a name in a registry."""
    return value.startswith((".", "/")) and not value.startswith(_ADDRESSES)
