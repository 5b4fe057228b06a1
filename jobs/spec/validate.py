"""The rules of each field of a job, one function a field; every refusal names the field and never its value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hub_contract import field_rules
from hub_contract.constants import MAX_ATTEMPTS
from jobs.errors import BadArgument, SecretInArgument
from jobs.field_text import is_sendable, shows_as_it_is
from jobs.spec.workspace import ENVIRONMENT_NAME, LABEL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

DEFAULT_FLAVOR = "cpu-basic"
DEFAULT_UV_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
"""`huggingface_hub._jobs_api.DEFAULT_UV_IMAGE`; a test compares them."""

SPACE_PREFIXES = (
    "https://huggingface.co/spaces/",
    "https://hf.co/spaces/",
    "huggingface.co/spaces/",
    "hf.co/spaces/",
)
"""Images that are Spaces; `huggingface_hub._jobs_api._SPACE_IMAGE_PREFIXES`, and a test compares them."""

SPACE = SPACE_PREFIXES[-1]

MAX_PORTS = 10
MAX_ENTRIES = 100
MAX_ARGUMENTS = 1_000
MAX_COMMAND_BYTES = 120_000
"""Linux takes 128 KiB in one argument; a command this long is a file that lost its way."""

SET_BY_HUB = frozenset({"JOB_ID", "ACCELERATOR", "CPU_CORES", "MEMORY", ENVIRONMENT_NAME})

_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,127}", re.ASCII)
_REFERENCE = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_FLAVOR = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_PYTHON = re.compile(r"[A-Za-z0-9>=<~!][A-Za-z0-9@+.,<>=~!*_-]{0,60}", re.ASCII)
_TWO_PACKAGES = re.compile(r"\s*[A-Za-z0-9._\[\]-]+(?:\s+[A-Za-z0-9._\[\]-]+)+\s*", re.ASCII)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{{1,5}})?/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_SPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}", re.ASCII)
_LONGEST_IMAGE = 400
_LONGEST_NAME = 128
_GROUP = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,44}[a-z0-9])?", re.ASCII)
_GROUP_ID = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,32}[a-z0-9])?", re.ASCII)


def check_command(command: Collection[str]) -> tuple[str, ...]:
    """A command of one or more words that a process can be given."""
    words = tuple(command)
    if (
        not words
        or not all(isinstance(word, str) and word and is_sendable(word) for word in words)
        or not words[0].strip()
    ):
        raise BadArgument(
            "`command` is empty, or has an empty word or one that no program can be given.",
            hint='Give one list entry a word: ["python", "-c", "print(1)"].',
            field="command",
        )
    if len(words) == 1 and any(char.isspace() for char in words[0].strip()):
        raise BadArgument(
            "`command` is one string with spaces in it, and there is no shell to split it.",
            hint='Give one list entry a word, or ["sh", "-c", "…"] for shell syntax.',
            field="command",
        )
    if words[0].startswith("-"):
        raise BadArgument(
            "`command` begins with an option instead of a program.",
            hint="Begin with the program; packages, python and image are arguments of their own.",
            field="command",
        )
    if len(words) > MAX_ARGUMENTS or sum(len(word.encode()) for word in words) > MAX_COMMAND_BYTES:
        raise BadArgument("`command` is too long.", hint="Put long texts into `files`.", field="command")
    return words


def check_packages(packages: Collection[str]) -> tuple[str, ...]:
    """Requirements for `uv run --with`, in the order given, each once."""
    if len(packages) > MAX_ENTRIES:
        raise BadArgument(
            f"`packages` has more than {MAX_ENTRIES} entries.", hint="Name only direct ones.", field="packages"
        )
    for package in packages:
        is_text = isinstance(package, str) and package.strip() and shows_as_it_is(package)
        if not is_text or package.startswith("-") or _TWO_PACKAGES.fullmatch(package):
            raise BadArgument(
                "`packages` has an entry that is not a requirement.",
                hint='Write one entry each, as for pip: ["fast-agent-mcp", "httpx>=0.28"].',
                field="packages",
            )
    return tuple(dict.fromkeys(package.strip() for package in packages))


def check_python(python: str | None) -> str | None:
    """A version or request that `uv run --python` takes; paths are refused."""
    if python is not None and not (isinstance(python, str) and _PYTHON.fullmatch(python)):
        raise BadArgument("`python` is not a Python version.", hint='For example "3.13".', field="python")
    return python


def check_image(image: str) -> str:
    """A reference to a container image, or the address of a Space in its short form."""
    fits = isinstance(image, str) and len(image) <= _LONGEST_IMAGE
    space = space_of(image) if fits else None
    if not fits or not (_SPACE.fullmatch(space) if space is not None else _IMAGE.fullmatch(image)):
        raise BadArgument(
            "`image` is neither a container image nor the address of a Space.",
            hint="For example python:3.12, ghcr.io/astral-sh/uv:python3.13-bookworm, or hf.co/spaces/OWNER/NAME.",
            field="image",
        )
    return image if space is None else SPACE + space


def space_of(image: str) -> str | None:
    """`OWNER/NAME` of the Space that `image` is the address of, or None."""
    for prefix in SPACE_PREFIXES:
        if image.startswith(prefix):
            return image.removeprefix(prefix)
    return None


def check_flavor(flavor: str, flavors: Collection[str] | None) -> str:
    """A flavor that the hub offers, by its live list; by its form alone if the list is None."""
    if flavors is None and isinstance(flavor, str) and _FLAVOR.fullmatch(flavor):
        return flavor
    if flavors is not None and flavor in flavors:
        return flavor
    import difflib

    offered = list(flavors or ())
    near = difflib.get_close_matches(str(flavor).lower().replace("_", "-"), offered, n=3, cutoff=0.5)
    listed = [*near, *(name for name in offered if name not in near)]
    hint = f"This hub offers {', '.join(listed)}." if listed else "list_hardware shows what there is."
    raise BadArgument("`flavor` is not one that this hub offers.", hint=hint, field="flavor")


def check_env(env: Mapping[str, str], secrets: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Plain variables, sorted by name; none that the hub sets, and none that is asked for as a secret."""
    if len(env) > MAX_ENTRIES:
        raise BadArgument(f"`env` has more than {MAX_ENTRIES} entries.", hint="Put them into a file.", field="env")
    for name, value in env.items():
        if not isinstance(name, str) or not field_rules.VARIABLE.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise BadArgument(
                "`env` has a name that the Hub does not take.",
                hint='Two characters at least, letters, digits and _, a letter first: {"LOG_LEVEL": "debug"}.',
                field="env",
            )
        if not isinstance(value, str) or not is_sendable(value):
            raise BadArgument("`env` has a value that is not text.", hint='Write numbers as "1".', field="env")
        if _REFERENCE.fullmatch(value):
            raise BadArgument(
                "`env` has a value that is the name of a variable, and nothing replaces it by what is in it.",
                hint="Write the value itself; if it is a secret, put its name into `secrets` instead.",
                field="env",
            )
        if name in SET_BY_HUB:
            raise BadArgument(
                f"`env` sets {name}, which the job is given anyway.", hint="Use another name.", field="env"
            )
        if name in secrets:
            raise BadArgument(
                "`env` and `secrets` have a name in common.",
                hint="A secret belongs into `secrets` by its name alone.",
                field="env",
            )
    if sum(len(name) + len(value.encode()) for name, value in env.items()) > MAX_COMMAND_BYTES:
        raise BadArgument("`env` is too large.", hint="Put long texts into `files`.", field="env")
    return tuple(sorted(env.items()))


