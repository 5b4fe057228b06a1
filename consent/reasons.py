"""Why a job wants each of its secrets, as `plan_secrets` reads it, in words for a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from consent.excerpt import COMMAND, Text, reads
from consent.quoted import inline

if TYPE_CHECKING:
    from jobs.planning.required_secrets import Candidate
    from jobs.spec.spec import JobSpec

#: How the word begins that no text of the job wants a secret.
NOTHING = "NOTHING"

_LONGEST = 1 << 20
_READS = re.compile(r"(?P<place>.+?) reads \w+, line (?P<line>\d+)")


def reasons(spec: JobSpec, found: Sequence[Text]) -> dict[str, str]:
    """Each secret name with where it is wanted, or with the word that nothing wants it."""
    if not spec.secret_names:
        return {}
    from jobs.planning.model_table import from_table
    from jobs.planning.required_secrets import needs

    files = {text.path: text.data for text in found if text.path != COMMAND and text.data and len(text.data) < _LONGEST}
    script = None if spec.script is None else files.get(spec.command[0].removeprefix("./"))
    read = needs(spec.command, script, files, env=dict(spec.env))
    wanted = {one.name: one for one in read.candidates([from_table(model) for model in read.models])}
    own = "" if script is None else spec.command[0].removeprefix("./")
    return {name: _why(name, wanted.get(name), found, own, unread=bool(read.unread)) for name in spec.secret_names}


def _why(name: str, wanted: Candidate | None, found: Sequence[Text], script: str, *, unread: bool) -> str:
    place = reads(found, name)
    if wanted is not None and wanted.confidence != "optional":
        reason = wanted.reasons[0]
        seen = _READS.fullmatch(reason)
        if seen:
            where = script if script and seen["place"] == "the script" else seen["place"]
            return f"{inline(where)}:{seen['line']} reads it"
        return inline(reason.partition(" (")[0])
    if place:
        return f"{inline(place)} names it"
    if wanted is not None:
        return f"perhaps: {inline(wanted.reasons[0])}"
    return f"{NOTHING} that could be read uses it" if unread else f"{NOTHING} in this job uses it"
