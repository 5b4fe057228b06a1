"""What dangers look like in a job's texts, an expression for each kind, and the words for code that is fetched."""

# ruff: noqa: E501 - an alternative a line reads worse than an expression as it stands

from __future__ import annotations

import re

STEERING = re.compile(
    r"PATH|LD_\w+|DYLD_\w+|PYTHON\w+|BASH_ENV|ENV|IFS|PROMPT_COMMAND|NODE_OPTIONS|NODE_PATH|PERL5\w+|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|"
    r"\w*INDEX(?:_\w+)?_URL|\w*INDEX_URL|UV_(?:DEFAULT_)?INDEX\w*|UV_(?:FIND_LINKS|CONFIG_FILE|OVERRIDE|CONSTRAINT|PROJECT|INSECURE_HOST|PYTHON\w*)|"
    r"PIP_\w+|npm_config_\w+|NPM_CONFIG_\w+|GIT_\w+|SSH_\w+|HOME|XDG_CONFIG_\w+|HF_(?:ENDPOINT|HUB_\w*URL\w*|INFERENCE_ENDPOINT)|\w+_PROXY|"
    r"\w+_proxy|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|CURL_HOME|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|OPENSSL_\w+|"
    r"\w*(?:BASE_URL|API_BASE|_ENDPOINT|_ENDPOINT_URL|API_URL|API_HOST|BASE_URI)|\w+_HOST|\w+_URL|FAST_AGENT_CONFIG\w*|CONFIG_FILE"
)
SWITCHES = re.compile(
    r"PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|IOENCODING|UTF8|HASHSEED|FAULTHANDLER|ASYNCIODEBUG|TRACEMALLOC|NOUSERSITE|COERCECLOCALE)|"
    r"PIP_(?:NO_CACHE_DIR|DISABLE_PIP_VERSION_CHECK|QUIET|NO_INPUT|ROOT_USER_ACTION|PROGRESS_BAR|NO_COLOR|BREAK_SYSTEM_PACKAGES)|"
    r"GIT_(?:TERMINAL_PROMPT|LFS_SKIP_SMUDGE|AUTHOR_\w+|COMMITTER_\w+|PAGER|EDITOR|COMMIT|BRANCH|SHA|REF)"
)
"""Variables of a steering kind that steer nothing."""

COMPUTED_HOST = re.compile(
    r"""["']https?://["']\s*[+%]|\bf["']https?://\{[^}\n]{1,80}\}(?:[/:"'?]|$)|https?://\$\(""", re.MULTILINE
)
SEARCHED = re.compile(r"""sys\.path\.(?:insert|append|extend)\([^)\n]{0,80}?["'](/(?!workspace\b)[^"'\n]+)["']""")
ALL_VARIABLES = re.compile(
    r"\b(?:data|json|params|content|body|files|payload)\s*=\s*(?:\w+(?:\.\w+)*\(\s*)*\{?(?:\*\*)?os\.environ(?:\.copy\(\))?\s*[,)}]|"
    r"\b(?:printenv|env|set|export\s+-p|declare\s+-p|cat\s+/proc/\w+/environ)\s*\|[^\n;&]{0,600}\b(?:curl|wget|nc|ncat|mail|openssl|socat)\b|"
    r"\b(?:curl|wget)\b[^\n;]{0,300}[\"'=]?(?:\$\(|`)\s*(?:printenv|env|set|cat\s+/proc/\w+/environ)\b|@/proc/\w+/environ|"
    r"[\"'(]/proc/(?:self|\d+)/environ"
)
ELSEWHERE = re.compile(r"\w*(?:BASE_URL|API_BASE|ENDPOINT|ENDPOINT_URL|API_URL|API_HOST|BASE_URI|_HOST|_URL)")
ASSIGNED = re.compile(
    r"(?:^|[\s;&|(\"'\[{])([A-Za-z_]\w+)(?:[\"']\]?)?\s*(?:=(?!=)|:)\s*[\"']?([^\s\"',;]*)", re.MULTILINE
)
ARGUMENT = re.compile(
    r"(?<![\w-])(--(?:(?:default-|extra-)?index(?:-url)?|find-links|trusted-host|allow-insecure-host|base-url|api-base|endpoint(?:-url)?|"
    r"proxy|cacert|ca-bundle|insecure|no-check-certificate|no-verify-ssl|config-settings|config-file|python-preference)"
    r"|-k(?=\s[^|;&]{0,400}https?:)|-x(?=\s+\S*://)|-i(?=\s+https?://))(?![\w-])(?:[=\s]+([^\s'\"|;&]+))?"
)
SAVED = re.compile(
    r"\b(?:curl|wget)\b[^\n;|&]{0,300}?\s(?:-[a-zA-Z]{0,5}[oO]|--output(?:-document)?)[ =]{0,2}([^\s;|&\"']{1,200})"
)
"""A download that is kept as a file."""

