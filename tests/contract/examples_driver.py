"""Runs documented commands and snippets one after the other in one interpreter, as ``hf`` and as a program would.

A process of its own, since `huggingface_hub` reads its endpoint when it is imported. It reads examples as JSON from its
standard input and answers with how each ended.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
import traceback
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi

BUCKET = "local/my-bucket"
FILES = (
    "config.json",
    "data.csv",
    "file.txt",
    "old-model.bin",
    "logs/one",
    "data/one",
    "sub/one",
    "checkpoints/one",
    "x.tmp",
)
SCRIPTS = ("script", "my_script", "train", "ml_training", "process", "training_script")


class Driver:
    """The clients, and what an example finds when it starts."""

    def __init__(self) -> None:
        self.api = HfApi()
        self.ended = self.job("echo hello")
        self.api.wait_for_job(self.ended, timeout=60, poll_interval=0.05)
        self.schedule = ""
        for name in SCRIPTS:
            Path(f"{name}.py").write_text("import sys\nprint(sys.argv[1:])\n")
        for name in ("pdfs", "my-data", "data", "md-out"):
            Path(name).mkdir()
            Path(name, "one").write_text("one")
        for name in ("config.json", "model.safetensors", "data.csv"):
            Path(name).write_text("{}")
        Path(".env").write_text("FOO=foo\nBAR=bar\n")
        Path(".env.secrets").write_text("MY_SECRET=psswrd\n")

    def job(self, script: str) -> str:
        return self.api.run_job(image="x", command=["sh", "-c", script]).id

    def prepare(self, text: str) -> None:
        """Make what the example takes for granted, and nothing else."""
        if "scheduled" in text and not self.schedule:
            self.schedule = self.api.create_scheduled_job(image="x", command=["true"], schedule="@yearly").id
        if "bucket" not in text and "hf://" not in text:
            return
        for name in ("my-bucket", "old-bucket", "new-bucket", "source-bucket", "dest-bucket"):
            for owner in ("local", "local-team"):
                self.api.delete_bucket(f"{owner}/{name}", missing_ok=True)
        if "buckets create" in text and "exist-ok" not in text:
            return
        for name in ("my-bucket", "old-bucket", "source-bucket", "dest-bucket"):
            self.api.create_bucket(f"local/{name}")
            if name in text or name == "my-bucket":
                self.api.batch_bucket_files(f"local/{name}", add=[(b"{}", path) for path in FILES])
        if "--apply" in text:
            self.commands("hf buckets sync ./data hf://buckets/local/my-bucket --plan sync-plan.jsonl")

    def clear(self) -> None:
        """End what the example started, and forget its schedules."""
        for owner in ("local", "local-team"):
            for job in self.api.list_jobs(namespace=owner, status=["RUNNING", "SCHEDULING"]):
                self.api.cancel_job(job_id=job.id, namespace=owner)
        self.schedule = ""
        for made in self.api.list_scheduled_jobs():
            self.api.delete_scheduled_job(scheduled_job_id=made.id)

    def do(self, example: dict[str, str]) -> dict[str, Any]:
        try:
            self.prepare(example["text"])
            return self.snippet(example["code"]) if "code" in example else self.commands(example["run"])
        finally:
            self.clear()

    def snippet(self, code: str) -> dict[str, Any]:
        names = {name: getattr(huggingface_hub, name) for name in dir(huggingface_hub) if not name.startswith("_")}
        names |= {"job_id": self.ended, "scheduled_job_id": self.schedule, "running": self._running(code)}
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                exec(code, names)
        except Exception as error:  # noqa: BLE001 - Whatever it is, it is how the snippet ended.
            said = (
                f"{type(error).__name__}: {error}" if not isinstance(error, AssertionError) else traceback.format_exc()
            )
            return {"status": 1, "out": out.getvalue(), "err": said}
        return {"status": 0, "out": out.getvalue(), "err": ""}

    def commands(self, line: str) -> dict[str, Any]:
        """Run a line; what follows a pipe or ``&&`` is the shell's, except for ``xargs``."""
        first, _, rest = line.partition(" | ")
        ended = self.hf(shlex.split(first.partition(" && ")[0]))
        if rest.startswith("xargs ") and ended["status"] == 0:
            return self.hf([*shlex.split(rest)[1:], *ended["out"].split()])
        return ended

    def hf(self, words: list[str]) -> dict[str, Any]:
        running = self._running(" ".join(words))
        which = running or self.ended
        places = {"<job_id>": which, "<job_id_1>": which, "<job_id_2>": which, "<namespace>": "local"}
        places |= {"<id>": self.schedule, "<scheduled_job_id>": self.schedule}
        sys.argv = ["hf", *(places.get(word, word) for word in words[1:])]
        sys.stdin = io.TextIOWrapper(io.BytesIO(b"y\n"))
        out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
        from huggingface_hub.cli.hf import main

        status: Any = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                status = end.code
            except Exception:  # noqa: BLE001 - Whatever it is, it is how the command ended.
                status = 1
                traceback.print_exc()
        texts = [one.buffer.getvalue().decode() for one in (out, err)]  # type: ignore[attr-defined]
        return {"status": int(status or 0), "out": texts[0], "err": texts[1]}

    def _running(self, text: str) -> str:
        """Start the job that the example finds running, if it needs one."""
        script = "sleep 1" if "stats -f" in text or "ls -q" in text else "sleep 600"
        needed = ("stats", "jobs expose", "jobs cancel", "ls -q", "running", "jobs ssh")
        if not any(word in text for word in needed):
            return ""
        started = self.job(script)
        self.api.wait_for_job(started, stages=["RUNNING", "COMPLETED"], timeout=60, poll_interval=0.05)
        return started


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    driver = Driver()
    answers = [driver.do(example) for example in asked]
    sys.__stdout__.write(json.dumps(answers))  # type: ignore[union-attr]
