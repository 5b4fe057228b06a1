"""What libraries really ask for when a name is not there, against what the plan says: each snippet is run without it.

python bench/asked.py --python ENV/bin/python    (an environment of your own with the libraries; no network is used)
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_SECRET = r"[A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET|PASSWORD|USERNAME)[A-Z0-9_]*"
_NO_TRUTH = re.compile(r"ImportError|ModuleNotFoundError|Unknown|AttributeError|TIMEOUT")

CHILD = r"""
import importlib, json, os, re, signal, socket, sys, warnings

warnings.simplefilter("ignore")
text = sys.stdin.read()
for module in sorted(set(re.findall(r"(?m)^(?:from|import) ([\w.]+)", text))):
    try:
        importlib.import_module(module)
    except BaseException:
        pass
seen, kind = set(), type(os.environ)
secret = re.compile(sys.argv[1])
originals = {name: getattr(kind, name) for name in ("__getitem__", "__contains__", "get")}


def noting(original):
    def read(self, key, *rest):
        if isinstance(key, str) and secret.fullmatch(key):
            seen.add(key)
        return original(self, key, *rest)

    return read


def refused(*_, **__):
    raise ConnectionRefusedError("no network here")


for name, original in originals.items():
    setattr(kind, name, noting(original))
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
signal.alarm(60)
said = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
try:
    exec(compile(text, "snippet", "exec"), {"__name__": "__main__"})
    end = "it ran"
except BaseException as error:
    parts = []
    while error is not None and len(parts) < 8:
        parts.append(f"{type(error).__name__}: {error}"[:400])
        error = error.__cause__ or error.__context__
    end = " | ".join(parts)
os.write(said, json.dumps({"end": end, "seen": sorted(seen)}).encode())
os._exit(0)
"""


def run(python: str, text: str) -> tuple[str, set[str]]:
    """How a snippet ends without any name, and which names it looked up."""
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        try:
            done = subprocess.run(
                [python, "-P", "-c", CHILD, _SECRET], input=text, env=env, cwd=home, capture_output=True, text=True,
                timeout=180, check=False,
            )  # fmt: skip
            told = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return "TIMEOUT", set()
    return told["end"], set(told["seen"])


def main() -> int:
    from tests.jobs.planning import corpus

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True)
    python = parser.parse_args().python
    asked = agreed = untold = 0
    for case in corpus.scripts("asked"):
        end, seen = run(python, case.script or "")
        if _NO_TRUTH.search(end):
            untold += 1
            print(f"  {case.name}: cannot be told here ({end[:80]})")
            continue
        asked += 1
        found = case.found(optional=True)
        named = set(re.findall(_SECRET, end))
        unread = {name for name in case.found() if name not in seen | named}
        missed = bool(named) and not named & found and end != "it ran"
        agreed += not unread and not missed
        if unread or missed:
            print(f"  {case.name}: plan {sorted(found)}, looked up {sorted(seen)}, error names {sorted(named)}")
    print(f"{agreed} of {asked} snippets ask for what the plan says; {untold} could not be told")
    return int(agreed < asked)


if __name__ == "__main__":
    raise SystemExit(main())
