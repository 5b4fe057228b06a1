"""The texts of a job, the lines of them that matter to a person, and the hosts and variables they name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.spec.spec import JobSpec

#: The command among the texts, which has no path.
COMMAND = "the command"

_URL = re.compile(
    r"\b(?!hf:|file:|sqlite:|data:)[a-zA-Z][a-zA-Z0-9+.-]{1,15}://(?:[^\s/@'\"<>]*@)?(\[[0-9a-fA-F:.]+\]|[^\s/:'\"<>?#\\,;)\]}`|]+)"
)
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,24}|\d{1,3}(?:\.\d{1,3}){3}"
_QUOTED = re.compile(rf"[\"'`]({_DOMAIN})(?::\d+)?(?:/[^\"'`]*)?[\"'`]")
_WORD = re.compile(rf"(?:^|(?<=[\s=@]))({_DOMAIN})(?=$|[\s:/;|&])", re.MULTILINE)
_GOES_TO = re.compile(
    rf"\b(?:curl|wget|nc|ncat|netcat|telnet|ssh)\b[^\n;|&]{{0,300}}?\s(?<!-o )(?<!-O )(?<!> )(?:\w+@)?({_DOMAIN})"
    r"(?=$|[\s:/;|&\"'])", re.MULTILINE,
)  # fmt: skip
_NO_HOSTS = frozenset(
    """
    py json yaml yml toml md txt sh bash csv tsv parquet jsonl log html css js ts lock cfg ini ipynb png jpg jpeg gif
    pdf zip gz tar bz2 xz whl bin pt pth ckpt safetensors gguf onnx npy npz pkl db sqlite xml svg env conf local so exe
    r rs go c h cpp java rb pl lua sql out err tmp bak pem
    key crt post get put append join path environ
    """.split()  # noqa: SIM905 - reads best as running text
)
_HERE = re.compile(r"localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\]|::1|[{$%<*].*")
_VARIABLE = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]{2,})|(?:environ(?:\.get\(|\[)|getenv\()\s*['\"](\w+)|"
    r"\b([A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD|URL|ENDPOINT))\b"
)
_CONNECTS = re.compile(
    r"\b(requests|httpx2?|urllib\d?|aiohttp|socket|websockets?|smtplib|ftplib|paramiko|http\.client|curl|wget|nc|ncat|"
    r"netcat|telnet|ssh|scp|rsync|sftp|base_url|endpoint|fetch\(|urlopen|create_connection)\b|://|/dev/tcp/",
    re.IGNORECASE,
)
_RUNS = re.compile(
    r"\b(subprocess|os\.(?:system|popen|exec\w*|spawn\w*)|Popen|pty\.|exec\(|eval\(|__import__|compile\(|ctypes|"
    r"pickle\.loads?|marshal|base64|b64decode|runpy|importlib|(?:ba|z|da)?sh\s+-\w*c|command\s*[:=]|pip3?\s+install)",
    re.IGNORECASE,
)
_STEP = re.compile(r"\n|;\s|\s&&\s|\s\|\|?\s")
_LONGEST = 100_000
_LONG_LINE = 2_000
_END_OF_LINE = 800


@dataclass(frozen=True)
class Text:
    """One text of a job. `data` is None where it is no text; `size` is its bytes."""

    path: str
    data: str | None
    size: int

    @cached_property
    def read(self) -> str:
        """What is looked through for dangers: of very long lines the two ends, of very long texts the beginning."""
        lines = (self.data or "")[:_LONGEST].split("\n")
        return "\n".join(
            line if len(line) <= _LONG_LINE else f"{line[:_END_OF_LINE]} {line[-_END_OF_LINE:]}" for line in lines
        )

    @property
    def is_read(self) -> bool:
        """Whether all of it is looked through."""
        return self.data is None or self.read == self.data

    @property
    def lines(self) -> list[str]:
        return re.split(r"\r\n|\r|\n", (self.data or "").rstrip("\n")) if self.data else []

    @property
    def steps(self) -> list[str]:
        """Its lines; of a command, the commands it is made of."""
        return _STEP.split(self.data or "") if self.path == COMMAND else self.lines


@dataclass(frozen=True)
class Line:
    """A line that matters: where it stands, what it says, and where in it the reason begins."""

    rank: int
    place: str
    said: str
    at: int = 0


def command_line(spec: JobSpec) -> str:
    """What the person's command is, in one text."""
    if len(spec.command) == 1:
        return spec.command[0]
    return " ".join(
        word if "\n" in word or (" " in word and "'" in word) else shlex.quote(word) for word in spec.command
    )


