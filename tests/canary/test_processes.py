"""A life lived in several processes: attached in one, fetched in the next, with values from every source.

None of the names but one says that it is secret; values are structured, long, plain words, and in the keyring.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.canary import search
from tests.consent.attacks.wire import Attacker, Message, Stdio, made
from tests.hub_process import clear, short_home
from tests.mcp_session import environment

pytestmark = pytest.mark.promise("S10", "S11")

LINES = [f"MIIEv{number:02d}QIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9x{number:02d}" for number in range(8)]
KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(LINES) + "\n-----END PRIVATE KEY-----\n"
ACCOUNT = json.dumps({"type": "service_account", "private_key": KEY, "client_email": "bot@canary.example"})
LONG = "".join(f"{number * 7919 % 100_003:05d}qZ" for number in range(900))

ENVIRONMENT = {
    "DATABASE_URL": "postgres://canary-user:s3cr3tPW9x%2Fz@db.canary.example:5432/app",
    "WEBHOOK": "https://hooks.example/T000/B111/canaryHookQ7x9",
    "PLAIN_TOKEN": "swordfish",
}
FILE = {"GOOGLE_CONFIG": ACCOUNT, "CLUSTER": LONG}
RING = {"RING_VALUE": "ring-VALUE-55667788"}
NAMES = [*ENVIRONMENT, *FILE, *RING]
VALUES = {**ENVIRONMENT, **FILE, **RING}
PIECES = [
    "s3cr3tPW9x",
    "canaryHookQ7x9",
    "swordfish",
    "ring-VALUE-55667788",
    *LINES,
    LONG[:40],
    LONG[3000:3040],
    LONG[-40:],
]

TELL = f"""
import json, os
names = {NAMES!r}
for name in names:
    print(name + "=" + os.environ[name])
print(json.loads(os.environ["GOOGLE_CONFIG"])["private_key"])
place = os.environ.get("HF_JOB_WORKSPACE", ".")
for name in names:
    open(place + "/" + name + ".txt", "w").write(name + "=" + os.environ[name])
open(place + "/o-" + os.environ["RING_VALUE"] + ".txt", "w").write(os.environ["PLAIN_TOKEN"])
json.dump({{name: os.environ[name] for name in names}}, open(place + "/all.json", "w"))
raise RuntimeError("cannot reach " + os.environ["DATABASE_URL"])
"""


@dataclass
class Lives:
    """A state folder and the sources of values, for as many server processes as are wanted."""

    home: Path
    sources: Path
    frames: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)

    def write(self, file: dict[str, str], ring: dict[str, str]) -> None:
        lines = [f"{name}='{value}'" for name, value in file.items()]
        (self.sources / "secrets.env").write_text("\n".join(lines))
        (self.sources / "ring.json").write_text(json.dumps({f"hf-jobs-mcp/{key}": ring[key] for key in ring}))

    def process(self, **more: str) -> Stdio:
        ring = Path(__file__).with_name("ring")
        env = environment(self.home, **more) | {
            "HF_JOBS_MCP_SECRETS_FILE": str(self.sources / "secrets.env"),
            "PYTHON_KEYRING_BACKEND": "canary_keyring.CanaryKeyring",
            "CANARY_RING": str(self.sources / "ring.json"),
            "PYTHONPATH": str(ring),
            "HF_JOBS_MCP_LOG": "DEBUG",
        }
        return Stdio(env)

    def keep(self, line: Stdio) -> None:
        line.close()
        self.frames += line.frames
        self.errors += line.errors


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    with short_home() as home:
        lived = Lives(home, tmp_path_factory.mktemp("sources"))
        lived.write(FILE, RING)
        try:
            yield lived
        finally:
            clear(home)


@pytest.fixture(scope="module")
def told(lives: Lives) -> str:
    """A job that was attached everything and told everything, in a process that is gone."""
    line = lives.process(**ENVIRONMENT)
    client = Attacker(line, "modern", name="first")
    arguments = {"image": "python:3.12", "command": ["python3", "-c", TELL], "secrets": sorted(NAMES)}
    job = made(client.tick_all(client.ask("submit_job", arguments)))
    for _ in range(10):
        if _data(client.call("job_status", {"job_id": job, "wait_seconds": 20})).get("finished"):
            break
    schedule = made(client.tick_all(client.ask("schedule_job", {**arguments, "schedule": "@yearly"})))
    lives.keep(line)
    return f"{job} {schedule}"


def doors(client: Attacker, job: str, schedule: str, save_to: str) -> list[Message]:
    """Every door a job's output can come out of, in a process that attached nothing."""
    fetch = [
        {}, {"lines": "head:100"}, {"lines": "errors"}, {"search": "/./"}, {"search": "DATABASE_URL"}, {"lines": "2-3"},
        {"lines": "tail:5-2"}, {"artifacts": ["*"]}, {"artifacts": ["*.txt"]}, {"save_to": save_to},
    ]  # fmt: skip
    replies = [client.call("fetch_results", {"job_id": job, **more}) for more in fetch]
    replies += [client.call("job_status", given) for given in ({"job_id": job}, {}, {"job_id": [job, job]})]
    parts = ("", "/log", *(f"/artifacts/{name}.txt" for name in NAMES), "/artifacts/all.json")
    replies += [client.read(f"job://local/{job}{part}") for part in parts]
    replies.append(client.call("manage_schedule", {"scheduled_job_id": schedule, "action": "list"}))
    replies.append(client.read(f"schedule://local/{schedule}"))
    return replies