def check_secret_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of environment variables, sorted, each once.

    Raises:
        SecretInArgument: For `NAME=value`, which nobody should write here; the value is not repeated.
        BadArgument: For anything else that is not a name.
    """
    checked = set()
    for name in names:
        if isinstance(name, str) and "=" in name:
            raise SecretInArgument(
                "`secrets` has an entry with a value in it.",
                hint="Give the name alone; the value is looked up on this machine after a person agreed.",
                field="secrets",
            )
        if not isinstance(name, str) or not _SECRET_NAME.fullmatch(name):
            raise BadArgument(
                "`secrets` has an entry that is not a name of capital letters, digits and underscores.",
                hint='For example ["HF_TOKEN"]: the name of an environment variable, never its value.',
                field="secrets",
            )
        if name in SET_BY_HUB:
            raise BadArgument(
                f"`secrets` names {name}, which the job is given anyway.", hint="Leave it out.", field="secrets"
            )
        checked.add(name)
    if len(checked) > MAX_ENTRIES:
        raise BadArgument(
            f"`secrets` has more than {MAX_ENTRIES} names.", hint="Name only what the job reads.", field="secrets"
        )
    return tuple(sorted(checked))


def check_labels(labels: Mapping[str, str], name: str | None) -> tuple[tuple[str, str], ...]:
    """The job's labels with its name among them, sorted; the Hub's rule is letters, digits, `-`, `_`, at most 100."""
    if name is not None and "name" in labels:
        raise BadArgument("`name` is given twice, once as a label.", hint="Leave one of them out.", field="name")
    if name is not None and (not isinstance(name, str) or not name or not _NAME.fullmatch(name)):
        raise BadArgument(
            "`name` has characters that a job's name cannot have.",
            hint="Use letters, digits, - and _ only, 100 at most.",
            field="name",
        )
    if LABEL in labels:
        raise BadArgument(
            f"`labels` has {LABEL}, which marks the submission itself.", hint="Use another key.", field="labels"
        )
    if len(labels) > MAX_ENTRIES:
        raise BadArgument(f"`labels` has more than {MAX_ENTRIES} entries.", hint="Use fewer.", field="labels")
    for key, value in labels.items():
        if not isinstance(key, str) or not isinstance(value, str) or not key or not _fits_label(key, value):
            raise BadArgument(
                "`labels` has a key or a value that the Hub does not take.",
                hint="Use letters, digits, '.', '-' and '_' only, 100 at most in each.",
                field="labels",
            )
    return tuple(sorted({**labels, **({} if name is None else {"name": name})}.items()))


def check_workspace(workspace: bool, placed: Iterable[object]) -> bool:
    """Whether the job has a workspace; one with files of its own needs it."""
    if not workspace and any(placed):
        raise BadArgument(
            "`workspace` is false, and `script` and `files` are placed in the workspace.",
            hint="Leave it true, or put everything into `command`.",
            field="workspace",
        )
    return workspace


def check_attempts(attempts: int | None) -> int:
    """How often the job is tried in all; 1 when not said."""
    if attempts is None:
        return 1
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MAX_ATTEMPTS:
        raise BadArgument(
            f"`attempts` is not a whole number from 1 to {MAX_ATTEMPTS}.",
            hint="It counts the first run too: 3 means two retries.",
            field="attempts",
        )
    return attempts


def check_ports(ports: Collection[int], *, field: str) -> tuple[int, ...]:
    """TCP ports, sorted, each once."""
    if any(isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535 for port in ports):  # noqa: PLR2004 - the range of a port
        raise BadArgument(
            f"`{field}` has an entry that is not a port.", hint="Ports are 1 to 65535, for example [8000].", field=field
        )
    if len(set(ports)) > MAX_PORTS:
        raise BadArgument(f"`{field}` has more than {MAX_PORTS} ports.", hint="Expose fewer.", field=field)
    return tuple(sorted(set(ports)))


def check_network_group(group: str | None, *, scheduled: bool) -> str | None:
    """The name of a network group; the Hub's rule is lower-case letters, digits and dashes, 46 at most."""
    if group is not None and not _GROUP.fullmatch(group):
        raise BadArgument(
            "`network_group` is not a group's name.",
            hint="Use lower-case letters, digits and dashes, 46 at most.",
            field="network_group",
        )
    if group is not None and scheduled:
        raise BadArgument(
            "`network_group` is not for schedules.", hint="Only single jobs join a group.", field="network_group"
        )
    return group


