"""Which variables command-line tools look for. A row a tool; add one here.

A row begins with the words that have to stand first (`hf upload`; `hf` alone is any of its subcommands that no longer
row takes). With `option`, it counts only where that option is given, and is not `false`, `none` or `no`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.planning import configurations, fast_agent_needs, libraries, trainers
from jobs.planning.model_strings import alias_secrets, model_secrets
from jobs.planning.need import Access, Confidence, Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jobs.commands.calls import ProgramCall

_HF_TOKEN = ("HF_TOKEN",)
_DATABASE = "reach a database"
_GOOGLE_CLOUD = ("GOOGLE_APPLICATION_CREDENTIALS",)
_ADDRESSES = re.compile(
    r"(?:^|,)(?:[\w-]*(?:base[-_]url|api[-_]base)|url|server[-_]url|endpoint|host)=([^,]+)", re.IGNORECASE
)
_SHORT_NAMES = frozenset({"aider", "llm", "mods", "gptme", "aichat", "fabric"})
_KAGGLE = ("KAGGLE_USERNAME", "KAGGLE_KEY")


@dataclass(frozen=True, slots=True)
class Tool:
    """`models` are options whose value is `provider/model`; `repositories` those that name what is read.

    In `models`, `$NAME` is a variable that says it where no option does. `configuration` is the file that is read where
    no option names one. A server on this machine, by whatever option, needs no key.
    """

    words: str
    secrets: tuple[str, ...] = ()
    use: str = libraries.TOOL
    access: Access = ""
    option: str = ""
    value: str = ""
    given: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    confidence: Confidence = "needed"
    configuration: str = ""


def _hub(words: str, access: Access = "write", use: str = libraries.PUSH) -> Tool:
    return Tool(words, ("HF_TOKEN",), use, access, given=("--token",))


_HF = tuple(
    _hub(f"{program} {words}", access, use)  # type: ignore[arg-type]  # each is one of Access's words
    for program in ("hf", "huggingface-cli", "huggingface_hub.commands.huggingface_cli", "huggingface_hub.cli.hf")
    for words, access, use in (
        *(
            (each, "write", libraries.PUSH)
            for each in (
                "upload",
                "upload-large-folder",
                "repo create",
                "repo delete",
                "repo move",
                "repo tag",
                "repo branch",
                "repo settings",
                "repo-files",
                "repos create",
                "repos delete",
                "repos move",
                "repos duplicate",
                "tag",
                "collections create",
                "repos settings",
                "repos branch",
                "repos tag",
                "repos delete-files",
                "buckets",
                "sync",
                "endpoints",
                "discussions create",
                "webhooks",
                "lfs-enable-largefiles",
                "spaces",
            )
        ),
        *(
            (each, "write", "start jobs")
            for each in (
                "jobs run",
                "jobs uv run",
                "jobs scheduled",
                "jobs cancel",
                "jobs ps",
                "jobs logs",
                "jobs inspect",
            )
        ),
        *((each, "read", libraries.READ) for each in ("auth whoami", "whoami", "auth login", "login", "auth token")),
    )
)

TOOLS: tuple[Tool, ...] = (
    *_HF,
    Tool("hf download", repositories=("",)),
    Tool("huggingface-cli download", repositories=("",)),
    Tool("hf", ()),
    Tool("wandb login", ("WANDB_API_KEY",), libraries.LOG),
    Tool("wandb sync", ("WANDB_API_KEY",), libraries.LOG),
    Tool("wandb agent", ("WANDB_API_KEY",), libraries.LOG),
    Tool("wandb sweep", ("WANDB_API_KEY",), libraries.LOG),
    Tool("wandb artifact", ("WANDB_API_KEY",), libraries.LOG),
    Tool("wandb launch", ("WANDB_API_KEY",), libraries.LOG),
    Tool("lighteval endpoint inference-providers", ("HF_TOKEN",), libraries.CALL, "inference"),
    Tool("lighteval endpoint inference-endpoint", ("HF_TOKEN",), libraries.CALL, "inference"),
    Tool("lighteval endpoint litellm", models=("",), configuration="litellm.yaml"),
    Tool("lighteval eval", models=("",)),
    Tool("lighteval", ("HF_TOKEN",), libraries.PUSH, "write", option="--push-to-hub"),
    Tool("lighteval", ("HF_TOKEN",), libraries.PUSH, "write", option="--results-org"),
    Tool("lighteval", ("WANDB_API_KEY",), libraries.LOG, option="--wandb"),
    Tool("lighteval", repositories=("",)),
    Tool("inspect eval", models=("--model", "--model-role", "$INSPECT_EVAL_MODEL")),
    Tool("inspect eval-set", models=("--model", "--model-role", "$INSPECT_EVAL_MODEL")),
    Tool("inspect_ai eval", models=("--model", "$INSPECT_EVAL_MODEL")),
    Tool("lm_eval", ("HF_TOKEN",), libraries.PUSH, "write", option="--hf_hub_log_args"),
    Tool("lm_eval", ("WANDB_API_KEY",), libraries.LOG, option="--wandb_args"),
    Tool(
        "lm_eval",
        ("OPENAI_API_KEY",),
        libraries.CALL,
        option="--model",
        value="openai-chat-completions|openai-completions",
    ),
    Tool(
        "lm_eval",
        ("ANTHROPIC_API_KEY",),
        libraries.CALL,
        option="--model",
        value="anthropic-chat|anthropic-chat-completions",
    ),
    Tool(
        "lm_eval",
        ("OPENAI_API_KEY",),
        libraries.CALL,
        option="--model",
        value="local-(chat-)?completions",
        confidence="probably",
    ),
    Tool("lm_eval", repositories=("--model_args",)),
    Tool("lm-eval", ("HF_TOKEN",), libraries.PUSH, "write", option="--hf_hub_log_args"),
    Tool("lm-eval", repositories=("--model_args",)),
    Tool("vllm", repositories=("", "--model", "--tokenizer")),
    Tool("vllm.entrypoints.openai.api_server", repositories=("--model", "--tokenizer")),
    Tool("sglang.launch_server", repositories=("--model-path", "--model")),
    Tool("sglang serve", repositories=("--model-path", "--model")),
    Tool("text-generation-launcher", repositories=("--model-id",)),
    Tool("text-embeddings-router", repositories=("--model-id",)),
    Tool("llama-server", repositories=("-hf", "--hf-repo")),
    Tool("transformers serve", repositories=("", "--model")),
    Tool("transformers chat", repositories=("",)),
    Tool("autotrain", ("HF_TOKEN",), libraries.PUSH, "write", option="--push-to-hub"),
    Tool("llamafactory-cli", ("HF_TOKEN",), libraries.PUSH, "write", option="--export_hub_model_id"),
    Tool("tiny-agents run", ("HF_TOKEN",), libraries.CALL, "inference"),
    Tool(
        "lerobot-record", ("HF_TOKEN",), libraries.PUSH, "write", "--dataset.repo_id", given=("--dataset.push_to_hub",)
    ),
    Tool("gemini-cli", ("GEMINI_API_KEY",), libraries.CALL),
    Tool("opencode run", models=("--model", "-m")),
    Tool("cursor-agent", ("CURSOR_API_KEY",), libraries.CALL),
    Tool("amp", ("AMP_API_KEY",), libraries.CALL),
    Tool("kaggle", _KAGGLE, "reach Kaggle"),
    Tool("aws", libraries.AWS, libraries.CLOUD, given=("--no-sign-request",)),
    Tool("s5cmd", libraries.AWS, libraries.CLOUD, given=("--no-sign-request",)),
    Tool("gh", ("GH_TOKEN|GITHUB_TOKEN",), "reach GitHub"),
    Tool("npm publish", ("NODE_AUTH_TOKEN|NPM_TOKEN",), "publish a package"),
    Tool("cargo publish", ("CARGO_REGISTRY_TOKEN",), "publish a package", given=("--token",)),
    Tool("poetry publish", ("POETRY_PYPI_TOKEN_PYPI",), "publish a package", given=("-p", "--password")),
    Tool("hatch publish", ("HATCH_INDEX_AUTH",), "publish a package", given=("-a", "--auth")),
    Tool("gcloud", _GOOGLE_CLOUD, libraries.CLOUD, confidence="probably"),
    Tool("gsutil", _GOOGLE_CLOUD, libraries.CLOUD, confidence="probably"),
    Tool("bq", _GOOGLE_CLOUD, libraries.CLOUD, confidence="probably"),
    Tool("az storage", ("AZURE_STORAGE_KEY|AZURE_STORAGE_CONNECTION_STRING|AZURE_STORAGE_SAS_TOKEN",), libraries.CLOUD),
    Tool("azcopy", ("AZCOPY_SPA_CLIENT_SECRET",), libraries.CLOUD, confidence="probably"),
    Tool("rclone", libraries.AWS, libraries.CLOUD, option="--s3-env-auth"),
    Tool("psql", ("PGPASSWORD",), _DATABASE, option="-h", confidence="probably"),
    Tool("psql", ("PGPASSWORD",), _DATABASE, option="--host", confidence="probably"),
    Tool("pg_dump", ("PGPASSWORD",), _DATABASE, option="-h", confidence="probably"),
    Tool("pg_dump", ("PGPASSWORD",), _DATABASE, option="--host", confidence="probably"),
    Tool("pg_restore", ("PGPASSWORD",), _DATABASE, option="-h", confidence="probably"),
    Tool("mysql", ("MYSQL_PWD",), _DATABASE, option="-h", confidence="probably"),
    Tool("mysqldump", ("MYSQL_PWD",), _DATABASE, option="-h", confidence="probably"),
    Tool("vercel", ("VERCEL_TOKEN",), given=("--token", "-t")),
    Tool("netlify deploy", ("NETLIFY_AUTH_TOKEN",), given=("--auth",)),
    Tool("fly", ("FLY_API_TOKEN",)),
    Tool("flyctl", ("FLY_API_TOKEN",)),
    Tool("wrangler", ("CLOUDFLARE_API_TOKEN",)),
    Tool("sentry-cli", ("SENTRY_AUTH_TOKEN",)),
    Tool("snyk", ("SNYK_TOKEN",)),
    Tool("codecov", ("CODECOV_TOKEN",), given=("-t", "--token")),
    Tool("replicate", ("REPLICATE_API_TOKEN",), libraries.CALL),
    Tool("dbt", ("DBT_ENV_SECRET_PASSWORD",), _DATABASE, confidence="optional"),
    Tool("twine upload", ("TWINE_PASSWORD",), "publish a package", given=("-p", "--password")),
    Tool("uv publish", ("UV_PUBLISH_TOKEN",), "publish a package", given=("-t", "--token", "--password")),
    Tool("modal", ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET")),
    Tool("claude", ("ANTHROPIC_API_KEY",), libraries.CALL),
    Tool("claude-code", ("ANTHROPIC_API_KEY",), libraries.CALL),
    Tool("codex exec", ("OPENAI_API_KEY|CODEX_API_KEY",), libraries.CALL),
    Tool("gemini", ("GEMINI_API_KEY",), libraries.CALL),
    Tool("openai api", ("OPENAI_API_KEY",), libraries.CALL),
    Tool("goose run", models=("--provider", "$GOOSE_PROVIDER")),
    Tool("gptme", models=("-m", "--model", "$MODEL")),
    Tool("mods", models=("-m", "--model", "-a", "--api")),
    Tool("evalplus.evaluate", models=("--backend",)),
    Tool("evalplus.codegen", models=("--backend",)),
    Tool("crush run", models=("-m", "--model")),
    Tool("qwen", ("DASHSCOPE_API_KEY|OPENAI_API_KEY",), libraries.CALL),
    Tool("tgpt", models=("--provider",)),
    Tool("aichat", models=("-m", "--model")),
    Tool("fabric", models=("-m", "--model", "-V", "--vendor")),
    Tool("shell-gpt", ("OPENAI_API_KEY",), libraries.CALL),
    Tool("sgpt", ("OPENAI_API_KEY",), libraries.CALL),
    Tool("ragas", ("OPENAI_API_KEY",), libraries.CALL, confidence="probably"),
    Tool("deepeval test", ("OPENAI_API_KEY",), libraries.CALL, confidence="probably"),
    Tool("tinker", ("TINKER_API_KEY",)),
    Tool("aider", models=("--model", "--weak-model", "--editor-model", "$AIDER_MODEL")),
    Tool("litellm", models=("--model", "-m"), configuration="config.yaml"),
    Tool("llm", models=("-m", "--model")),
    Tool("promptfoo eval", models=("--providers", "-r"), configuration="promptfooconfig.yaml"),
    Tool("weave", ("WANDB_API_KEY",), libraries.LOG),
    Tool("comet", ("COMET_API_KEY",), libraries.LOG),
    Tool("neptune", ("NEPTUNE_API_TOKEN",), libraries.LOG),
    Tool("trackio sync", ("HF_TOKEN",), libraries.LOG, "write"),
    Tool("prime", ("PRIME_API_KEY",), libraries.TOOL, confidence="probably"),
    Tool("doppler run", ("DOPPLER_TOKEN",), libraries.TOOL),
    Tool("infisical run", ("INFISICAL_TOKEN",), libraries.TOOL),
    Tool("mlflow", ("MLFLOW_TRACKING_TOKEN",), libraries.LOG, confidence="optional"),
    Tool("dvc push", libraries.AWS, libraries.CLOUD, confidence="optional"),
)


def tool_needs(call: ProgramCall, files: Mapping[str, str]) -> Iterator[Need]:
    """What one program call needs by its own rows, by the options of a trainer, and by the YAML files it is given."""
    options = _options(call.words)
    words = (call.program, *call.words[1:])
    best = 0
    for first, tool in _by_program().get(call.program, ()):
        if words[: len(first)] != first:
            continue
        if tool.option or len(first) >= best or tool.models or tool.repositories:
            best = max(best, len(first)) if not tool.option else best
            yield from _row(tool, call, options, words[len(first) :])
            yield from configurations.models_of(call, tool.words, tool.configuration, files)
    yield from trainers.needs(call, options, files)
    if call.program == "git":
        yield from _git(call)
    if call.program == "python" and len(call.words) > 1 and _RECIPE.match(call.words[1]):
        yield from _recipe(call)


@functools.cache
def _by_program() -> dict[str, list[tuple[tuple[str, ...], Tool]]]:
    """The rows by the program that they begin with, in the table's order, with their words apart."""
    rows: dict[str, list[tuple[tuple[str, ...], Tool]]] = {}
    for tool in TOOLS:
        first = tuple(tool.words.split())
        rows.setdefault(first[0], []).append((first, tool))
    return rows


