"""What the libraries that a Python text uses will look for, by the table of `libraries`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.commands.python_names import names_of
from jobs.commands.python_syntax import nodes, parsed
from jobs.planning import libraries, remote_files
from jobs.planning.gated_repositories import HOSTS_OF_MODELS, LOADERS, is_data_set, is_gated
from jobs.planning.model_strings import BARE_PROVIDERS, MODEL_CALLS, model_secrets
from jobs.planning.need import Need

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.planning.libraries import Row
    from jobs.planning.need import Confidence

_TRUE = frozenset({"true", "1", "yes", "on"})
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_MODELS = ("model", "model_id", "model_name", "llm", "fallbacks")
_SILENT = frozenset({"disabled", "offline", "dryrun"})


def library_needs(
    text: str, place: str, env: Mapping[str, str] | None = None, arguments: Sequence[str] | None = None
) -> list[Need]:
    """What the calls of one Python text need.

    Args:
        text: The text.
        place: What to call it.
        env: Plain variables of the job, which can decide.
        arguments: What its command line gives it, which can decide too; None when nobody knows.
    """
    return [] if parsed(text) is None else _Reader(text, place, env or {}, arguments).needs()


class _Reader:
    def __init__(self, text: str, place: str, env: Mapping[str, str], arguments: Sequence[str] | None) -> None:
        self._names = names_of(text, arguments, env)
        self._nodes = self._names.without_untaken(nodes(text))
        roots = {module.partition(".")[0] for module in self._names.modules}
        self._loads = not roots & HOSTS_OF_MODELS or bool(roots & LOADERS)
        self._is_hubs = any(module.partition(".")[0] in libraries.HUB_LIBRARIES for module in self._names.modules)
        self._place = place
        self._env = dict(env)
        self._needs: list[Need] = []
        self._words: frozenset[str] | None = None
        self._used: set[str] = set()
        self._documentation = {
            id(node.value)
            for node in self._nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }

    def needs(self) -> list[Need]:
        for node in self._nodes:
            if isinstance(node, ast.Assign):
                self._sets(node)
        for node in self._nodes:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Dict):
                self._options(_pairs(node), node.lineno, "sets")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self._documentation:
                self._repository(node)
        self._imports()
        return self._needs

    def _sets(self, node: ast.Assign) -> None:
        """`os.environ["WANDB_MODE"] = "offline"` decides what the rest of the text needs."""
        for target in node.targets:
            if isinstance(target, ast.Subscript) and self._names.dotted(target.value) == "os.environ":
                for name in self._names.texts(target.slice):
                    self._env[name] = self._names.text(node.value) or "$"

    def _add(self, need: Need) -> None:
        if need not in self._needs:
            self._needs.append(need)

    def _call(self, node: ast.Call) -> None:
        called = self._names.dotted(node.func)
        called = _original(called)
        head, _, method = called.rpartition(".")
        row = libraries.CALLS.get(called) if head != "*" else None
        if row is None and self._may_be(head, method):
            row = libraries.CALLS.get(f"*.{method}")
        if row is not None:
            self._used.add(called.partition(".")[0])
            self._row(node, called if head != "*" else method, row)
        if called in MODEL_CALLS or method == "from_provider":
            self._used.add(called.partition(".")[0])
            self._models(node, called)
        else:
            self._files(node, called, method)
        self._options([(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg], node.lineno, "calls")

    def _files(self, node: ast.Call, called: str, method: str) -> None:
        """A call that is given an address of files elsewhere."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        texts = [text for value in given for text in self._names.texts(value)[:1]]
        name = method or (node.func.id if isinstance(node.func, ast.Name) else "")
        row = remote_files.row(called, name, texts, [keyword.arg for keyword in node.keywords if keyword.arg])
        if row is not None:
            where = "the Hub" if row.access else "S3"
            self._need(
                row.secrets, f"{name}() {'writes to' if row.access else 'uses'} {where}", node.lineno, row, "needed"
            )

    def _may_be(self, head: str, method: str) -> bool:
        """Whether a method of this object may be the Hub's: by its name alone, else by what the text imports."""
        root = head.partition(".")[0]
        if "hub" in method:
            return root not in {"os", "shutil", "subprocess", "docker"}
        if root not in {"*", ""}:
            return root in libraries.HUB_LIBRARIES
        return self._is_hubs or not self._names.modules

    def _row(self, node: ast.Call, called: str, row: Row) -> None:
        keywords = self._keywords(node)
        starred = any(keyword.arg is None and not self._spread(keyword) for keyword in node.keywords)
        if self._is_spared(node, keywords, row):
            return
        secrets, confidence = row.secrets, row.confidence
        address = self._address(node, keywords, row)
        if address is not None:
            known = _endpoint(address)
            if known is None:
                self._local(f"calls {called}()", node.lineno, row)
                return
            secrets = (known,) if known else secrets
        elif row.chosen_by:
            chosen = self._names.text(keywords.get(row.chosen_by)) or ""
            secrets = tuple(name for name in secrets if chosen and name.startswith(chosen.upper())) or secrets[:1]
        elif row.local_by and any(name in keywords for name in row.local_by if name != "model") and not address:
            confidence = "probably"
        if called.startswith("trackio.") and ("space_id" in keywords or "TRACKIO_SPACE_ID" in self._env):
            confidence = "needed"
        if starred or self._names.falls_back(node):
            confidence = "probably" if starred else "optional"
        self._need(secrets, f"calls {called}()", node.lineno, row, confidence)

    def _is_spared(self, node: ast.Call, keywords: Mapping[str, ast.expr], row: Row) -> bool:
        """Whether a call looks for nothing: it is handed what it needs, is silenced, or is not what the row means."""
        handed = [keywords[name] for name in row.given if name in keywords]
        if row.positional is not None:
            handed += node.args[row.positional : row.positional + 1]
        if any(not _is_nothing(value) for value in handed):
            return True
        if row.only and not re.fullmatch(row.only, self._names.text(node.args[0] if node.args else None) or ""):
            return True
        if row.elsewhere and row.elsewhere & self._said():
            return True
        settings = (ast.Attribute(ast.Name("Settings"), name) for name in row.set_elsewhere)
        if any(self._names.made(setting) is not None for setting in settings):
            return True
        return row.use == libraries.LOG and self._silenced(row, keywords)

    def _said(self) -> frozenset[str]:
        """Keywords that calls are given, functions that are called, and modules that are imported."""
        if self._words is None:
            calls = [node for node in self._nodes if isinstance(node, ast.Call)]
            keywords = {keyword.arg for node in calls for keyword in node.keywords if keyword.arg}
            called = {self._names.dotted(node.func).rpartition(".")[2] for node in calls}
            models = {text.partition("/")[0] + "/" for node in calls for text in self._models_of(node) if "/" in text}
            modules = {".".join(module.split(".")[:3]) for module in self._names.modules}
            self._words = frozenset(keywords | called | models | modules)
        return self._words

    def _models_of(self, node: ast.Call) -> list[str]:
        return [text for each in node.keywords if each.arg == "model" for text in self._names.texts(each.value)]

    def _keywords(self, node: ast.Call) -> dict[str, ast.expr]:
        """A call's keywords, with those of a dictionary that is written out and spread: `Model(**settings)`."""
        given: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            given |= {keyword.arg: keyword.value} if keyword.arg else dict(self._spread(keyword))
        return given

    def _spread(self, keyword: ast.keyword) -> list[tuple[str, ast.expr]]:
        made = self._names.made(keyword.value) or keyword.value
        if isinstance(made, ast.Call) and getattr(made.func, "id", "") == "dict":
            return [(each.arg, each.value) for each in made.keywords if each.arg]
        return _pairs(made) if isinstance(made, ast.Dict) else []

    def _need(self, secrets: tuple[str, ...], why: str, line: int, row: Row, confidence: str) -> None:
        for name in secrets:
            others = tuple(other for other in secrets if other != name) if row.any_of else ()
            sure = "one of" if others and confidence == "needed" else confidence
            self._add(
                Need(name, f"{self._place}, line {line}: {why}", sure, row.use, row.access, others)  # type: ignore[arg-type]  # one of Confidence's words
            )

    def _local(self, why: str, line: int, row: Row) -> None:
        """A client of a server on this machine asks for its key all the same; what it is does not matter."""
        for name in row.secrets if "api_key" in row.given and row.use == libraries.CALL and row.access == "" else ():
            free = f"{why} at a local address, where any value will do, such as {name}=EMPTY in env"
            self._add(Need(name, f"{self._place}, line {line}: {free}", "optional", row.use))

    def _silenced(self, row: Row, keywords: Mapping[str, ast.expr]) -> bool:
        if self._names.text(keywords.get("mode")) in _SILENT or self._env.get("WANDB_MODE") in _SILENT:
            return "WANDB_API_KEY" in row.secrets
        disabled = self._env.get("WANDB_DISABLED", "").lower() in _TRUE
        return disabled and "WANDB_API_KEY" in row.secrets

    def _address(self, node: ast.Call, keywords: Mapping[str, ast.expr], row: Row) -> str | None:
        first = node.args[:1] if "model" in row.local_by else []
        for value in (*(keywords.get(name) for name in row.local_by), *first):
            text = self._names.text(value)
            if text is not None and "://" in text:
                return text
        if "OPENAI_API_KEY" in row.secrets:
            return self._env.get("OPENAI_BASE_URL") or self._env.get("OPENAI_API_BASE")
        return None

    def _models(self, node: ast.Call, called: str) -> None:
        """A call that takes a model as `provider/model`, or without a provider by its family."""
        keywords = self._keywords(node)
        if "api_key" in keywords and not _is_nothing(keywords["api_key"]):
            return
        for name in ("base_url", "api_base"):
            text = self._names.text(keywords.get(name))
            if text is not None and _endpoint(text) is None:
                return
        values = [
            keywords[name] for name in ("model", "model_id", "model_name", "llm", "fallbacks") if name in keywords
        ]
        if (
            listed := keywords.get("model_list", node.args[0] if called.endswith(".Router") and node.args else None)
        ) is not None:
            values += [value for each in self._names.items(listed) for value in _values_of(each, "model")]
        if not values and MODEL_CALLS.get(called, ("model",)) and node.args:
            values = node.args[:1]
        provider = self._names.text(keywords.get("model_provider"))
        bare = BARE_PROVIDERS.get(called, "")
        for value in values:
            for model in [text for each in [value, *self._names.items(value)] for text in self._names.texts(each)]:
                if called == "agents.Agent" and "/" not in model:
                    continue  # OpenAI's own, or another provider's by that name: what runs it says which.
                known = provider or (bare if model.startswith("gemini") else "")
                for needed in model_secrets(f"{known}:{model}" if known else model):
                    self._choice(needed, f"{called} calls {model}", node.lineno)

    def _choice(self, needed: str, why: str, line: int) -> None:
        """`A|B` is one of the two."""
        names = needed.split("|")
        for name in names:
            others = tuple(other for other in names if other != name)
            reason = f"{self._place}, line {line}: {why}"
            self._add(Need(name, reason, "one of" if others else "needed", libraries.CALL, others=others))

    def _options(self, pairs: list[tuple[str, ast.expr]], line: int, verb: str) -> None:
        """Keywords that mean a push or a reporter, of whatever call or dictionary."""
        given = dict(pairs)
        where = f"{self._place}, line {line}"
        self._push(given, where, verb)
        if (space := given.get("trackio_space_id")) is not None and not _is_nothing(space):
            self._add(Need("HF_TOKEN", f"{where}: trackio_space_id=", "needed", libraries.LOG, "write"))
        for name in ("token", "use_auth_token"):
            if isinstance(value := given.get(name), ast.Constant) and value.value is True:
                self._add(Need("HF_TOKEN", f"{where}: {name}=True", "needed", libraries.READ, "read"))
        if (reporters := given.get("report_to", given.get("log_with"))) is not None:
            for each in [reporters, *self._names.items(reporters)]:
                for reporter in self._names.texts(each):
                    self._reporter(reporter, where)
        for text in self._names.texts(given.get("executor_type")):
            for name in libraries.SANDBOXES.get(text, ()):
                self._add(Need(name, f"{where}: executor_type {text}", "needed", libraries.TOOL))
        if (logger := given.get("use_wandb")) is not None and not _is_nothing(logger):
            self._reporter("wandb", where)

    def _push(self, given: Mapping[str, ast.expr], where: str, verb: str) -> None:
        push = given.get("push_to_hub")
        made = self._names.made(push) if push is not None else None
        if push is not None and (self._names.flag(push) is False or (made is not None and _is_nothing(made))):
            return
        if push is not None and not _is_nothing(push):
            certain = isinstance(made or push, ast.Constant) or self._names.flag(push)
            sure: Confidence = "needed" if certain else "probably"
            self._add(Need("HF_TOKEN", f"{where}: push_to_hub=", sure, libraries.PUSH, "write"))
        elif "hub_model_id" in given and push is None and not _is_nothing(given["hub_model_id"]):
            sure = "needed" if verb == "calls" else "probably"
            self._add(Need("HF_TOKEN", f"{where}: hub_model_id=", sure, libraries.PUSH, "write"))

    def _reporter(self, reporter: str, where: str) -> None:
        secrets = libraries.REPORTERS.get(reporter, ())
        row = libraries.Row(secrets, libraries.LOG)
        if not self._silenced(row, {}):
            for name in secrets:
                self._add(Need(name, f"{where}: report_to {reporter}", "needed", libraries.LOG))
        if reporter == "trackio" and self._env.get("TRACKIO_SPACE_ID"):
            self._add(
                Need("HF_TOKEN", f"{where}: report_to trackio, with TRACKIO_SPACE_ID", "needed", libraries.LOG, "write")
            )

    def _repository(self, node: ast.Constant) -> None:
        text = str(node.value)
        if _REPO.fullmatch(text) and is_gated(text) and (self._loads or is_data_set(text)):
            reason = f"{self._place}, line {node.lineno}: {text} is gated"
            self._add(Need("HF_TOKEN", reason, "needed", "read a gated repository", "read"))

    def _imports(self) -> None:
        """Libraries that are imported and of which no call was recognised, or that a variable switches on."""
        self._switches()
        for module, line in self._names.modules.items():
            root = module.partition(".")[0]
            names = libraries.IMPORTED.get(root)
            if names is None or root in self._used or any(row in self._env for row in names):
                continue
            if (
                any(
                    found.partition(".")[0] == root
                    and found.rpartition(".")[2][:1].isupper()
                    and found in libraries.CALLS
                    for found in self._names.imported.values()
                )
                and self._mentions_key()
            ):
                continue
            if self._silenced(libraries.Row(names, libraries.LOG), {}):
                continue
            for name in names:
                self._add(
                    Need(
                        name,
                        f"{self._place}, line {line}: imports {root}, which looks for it",
                        "probably",
                        libraries.CALL,
                    )
                )

    def _switches(self) -> None:
        for switch, roots, secrets in libraries.SWITCHES:
            line = next((at for module, at in self._names.modules.items() if module.startswith(roots)), None)
            if line is not None and self._env.get(switch, "").lower() in _TRUE:
                row = libraries.Row(secrets, libraries.LOG, any_of=True)
                self._need(secrets, f"{switch} is on", line, row, "needed")

    def _mentions_key(self) -> bool:
        return any(isinstance(node, ast.keyword) and node.arg == "api_key" for node in self._nodes)


def _original(called: str) -> str:
    """A call's own name, where a library offers another's under its own (`langfuse.openai.openai`)."""
    for offered, original in libraries.OFFERED.items():
        if called.startswith(offered):
            return original + called[len(offered) :]
    return called


def _endpoint(address: str) -> str | None:
    """The secret that an address decides: "" for no decision, None for none at all."""
    host = (urlsplit(address).hostname or "") if "://" in address else address
    for known, secret in libraries.ENDPOINTS.items():
        if host == known or (known.startswith(".") and host.endswith(known)):
            return secret
    if re.fullmatch(r"(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+", host) or (host and "." not in host):
        return None
    return ""


def _values_of(node: ast.AST, key: str) -> list[ast.expr]:
    """The values under a key in dictionaries, however deep."""
    found = [dict(_pairs(each)) for each in ast.walk(node) if isinstance(each, ast.Dict)]
    return [pairs[key] for pairs in found if key in pairs]


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _pairs(node: ast.Dict) -> list[tuple[str, ast.expr]]:
    return [
        (key.value, value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]
