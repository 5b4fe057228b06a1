"""What a person must know before a yes, one warning for each kind of danger, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent.excerpt import COMMAND, Text, hosts, hosts_of
from consent.quoted import inline
from consent.services import KNOWN_HOSTS, POWERS, keys_of

if TYPE_CHECKING:
    from consent.describe import Description


@dataclass(frozen=True)
class Danger:
    """One warning: in a line where there is room for it, in two or three words where there are many."""

    brief: str
    line: str


_STEERING = re.compile(
    r"PATH|LD_\w+|DYLD_\w+|PYTHON\w+|BASH_ENV|ENV|IFS|PROMPT_COMMAND|NODE_OPTIONS|NODE_PATH|PERL5\w+|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|"
    r"\w*INDEX(?:_\w+)?_URL|\w*INDEX_URL|UV_(?:DEFAULT_)?INDEX\w*|UV_(?:FIND_LINKS|CONFIG_FILE|OVERRIDE|CONSTRAINT|PROJECT|INSECURE_HOST|PYTHON\w*)|"
    r"PIP_\w+|npm_config_\w+|NPM_CONFIG_\w+|GIT_\w+|SSH_\w+|HOME|XDG_CONFIG_\w+|HF_(?:ENDPOINT|HOME|HUB_\w*URL\w*|INFERENCE_ENDPOINT)|\w+_PROXY|"
    r"\w+_proxy|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|CURL_HOME|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|OPENSSL_\w+|"
    r"\w*(?:BASE_URL|API_BASE|_ENDPOINT|_ENDPOINT_URL|API_URL|API_HOST|BASE_URI)|\w+_HOST|\w+_URL|FAST_AGENT_CONFIG\w*|CONFIG_FILE"
)
_ELSEWHERE = re.compile(r"\w*(?:BASE_URL|API_BASE|ENDPOINT|ENDPOINT_URL|API_URL|API_HOST|BASE_URI|_HOST|_URL)")
_ASSIGNED = re.compile(
    r"(?:^|[\s;&|(\"'\[{])([A-Za-z_]\w+)(?:[\"']\]?)?\s*(?:=(?!=)|:)\s*[\"']?([^\s\"',;]*)", re.MULTILINE
)
_ARGUMENT = re.compile(
    r"(?<![\w-])(--(?:(?:default-|extra-)?index(?:-url)?|find-links|trusted-host|allow-insecure-host|base-url|api-base|endpoint(?:-url)?|"
    r"proxy|cacert|ca-bundle|insecure|no-check-certificate|no-verify-ssl|config-settings|config-file|python-preference)"
    r"|-k(?=\s[^|;&]*https?:)|-x(?=\s+\S*://)|-i(?=\s+https?://))(?![\w-])(?:[=\s]+([^\s'\"|;&]+))?"
)
_FETCHES = (
    (re.compile(r"\bgit\+(?:https?|ssh|git|file)://(?!\S*@[0-9a-f]{40}\b)|\bgit\+\w+@"), "a git package at no fixed commit"),
    (re.compile(r"\b(?:curl|wget)\b[^\n;]*(?:\|\s*(?:sudo\s+)?(?:[\w/]*/)?(?:env\s+)?(?:ba|z|da|k)?sh\b|\|\s*python|\|\s*(?:node|perl|ruby))"), "a download piped into a shell"),
    (re.compile(r"\b(?:sh|bash|zsh|python3?)\s+(?:-c\s+)?[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget)\b|\b(?:source|eval|\.)\s+[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget)"), "a download run by a shell"),
    (re.compile(r"\b(?:uv|uvx|uv\s+tool)\s+run\b[^\n;|&]*\s[\"']?https?://|\b(?:deno|bun|node|python3?)\s+(?:run\s+)?https?://"), "a program at an address"),
    (re.compile(r"(?:@\s*|--with[= ]|--from[= ]|--requirements?[= ]|-r\s+|install\s+)[\"']?https?://(?!\S*#sha256=)"), "a package at an address"),
    (re.compile(r"\b(?:pip3?|conda|mamba|uv\s+pip|apt|apt-get|apk|npm|pnpm|yarn|cargo|gem|brew)\s+(?:-\S+\s+)*(?:install|add|i)\b|\bpip[\"'],\s*[\"']install"), "packages installed by the program"),
    (re.compile(r"\b(?:npx|bunx|uvx|pipx\s+run|uv\s+tool\s+(?:run|install)|uv\s+add)\b"), "a tool fetched by name"),
    (re.compile(r"\bgit\s+clone\b|[\"']git[\"'],\s*[\"']clone"), "a repository cloned"),
    (re.compile(r"trust_remote_code\s*[=:]\s*[Tt]rue|--trust[-_]remote[-_]code|torch\.hub\.load"), "code out of a model's repository"),
    (re.compile(r"\b(?:exec|eval)\s*\([^\n]*(?:requests|httpx|urlopen|urllib|\.text|\.content|\.read\()"), "downloaded text run as code"),
    (re.compile(r"--(?:agent-)?(?:card|cards|prompt-file|prompt|pack|template|input|json-schema|instruction|config|skills?)[= ]+[\"']?(?:hf|https?)://"), "a card or prompt at an address"),
    (re.compile(r"\bhf://(?!buckets/)\S+\.(?:md|ya?ml|json|txt|toml)\b"), "a card or prompt at hf://"),
    (re.compile(r"\[\[?tool\.uv\.(?:index|sources)|^\s*(?:extra-)?index-url\s*=|^\s*-(?:-extra)?-index-url|^\s*--(?:extra-)?index-url", re.MULTILINE), "packages from an index of its own"),
)  # fmt: skip
_HIDDEN = re.compile(
    r"base64\s+(?:-d|--decode|-D)\b[^\n]*\||b64decode\([^\n]*\)[^\n]*\b(?:exec|eval)|(?:exec|eval)\s*\([^\n]*"
    r"(?:b64decode|decompress|fromhex|unhexlify|decode\(|rot13|marshal|chr\()|\bxxd\s+-r[^\n]*\|\s*\w*sh\b|"
    r"marshal\.loads|pickle\.loads"
)
_BUILDS = re.compile(r"(?:^|/)(?:pyproject\.toml|setup\.py|setup\.cfg|uv\.toml|uv\.lock|requirements[\w-]*\.txt)$")
_LOADED = re.compile(
    r"(?:^|/)(?:sitecustomize\.py|usercustomize\.py|conftest\.py|\.env|\.envrc|pip\.conf|\.pip/\S+|\.npmrc|\.netrc|"
    r"\.gitconfig|\.condarc|\.bashrc|\.profile|\.bash_profile|\.zshrc|[^/]+\.pth|\.ssh/\S+)$"
)
_CONFIG = re.compile(r"\.(?:ya?ml|toml|json|ini|cfg|conf|env|md)$")
_ADDRESS = re.compile(
    r"(?:base_?url|api_base|endpoint(?:_url)?|api_url|\burl|_URL|_HOST|\bserver|\bhost|proxy)[\"']?\s*[:=]\s*[\"']?"
    r"([^\s\"',]+)", re.IGNORECASE,
)  # fmt: skip
_STARTS = re.compile(
    r"^[\s\-{]*[\"']?(?:command|cmd|exec|entrypoint|run|hooks?|shell|stdio|function_tools)[\"']?\s*[:=]\s*[\"'\[]*([^\n\"',}\]]+)",
    re.MULTILINE,
)


def dangers(told: Description, found: Sequence[Text], mask: Callable[[str], str]) -> list[Danger]:
    """Every danger of what `told` describes, whose texts are `found`."""
    spec = told.spec
    listed: list[Danger] = []

    def warn(brief: str, line: str) -> None:
        listed.append(Danger(brief, line))

    if told.changed:
        warn("CHANGED files", f"CHANGED since approval, will not run: {_some(told.changed, mask)}")
    if told.unsandboxed:
        warn("NO SANDBOX", "no sandbox: it can read and change all that you can here")
    if told.unknown:
        warn("unknown settings", f"stored settings that this server does not know: {_some(told.unknown, mask)}")
    for address in _addresses(spec.env, found, spec.secret_names):
        warn("a key sent ELSEWHERE", mask(address))
    away = [host for text in found for host in hosts_of(text)]
    away += [host for _, value in spec.env for host in hosts(value, words=True)]
    strange = [host for host in dict.fromkeys(away) if not _is_known(host)]
    if strange and spec.secret_names:
        warn("connects to strange hosts", f"its text names hosts: {_some(strange, mask)}")
    if steering := list(dict.fromkeys(_steering(spec.env, found, spec.packages))):
        warn("steers programs", f"steers programs: {_some(steering, mask)}")
    if fetched := list(dict.fromkeys(_fetched(spec.command, spec.packages, found))):
        warn("fetches code", f"runs code that your yes does not cover: {_some(fetched, mask)}")
    if hidden := [text.path for text in found if _HIDDEN.search(text.data or "")]:
        warn("hidden code", f"decodes text and runs it: {_some(hidden, mask)}")
    if configured := list(_configured(found)):
        warn("config starts programs", f"configuration starts programs: {_some(configured, mask)}")
    if strong := [name for name in spec.secret_names if name in POWERS]:
        can = POWERS[strong[0]] if len(strong) == 1 else "write or spend in your name"
        warn("tokens that write or spend", f"{_some(strong, mask)} can {can}")
    if told.repeats:
        often = f" ({inline(mask(spec.schedule))} UTC)" if spec.schedule else ""
        warn("EVERY run, no end", f"EVERY run{often}, with no end until it is deleted")
    if spec.expose_public:
        ports = ", ".join(map(str, spec.expose_public))
        warn("PUBLIC port", f"PUBLIC: port {ports} is open to anyone, without signing in")
    if told.can_rewrite:
        warn("can change other jobs", f"can change what other jobs run: {_some(told.can_rewrite, mask)}")
    others = [mount.uri for mount in spec.volumes if mount.uri not in told.can_rewrite and _others_write(mount)]
    if others:
        warn("folders of others", f"others can change what is mounted: {_some(others, mask)}")
    if told.is_costly:
        warn("over your limit", _costly(told))
    return listed


def _costly(told: Description) -> str:
    limit = f"your limit of ${told.confirm_above_usd:,.2f}"
    if told.worst_usd is None:
        return f"no price is known; {limit} cannot be kept"
    each = " in a month" if told.repeats else ""
    return f"${told.worst_usd:,.2f}{each} at worst is above {limit}"


def _addresses(
    env: Sequence[tuple[str, str]], found: Sequence[Text], secrets: Sequence[str]
) -> Iterator[str]:
    """Where a service's own key would go to an address of the caller's."""
    said: list[tuple[str, str, str]] = [(name, value, "") for name, value in env if _ELSEWHERE.fullmatch(name)]
    for text in found:
        for name, value in _ASSIGNED.findall(text.data or ""):
            if _ELSEWHERE.fullmatch(name) and name.isupper():
                said.append((name, value, text.path))
    for name, value, _ in said:
        key = next((secret for secret in secrets if keys_of(name, secret)), None)
        if key is not None and (not value or not _is_here(value)):
            yield f"{inline(name)} sends {key} to {inline(_host(value)) or 'another address'}"
    for text in found:
        if text.path == COMMAND or not _is_config(text):
            continue
        for value in _ADDRESS.findall(text.data or ""):
            strange = [host for host in hosts(value, words=True) if not _is_known(host)]
            if strange and (secrets or "key" in (text.data or "").lower()):
                yield f"{inline(text.path)} sends what it holds to {inline(strange[0])}"
                break


def _steering(env: Sequence[tuple[str, str]], found: Sequence[Text], packages: Sequence[str]) -> Iterator[str]:
    for name, value in env:
        if _STEERING.fullmatch(name):
            yield f"{name}={_host(value) if '://' in value else value}"
    for text in found:
        data = text.data or ""
        for name, value in _ASSIGNED.findall(data):
            if name.isupper() and name not in {"ENV", "HOME"} and _STEERING.fullmatch(name):
                yield f"{name}={_host(value) if '://' in value else value}"
            elif name.lower().endswith("_proxy") and "://" in value:
                yield f"{name}={_host(value)}"
        shell = text.path == COMMAND or text.path.endswith((".sh", ".bash", "Makefile"))
        if shell:
            for name, value in _ARGUMENT.findall(data):
                yield f"{name} {_host(value)}".strip()
        if _LOADED.search(text.path):
            yield text.path
    for name in packages:
        if name.startswith("-"):
            yield name


def _fetched(command: Sequence[str], packages: Sequence[str], found: Sequence[Text]) -> Iterator[str]:
    if command and re.match(r"(?:https?|hf)://", command[0]):
        yield f"the program at {_host(command[0])}"
    asked = "\n".join(packages)
    for text in (Text("packages", asked, 0), *found):
        data = text.data or ""
        for pattern, what in _FETCHES:
            match = pattern.search(data)
            if match:
                line = data[match.start() : match.end() + 120].partition("\n")[0]
                from_host = next(iter(hosts(line, words=True)), "")
                yield f"{what}{f' ({from_host})' if from_host else ''}"
        if _BUILDS.search(text.path) and re.search(r"build-backend|\[build-system\]|setup\(|tool\.uv", data):
            yield f"a package built by {text.path}"


def _configured(found: Sequence[Text]) -> Iterator[str]:
    for text in found:
        if text.path == COMMAND or not _is_config(text):
            continue
        match = _STARTS.search(text.data or "")
        if match:
            yield f"{text.path} ({match[1].strip()})"


def _is_config(text: Text) -> bool:
    return bool(_CONFIG.search(text.path)) or bool(_LOADED.search(text.path))


def _others_write(mount: object) -> bool:
    return getattr(mount, "type", "") == "bucket" or not getattr(mount, "revision", None)


def _is_known(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in KNOWN_HOSTS)


def _is_here(value: str) -> bool:
    return bool(re.match(r"(?:\w+://)?(?:localhost|127\.|0\.0\.0\.0|\[::1\])", value))


def _host(value: str) -> str:
    return next(iter(hosts(value, words=True)), value)


def _some(items: Iterable[str], mask: Callable[[str], str]) -> str:
    return ", ".join(inline(mask(item)) for item in items)