def _row(tool: Tool, call: ProgramCall, options: Sequence[tuple[str, str]], rest: Sequence[str]) -> Iterator[Need]:
    given = {name for name, _ in options}
    if given & ({*tool.given, "--help", "-h", "--version"} - {tool.option}) or not _counts(tool, options):
        return
    if (tool.models or tool.use == libraries.CALL) and _is_local(options):
        return
    why = f"{call.place}: {tool.words}" + (f" {tool.option}" if tool.option else "")
    for name in tool.secrets:
        yield from _choice(name, why, tool.use, tool.access, tool.confidence)
    secrets_of = alias_secrets if call.program in _SHORT_NAMES else model_secrets
    said = [model for option in tool.models for model in _models(option, options, rest)]
    if not given & {"--model", "-m"}:
        said += [call.env[name[1:]] for name in tool.models if name[:1] == "$" and name[1:] in call.env]
    for model in said:
        for name in secrets_of(model) or model_secrets(f"{model}/"):
            yield from _choice(name, f"{call.place}: {tool.words} with {model}", libraries.CALL)
    for option in tool.repositories:
        for value in _values(option, options, rest):
            yield from trainers.gated(value, call.place)


def _counts(tool: Tool, options: Sequence[tuple[str, str]]) -> bool:
    """Whether the row's option, if it has one, is given with a value that means it."""
    values = [value for name, value in options if _same(name, tool.option) and value.lower() not in trainers.FALSE]
    if tool.value:
        values = [value for value in values if re.fullmatch(tool.value, value)]
    return not tool.option or bool(values)


