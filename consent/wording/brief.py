"""The few lines that decide: what runs, where, for how much, the secrets and why, the dangers, and what is unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from consent.request import Fact
from consent.width import fit, width
from consent.wording.dangers import Danger, dangers, runs_unseen
from consent.wording.excerpt import COMMAND, Line, Text, every_line, hosts, hosts_of, matter, texts, variables
from consent.wording.quoted import inline
from consent.wording.reasons import NOT_SEEN, NOTHING, pays_for_models, reasons
from consent.wording.schedule_words import when
from jobs import durations
from jobs.spec import validate

if TYPE_CHECKING:
    from consent.describe import Description

_BODY = 57
"""Columns beside a label."""

_WARNING = 62
"""Columns of a warning."""

_WARNED_BY = 12
"""By this line every warning stands."""

_COMFORTABLE = 9
_MOST_NAMES = 3
_MOST_LINES = 3
_SMALL = 1_000
_MOST_HOSTS = 6
_FILES_NAMED = 3
_NAMED = 6_000
_CENT = 0.01


def brief(told: Description) -> tuple[Fact, ...]:
    """What a person reads before a yes; whatever of the job's text is not in it is announced in it."""
    return _Brief(told).facts()


def short(told: Description) -> tuple[Fact, ...]:
    """What decides, in as few words as there are: for a screen on which `brief` and the boxes do not fit together."""
    spec, mask = told.spec, _mask(told)
    found = texts(spec, mask)
    place = {"local": "local", "huggingface": "Hugging Face"}.get(told.hub_name) or inline(spec.hub)
    where = f"{place}, {inline(mask(spec.flavor)) or 'no hardware told'}, {durations.words(spec.timeout_seconds)}"
    every = f", {inline(mask(spec.schedule))}" if spec.schedule else ""
    return (
        Fact("Runs", inline(found[0].data or ""), "command"),
        Fact("Where", where + every, "where"),
        Fact("Costs", _models_extra(told, "nothing here" if told.hub_name == "local" else _most(told)), "cost"),
        *(Fact("!", danger.brief, "danger") for danger in dangers(told, found, mask)),
    )


def why_wanted(told: Description) -> dict[str, str]:
    """Why each secret is wanted, for its box."""
    found = texts(told.spec, _mask(told))
    return reasons(told.spec, found, told.read, unseen=runs_unseen(told, found))


