"""What a person must know before a yes, one warning for each kind of danger, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from consent.width import width
from consent.wording import danger_patterns as patterns
from consent.wording.excerpt import COMMAND, DEVICE, Text, hosts, hosts_of
from consent.wording.known_services import KNOWN_HOSTS, keys_of, power, service_of
from consent.wording.programs import programs, settings
from consent.wording.quoted import inline

if TYPE_CHECKING:
    from consent.describe import Description

_PUT_TOGETHER = "one that is put together as it runs"
_FEW = 40
_LINE = 62
_LOOKED = 2_000
_RUNNERS = r"\b(?:(?:ba|z|da|k)?sh|python3?|source|node|perl|ruby|chmod \S{1,9})"


@dataclass(frozen=True)
class Danger:
    """One warning: in a line where there is room for it, in two or three words where there are many."""

    brief: str
    line: str


def dangers(told: Description, found: Sequence[Text], mask: Callable[[str], str]) -> list[Danger]:
    """Every danger of what `told` describes, whose texts are `found`."""
    found = programs(told.spec, found)
    kinds = (
        *_of_the_hub(told, mask),
        *_of_the_text(told, found, mask),
        *_of_the_yes(told, mask),
    )
    return [Danger(kind, line) for kind, line in kinds]


def _of_the_hub(told: Description, mask: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    if told.changed:
        yield "CHANGED files", f"CHANGED since it was approved, so it will stop at once: {_some(told.changed, mask)}"
    if told.unsandboxed:
        yield "NO SANDBOX", "NO SANDBOX: it can read and change all that you can here"
    if told.unknown:
        yield "unknown settings", f"stored settings that this server does not know: {_some(told.unknown, mask)}"


def _of_the_text(told: Description, found: Sequence[Text], mask: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    spec = told.spec
    sent = dict(_addresses(spec.env, found, spec.secret_names))
    sent |= {said: host for said, host in _sent(found, spec.secret_names) if host not in sent.values()}
    for said in sent:
        yield "a key sent ELSEWHERE", mask(said)
    for path, host in _settings(found, spec.secret_names):
        if host not in sent.values():
            yield "goes ELSEWHERE", mask(f"{path} has programs go to {host}")
    if devices := list(dict.fromkeys(host for text in found for host in DEVICE.findall(text.read))):
        yield "a shell that CONNECTS", f"a shell CONNECTS to {_some(devices, mask)} and can take commands"
    away = [host for text in found for host in hosts_of(text, comments=False)]
    away += [host for _, value in spec.env for host in hosts(value, words=True)]
    named = {*sent.values(), *devices}
    strange = [host for host in dict.fromkeys(away) if not _is_known(host) and host not in named]
    strange += [_PUT_TOGETHER for text in found[:_FEW] if patterns.COMPUTED_HOST.search(text.read)][:1]
    if spec.secret_names and any(patterns.ALL_VARIABLES.search(text.gist) for text in found):
        yield "sends ALL variables", "sends all its variables on, secrets among them"
    if strange and spec.secret_names:
        yield "names strange hosts", f"names hosts you may not know: {_some(strange, mask)}"
    for kind, line, items in (
        ("redirects programs", "", _not_twice(_steering(spec.env, found, spec.packages), sent)),
        ("runs UNSEEN code", "runs UNSEEN code", _fetched(spec.command, spec.packages, found)),
        (
            "text too long to read",
            "too long to be looked through here",
            (text.path for text in found if not text.is_read),
        ),
        ("hidden code", "decodes text and runs it", _decoded(found)),
        ("config starts programs", "configuration starts programs", _configured(found)),
    ):
        if seen := list(dict.fromkeys(items)):
            yield kind, f"{line}: {_some(seen, mask)}" if line else _some(seen, mask)


def _of_the_yes(told: Description, mask: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    spec = told.spec
    if strong := {name: can for name in spec.secret_names if (can := power(name))}:
        same = len(set(strong.values())) == 1
        can = next(iter(strong.values())) if same else "write or spend in your name"
        names = _some(strong, mask)
        said = f"{names} can {can}"
        yield "tokens that write or spend", said if width(said) <= _LINE else f"can {can}: {names}"
    if told.repeats:
        yield "EVERY run, no end", "your yes counts for EVERY run, until it is deleted"
    if spec.expose_public:
        ports = ", ".join(map(str, spec.expose_public))
        yield "PUBLIC port", f"PUBLIC: port {ports} is open to anyone, without signing in"
    if told.can_rewrite:
        yield "can change other jobs", f"can change what other jobs run: {_some(told.can_rewrite, mask)}"
    others = [mount.uri for mount in spec.volumes if mount.uri not in told.can_rewrite and _others_write(mount)]
    if others:
        yield "folders of others", f"others can change what is mounted: {_some(others, mask)}"
    if told.is_costly:
        yield "over your limit", _costly(told)


def _costly(told: Description) -> str:
    limit = f"your limit of ${told.confirm_above_usd:,.2f}"
    if told.worst_usd is None:
        return f"no price is known; {limit} cannot be kept"
    each = " in a month" if told.repeats else ""
    return f"${told.worst_usd:,.2f}{each} at worst is above {limit}"


def runs_unseen(told: Description, found: Sequence[Text]) -> bool:
    """Whether it runs code that is not among its texts, so that nobody can say what uses a secret."""
    return any(True for _ in _fetched(told.spec.command, told.spec.packages, programs(told.spec, found)))


def _addresses(
    env: Sequence[tuple[str, str]], found: Sequence[Text], secrets: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Where a service's own key would go to an address of the caller's, and its host."""
    said: list[tuple[str, str]] = [(name, value) for name, value in env if patterns.ELSEWHERE.fullmatch(name)]
    for text in found:
        for name, value in patterns.ASSIGNED.findall(text.read):
            if patterns.ELSEWHERE.fullmatch(name) and name.isupper():
                said.append((name, value))
    for name, value in said:
        key = next((secret for secret in secrets if keys_of(name, secret)), None)
        if key is not None and (not value or not _is_here(value)):
            host = _host(value)
            yield f"{inline(name)} sends {key} to {inline(host) or 'another address'}", host


