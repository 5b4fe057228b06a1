"""One whole life with a secret in it: planned, asked for, sent, scheduled, printed, written down, crashed, restarted."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_hub.process.daemon import read_state
from tests.consent.attacks.wire import Attacker, Message, Stdio, made, outcome
from tests.mcp_session import environment

VALUE = 'Canary/9f3b+Zq~77 "x"\'$y'
WRAPPER = (sys.executable, "-P", str(Path(__file__).with_name("traced_server.py")))
TELL = """
import base64, html, json, os, shlex, sys, textwrap, urllib.parse
v = os.environ["CANARY_KEY"]
said = [v, json.dumps(v), json.dumps(json.dumps({"key": v})), repr(v), shlex.quote(v), urllib.parse.quote(v, safe=""),
        urllib.parse.quote_plus(v), ascii(v), repr(v.encode())]
for pad in range(3):
    raw = b"x" * pad + v.encode() + b"tail"
    said += [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(),
             "\\n".join(textwrap.wrap(base64.b64encode(raw * 3).decode(), 20))]
for text in said:
    print(text)
print(v, file=sys.stderr, flush=True)
place = os.environ.get("HF_JOB_WORKSPACE", ".")
open(place + "/leak.txt", "w").write("\\n".join(said))
json.dump({"key": v, "list": said}, open(place + "/leak.json", "w"))
open(place + "/leak.bin", "wb").write(bytes(range(256)) + v.encode() + bytes(range(256)))
"""
FAIL = "import os; raise RuntimeError('cannot sign in with ' + os.environ['CANARY_KEY'])"
CRASH = "import os, signal; print(os.environ['CANARY_KEY'], flush=True); os.kill(os.getpid(), signal.SIGKILL)"
WAIT = "import os, time; print(os.environ['CANARY_KEY'], flush=True); time.sleep(60)"


@dataclass
class Life:
    """A home, and everything that was said and written while it was lived in."""

    home: Path
    traces: Path
    hole: str = ""
    frames: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    while_running: list[str] = field(default_factory=list)

    def process(self, **more: str) -> Stdio:
        env = environment(
            self.home, CANARY_KEY=VALUE, CANARY_TRACES=str(self.traces), CANARY_HOLE=self.hole, HF_JOBS_MCP_LOG="DEBUG", **more
        )  # fmt: skip
        return Stdio(env, command=WRAPPER)

    def keep(self, line: Stdio) -> None:
        line.close()
        self.frames += line.frames
        self.errors += line.errors

    def hub_log(self) -> bytes:
        return (self.home / "hub" / "hub.log").read_bytes()


def job(code: str, **more: Any) -> dict[str, Any]:
    return {"image": "python:3.12", "command": ["python3", "-c", code], "secrets": ["CANARY_KEY"], **more}


def submit(client: Attacker, tool: str, arguments: dict[str, Any]) -> str:
    return made(client.tick_all(client.ask(tool, arguments)))


def wait(client: Attacker, job_id: str) -> Message:
    for _ in range(10):
        reply = client.call("job_status", {"job_id": job_id, "wait_seconds": 20})
        if reply["result"]["structuredContent"].get("finished"):
            return reply
    raise AssertionError(reply)


def read_everything(client: Attacker, job_id: str) -> None:
    """Every door a job's output can come out of."""
    client.call("fetch_results", {"job_id": job_id})
    client.call("fetch_results", {"job_id": job_id, "lines": "head:100", "artifacts": ["*"]})
    client.call("fetch_results", {"job_id": job_id, "search": "/./"})
    client.call("fetch_results", {"job_id": job_id, "lines": "errors", "save_to": job_id})
    for part in ("", "/log", "/artifacts/leak.txt", "/artifacts/leak.json", "/artifacts/leak.bin"):
        client.read(f"job://local/{job_id}{part}")


def live(life: Life, look: Any) -> None:
    """Live it. `look` is called in the middle, with a job running, and tells where the value is then."""
    line = life.process()
    client = Attacker(line, "modern", name="canary")
    plan = client.call("plan_secrets", {"script": TELL})
    assert plan["result"]["structuredContent"]["candidates"][0]["name"] == "CANARY_KEY"
    client.call("submit_job", job(TELL, dry_run=True))
    told = submit(client, "submit_job", job(TELL))
    assert wait(client, told)["result"]["structuredContent"]["succeeded"] is True
    read_everything(client, told)
    for code in (FAIL, CRASH):
        failed = submit(client, "submit_job", job(code))
        wait(client, failed)
        read_everything(client, failed)
    schedule = submit(client, "schedule_job", job(TELL, schedule="@yearly"))
    asked = client.ask("manage_schedule", {"scheduled_job_id": schedule, "action": "trigger"})
    run = client.answer(asked, {"confirm": True})["result"]["structuredContent"]["job"]
    wait(client, run)
    read_everything(client, run.partition("/")[2])
    running = submit(client, "submit_job", job(WAIT))
    client.call("job_status", {"job_id": running, "wait_seconds": 1})
    assert outcome(Attacker(line, "modern", {}, "cannot ask").call("submit_job", job(TELL))) == "waits"
    client.line.send({"jsonrpc": "2.0", "id": "bad", "method": "no/such/method", "params": {}})
    life.while_running += look()
    line.process.kill()
    life.keep(line)

    after = life.process()
    client = Attacker(after, "legacy", name="after the crash").hello()
    client.call("fetch_results", {"job_id": running})
    client.call("manage_job", {"job_id": running, "action": "cancel"})
    client.call("job_status", {})
    refused = client.ask("manage_job", {"job_id": told, "action": "rerun"})
    assert outcome(client.answer(refused, None, action="decline")) == "consent_declined"
    client.call("manage_schedule", {"scheduled_job_id": schedule, "action": "delete"})
    life.keep(after)


def own_files(home: Path) -> list[str]:
    """What belongs to the jobs themselves: their output, and what they wrote into their workspaces."""
    assert read_state(home) is not None
    return ["hub/jobs/", "hub/buckets/local/jobs-artifacts/"]