class _Brief:
    def __init__(self, told: Description) -> None:
        self._told = told
        self._spec = told.spec
        self._mask = _mask(told)
        self._texts = texts(told.spec, self._mask)
        self._unseen: list[str] = []
        self._hidden: list[str] = []
        self._facts: list[Fact] = []
        self._lines = 2  # The title, and perhaps that the same was approved before.

    def facts(self) -> tuple[Fact, ...]:
        warnings = dangers(self._told, self._texts, self._mask)
        many = len(warnings) > _MOST_LINES
        whole = self._runs(1 if many else 2)
        self._where()
        self._secrets(many=many)
        self._warnings(warnings)
        rest = list(self._rest())
        lines = self._matter(whole=whole)
        self._facts += rest
        self._not_shown(lines, whole=whole)
        return tuple(self._facts)

    def _add(self, label: str, value: str, field: str = "", most: int = 1) -> None:
        """A fact that takes `most` lines at most."""
        from consent.question import lines_of

        room = (_WARNING if label == "!" else _BODY) + (most - 1) * (_BODY - 1)
        while lines_of(label, fit(value, room)) > most and room > 1:
            room -= 1
        self._facts.append(Fact(label, fit(value, room), field))
        self._lines += lines_of(label, fit(value, room))

    def _runs(self, most: int) -> bool:
        """What runs; whether the command is shown whole."""
        said = inline(self._texts[0].data or "")
        own = "".join(self._spec.command[:1]).removeprefix("./")
        script = next((text for text in self._texts[1:] if text.path == own), None)
        size = f" ({_count(len(script.lines), 'line')})" if script else ""
        before = len(self._facts)
        self._add("Runs", f"{fit(said, _BODY * most - len(size) - 6 * most)}{size}" if size else said, "command", most)
        shown = self._facts[before].value
        whole = shown == f"{said}{size}"
        if not whole:
            self._hidden.append(COMMAND)
        return whole

    def _where(self) -> None:
        told, spec = self._told, self._spec
        name = {"local": "local hub, this machine", "huggingface": "Hugging Face"}.get(told.hub_name) or inline(
            spec.hub
        )
        owner = f" ({inline(self._mask(spec.namespace))})"
        tries = f", {spec.attempts} attempts" if spec.attempts > 1 else ""
        hardware = inline(self._mask(spec.flavor)) or "not told"
        limit = f"at most {durations.words(spec.timeout_seconds)}{tries}"
        self._add("Where", f"{name}{owner}, {hardware}, {limit}", "where", 2)
        self._add("Costs", _costs(told), "cost", 2)
        if told.target is not None:
            kept = "schedule" if told.action in {"trigger", "resume", "reschedule"} else "job"
            self._add("From", f"{kept} {inline(self._mask(told.target))}", "target")
        if told.before is not None:
            before, after = (inline(self._mask(when(each))) for each in (told.before, spec.schedule or ""))
            self._add("When", f"until now {before}; then {after}", "before", 2)

    def _secrets(self, *, many: bool) -> None:
        names = self._spec.secret_names
        unseen = runs_unseen(self._told, self._texts)
        wanted = reasons(self._spec, self._texts, self._told.read, unseen=unseen)
        if len(names) <= _MOST_NAMES and not (many and len(names) > 1):
            for name in names:
                self._add("Secret", f"{name}: {wanted[name]}", "secret")
            return
        idle = [name for name in names if wanted[name].startswith((NOTHING, NOT_SEEN))]
        used = [name for name in names if name not in idle]
        for some, said in ((idle, f"{NOTHING} uses {', '.join(idle)}"), (used, f"used: {', '.join(used)}")):
            if some:
                self._add("Secret", said, "secret", 2)
                if width(said) > 2 * _BODY - 2:
                    self._unseen.append("names of secrets (all stand at the boxes)")

    def _warnings(self, warnings: Sequence[Danger]) -> None:
        room = max(1, _WARNED_BY - self._lines)
        if len(warnings) <= room:
            cut = sum(width(danger.line) > _WARNING for danger in warnings)
            if cut:
                self._unseen.append(f"the end of {_count(cut, 'warning')}")
            lines = [danger.line for danger in warnings]
        else:
            alone, packed = list(warnings), list[Danger]()
            while alone and len(alone) + len(_packed(packed)) > room:
                packed.insert(0, alone.pop())
            lines = [*(danger.line for danger in alone), *_packed(packed)]
            self._unseen.append("the particulars of warnings")
        for line in lines:
            self._add("!", line, "danger")

    def _matter(self, *, whole: bool) -> list[Line]:
        """The lines of the programs that matter most, as many as there is room for."""
        without = {COMMAND} if whole else set()
        above = self._facts[0].value
        lines = matter(self._texts, self._spec.secret_names, without=tuple(without))
        lines = [line for line in lines if line.place != COMMAND or inline(line.said) not in above]
        room = min(_MOST_LINES, max(1, _COMFORTABLE - self._lines - 1))
        files = self._texts[1:]
        rest = every_line(files) if sum(text.size for text in files) <= _SMALL else []
        if len(rest) <= room:
            lines += [line for line in rest if line.place not in {each.place for each in lines}]
        shown = []
        for line in lines[:room]:
            place = "command" if line.place == COMMAND else inline(line.place)
            said = inline(line.said)
            columns = _BODY - width(place) - 2
            if width(said) > columns and line.at > columns // 2:
                said = f"...{inline(line.said[line.at :])}"
            else:
                shown.append(line)
            self._add("Says", f"{fit(place, 24)}: {said}", "says")
        return shown

    def _rest(self) -> Iterator[Fact]:
        """What else the job is made of, each by name, in a line or two where that is enough."""
        spec, mask = self._spec, self._mask
        made_of = [inline(mask(name)) for name in spec.packages]
        if spec.python:
            made_of.insert(0, f"Python {inline(mask(spec.python))}")
        if spec.image and spec.image != validate.DEFAULT_UV_IMAGE:
            made_of.append(f"image {inline(mask(spec.image))}")
        yield from self._list("With", made_of, "packages")
        if len(spec.files) > _FILES_NAMED:
            yield from self._list("Files", [inline(mask(path)) for path, _ in spec.files], "files")
        yield from self._variables()
        yield from self._list("Mounts", [inline(mask(mount.uri)) for mount in spec.volumes], "volumes")
        yield from self._list("Keeps", [inline(mask(path)) for path in spec.outputs], "outputs")
        ports = [f"{port}, not public" for port in spec.expose]
        yield from self._list("Ports", ports, "ports")
        if spec.network_group:
            names = [spec.network_group, *spec.network_aliases]
            yield from self._list("Net", [inline(mask(name)) for name in names], "network")
        if not self._told.is_stored and not spec.workspace:
            yield Fact("Keeps", "nothing that it writes: no workspace", "workspace")
        if self._told.workspace is not None:
            yield from self._list("Folder", [inline(mask(self._told.workspace))], "workspace")
        yield from self._list("Labels", [inline(mask(f"{key}={value}")) for key, value in spec.labels], "labels")
        if spec.resource_group_id:
            yield from self._list("Pays", [inline(mask(spec.resource_group_id))], "resource group")
        if spec.schedule and self._told.before is None:
            often = f"{when(spec.schedule)}{', suspended' * spec.suspend}{', runs overlap' * spec.concurrency}"
            upcoming = f"; next {self._told.next_runs[0]}" if self._told.next_runs else ""
            yield Fact("When", fit(inline(mask(f"{often}{upcoming}")), 2 * _BODY), "schedule")
        for key, value in self._told.unknown.items():
            said = inline(mask(f"{key}={json.dumps(value, ensure_ascii=False, default=str)}"))
            yield from self._list("Also", [said], "unknown")

    def _variables(self) -> Iterator[Fact]:
        """Every variable by name, and its value where it is short."""
        entries, cut = [], 0
        for name, value in self._spec.env:
            said = inline(self._mask(f"{name}={value}"))
            if width(said) > _BODY:
                cut += 1
                said = f"{inline(name)}=..."
            entries.append(said)
        if not entries:
            return
        whole = ", ".join(entries)
        if width(whole) > 2 * _BODY and len(entries) > 1:
            cut = len(entries)
            whole = ", ".join(inline(name) for name, _ in self._spec.env)
        if cut:
            self._unseen.append(f"values of {_count(cut, 'variable')}")
            for _, value in self._spec.env:
                self._hidden.append(value)
        if len(whole) > _NAMED:
            self._unseen.append("names of variables")
            whole = f"{whole[:_NAMED]}..."
        yield Fact("Sets", whole, "env")

    def _list(self, label: str, items: Sequence[str], what: str) -> Iterator[Fact]:
        if not items:
            return
        whole = ", ".join(items)
        cut = fit(whole, 2 * _BODY - 12)
        if cut != whole:
            left = sum(1 for item in items if item not in cut)
            self._unseen.append(f"{left or 1} of {len(items)} {what}" if len(items) > 1 else f"the rest of the {what}")
            self._hidden += items
        yield Fact(label, cut, what)

    def _not_shown(self, lines: Sequence[Line], *, whole: bool) -> None:
        command, *files = self._texts
        parts = [] if whole else [f"the rest of the command ({command.size:,} characters)"]
        parts += self._unread(files, [line.place.rpartition(":")[0] for line in lines])
        parts += dict.fromkeys(self._unseen)
        if not parts:
            return
        said = "; ".join(parts)
        hidden = files if whole else self._texts
        at = [host for text in hidden for host in hosts_of(text)]
        at += [host for value in self._hidden for host in hosts(value, words=True)]
        names = [name for text in hidden for name in variables(text.read) if name not in self._spec.secret_names]
        for what, items in (("Hosts", [inline(host) for host in at]), ("Variables", names)):
            if items:
                said += f". {what}: {_named(list(dict.fromkeys(items)))}"
        self._facts.append(Fact("Not shown:", said, "unseen"))

    def _unread(self, files: Sequence[Text], shown: Sequence[str]) -> Iterator[str]:
        """How much of which files nobody has seen, the first by name."""
        left = [(text, len(text.lines) - shown.count(text.path)) for text in files]
        left = [(text, lines) for text, lines in left if lines > 0 or (text.data is None and text.size)]
        for text, lines in left[:_FILES_NAMED]:
            yield f"{_how_much(text, lines)} of {fit(inline(text.path), 30)}"
        if more := left[_FILES_NAMED:]:
            yield f"{_count(len(more), 'more file')} ({sum(lines for _, lines in more):,} lines)"


