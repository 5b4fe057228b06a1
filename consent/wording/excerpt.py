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
_WORD = re.compile(
    rf"(?:^|(?<=[\s=]))(?<!-m )(?<!--module )(?<!import )(?<!from )({_DOMAIN})(?=$|[\s:/;|&])", re.MULTILINE
)
#: A connection that a shell opens by a name of the file system.
DEVICE = re.compile(r"/dev/(?:tcp|udp)/([\w.:-]+)/")
_TALKS = re.compile(
    r"\b(?:curl|wget|nc|ncat|netcat|telnet|ssh|ftp|lftp|aria2c|https?|xh|mail|mutt|sendmail|ping|dig|nslookup)\s"
)
_COPIES = re.compile(r"\b(?:scp|rsync|sftp|git|socat|openssl)\s")
_TARGET = re.compile(
    rf"(?:^|(?<=[\s\"']))(?<!-o )(?<!-O )(?<!> )(?:TCP4?:|UDP:|OPENSSL:)?([\w.-]{{1,64}}@)?({_DOMAIN})(?=$|[\s:/\"'])",
    re.IGNORECASE,
)
_COMPUTED = re.compile(rf"(?:\)|`|\}}|\$\w{{1,40}})\.({_DOMAIN})(?=$|[\s;|&\"'/:])", re.MULTILINE)
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
_COMMENT = re.compile(r"^[ \t]*#(?!!).*$", re.MULTILINE)
_READS_ITSELF = re.compile(r"__file__|getsource|BASH_SOURCE|\$0|sys\.argv\[0\]|\bexec\(|\beval\b")
_WITH_COMMENTS = (".py", ".sh", ".bash", "Makefile", ".toml", ".yaml", ".yml")
_DATA = (".csv", ".tsv", ".jsonl", ".json", ".geojson")
_SETTING = re.compile(
    r"[\"'](?:command|cmd|args|exec|url|base_url|api_base|endpoint|server|mcpServers|servers|hooks|env)[\"']\s*:"
)
_ONLY_IN_SINGLE = re.compile(r'["$`\\!]')
_LONGEST = 100_000
_LONG_LINE = 2_000
_OVERLAP = 400
_WORD_END = 80
_RUN_OF_BLANKS = re.compile(r"[ \t]{2,}")
_ENDLESS = re.compile(r"[^\s;&|]{200,}")


@dataclass(frozen=True)
class Text:
    """One text of a job. `data` is None where it is no text; `size` is its bytes."""

    path: str
    data: str | None
    size: int

    @cached_property
    def read(self) -> str:
        """What is looked through for dangers: very long lines in pieces, of very long texts the beginning."""
        return "\n".join(piece for line in (self.data or "")[:_LONGEST].split("\n") for piece in _pieces(line))

    @cached_property
    def gist(self) -> str:
        """The same without what only keeps apart what belongs together: runs of blanks, and words without end."""
        close = _RUN_OF_BLANKS.sub(" ", self.data or "")[:_LONGEST]
        close = _ENDLESS.sub(lambda word: f"{word[0][:_WORD_END]}..{word[0][-_WORD_END:]}", close)
        return "\n".join(piece for line in close.split("\n") for piece in _pieces(line))

    @property
    def is_read(self) -> bool:
        """Whether all of it is looked through."""
        if self.data is None or len(self.data) <= _LONGEST:
            return True
        return self.path.endswith(_DATA) and not _SETTING.search(self.data)

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


def _pieces(line: str) -> Iterator[str]:
    """A line that is not too long for an expression; of a longer one pieces that overlap, cut between words."""
    start = 0
    while len(line) - start > _LONG_LINE:
        end = max(line.rfind(" ", start + _LONG_LINE - _OVERLAP, start + _LONG_LINE), start + _LONG_LINE - _OVERLAP)
        yield line[start:end]
        start = max(line.find(" ", end - _OVERLAP, end), end - _OVERLAP)
    yield line[start:]


def command_line(spec: JobSpec) -> str:
    """What the person's command is, in one text."""
    if len(spec.command) == 1:
        return spec.command[0]
    return " ".join(map(_shown, spec.command))


def _shown(word: str) -> str:
    """A word as a shell takes it; one that would become unreadable so as it is."""
    if "\n" in word:
        return word
    if " " in word and "'" in word:
        return word if _ONLY_IN_SINGLE.search(word) else f'"{word}"'
    return shlex.quote(word)


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
        found += [host for step in re.split(r"[\n;|&]", text) for host in _targets(step)]
        found += [match[1] for match in _COMPUTED.finditer(text)]
    found += [match[1] for match in DEVICE.finditer(text)]
    found += [host for host in bare if host.rpartition(".")[2].lower() not in _NO_HOSTS]
    named = (host.rstrip(".").lower() for host in found)
    return list(dict.fromkeys(host for host in named if host and not _HERE.fullmatch(host)))


def _targets(step: str) -> list[str]:
    """The hosts that one shell command goes to: a word that could be a file is one only where no other word is."""
    if talks := _TALKS.search(step):
        named = [match[2] for match in _TARGET.finditer(step, talks.end())]
        sure = [host for host in named if host.rpartition(".")[2].lower() not in _NO_HOSTS]
        return sure if sure or _URL.search(step) else named[:1]
    if copies := _COPIES.search(step):
        found = _TARGET.finditer(step, copies.end())
        return [match[2] for match in found if step[match.end() : match.end() + 1] == ":"]
    return []


def hosts_of(text: Text, *, comments: bool = True) -> list[str]:
    """The hosts that one of a job's texts names; without `comments` only those that what it does names."""
    shell = text.path == COMMAND or text.path.endswith((".sh", ".bash", "Makefile", ".yaml", ".yml", ".env", ".cfg"))
    said = text.read if comments or _READS_ITSELF.search(text.read) else _COMMENT.sub("", text.read)
    return hosts(said if text.path.endswith(_WITH_COMMENTS) else text.read, words=shell)


def variables(text: str) -> list[str]:
    """The variables that a text reads, and names that say they are a secret's or an address."""
    found = (match[1] or match[2] or match[3] for match in _VARIABLE.finditer(text[:_LONGEST]))
    return list(dict.fromkeys(found))


def matter(found: Sequence[Text], names: Sequence[str], *, without: Sequence[str] = ()) -> list[Line]:
    """The lines that name a secret, open a connection or run programs, those first that do most of it."""
    lines = [line for text in found if text.path not in without for line in _lines(text, names)]
    return sorted(lines, key=lambda line: line.rank)


def every_line(found: Sequence[Text]) -> list[Line]:
    """All lines of all texts, in their order."""
    return [
        Line(9, f"{text.path}:{number}", said.strip())
        for text in found
        for number, said in enumerate(text.lines, start=1)
    ]


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
    pieces = ((number, piece) for number, said in enumerate(text.steps, start=1) for piece in _pieces(said))
    for number, line in pieces:
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
