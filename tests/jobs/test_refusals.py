"""Every refusal of a request: one sentence, a hint, the field, and never the value that was wrong."""

import pytest

from jobs.errors import JobsError
from jobs.spec.spec import build
from tests.job_requests import requested

SENTINEL = "Zq7SENTINELx"
RUN = ("echo", "hi")
FLAVORS = ("cpu-basic", "a10g-small")
HEADER = "# /// script\n# [tool.hf-jobs]\n# {}\n# ///\nprint(1)\n"

REFUSED = {
    "neither command nor script": ("command", {}),
    "both command and script": ("command", {"command": (SENTINEL,), "script": SENTINEL}),
    "an empty command": ("command", {"command": ()}),
    "a command in one string": ("command", {"command": (f"echo {SENTINEL}",)}),
    "a command that is an option": ("command", {"command": (f"--{SENTINEL}",)}),
    "a command with NUL": ("command", {"command": ("echo", f"{SENTINEL}\0")}),
    "a script that is not there": ("command", {"command": (f"{SENTINEL}.py",)}),
    "an empty script": ("script", {"script": " \n"}),
    "a path for a script": ("script", {"script": f"/home/me/{SENTINEL}.py"}),
    "an address for a script": ("script", {"script": f"https://example.com/{SENTINEL}.py"}),
    "a shell script": ("script", {"script": f"#!/bin/sh\necho {SENTINEL}"}),
    "a script in Markdown fences": ("script", {"script": f"```python\nprint('{SENTINEL}')\n```"}),
    "an interpreter's script that is not there": ("command", {"command": ("python", "-u", f"{SENTINEL}.py")}),
    "a shell's script that is not there": ("command", {"command": ("bash", f"./{SENTINEL}.sh", "x")}),
    "a file run from another folder": (
        "command",
        {"command": ("python", f"{SENTINEL}.py"), "image": "python:3.12", "files": {f"{SENTINEL}.py": "x"}},
    ),
    "a reference in place of a value": ("env", {"command": RUN, "env": {"AA": f"${{{SENTINEL}}}"}}),
    "a bad script header": ("script", {"script": HEADER.format(f"flavour = '{SENTINEL}'")}),
    "a bad header in a file": (
        "files",
        {"command": ("x.py",), "files": {"x.py": HEADER.format(f"env = '{SENTINEL}'")}},
    ),
    "a bad flavor in a header": ("flavor", {"script": HEADER.format(f"flavor = '{SENTINEL}'")}),
    "a secret value in a header": ("secrets", {"script": HEADER.format(f"secrets = ['A={SENTINEL}']")}),
    "fast-agent without its package": ("packages", {"command": ("fast-agent", "go", "--message", SENTINEL)}),
    "a package that is an option": ("packages", {"command": RUN, "packages": (f"--{SENTINEL}",)}),
    "a python path": ("python", {"command": RUN, "python": f"/{SENTINEL}"}),
    "a bad image": ("image", {"command": RUN, "image": f"{SENTINEL}:{SENTINEL}:"}),
    "a bad flavor": ("flavor", {"command": RUN, "flavor": SENTINEL}),
    "a bad timeout": ("timeout", {"command": RUN, "timeout": SENTINEL}),
    "a timeout of nothing": ("timeout", {"command": RUN, "timeout": "0s"}),
    "a variable with a bad name": ("env", {"command": RUN, "env": {f"{SENTINEL}-x": "1"}}),
    "a variable that is not text": ("env", {"command": RUN, "env": {SENTINEL: "\0"}}),
    "a variable of the hub's": ("env", {"command": RUN, "env": {"JOB_ID": SENTINEL}}),
    "a variable that is a secret too": ("env", {"command": RUN, "env": {"A_KEY": SENTINEL}, "secrets": ("A_KEY",)}),
    "a lower-case secret": ("secrets", {"command": RUN, "secrets": (SENTINEL,)}),
    "a secret with its value": ("secrets", {"command": RUN, "secrets": (f"A_KEY={SENTINEL}",)}),
    "a file that climbs out": ("files", {"command": RUN, "files": {f"../{SENTINEL}": "x"}}),
    "a file that is absolute": ("files", {"command": RUN, "files": {f"/{SENTINEL}": "x"}}),
    "a file that is a folder": ("files", {"command": RUN, "files": {SENTINEL: "x", f"{SENTINEL}/a": "y"}}),
    "a file that is too large": ("files", {"command": RUN, "files": {"a": SENTINEL * 100_000}}),
    "a local volume": ("volumes", {"command": RUN, "volumes": (f"./{SENTINEL}:/data",)}),
    "a malformed volume": ("volumes", {"command": RUN, "volumes": (f"hf://{SENTINEL}",)}),
    "a volume over the workspace": ("volumes", {"command": RUN, "volumes": (f"hf://buckets/a/{SENTINEL}:/workspace",)}),
    "an output folder that is relative": ("outputs", {"command": RUN, "outputs": (SENTINEL,)}),
    "an output folder of the system": ("outputs", {"command": RUN, "outputs": (f"/usr/{SENTINEL}",)}),
    "an output folder in another": ("outputs", {"command": RUN, "outputs": (f"/{SENTINEL}", f"/{SENTINEL}/b")}),
    "an output folder over a volume": (
        "outputs",
        {"command": RUN, "outputs": (f"/{SENTINEL}",), "volumes": (f"hf://buckets/a/b:/{SENTINEL}/in",)},
    ),
    "an output folder of a schedule": ("outputs", {"command": RUN, "outputs": (f"/{SENTINEL}",), "schedule": "@daily"}),
    "an output folder without a workspace": (
        "outputs",
        {"command": RUN, "outputs": (f"/{SENTINEL}",), "workspace": False},
    ),
    "a bad name": ("name", {"command": RUN, "name": f"{SENTINEL} x"}),
    "two names": ("name", {"command": RUN, "name": SENTINEL, "labels": {"name": SENTINEL}}),
    "a bad label": ("labels", {"command": RUN, "labels": {f"{SENTINEL}/x": "1"}}),
    "a bad label's value": ("labels", {"command": RUN, "labels": {"a": f"{SENTINEL} x"}}),
    "a bad namespace": ("namespace", {"command": RUN, "namespace": f"../{SENTINEL}"}),
    "too many attempts": ("attempts", {"command": RUN, "attempts": 99}),
    "a bad port": ("expose", {"command": RUN, "expose": (0,)}),
    "a bad public port": ("expose_public", {"command": RUN, "expose_public": (70_000,)}),
    "a bad schedule": ("schedule", {"command": RUN, "schedule": f"* * {SENTINEL} * *"}),
    "an impossible schedule": ("schedule", {"command": RUN, "schedule": "0 0 30 2 *"}),
    "a prompt file that is not there": (
        "files",
        {"command": ("fast-agent", "go", "--prompt-file", f"{SENTINEL}.md"), "packages": ("fast-agent-mcp",)},
    ),
    "a folder of cards that is not there": (
        "files",
        {"command": ("fast-agent", "go", f"--card={SENTINEL}"), "packages": ("fast-agent-mcp",)},
    ),
}


@pytest.mark.parametrize("case", REFUSED, ids=[case.replace(" ", "-") for case in REFUSED])
def test_a_refusal_is_one_sentence_with_a_hint_and_without_the_value(case):
    field, arguments = REFUSED[case]
    with pytest.raises(JobsError) as caught:
        build(requested(**arguments), hub="http://127.0.0.1:1", namespace="local", flavors=FLAVORS)
    refusal = caught.value
    assert refusal.field == field
    assert refusal.code in {"bad_argument", "secret_in_argument"}
    assert not refusal.retryable
    assert refusal.message.endswith(".")
    assert ". " not in refusal.message
    assert "\n" not in refusal.message
    assert refusal.hint
    assert SENTINEL.lower() not in str(refusal.as_dict()).lower()
    assert refusal.__cause__ is None
    assert refusal.__context__ is None or refusal.__suppress_context__
