"""Why a job wants each of its secrets, as `plan_secrets` reads it, in words for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from consent.wording.excerpt import COMMAND, Text, reads
from consent.wording.quoted import inline

if TYPE_CHECKING:
    from jobs.planning.need import Need
    from jobs.planning.required_secrets import Candidate, Needs
    from jobs.spec.spec import JobSpec

#: How the word begins that no text of the job wants a secret.
NOTHING = "NOTHING"

#: How the word begins that none does, and that not all of its code is here to be read.
NOT_SEEN = "NOT SEEN in use"

_LONGEST = 1 << 20
_READS = re.compile(r"(?P<place>.+?) reads \w+, line (?P<line>\d+)")
_AT = re.compile(r"(?P<place>.+?), line (?P<line>\d+): (?P<rest>.*)", re.DOTALL)
_LONG_PLACE = 30


async def reading(spec: JobSpec) -> Needs:
    """What the job's texts want, read where nobody waits for it; nothing where there are no secrets to be wanted."""
    from jobs.apart.call import apart
    from jobs.planning.required_secrets import Needs, needs

    if not spec.secret_names:
        return Needs()
    given = _given(spec, {path: data.decode(errors="replace") for path, data in spec.files})
    size = sum(map(len, given[0])) + sum(map(len, given[2].values()))
    return await apart(needs, *given, size=size) or Needs(unread=("what is too much to be read",))


def reasons(spec: JobSpec, found: Sequence[Text], read: Needs | None = None, *, unseen: bool = False) -> dict[str, str]:
    """Each secret name with where it is wanted, or with the word that nothing wants it; by `read`, or read now.

    `unseen` says that it runs code which is not among `found`.
    """
    if not spec.secret_names:
        return {}
    from jobs.planning.model_table import from_table
    from jobs.planning.required_secrets import needs

    texts = {text.path: text.data for text in found if text.path != COMMAND and text.data}
    given = _given(spec, texts)
    script = given[1]
    read = read or needs(*given)
    wanted = {one.name: one for one in read.candidates([from_table(model) for model in read.models])}
    own = "" if script is None else spec.command[0].removeprefix("./")
    names = spec.secret_names
    return {name: _why(name, wanted.get(name), found, own, names, unread=bool(read.unread) or unseen) for name in names}


def pays_for_models(spec: JobSpec, read: Needs | None = None) -> bool:
    """Whether a name among the secrets is a key by which calls of models are billed to the person."""
    from jobs.planning.libraries import CALL
    from jobs.planning.model_strings import KEYS

    calls = {need.name for need in read.wanted if need.use == CALL and need.confidence != "optional"} if read else KEYS
    known = KEYS if read is None or read.models else KEYS & calls
    return any(name in known or (name == "HF_TOKEN" and name in calls) for name in spec.secret_names)


def _given(
    spec: JobSpec, texts: Mapping[str, str]
) -> tuple[tuple[str, ...], str | None, dict[str, str], dict[str, str]]:
    """What `needs` is given: the command, the script, the files, the variables."""
    files = {path: text for path, text in texts.items() if len(text) < _LONGEST}
    script = None if spec.script is None else files.get(spec.command[0].removeprefix("./"))
    return spec.command, script, files, dict(spec.env)


def _why(
    name: str, wanted: Candidate | None, found: Sequence[Text], script: str, names: Sequence[str], *, unread: bool
) -> str:
    place = reads(found, name)
    if wanted is not None and wanted.confidence != "optional":
        said = _said(wanted.needs[0], script)
        instead = [other for other in wanted.others if other in names]
        return f"{said}, or {', '.join(instead)}" if instead and wanted.confidence == "one of" else said
    if place:
        return f"{inline(place)} names it"
    if wanted is not None:
        return f"perhaps: {inline(wanted.reasons[0])}"
    return f"{NOT_SEEN}, some code is not here" if unread else f"{NOTHING} in this job uses it"


def _said(need: Need, script: str) -> str:
    """What a name is for and where that stands, the purpose first."""

    def where(place: str) -> str:
        own = script if script and place == "the script" else place
        return inline(own if len(own) < _LONG_PLACE else own.rpartition("/")[2])

    if seen := _READS.fullmatch(need.reason):
        return f"{where(seen['place'])}:{seen['line']} reads it"
    at = _AT.fullmatch(need.reason)
    if at and at["rest"].startswith(("puts in", "${")):
        return f"{where(at['place'])}:{at['line']} puts it in"
    purpose = f"to {need.use}, " if need.use else ""
    if purpose and at:
        return f"{purpose}{where(at['place'])}:{at['line']}"
    place, colon, rest = need.reason.partition(": ")
    if purpose and colon and place == "the command":
        return f"{purpose}{inline(rest)}"
    return inline(need.reason.partition(" (")[0])
