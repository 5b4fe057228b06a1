"""Every official example, what became of it on the local hub, and why where that is not what the guide shows.

The commands come from the installed ``hf``'s own help and from `example_list`, the snippets from there too. After a
change make the table again: ``python -m tests.contract.examples``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract import surface
from tests.contract.example_list import GUIDE_COMMANDS, SNIPPETS, STAND_INS
from tests.hub_process import running_hub

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "local_hub" / "EXAMPLES.md"

_HEAD = """# The official examples on the local hub

Made by the contract suite, which runs each of them with the real `hf` and the real `huggingface_hub` against a hub started
for the test: those that `hf`'s own help shows, and those of the guides on Jobs, the command line and buckets. One that ends
otherwise than here fails the suite. To make this page again after a change: `python -m tests.contract.examples`.
Names of people and buckets are replaced by ones that are there, and the Python that `--python` names by the suite's own;
a script that a guide does not show prints its arguments.
"""
UNEXPLAINED = "DIFFERS"
HUBS = 4


@dataclass(frozen=True)
class Difference:
    """Why an example is not run to its end as it stands: for those whose text matches `pattern`.

    With `says` it is refused, in words that hold it; without, the job is taken and not waited for.
    """

    pattern: str
    reason: str
    says: str = ""


DIFFERENCES = (
    Difference(r"uv run -v \S+:/data ", "Refused by the client: with a script `/data` is a mount path of its own.", "reserved"),
    Difference(r"-a --status", "Refused by the client: `--status` says which, so `-a` cannot stand beside it.", "combined"),
    Difference(r"--repo ", "An older client's option: this one takes it for the program, and the job fails.", "'ERROR'"),
    Difference(r"uv run https://", "The client itself fetches the script from the internet, and it is not there.", "download"),
    Difference(r"hf://(datasets|org/my-model)|type='(model|dataset)'",
               "Refused, and said so: models and datasets are not on the local hub; a bucket or a folder is.", "local hub"),
    Difference(r"--ssh|jobs ssh|ssh=True", "Refused, and said so: a local job has no SSH server.", "SSH"),
    Difference(r"--filter", "Refused by the client: the option is an older client's.", "No such option"),
    Difference(r"gpu-t4-small", "Refused, as on the Hub: there is no such flavor; the guide means `t4-small`.", "flavor"),
    Difference(r"create_webhook", "Refused, and said so: there are no repositories here that could change.", "local hub"),
    Difference(r"https://huggingface\.co/", "Taken: the script is fetched from the internet when the job runs."),
    Difference(r"hf\.co/spaces|duckdb", "Taken: the image is not pulled, and the job's message says so."),
    Difference(r"--with |dependencies=\[|import torch|import vllm|--flavor a10g",
               "Taken: it needs a GPU, or packages from an index."),
    Difference(r"jobs run .*python (script|train|report)\.py", "Taken: its script is in an image of one's own."),
    Difference(r"--expose 8000", "Taken, and its address is printed: it serves until it is stopped."),
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One documented command line or snippet."""

    text: str
    kind: str
    code: str = ""

    @property
    def difference(self) -> Difference | None:
        return next((one for one in DIFFERENCES if re.search(one.pattern, f"{self.text} {self.code}")), None)

    def asked(self) -> dict[str, str]:
        """What the driver is given."""
        if self.code:
            return {"text": f"{self.text} {self.code}", "code": self.code}
        line = self.text
        for documented, ours in STAND_INS:
            line = line.replace(documented, ours)
        if self.difference and not self.difference.says and "--detach" not in line and "scheduled" not in line:
            line = re.sub(r"^(hf jobs (?:uv )?run) ", r"\1 --detach ", line)
        return {"text": line, "run": line}

    def verdict(self, ended: dict[str, Any]) -> str:
        """What the table says of it; begins with `UNEXPLAINED` where nothing explains how it ended."""
        difference = self.difference
        refused = difference is not None and difference.says
        said = ended["out"] + ended["err"]
        if (ended["status"] == 0) == bool(refused) or (refused and refused.lower() not in said.lower()):
            return f"{UNEXPLAINED}: status {ended['status']}: {said.strip()[-300:]}"
        return difference.reason if difference else "as documented"


def examples() -> Iterator[Example]:
    """Yield all of them: the client's own first, then what only the guides have."""
    shown = [text for command in surface.commands().values() for text in getattr(command, "examples", None) or ()]
    for text in shown:
        yield Example(text, "`hf`'s own help")
    for text in GUIDE_COMMANDS:
        if text not in shown:
            yield Example(text, "Guides: commands")
    for text, code in SNIPPETS.items():
        yield Example(text, "Guides: Python", code)


def verdicts(folder: Path, *, runner: str = "process") -> dict[Example, str]:
    """Run all examples in `folder`, each against one of several hubs, since most of the time is waiting; judge them."""
    wanted = list(examples())
    parts = [wanted[number::HUBS] for number in range(HUBS)]
    with ThreadPoolExecutor(HUBS) as pool:
        answers = list(pool.map(lambda number: _ended(parts[number], folder / str(number), runner), range(HUBS)))
    found = {
        one: one.verdict(how)
        for part, told in zip(parts, answers, strict=True)
        for one, how in zip(part, told, strict=True)
    }
    return {one: found[one] for one in wanted}


def _ended(part: list[Example], folder: Path, runner: str) -> list[dict[str, Any]]:
    work = folder / "work"
    work.mkdir(parents=True)
    with running_hub(folder / "home", runner=runner) as hub:
        env = {
            "PATH": os.environ["PATH"], "HOME": str(work), "HF_HOME": str(work / "hf"), "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token, "HF_HUB_DISABLE_UPDATE_CHECK": "1", "COLUMNS": "300",
            "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "NO_COLOR": "1", "TERM": "dumb",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.contract.examples_driver"],
            input=json.dumps([one.asked() for one in part]),
            env=env, cwd=work, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def table(found: dict[Example, str]) -> str:
    """Return the page that is committed as `TABLE`."""
    from huggingface_hub import __version__

    lines = [_HEAD, f"Made with `huggingface_hub` {__version__}.", ""]
    for kind in dict.fromkeys(one.kind for one in found):
        lines += [f"## {kind}", "", "| example | on the local hub |", "|---|---|"]
        rows = {one.text: verdict for one, verdict in found.items() if one.kind == kind}
        lines += [f"| `{text.replace('|', chr(92) + '|')}` | {verdict} |" for text, verdict in rows.items()] + [""]
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        TABLE.write_text(table(verdicts(Path(work))))