def test_a_process_that_attached_nothing_masks_every_value_at_every_door(lives: Lives, told: str) -> None:
    job, schedule = told.split()
    for era in ("modern", "legacy"):
        line = lives.process(**ENVIRONMENT)
        client = Attacker(line, era, name=f"second {era}").hello()
        replies = doors(client, job, schedule, f"again-{era}")
        lives.keep(line)
        shown = json.dumps(replies)
        assert all(f"***{name}***" in shown for name in NAMES)
        assert leaks([json.dumps(reply).encode() for reply in replies]) == []


def test_each_door_alone_masks_what_it_shows_first(lives: Lives, told: str) -> None:
    """No door leans on another having been opened before it in the same process."""
    job, _ = told.split()
    for uri in (f"job://local/{job}/log", f"job://local/{job}/artifacts/RING_VALUE.txt"):
        line = lives.process(**ENVIRONMENT)
        reply = Attacker(line, "modern", name="reader").read(uri)
        lives.keep(line)
        assert "***RING_VALUE***" in json.dumps(reply)
        assert leaks([json.dumps(reply).encode()]) == []


def test_no_frame_no_log_and_no_file_of_ours_holds_a_value(lives: Lives, told: str) -> None:
    job, schedule = told.split()
    line = lives.process(**ENVIRONMENT)
    doors(Attacker(line, "modern", name="third"), job, schedule, "third")
    lives.keep(line)
    assert leaks(lives.frames) == []
    assert leaks(lives.errors) == []
    assert search.in_files(lives.home, PIECES, ["hub/jobs/", "hub/buckets/local/jobs-artifacts/"]) == []
    ours = search.names_below(lives.home, ["hub/jobs/", "hub/buckets/"])
    assert "audit.jsonl" in ours
    assert leaks([name.encode() for name in ours]) == []


def test_names_are_remembered_and_nothing_else(lives: Lives, told: str) -> None:
    path = lives.home / "secret-names"
    assert sorted(path.read_text().split()) == sorted(NAMES)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_masked_is_said_once(lives: Lives, told: str) -> None:
    """PLAIN_TOKEN has another value now, and RING_VALUE has none any more."""
    job, _ = told.split()
    lives.write(FILE, {})
    line = lives.process(**{**ENVIRONMENT, "PLAIN_TOKEN": "another-fish-77"})
    client = Attacker(line, "modern", name="late")
    first, second = (_data(client.call("fetch_results", {"job_id": job})) for _ in range(2))
    line.close()
    lives.write(FILE, RING)
    said = " ".join(first["unmasked"])
    assert "RING_VALUE: no value here now" in said
    assert "PLAIN_TOKEN: only its present value is masked" in said
    assert "unmasked" not in second


def leaks(texts: list[bytes]) -> list[str]:
    return [
        f"{value[:20]} {form} in {text[max(0, text.find(value[:9].encode()) - 60) :][:160]!r}"
        for text in dict.fromkeys(texts)
        for value in PIECES
        for form in search.in_bytes(text, value)
    ]


def _data(reply: Message) -> dict[str, Any]:
    found: dict[str, Any] = reply["result"]["structuredContent"]
    return found