def texts(spec: JobSpec, mask: Callable[[str], str]) -> list[Text]:
    """Every text that the job runs or reads, the command first, then the files that the command names."""
    line = mask(command_line(spec))
    found = [Text(COMMAND, line, len(line))]
    for path, data in sorted(spec.files, key=lambda item: item[0] not in line):
        try:
            text: str | None = mask(data.decode())
        except UnicodeDecodeError:
            text = None
        found.append(Text(path, text, len(data)))
    return found


def hosts(text: str, *, words: bool = False) -> list[str]:
    """The hosts that a text names, this machine aside; with `words` those that stand there bare, as in a shell line."""
    text = text[:_LONGEST]
    found = [match[1] for match in _URL.finditer(text)]
    bare = [match[1] for match in _QUOTED.finditer(text)]
    if words:
        bare += [match[1] for match in _WORD.finditer(text)]
        found += [match[1] for match in _GOES_TO.finditer(text)]
    found += [host for host in bare if host.rpartition(".")[2].lower() not in _NO_HOSTS]
    named = (host.rstrip(".").lower() for host in found)
    return list(dict.fromkeys(host for host in named if host and not _HERE.fullmatch(host)))


def hosts_of(text: Text) -> list[str]:
    """The hosts that one of a job's texts names."""
    shell = text.path == COMMAND or text.path.endswith((".sh", ".bash", "Makefile", ".yaml", ".yml", ".env", ".cfg"))
    return hosts(text.read, words=shell)


def variables(text: str) -> list[str]:
    """The variables that a text reads, and names that say they are a secret's or an address."""
    found = (match[1] or match[2] or match[3] for match in _VARIABLE.finditer(text[:_LONGEST]))
    return list(dict.fromkeys(found))


def matter(found: Sequence[Text], names: Sequence[str], *, without: Sequence[str] = ()) -> list[Line]:
    """The lines that name a secret, open a connection or run programs, those first that do most of it."""
    lines = [line for text in found if text.path not in without for line in _lines(text, names)]
    return sorted(lines, key=lambda line: line.rank)


def reads(found: Sequence[Text], name: str) -> str:
    """Where a text names a secret, "" where none does."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for text in found:
        match = word.search(text.data or "")
        if match and text.data:
            number = text.data.count("\n", 0, match.start()) + 1
            return COMMAND if text.path == COMMAND else f"{text.path}:{number}"
    return ""


def _lines(text: Text, names: Sequence[str]) -> Iterator[Line]:
    word = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names)) if names else None
    for number, said in enumerate(text.steps, start=1):
        line = said[:_LONG_LINE]
        named = word.search(line) if word else None
        goes = _CONNECTS.search(line)
        runs = _RUNS.search(line)
        first = min((match.start() for match in (named, goes, runs) if match), default=None)
        if first is None:
            continue
        away = bool(goes) and bool(hosts(line, words=True))
        idle = line.lstrip().startswith(("import ", "from ", "#"))
        rank = (0 if named and goes else 1 if away else 2 if named else 3 if runs else 4) + (5 if idle else 0)
        place = text.path if text.path == COMMAND else f"{text.path}:{number}"
        yield Line(rank, place, line.strip(), max(0, first - (len(line) - len(line.lstrip()))))
