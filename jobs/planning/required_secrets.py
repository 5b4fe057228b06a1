"""What a job will look for: names with reasons, the models it asks, and what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jobs.commands import fast_agent, python_syntax
from jobs.commands import reader as commands
from jobs.commands.calls import ProgramCall
from jobs.commands.scope import WORKSPACE
from jobs.display_text import one_line
from jobs.errors import BadArgument
from jobs.planning import (
    agent_apps,
    configurations,
    fast_agent_needs,
    libraries,
    other_languages,
    programs,
    python_calls,
    python_env,
)
from jobs.planning.need import ORDER, Need
from jobs.secrets.names import is_name, name_says_secret
from jobs.spec import script_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jobs.commands.calls import Reading
    from jobs.commands.fast_agent import FastAgentCall
    from jobs.planning.models import ModelPlan

_SHELL_READ = re.compile(r"\$(?:\{(?:env:)?([A-Z][A-Z0-9_]*)(?:[:}\-=?+#%/]|$)|([A-Z][A-Z0-9_]*))")
_HOLDS_PASSWORD = re.compile(
    r"(.*_)?(ACCESS_KEY_ID|APPLICATION_KEY_ID|API_KEY_ID|DATABASE_URL|DB_URL|DSN|WEBHOOK(_URL)?|MONGO(DB)?_UR[IL]|REDIS_URL|POSTGRES(QL)?_UR[IL]|CONNECTION_STRING)"
)
_TITLES = {"responses": "openai", "openresponses": "an OpenAI-like server", "hf": "Hugging Face"}
"""What fast-agent's name of a provider tells nobody."""
_COMMAND_FILES = (".sh", ".bash", ".ipynb", "Makefile", "makefile", "GNUmakefile")
_TABLES = (*(row.secrets for row in libraries.CALLS.values()), *(tool.secrets for tool in programs.TOOLS))
_KNOWN = frozenset(name for secrets in _TABLES for secret in secrets for name in secret.split("|"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name with everything that wants it, most certain first; `others` are names of which one is enough."""

    name: str
    needs: tuple[Need, ...]

    @property
    def confidence(self) -> str:
        return self.needs[0].confidence

    @property
    def reasons(self) -> list[str]:
        return list(dict.fromkeys(need.reason for need in self.needs))

    @property
    def uses(self) -> list[str]:
        return list(dict.fromkeys(need.use for need in self.needs if need.use))

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(other for need in self.needs for other in need.others if other != self.name))

    @property
    def access(self) -> str:
        """The widest right that a use of HF_TOKEN takes; "" where none is known."""
        found = {need.access for need in self.needs if need.access and need.confidence != "optional"}
        return next((each for each in ("write", "inference", "read") if each in found), "")


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model that fast-agent will ask: who names it, and the configuration and variables it is asked with."""

    name: str
    who: str = "models"
    settings: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What `needs` found. `variables` are other names that are read; `read` and `unread` say what was looked at."""

    asked: tuple[AskedModel, ...] = ()
    wanted: tuple[Need, ...] = ()
    variables: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model.name for model in self.asked))

    @property
    def names(self) -> dict[str, list[str]]:
        """Each name that may be needed with its reasons, without those of the models."""
        return {candidate.name: sorted(candidate.reasons) for candidate in self.candidates()}

    def candidates(self, plans: Sequence[ModelPlan] = ()) -> list[Candidate]:
        """The names by themselves, and those that the models want by their plans, sorted by name."""
        return _candidates((*self.wanted, *_model_needs(self.asked, plans)))


def needs(
    command: Sequence[str] | None = None,
    script: str | None = None,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    *,
    models: Sequence[str] = (),
) -> Needs:
    """Read everything a job is made of and say what it will look for; nothing is run and nothing is refused.

    A name is there because a text reads it and the name says that it is secret, because a table of `libraries` or
    `programs` says that a call looks for it, or because the job's own header or usage line names it. What the job's
    `env` sets is not named.
    """
    found = _Found(files or {}, dict(env or {}))
    found.models([AskedModel(model.strip()) for model in models if model.strip()])
    if script:
        found.python(script, "the script")
    if command:
        found.command(list(command))
    found.beside()
    return found.needs()


class _Found:
    def __init__(self, files: Mapping[str, str], env: dict[str, str]) -> None:
        self._files = files
        self._env = env
        self._asked: list[AskedModel] = []
        self._wanted: list[Need] = []
        self._variables: dict[str, None] = {}
        self._read: dict[str, None] = {}
        self._unread: dict[str, None] = {}
        self._seen: set[str] = set()
        self._named: set[str] = set()

    def needs(self) -> Needs:
        names = {need.name for need in self._wanted}
        return Needs(
            tuple(self._asked),
            tuple(self._wanted),
            tuple(sorted(name for name in self._variables if name not in names)),
            tuple(self._read),
            tuple(self._unread),
        )

    def models(self, asked: Iterable[AskedModel]) -> None:
        self._asked += [one for one in asked if one not in self._asked]

    def command(self, command: list[str]) -> None:
        self._read["the command"] = None
        reading = commands.read(command, self._files, env=self._env, cwd=WORKSPACE)
        self._reading(reading)
        for word in _unexpanded(command):
            for found in _SHELL_READ.finditer(word):
                name = found[1] or found[2]
                self._name(name, f"the command names ${name}, which only a shell puts in", "probably")

    def _reading(self, reading: Reading, *, demoted: str = "") -> None:
        before = len(self._wanted)
        for read in reading.reads:
            if read.name in self._env:
                continue
            others = tuple(other for other in read.one_of if other != read.name)
            sure = "optional" if read.optional else "one of" if others else "needed"
            self._name(read.name, f"{read.place}: ${read.name}", sure, others)
        for text in reading.python:
            self.python(text.text, text.place, env=text.env, path=text.path, arguments=text.arguments)
        for call in reading.calls:
            for need in programs.tool_needs(call, self._files):
                self._want(need, call.env)
            for suffix, inline in other_languages.written_out(call):
                self._foreign(inline, suffix, call.place, call.env)
            self._named |= {
                word.rpartition("=")[2].removeprefix("/workspace/").removeprefix("./") for word in call.words
            }
        for agent in fast_agent.of_reading(reading):
            self._agent(agent)
        for place, said in reading.texts.items():
            self._read[place] = None
            self._stated(said, place)
        self._unread.update(dict.fromkeys(reading.unread))
        if demoted:
            self._wanted[before:] = [
                replace(need, confidence="optional", reason=f"{need.reason} ({demoted})")
                for need in self._wanted[before:]
            ]

    def _agent(self, agent: FastAgentCall, *, asks: bool = True) -> dict[str, Any]:
        """What a call of fast-agent loads, and, if it `asks` them, its models; the configuration it found."""
        loaded = fast_agent_needs.loaded(agent, self._files)
        base_url = next(iter(agent.given("--base-url")), None)
        self.models(
            AskedModel(model, who, loaded.settings, agent.call.env, base_url)
            for model, who in (loaded.models.items() if asks else ())
        )
        for need in loaded.needs:
            self._want(need, agent.call.env)
        self._variables.update(dict.fromkeys(loaded.variables))
        self._unread.update(dict.fromkeys(loaded.unread))
        self._read.update(dict.fromkeys(loaded.read))
        return loaded.settings

    def _agent_app(self, text: str, place: str, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        """A program made with fast-agent loads a configuration, and takes `--model` for agents that name none."""
        app = agent_apps.agent_app(text, env, arguments)
        if app is None:
            return
        words = ["fast-agent", "go", "--no-home", *(["--config-path", app.configuration] if app.configuration else [])]
        words += [word for card in app.cards for word in ("--agent-cards", card)]
        call = ProgramCall((*words, *(arguments if app.takes_arguments else ())), env, place, WORKSPACE)
        settings = self._agent(fast_agent.parse(call), asks=app.is_open or bool(app.cards))
        self.models(AskedModel(model, place, settings, env) for model in app.models if _is_model(model))

    def python(
        self,
        text: str,
        place: str,
        *,
        env: Mapping[str, str] | None = None,
        path: str | None = None,
        arguments: Sequence[str] | None = None,
    ) -> None:
        """Read one Python text; the same text is read once, whoever runs it."""
        if text in self._seen:
            return
        self._seen.add(text)
        place = one_line(place, 80)
        if path is not None or place == "the script":
            self._read[place] = None
        env = {**self._header(text, place), **(self._env if env is None else env)}
        for read in python_env.reads(text):
            if read.name not in env:
                self._name(read.name, f"{place} reads {read.name}, line {read.line}", read.confidence, read.others)
        for need in python_calls.library_needs(text, place, env, arguments):
            self._want(need, env)
        self._agent_app(text, place, arguments or (), env)
        self._stated(text, place)
        if place == "the script":
            self._reading(commands.read_python(text, self._files, env=env, place=place))
        if python_syntax.parsed(text) is None and text.strip():
            self._unread[f"the syntax of {place}: only its plain text was searched"] = None

    def beside(self) -> None:
        """Files that nothing seen runs: Python may be imported, the rest may be run by what could not be read."""
        for path, text in self._files.items():
            if path.endswith(".py"):
                self.python(text, path, path=path)
            elif path.endswith(_COMMAND_FILES) and path not in self._read and f"./{path}" not in self._read:
                words = ["make", "-f", path] if path.lower().endswith("makefile") else ["sh", path]
                words = ["papermill", path] if path.endswith(".ipynb") else words
                reading = commands.read(words, self._files, env=self._env, cwd=WORKSPACE, place=path)
                self._reading(reading, demoted="nothing seen runs it")
            elif (suffix := other_languages.suffix(path)) is not None:
                self._foreign(text, suffix, path, self._env)
            elif configurations.is_loaded(path) and path not in self._read:
                self._configuration(path, text)

    def _foreign(self, text: str, suffix: str, place: str, env: Mapping[str, str]) -> None:
        """A program in another language than Python or a shell's."""
        self._read[place] = None
        for need in other_languages.needs(text, suffix, place):
            if need.use:
                self._want(need, env)
            elif need.name not in env:
                self._name(need.name, need.reason, need.confidence, need.others)

    def _configuration(self, path: str, text: str) -> None:
        """A configuration that is not fast-agent's, and the variables that it puts in."""
        for name, line, has_default in configurations.variables(text):
            sure = "optional" if has_default else "needed" if path in self._named else "probably"
            if name not in self._env:
                self._read[path] = None
                self._name(name, f"{path}, line {line}: puts in {name}", sure)

    def _header(self, text: str, place: str) -> dict[str, str]:
        """The names of a script's `[tool.hf-jobs] secrets`, and its plain variables; a bad header lists none."""
        try:
            header = script_header.read(text)
        except BadArgument:
            return {}
        for name in header.secrets:
            if is_name(name):
                self._wanted.append(Need(name, f"{place} lists it in [tool.hf-jobs] secrets"))
        return dict(header.env)

    def _stated(self, text: str, place: str) -> None:
        for name, line, sure in python_env.stated(text):
            if name_says_secret(name) or name in _KNOWN:
                self._want(Need(name, f"{place}, line {line}: its own usage line passes {name}", sure), self._env)

    def _name(self, name: str, reason: str, confidence: Any, others: tuple[str, ...] = ()) -> None:
        """A variable that is read: a candidate when its name says that it is secret, else one of the variables."""
        if name_says_secret(name) or name in _KNOWN or _HOLDS_PASSWORD.fullmatch(name):
            if is_name(name):
                self._wanted.append(Need(name, reason, confidence, others=others))
        else:
            self._variables[name] = None

    def _want(self, need: Need, env: Mapping[str, str]) -> None:
        if need.name not in env and not any(other in env for other in need.others):
            self._wanted.append(need)


def _unexpanded(command: list[str]) -> Iterator[str]:
    """The words that no shell and no interpreter reads as a text of its own."""
    skipped = False
    for at, word in enumerate(command):
        if skipped:
            skipped = False
        elif word.startswith("-") and not word.startswith("--") and word.endswith("c") and at:
            skipped = True
        elif "\n" not in word:
            yield word


def _is_model(text: str) -> bool:
    """Whether a text can name a model; `$system.default` and its kin stand for one named elsewhere."""
    return bool(text.strip()) and not text.strip().startswith("$")


def _model_needs(asked: Sequence[AskedModel], plans: Sequence[ModelPlan]) -> Iterator[Need]:
    """What the models want, unless the configuration or the job's variables already say."""
    by_name = {plan.input: plan for plan in plans}
    for one in asked:
        plan = by_name.get(one.name)
        if plan is None or not plan.secrets:
            continue
        settings = one.settings.get(plan.provider or "", {})
        settings = settings if isinstance(settings, dict) else {}
        if settings.get("api_key") or (plan.provider == "google" and (settings.get("vertex_ai") or {}).get("enabled")):
            continue
        address = one.base_url or settings.get("base_url")
        who = "" if one.who == "models" else f" ({one.who})"
        for name in plan.secrets:
            if name in one.env:
                continue
            reason = f"model {one.name} runs on {_TITLES.get(str(plan.provider), plan.provider)}{who}"
            if fast_agent_needs.is_local(address):
                reason += f"; at a local base_url any value will do, such as {name}=EMPTY in env"
                yield Need(name, reason, "optional", libraries.CALL)
            else:
                access: Any = "inference" if name == "HF_TOKEN" else ""
                yield Need(name, reason, "needed", libraries.CALL, access)


def _candidates(wanted: Iterable[Need]) -> list[Candidate]:
    """Needs by name. Where one of several will do and one of them is needed anyway, the others are optional."""
    by_name: dict[str, dict[Need, None]] = {}
    for need in wanted:
        by_name.setdefault(need.name, {})[need] = None
    sure = {name for name, found in by_name.items() if any(need.confidence == "needed" for need in found)}
    candidates = []
    for name, found in sorted(by_name.items()):
        weighed = [
            replace(need, confidence="optional") if need.confidence == "one of" and sure & set(need.others) else need
            for need in found
        ]
        ordered = sorted(weighed, key=lambda need: ORDER.index(need.confidence))
        candidates.append(Candidate(name, tuple(ordered)))
    return candidates