def _models(option: str, options: Sequence[tuple[str, str]], rest: Sequence[str]) -> Iterator[str]:
    """Models in an option's value: several with commas, behind `model_name=`, or behind a role's name."""
    for value in _values(option, options, rest):
        named = value.rpartition("model_name=")[2].partition(",")[0] if "model_name=" in value else value
        for model in re.split(r"[,\s]", named):
            yield model.rpartition("=")[2] if option == "--model-role" else model


def _is_local(options: Sequence[tuple[str, str]]) -> bool:
    """Whether an option gives the address of a server on this machine."""
    pairs = ((name.lstrip("-"), value) for name, value in options)
    given = [found[1] for name, value in pairs for found in _ADDRESSES.finditer(f"{name}={value}")]
    given += [found[1] for _, value in options for found in _ADDRESSES.finditer(value)]
    return any(fast_agent_needs.is_local(each if urlsplit(each).netloc else f"//{each}") for each in given)


def _choice(names: str, why: str, use: str, access: Access = "", confidence: Confidence = "needed") -> Iterator[Need]:
    each = names.split("|")
    for name in each:
        others = tuple(other for other in each if other != name)
        yield Need(name, why, "one of" if others else confidence, use, access, others)


def _values(option: str, options: Sequence[tuple[str, str]], rest: Sequence[str]) -> list[str]:
    """The option's values; of the empty option, the words that are none's."""
    if option:
        return [value for name, value in options if _same(name, option)]
    return [word for word in rest if not word.startswith("-")]


