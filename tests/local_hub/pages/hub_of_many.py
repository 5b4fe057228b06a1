"""A hub with a job of every kind that a page shows: what people see, for tests, for axe, and for the screenshots."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, Volume

from local_hub.paths import HubPaths
from tests.hub_process import running_hub

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
TRAINED = """
import csv, json, pathlib, struct, zlib
w = pathlib.Path("/workspace")
for step in range(40):
    print(f"step {step} loss {1 / (step + 1):.4f}")
print("needle in the log", flush=True)
(w / "result.json").write_text(json.dumps({"accuracy": 0.93, "note": HOSTILE}))
(w / "broken.json").write_text('{"a": ')
(w / "scores.csv").write_text("model,score,note\\nsonnet,0.93,good\\nkimi,0.88," + HOSTILE + "\\n")
(w / "steps.jsonl").write_text("".join(json.dumps({"step": n, "loss": 1 / (n + 1)}) + "\\n" for n in range(300)))
(w / "report.md").write_text("# Report\\n\\n[a link](javascript:alert(1)) " + HOSTILE + "\\n")
(w / "big.txt").write_text("0123456789" * 40000)
(w / "page.html").write_text(HOSTILE)
(w / "uv.lock").write_text("version = 1\\n")
(w / "model.bin").write_bytes(bytes(2048))
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\\0" + bytes(v for x in range(160) for v in (40 + x, 90, 200 - y)) for y in range(90))
(w / "curve.png").write_bytes(
    b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 160, 90, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
"""
FAILED = """
import os
print("needle too")
os.environ["MISSING_" + "NAME"]
"""


@dataclass
class Many:
    """The hub, and the ids of what is on it."""

    endpoint: str
    token: str
    home: Path
    trained: str
    failed: str
    running: str
    schedule: str
    run: str

    def ticket(self, wanted: str = "") -> str:
        """The address that lets a browser in, at the page of a job or a schedule."""
        asked = httpx2.post(
            f"{self.endpoint}/api/local/ticket",
            params={"job": wanted},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return f"{self.endpoint}/login?ticket={asked.raise_for_status().json()['ticket']}&job={wanted}"

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        entered = httpx2.get(self.ticket())
        with httpx2.Client(base_url=f"{self.endpoint}{entered.headers['location']}", timeout=60) as client:
            yield client


@contextmanager
def hub_of_many(home: Path) -> Iterator[Many]:
    with running_hub(home) as hub:
        api = HfApi(hub.endpoint, token=hub.token)
        api.create_bucket("local/jobs-artifacts", private=True)
        api.batch_bucket_files("local/jobs-artifacts", add=[(b"x", "one/prompt.md"), (b"y", "two/prompt.md")])

        def job(name: str, code: str, folder: str, **more: object) -> str:
            volume = Volume(type="bucket", source="local/jobs-artifacts", mount_path="/workspace", path=folder)
            words = ["python", "-c", f"HOSTILE = {HOSTILE!r}\n{code}"]
            made = api.run_job(
                image="python:3.12",
                command=words,
                labels={"name": name},
                volumes=[volume],
                **more,  # type: ignore[arg-type]
            )
            return made.id

        trained = job("train", TRAINED, "one", env={"COLOUR": "blue"}, flavor="cpu-upgrade")
        failed = job("train", FAILED, "two", env={"COLOUR": "red"}, secrets={"MY_SECRET": "never-on-a-page"})
        running = api.run_job(
            image="python:3.12",
            command=["sh", "-c", "while :; do echo tick; sleep 0.3; done"],
            labels={"name": "watch"},
        ).id
        schedule = api.create_scheduled_job(
            image="python:3.12", command=["echo", HOSTILE], schedule="@daily", labels={"name": "nightly"}
        ).id
        run = api.trigger_scheduled_job(scheduled_job_id=schedule).id
        for one in (trained, failed, run):
            api.wait_for_job(one, timeout=60)
        yield Many(hub.endpoint, hub.token, home, trained, failed, running, schedule, run)


def fill(many: Many, count: int) -> None:
    """Put `count` ended jobs into the hub's own database, as a year of use would."""
    paths = HubPaths.of(many.home)
    with sqlite3.connect(paths.database, timeout=30) as db:
        (row,) = db.execute("SELECT spec FROM jobs WHERE id = ?", (many.trained,)).fetchone()
        db.executemany(
            "INSERT INTO jobs (id, namespace, created_ms, stage, spec, initiator, started_ms, finished_ms, exit_code)"
            " VALUES (?, 'local', ?, 'COMPLETED', ?, '{\"type\": \"user\"}', ?, ?, 0)",
            (
                (f"{n:024x}", n, row.replace('"train"', f'"old-{n}"').replace('"hidden"', f'"{n}"'), n, n + 5)
                for n in range(1, count + 1)
            ),
        )
    db.close()