def _sent(found: Sequence[Text], secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where a line names a secret and a host that is not well known, or a client of its service is given one."""
    if not secrets:
        return
    names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in secrets))
    for text in found[:_FEW]:
        for step in re.split(r"[\n;]", text.read):
            if (key := names.search(step)) and (host := _strange(hosts(step, words=True))):
                yield f"{_place(text)} sends {key[0]} to {inline(host)}", host
        for value in patterns.CLIENT_ADDRESS.findall(text.read):
            key_name = next((one for one in secrets if service_of(one) in text.read.lower()), None)
            if key_name and (host := _strange(hosts(value, words=True))):
                yield f"{_place(text)} sends {key_name} to {inline(host)}", host


def _settings(found: Sequence[Text], secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The configurations that name an address which is not well known, and its host."""
    for text in found:
        if text.path == COMMAND or not _is_config(text):
            continue
        for value in patterns.ADDRESS.findall(settings(text, text.read)):
            host = _strange(hosts(value, words=True))
            if host and (secrets or "key" in text.read.lower()):
                yield inline(text.path), inline(host)
                break


def _strange(named: Iterable[str]) -> str | None:
    return next((host for host in named if not _is_known(host)), None)


def _place(text: Text) -> str:
    return COMMAND if text.path == COMMAND else inline(text.path)


def _steering(env: Sequence[tuple[str, str]], found: Sequence[Text], packages: Sequence[str]) -> Iterator[str]:
    said = [(name, value) for name, value in env if patterns.STEERING.fullmatch(name) and not _is_plain(name, value)]
    for text in found:
        said += [("sys.path", value) for value in patterns.SEARCHED.findall(text.read)]
        said += [pair for pair in patterns.ASSIGNED.findall(text.read) if _is_steering(*pair)]
    for name, value in said:
        yield _steered(name, value)
    for text in found:
        if text.path == COMMAND or text.path.endswith((".sh", ".bash", "Makefile")):
            for name, value in patterns.ARGUMENT.findall(text.gist):
                yield _steered(name, value)
        if patterns.LOADED.search(text.path):
            yield _steered(text.path, "")
    yield from (_steered(name, "") for name in packages if name.startswith("-"))


def _not_twice(steering: Iterable[str], sent: Mapping[str, str]) -> Iterator[str]:
    """Without those that `sent` tells already: a key goes to that host."""
    for said in steering:
        if not any(host and said.startswith(f"{patterns.GOES_TO} {host} ") for host in sent.values()):
            yield said


def _steered(name: str, value: str) -> str:
    """What a setting does to the programs that read it."""
    to = _host(value) if "://" in value else value
    for pattern, does in patterns.STEERED:
        if pattern.search(name):
            return f"{does} {name}{f'={to}' if to else ''}" if does.endswith(":") else f"{does} {to} ({name})"
    return f"changes how programs run: {name}{f'={to}' if value else ''}"


def _is_plain(name: str, value: str) -> bool:
    """Whether a variable of a steering kind steers nothing: a mere switch, or a service that runs on this machine."""
    is_here = bool(value) and _is_here(value)
    return bool(patterns.SWITCHES.fullmatch(name)) or (is_here and bool(patterns.ELSEWHERE.fullmatch(name)))


def _is_steering(name: str, value: str) -> bool:
    if name.isupper():
        return name not in {"ENV", "HOME"} and bool(patterns.STEERING.fullmatch(name)) and not _is_plain(name, value)
    return name.lower().endswith("_proxy") and "://" in value


def _decoded(found: Sequence[Text]) -> Iterator[str]:
    yield from (text.path for text in found if patterns.HIDDEN.search(text.gist))


def _fetched(command: Sequence[str], packages: Sequence[str], found: Sequence[Text]) -> Iterator[str]:
    if command and re.match(r"(?:https?|hf)://", command[0]):
        yield f"the program at {_host(command[0])}"
    asked = "\n".join(packages)
    for text in (Text("packages", asked, 0), *found):
        data = text.gist
        for pattern, what in patterns.FETCHES:
            match = pattern.search(data)
            if match:
                line = data[match.start() : match.end() + 120].partition("\n")[0]
                from_host = next(iter(hosts(line, words=True)), "")
                yield f"{what}{f' ({from_host})' if from_host else ''}"
        if _runs_what_it_saves(data):
            yield "a download that is run"
        if patterns.BUILDS.search(text.path) and re.search(r"build-backend|\[build-system\]|setup\(|tool\.uv", data):
            yield f"a package built by {text.path}"


def _runs_what_it_saves(data: str) -> bool:
    """Whether a file that a download becomes is then given to a shell or an interpreter, or made executable."""
    for saved in islice(patterns.SAVED.finditer(data), _FEW):
        name = re.escape(saved[1].rpartition("/")[2])
        given = rf"{_RUNNERS} (?:\S{{0,200}}/)?{name}(?![\w.-])"
        run = rf"{given}|[&;|] ?\.?/{name}"
        if name and re.search(run, data[saved.end() :][:_LOOKED]):
            return True
    return False


def _configured(found: Sequence[Text]) -> Iterator[str]:
    for text in found:
        if text.path == COMMAND or not _is_config(text):
            continue
        match = patterns.STARTS.search(settings(text, text.gist))
        if match:
            yield f"{text.path} ({match[1].strip()})"


def _is_config(text: Text) -> bool:
    return bool(patterns.CONFIG.search(text.path)) or bool(patterns.LOADED.search(text.path))


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