def _git(call: ProgramCall) -> Iterator[Need]:
    """`git push` to the Hub, which asks for a password that only a token is."""
    if "push" in call.words[1:3] and any("huggingface.co" in word or "hf.co" in word for word in call.words):
        yield Need("HF_TOKEN", f"{call.place}: git push to the Hub", "needed", libraries.PUSH, "write")


_RECIPE = re.compile(r"https://(huggingface\.co|hf\.co)/datasets/uv-scripts/")
_DATA_SET = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def _recipe(call: ProgramCall) -> Iterator[Need]:
    """A recipe of uv-scripts on the Hub: of the data sets it is given, the last is the one that it writes."""
    if sum(bool(_DATA_SET.fullmatch(word)) for word in call.words[2:]) > 1:
        why = f"{call.place}: a recipe of uv-scripts with a data set to write"
        yield Need("HF_TOKEN", why, "probably", libraries.PUSH, "write")


def _options(words: Sequence[str]) -> list[tuple[str, str]]:
    """Every option with its value, or `true` where none follows; `key=value` words are options too."""
    found: list[tuple[str, str]] = []
    for at, word in enumerate(words[1:], 1):
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            if equals and re.fullmatch(r"\+?[A-Za-z_][\w.]*", name):
                found.append((name, value))
            continue
        if not equals:
            follows = at + 1 < len(words) and not words[at + 1].startswith("-")
            value = words[at + 1] if follows else "true"
        found.append((name, value))
    return found


def _same(name: str, option: str) -> bool:
    return name.replace("_", "-") == option.replace("_", "-")