CLIENT_ADDRESS = re.compile(
    r"""\b(?:base_url|api_base|base_uri|azure_endpoint|endpoint(?:_url)?|server_url)["']?\s*[=:]\s*f?["'](https?://[^"'\s]{1,300})"""
)
"""An address that a program gives to the client of a service."""

GOES_TO = "has programs go to"
STEERED = tuple(
    (re.compile(pattern, re.IGNORECASE), does)
    for pattern, does in (
        (r"proxy|^-x$", "sends its traffic through"),
        (r"index|find[-_]links|^-i\b", "takes packages from"),
        (r"cert|ca[-_]bundle|cacert|insecure|trusted|verify|tls_reject|^-k$", "trusts other certificates:"),
        (r"^(?:ld|dyld)_", "loads a library into programs:"),
        (r"base_url|base-url|api_base|api-base|base_uri|endpoint|api_url|_host$|_url$", GOES_TO),
    )
)
"""What settings of a steering kind do, the first that fits."""

FETCHES = (
    (re.compile(r"\bgit\+(?:https?|ssh|git|file)://(?!\S{0,300}@[0-9a-f]{40}\b)|\bgit\+\w+@"), "a git package at no fixed commit"),
    (re.compile(r"\b(?:curl|wget)\b[^\n;]{0,400}(?:\|\s*(?:sudo\s+)?(?:[\w/]*/)?(?:env\s+)?(?:ba|z|da|k)?sh\b|\|\s*python|\|\s*(?:node|perl|ruby))"), "a download piped into a shell"),
    (re.compile(r"\b(?:sh|bash|zsh|python3?)\s+(?:-c\s+)?[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget)\b|\b(?:source|eval|\.)\s+[\"']?(?:<\(|\$\(|`)\s*(?:curl|wget)"), "a download run by a shell"),
    (re.compile(r"\b(?:uv|uvx|uv\s+tool)\s+run\b[^\n;|&]{0,400}\s[\"']?https?://|\b(?:deno|bun|node|python3?)\s+(?:run\s+)?https?://"), "a program at an address"),
    (re.compile(r"(?:@\s*|--with[= ]|--from[= ]|--requirements?[= ]|-r\s+|install\s+)[\"']?https?://(?!\S{0,400}#sha256=)"), "a package at an address"),
    (re.compile(r"\b(?:pip3?|conda|mamba|uv\s+pip|apt|apt-get|apk|npm|pnpm|yarn|cargo|gem|brew)\s+(?:-\S+\s+)*(?:install|add|i)\b|\bpip[\"'],\s*[\"']install"), "packages installed by the program"),
    (re.compile(r"\b(?:npx|bunx|uvx|pipx\s+run|uv\s+tool\s+(?:run|install)|uv\s+add)\b"), "a tool fetched by name"),
    (re.compile(r"\bgit\s+clone\b|[\"']git[\"'],\s*[\"']clone"), "a repository cloned"),
    (re.compile(r"trust_remote_code\s*[=:]\s*[Tt]rue|--trust[-_]remote[-_]code|torch\.hub\.load"), "code out of a model's repository"),
    (re.compile(r"\b(?:exec|eval)\s*\([^\n]{0,400}(?:requests|httpx|urlopen|urllib|\.text|\.content|\.read\()"), "downloaded text run as code"),
    (re.compile(r"--(?:agent-)?(?:card|cards|prompt-file|prompt|pack|template|input|json-schema|instruction|config|skills?)[= ]+[\"']?(?:hf|https?)://"), "a card or prompt at an address"),
    (re.compile(r"\bpip\._internal|\bpip\.main\(|\bensurepip\b"), "packages installed by the program"),
    (re.compile(r"\b(?:pickle|cPickle|dill|cloudpickle|joblib)\.load\(|torch\.load\([^\n]{0,300}weights_only\s*=\s*False|allow_pickle\s*=\s*True"), "a pickle, which runs what is in it"),
    (re.compile(r"\bfast-agent(?:-mcp)?(?:@\S+)?\s[^\n;|&]{0,400}(?<=\s)(?:-x|--shell)(?=\s|$)|^\s*shell\s*[:=]\s*true|--dangerously-skip-permissions|--full-auto\b|--yolo\b|"
                r"--dangerously-bypass-approvals|\bPythonREPLTool\b|\bShellTool\b|\bCodeAgent\(", re.MULTILINE), "commands that a model chooses"),
    (re.compile(r"\bfast-agent(?:-mcp)?(?:@\S+)?\s[^\n;|&]{0,400}(?<=\s)--(?:stdio|npx|uvx)[= ]"), "a server that it starts"),
    (re.compile(r"\bhf://(?!buckets/)\S{1,300}\.(?:md|ya?ml|json|txt|toml)\b"), "a card or prompt at hf://"),
    (re.compile(r"\[\[?tool\.uv\.(?:index|sources)|^\s*(?:extra-)?index-url\s*=|^\s*-(?:-extra)?-index-url|^\s*--(?:extra-)?index-url", re.MULTILINE), "packages from an index of its own"),
)  # fmt: skip
HIDDEN = re.compile(
    r"base64\s+(?:-d|--decode|-D)\b[^\n]{0,400}\||b64decode\([^\n]{0,400}\)[^\n]{0,400}\b(?:exec|eval)|(?:exec|eval)\s*\([^\n]{0,400}"
    r"(?:b64decode|decompress|fromhex|unhexlify|decode\(|rot13|marshal|chr\()|\bxxd\s+-r[^\n]{0,400}\|\s*\w*sh\b|"
    r"marshal\.loads|pickle\.loads"
)
BUILDS = re.compile(r"(?:^|/)(?:pyproject\.toml|setup\.py|setup\.cfg|uv\.toml|uv\.lock|requirements[\w-]*\.txt)$")
LOADED = re.compile(
    r"(?:^|/)(?:sitecustomize\.py|usercustomize\.py|conftest\.py|\.env|\.envrc|pip\.conf|\.pip/\S+|\.npmrc|\.netrc|"
    r"\.gitconfig|\.condarc|\.bashrc|\.profile|\.bash_profile|\.zshrc|[^/]+\.pth|\.ssh/\S+)$"
)
CONFIG = re.compile(r"\.(?:ya?ml|toml|json|ini|cfg|conf|env|md)$")
ADDRESS = re.compile(
    r"(?:base_?url|api_base|endpoint(?:_url)?|api_url|\burl|_URL|_HOST|\bserver|\bhost|proxy)[\"']?\s*[:=]\s*[\"']?"
    r"([^\s\"',]+)", re.IGNORECASE,
)  # fmt: skip
STARTS = re.compile(
    r"^[\s\-{]*[\"']?(?:command|cmd|exec|entrypoint|run|hooks?|shell|stdio|function_tools)[\"']?\s*[:=]\s*[\"'\[]*([^\n\"',}\]]+)",
    re.MULTILINE,
)