def check_network_aliases(aliases: Collection[str], group: str | None) -> tuple[str, ...]:
    """Names in a network group, sorted; each 34 characters of the same kind at most."""
    if not all(_ALIAS.fullmatch(alias) for alias in aliases) or len(set(aliases)) != len(aliases):
        raise BadArgument(
            "`network_aliases` has an entry that is no name in a group, or one twice.",
            hint="Use lower-case letters, digits and dashes, 34 at most.",
            field="network_aliases",
        )
    if aliases and group is None:
        raise BadArgument(
            "`network_aliases` are names in a group, and there is none.",
            hint="Give `network_group` too.",
            field="network_aliases",
        )
    if len(aliases) > MAX_ENTRIES:
        raise BadArgument("`network_aliases` has too many names.", hint="Use fewer.", field="network_aliases")
    return tuple(sorted(aliases))


def check_resource_group(group: str | None) -> str | None:
    """The id of a resource group: 24 hexadecimal digits, in small letters."""
    if group is not None and not _GROUP_ID.fullmatch(group):
        raise BadArgument(
            "`resource_group_id` is not the id of a resource group.",
            hint="It has 24 hexadecimal digits; the organisation's settings show it.",
            field="resource_group_id",
        )
    return None if group is None else group.lower()


def _fits_label(key: str, value: str) -> bool:
    return bool(field_rules.LABEL_KEY.fullmatch(key) and field_rules.LABEL_VALUE.fullmatch(value))
