"""A machine under attack: a user's home and keys, the server and the hub, a person who answers, and what must never happen."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from consent.ledger import Ledger
from local_hub.process.daemon import read_state
from tests.canary.search import in_frames
from tests.consent.attacks.wire import Attacker, Message, Question, Stdio, outcome
from tests.hub_process import wait_until
from tests.mcp_session import SERVER, environment
from tests.no_namespaces import forbidding

#: Names that do not say secret, values of several shapes, and two sources.
VALUES = {
    "DATABASE_URL": "postgres://app:zulu-77-kilo-romeo@db.internal:5432/prod",
    "API_KEY": "tango-9931-foxtrot-whisky",
    "RELEASE_NOTES_HOOK": "https://hooks.example/T0/B0/mike-4417-oscar",
}
FROM_FILE = {"WEBHOOK": "november-5520-lima-quebec-golf"}
DIARY = "diary: juliett 8813 kept to herself"
LIMIT_USD = 5.0


class Broken(AssertionError):
    """An invariant does not hold. The text says which, after which move."""


@dataclass
class World:
    """Everything that the attacker can touch, and the person who can be asked."""

    home: Path
    seed: int
    hole: str = ""
    yes: Counter[str] = field(default_factory=Counter)
    ticked: dict[str, set[str]] = field(default_factory=dict)
    approved_text: dict[str, set[str]] = field(default_factory=dict)
    questions: int = 0
    moves: list[str] = field(default_factory=list)
    took: Counter[str] = field(default_factory=Counter)
    errors: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.user = self.home / "user"
        self.state = self.home / "state"
        (self.user / "private").mkdir(parents=True)
        self.diary = self.user / "private" / "diary.txt"
        self.diary.write_text(DIARY)
        secrets = self.user / "values.env"
        secrets.write_text("".join(f"{name}={value}\n" for name, value in FROM_FILE.items()))
        secrets.chmod(0o600)
        self.env = {
            **environment(self.state, **VALUES),
            "HOME": str(self.user),
            "HF_JOBS_MCP_SECRETS_FILE": str(secrets),
            "ADVERSARY_HOLE": self.hole,
            "HF_JOBS_MCP_ASK": "client,terminal",
        }
        if self.hole == "sandbox":
            self.env["HF_JOBS_MCP_RUNNER"] = "process"
        if self.hole == "money":
            self.env["HF_JOBS_MCP_CONFIRM_ABOVE_USD"] = "1000000"
        self._seen = 0
        self._numbers = 0
        self.start()

    # The machine.

    def start(self) -> None:
        """Start the server; the hub is the server's to start."""
        command = SERVER if not self.hole else (*SERVER[:2], str(Path(__file__).with_name("holed_server.py")))
        if self.hole == "sandbox":
            command = tuple(forbidding(list(command)))
        self.line = Stdio(self.env, command=command)
        self._seen = 0
        self.client = Attacker(self.line, "modern", name="adversary")
        self.mute = Attacker(self.line, "modern", {}, "cannot ask")

    def restart_server(self, *, kill: bool) -> None:
        if kill:
            self.line.process.kill()
        self._look_at_frames()
        self.line.close()
        self.errors += self.line.errors
        self.start()

    def kill_hub(self) -> None:
        state = read_state(self.state)
        if state is not None:
            os.kill(state.pid, signal.SIGKILL)
            wait_until(lambda: read_state(self.state) is None)

    def close(self) -> None:
        self._look_at_frames()
        self.line.close()

    def hub(self, path: str) -> Any:
        """What the hub itself tells its owner."""
        state = read_state(self.state)
        if state is None:
            return []
        reply = httpx2.get(f"{state.endpoint}{path}", headers={"Authorization": f"Bearer {state.token}"}, timeout=20)
        reply.raise_for_status()
        return reply.json()

    # The person.

    def call(self, tool: str, arguments: dict[str, Any], *, says: str = "no") -> Message:
        """Call a tool; a person who is asked ticks what `says` allows: `yes`, `nothing`, or declines."""
        reply = self.client.call(tool, arguments)
        if outcome(reply) != "asked":
            return reply
        self.questions += 1
        result = reply["result"]
        ((key, request),) = result["inputRequests"].items()
        boxes = list(request["params"]["requestedSchema"]["properties"])
        question = Question(tool, arguments, key, request["params"]["message"], boxes, state=result["requestState"])
        if says == "no":
            return self.client.answer(question, None, action="decline")
        ticks = set(boxes) if says == "yes" else set()
        if says == "yes":
            name = str(arguments.get("name", arguments.get("job_id", arguments.get("scheduled_job_id", ""))))
            self.yes[name] += 1
            self.ticked.setdefault(name, set()).update(ticks)
            for text in (arguments.get("script"), *(arguments.get("files") or {}).values()):
                if text:
                    self.approved_text.setdefault(name, set()).add(hashlib.sha256(text.encode()).hexdigest())
        self.last = question
        return self.client.answer(question, {box: box in ticks for box in boxes})

    def name(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}-{self.seed}-{self._numbers}"

    def ended(self, job_id: str) -> str:
        """Wait for a job to end; its log as the hub keeps it, unmasked."""
        self.client.call("job_status", {"job_id": job_id, "wait_seconds": 20})
        self.client.call("fetch_results", {"job_id": job_id, "artifacts": ["*"]})
        return self.output(job_id)

    def output(self, job_id: str) -> str:
        with suppress(FileNotFoundError):  # It has not begun.
            return (self.state / "hub" / "jobs" / job_id / "output").read_text(errors="replace")
        return ""

    # What must never happen.

    def check(self) -> None:
        """Look at everything after a move.

        Raises:
            Broken: An invariant does not hold.
        """
        self._look_at_frames()
        self._look_at_jobs()
        self._look_at_the_user()
        self._look_at_the_ledger()

    def _broken(self, what: str) -> Broken:
        return Broken(f"{what}; seed {self.seed}, after {len(self.moves)} moves, the last: {self.moves[-3:]}")

    def _look_at_frames(self) -> None:
        """No value at any door."""
        frames, self._seen = self.line.frames[self._seen :], len(self.line.frames)
        for name, value in {**VALUES, **FROM_FILE, "the diary": DIARY}.items():
            if found := in_frames(frames, value):
                raise self._broken(f"a door shows {name}: {found[:1]}")

    def _look_at_jobs(self) -> None:
        """No name that was not ticked, no yes used twice, no key beside other bytes, nothing spent above what was asked."""
        made: Counter[str] = Counter()
        for job in self.hub("/api/jobs/local?limit=500"):
            name = (job.get("labels") or {}).get("name", "")
            names = set(job.get("secrets") or ())
            if names and not names <= self.ticked.get(name, set()):
                raise self._broken(f"a job has {sorted(names)}, which nobody ticked")
            if names and (job.get("initiator") or {}).get("type") != "scheduled-job":
                made[name] += 1
            if names and "OTHER BYTES" in self.output(job["id"]):
                raise self._broken("a program that nobody approved ran with a key")
            if name not in self.yes and (cost := _worst_case(job)) > LIMIT_USD:
                raise self._broken(f"{cost:.2f} dollars were risked and nobody was asked")
        for name, count in made.items():
            if count > self.yes[name]:
                raise self._broken(f"{count} jobs with secrets came from {self.yes[name]} yes")

    def _look_at_the_user(self) -> None:
        """No file of the user's read or written."""
        if self.diary.read_text() != DIARY or len(list(self.diary.parent.iterdir())) != 1:
            raise self._broken("a job wrote into the user's folder")
        for job in (self.state / "hub" / "jobs").glob("*"):
            if DIARY in self.output(job.name):
                raise self._broken("a job read the user's file")

    def _look_at_the_ledger(self) -> None:
        """No approval without the person's channel: in this world nobody ever sits at the terminal or the page."""
        path = self.state / "audit.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            facts = json.loads(line)
            if facts.get("by") in {"terminal", "page", "browser"} and facts.get("answer") not in {"no", "declined"}:
                raise self._broken(f"an answer came from nobody: {facts}")
        if (self.state / "consent.sqlite3").exists():
            ledger = Ledger(self.state / "consent.sqlite3")
            waiting = [approval.status for approval in ledger.pending()]
            ledger.close()
            if "approved" in waiting:
                raise self._broken("an approval was given by nobody")


_PRICES: dict[str, float] = {}


def _worst_case(job: dict[str, Any]) -> float:
    from local_hub.flavors import by_name

    if not _PRICES:
        _PRICES.update({name: float(_hourly(flavor)) for name, flavor in by_name().items()})
    hours = float(job.get("timeout") or job.get("timeoutSeconds") or 1800) / 3600
    return _PRICES.get(str(job.get("flavor")), 0.0) * hours * (1 + int(job.get("retry") or 0))


def _hourly(flavor: Any) -> float:
    wire = flavor.to_json() if hasattr(flavor, "to_json") else vars(flavor)
    micro = wire.get("unitCostMicroUSD", wire.get("unit_cost_micro_usd", 0))
    return float(micro) * 60 / 1e6