def _how_much(text: Text, lines: int) -> str:
    """How much of a text `lines` of it are."""
    whole = _count(len(text.lines), "line")
    if text.data is None:
        return f"{text.size:,} bytes"
    if lines < len(text.lines):
        return f"{lines:,} of {whole}"
    return f"all {whole}" if lines > 1 else whole


def _named(items: Sequence[str]) -> str:
    shown = ", ".join(fit(item, 50) for item in items[:_MOST_HOSTS])
    return f"{shown} and {len(items) - _MOST_HOSTS} more" if len(items) > _MOST_HOSTS else shown


def _packed(warnings: Sequence[Danger]) -> list[str]:
    lines: list[str] = []
    for danger in warnings:
        if lines and width(lines[-1]) + width(danger.brief) + 3 <= _WARNING:
            lines[-1] += f" - {danger.brief}"
        else:
            lines.append(danger.brief)
    return lines


def _costs(told: Description) -> str:
    """What the job costs; calls of models come on top, billed by whoever gave out the key."""
    return _models_extra(told, _most(told))


def _models_extra(told: Description, costs: str) -> str:
    if not pays_for_models(told.spec, told.read):
        return costs
    return (
        costs.replace("nothing here", "nothing here but models")
        if "nothing here" in costs
        else f"models extra; {costs}"
    )


def _most(told: Description) -> str:
    amount = told.max_cost_usd
    here = told.hub_name == "local"
    if amount is None:
        return "nothing here" if here else "unknown: this hub names no price"
    each = " a run" if told.repeats else ""
    most = f"at most ${amount:,.2f}{each}" if amount >= _CENT or amount == 0 else f"less than $0.01{each}"
    if told.repeats and told.monthly_usd is not None:
        most = most.removeprefix("at most ") if here else most
        most += f", ${told.monthly_usd:,.2f} a month"
    return f"nothing here ({most} on Hugging Face)" if here else most


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _mask(told: Description) -> Callable[[str], str]:
    return told.mask
