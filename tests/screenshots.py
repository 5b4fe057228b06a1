"""Makes the pictures of the pages in docs/images, light and dark: ``python -m tests.screenshots``. Needs Chromium."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from huggingface_hub import HfApi, Volume

from consent.answering.page import Page, served
from consent.ledger import Approval
from consent.request import ConsentRequest, Fact, Tick
from tests.browser import CHROMIUM, Browser, browser
from tests.hub_process import running_hub
from tests.local_hub.pages.hub_of_many import Many

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
NAMES = ("jobs", "job", "approval")
SHADES = ("light", "dark")
WIDTH, HEIGHT = 960, 600

_TRAIN = """
import json, pathlib, time
for epoch in range(1, 9):
    print(f"epoch {epoch}/8  loss {1.9 / epoch:.3f}  accuracy {1 - 0.4 / epoch:.3f}", flush=True)
    time.sleep(0.1)
pathlib.Path("/workspace/result.json").write_text(json.dumps({"accuracy": 0.95}))
"""
_EVALUATE = """
import os
print("loading the checkpoint")
open("/workspace/checkpoint.json")
"""
_ASKED = ConsentRequest(
    "submit", "fa33b16b124d7d01" * 4, "Run this job with 2 secrets?",
    (Fact("Runs", "fast-agent go --model sonnet --message 'Run cloud summary' --results result.json"),
     Fact("Where", "Hugging Face (you), cpu-basic, at most 20m"), Fact("Costs", "less than $0.01"),
     Fact("With", "Python 3.13, fast-agent-mcp"), Fact("Labels", "name=cloud-summary")),
    (Tick("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY", "model sonnet runs on anthropic", kind="secret", required=False),
     Tick("HF_TOKEN", "HF_TOKEN", "nothing here uses it; it can do everything its owner can", kind="secret",
          required=False)),
)  # fmt: skip


def pages(tab: Browser, home: Path) -> Iterator[str]:
    """Show one page after the other; each yields its name."""
    with running_hub(home) as hub:
        api = HfApi(hub.endpoint, token=hub.token)
        api.create_bucket("local/jobs-artifacts", private=True)

        def run(name: str, *words: str, folder: str = "", **more: object) -> str:
            volume = Volume(type="bucket", source="local/jobs-artifacts", mount_path="/workspace", path=folder or name)
            made = api.run_job(
                image="python:3.12",
                command=[*words],
                labels={"name": name},
                volumes=[volume],
                **more,  # type: ignore[arg-type]
            )
            return made.id

        for number in range(2):
            api.wait_for_job(run("cloud-summary", "sh", "-c", f"echo run {number}"), timeout=60)
        train = run("train", "python", "-c", _TRAIN, flavor="a10g-small")
        api.wait_for_job(train, timeout=60)
        api.wait_for_job(run("evaluate", "python", "-c", _EVALUATE), timeout=60)
        run("watch-inbox", "sh", "-c", "while :; do echo waiting; sleep 1; done")
        api.create_scheduled_job(image="python:3.12", command=["true"], schedule="@daily", labels={"name": "nightly"})
        many = Many(hub.endpoint, hub.token, home, train, "", "", "", "")
        tab.open(many.ticket())
        tab.wait_for("document.querySelectorAll('#jobs tbody tr').length === 5")
        yield "jobs"
        tab.open(f"{hub.endpoint}/jobs/local/{train}")
        tab.wait_for("document.querySelector('#log')?.textContent.includes('epoch 8/8')")
        yield "job"
    asked = Approval("5a3c9961", _ASKED.digest, "x", _ASKED, "pending", frozenset(), time.time() - 1, time.time() + 599)
    with served(Page(lambda: [asked], lambda *_: True)) as page:
        tab.open(page.address)
        tab.wait_for("!document.querySelector('button.yes')?.disabled")
        yield "approval"


def main() -> None:
    """Make all of them anew."""
    if CHROMIUM is None:
        sys.exit("Chromium is not installed")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shots-") as home, browser() as tab:
        for name in pages(tab, Path(home)):
            for shade in SHADES:
                tab.look(dark=shade == "dark", width=WIDTH, height=HEIGHT)
                (FOLDER / f"{name}-{shade}.png").write_bytes(tab.picture())


if __name__ == "__main__":
    main()
