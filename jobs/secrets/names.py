"""Which names can be a job's secrets, and which names and values say of themselves that they are secret."""

from __future__ import annotations

import re

from jobs.errors import BadArgument, SecretInArgument, SecretRefused
from jobs.masking.token_patterns import looks_like_token

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}")

# Names that steer a process, its loader, its shell or this product: never a job's secret.
_NEVER = frozenset(
    """
    ACCELERATOR ALL_PROXY BASH_ENV CDPATH CONDA_PREFIX CPU_CORES CURL_CA_BUNDLE DISPLAY DOCKER_CONFIG
    DOCKER_HOST EDITOR ENV GIT_ASKPASS GIT_SSH GIT_SSH_COMMAND HF_ENDPOINT HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE
    HF_JOB_INPUTS HF_JOB_WORKSPACE HF_TOKEN_PATH HOME HOSTNAME HTTPS_PROXY HTTP_PROXY IFS JAVA_TOOL_OPTIONS JOB_ID LANG
    LOGNAME MEMORY NODE_OPTIONS NODE_PATH NO_PROXY OLDPWD PAGER PATH PERL5LIB PERL5OPT PROMPT_COMMAND PS1 PS4
    PWD REQUESTS_CA_BUNDLE RUBYLIB RUBYOPT SHELL SPACE_ID SSH_AGENT_PID SSH_ASKPASS SSH_AUTH_SOCK SSL_CERT_DIR
    SSL_CERT_FILE TEMP TERM TMP TMPDIR TZ USER VIRTUAL_ENV VISUAL
    """.split()  # noqa: SIM905 -- sixty names read best as running text
)
_NEVER_STARTS = ("HF_JOBS_MCP_", "LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "LC_", "XDG_", "DBUS_")

# The words of a name that say its value is secret, and last words that say it is not.
_SECRET_WORD = re.compile(
    r"(?:AUTH|ACCESS|BEARER|API)?TOKENS?|(?:API|AUTH|ACCESS|SECRET|PRIVATE)?KEY|SECRETS?|PASS|PWD|PAT|CREDENTIALS?|"
    r"[A-Z]*PASS(?:WORD|WD|PHRASE)"
)
_OWN_SETTING = ["HF", "JOBS", "MCP", "SECRETS"]
_PUBLIC = frozenset({"GPG", "PUBLIC"})
_COUNTED = frozenset({"MAX", "MIN", "NUM", "N", "TOTAL"})
_NO_VALUE = frozenset(
    {
        *("FILE", "PATH", "DIR", "SOCK", "URL", "URI", "NAME", "NAMES", "ID", "TYPE", "MODE", "COUNT", "SIZE", "LIMIT"),
        "PUB",
    }
)
# Values too plain to wreck text for: a word, a short number, a duration, a path, an address without a login.
_PLAIN_WORD = re.compile(
    r"[a-z]+|[A-Z]+|[A-Z][a-z]+|[0-9.,:]{1,9}|[0-9]{1,5}[a-z]{1,2}|[/.~].*|[a-z]+://[^@]*", re.ASCII
)


def is_name(text: str) -> bool:
    """Whether `text` is an environment-variable name in capitals, of 128 characters at most."""
    return _NAME.fullmatch(text) is not None


def refuse_bad_name(name: str, field: str) -> None:
    """Refuse what can be nobody's secret, whatever an operator permits.

    Raises:
        SecretInArgument: A value, or NAME=value, stands where a name belongs; it is not repeated.
        BadArgument: Not an environment-variable name in capitals.
        SecretRefused: A name that steers programs.
    """
    if "=" in name or looks_like_token(name):
        raise SecretInArgument(
            f"{field} takes names only, and one entry holds a value.",
            hint="Pass the variable's name, such as HF_TOKEN. The value is looked up here after a person agrees. "
            "A value that was pasted into a chat should be replaced by a new one.",
            field=field,
        )
    if not is_name(name):
        raise BadArgument(
            f"{field} holds an entry that is not a variable name.",
            hint="Names are capitals, digits and underscores, starting with a letter, such as HF_TOKEN.",
            field=field,
        )
    if name in _NEVER or name.startswith(_NEVER_STARTS):
        raise SecretRefused(
            f"{name} steers programs and is never a job's secret.",
            hint="If the job needs it set and it is not secret, pass it in env.",
            field=field,
        )


def steers_programs(name: str) -> bool:
    """Whether a name, in either case, is one that steers programs and so is never a secret's."""
    return name.upper() in _NEVER or name.upper().startswith(_NEVER_STARTS)


def name_says_secret(name: str) -> bool:
    """Whether a variable's name says that its value is secret: TOKEN, KEY, PASSWORD … as a word of it."""
    words = name.upper().split("_")
    return any(map(_SECRET_WORD.fullmatch, words)) and not _says_harmless(words)


def _says_harmless(words: list[str]) -> bool:
    """Whether a name's words say that it counts tokens, is published, or says where something is."""
    if len(words) == 1:
        return False
    counts = words[-1] == "TOKENS" and not _COUNTED.isdisjoint(words[:-1])
    return counts or words[0] in _PUBLIC or words[-1] in _NO_VALUE or words == _OWN_SETTING


def too_plain_to_mask(value: str) -> bool:
    """Whether a value is a mere word, short number, path or address, which to mask unasked would wreck text."""
    return _PLAIN_WORD.fullmatch(value) is not None
