import pytest

from jobs.planning.advice import advice
from jobs.spec.spec import build
from tests.job_requests import requested

PUSH = "import sys\nmodel.push_to_hub('me/model')\n"
AGENT = {"command": ("fast-agent", "go", "--message", "hi", "--results", "r.json"), "packages": ("fast-agent-mcp",)}
HEADER = '# /// script\n# dependencies = ["torch"]\n# ///\nimport torch\n'


def said(timeout_given=True, **arguments):
    spec = build(requested(**arguments), hub="http://127.0.0.1:1", namespace="local")
    return advice(spec, timeout_given=timeout_given)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"script": "import torch, os\nfrom numpy.linalg import det\n"}, "numpy, torch"),
        ({"command": ("a.py", "--x"), "files": {"a.py": "import torch"}}, "torch"),
        ({"script": "x = (\n\nprint('never'"}, "line 3"),
        ({"script": PUSH}, "HF_TOKEN"),
        ({"command": ("python", "a.py"), "files": {"a.py": PUSH}}, "HF_TOKEN"),
        ({**AGENT, "command": ("fast-agent", "go", "--results", "r.json")}, "nobody can type"),
        ({**AGENT, "command": ("fast-agent", "go", "-m", "hi")}, "--results"),
        ({**AGENT, "python": "3.11"}, "3.12"),
        ({**AGENT, "command": ("timeout", "60", "fast-agent", "go", "-m", "hi")}, "--results"),
        (
            {**AGENT, "command": ("sh", "-c", "cd . && uvx fast-agent-mcp@latest go --results r.json")},
            "nobody can type",
        ),
        ({**AGENT, "command": ("sh", "run.sh"), "files": {"run.sh": "fast-agent go -m hi"}}, "--results"),
        ({"command": ("sh", "-c", "python -c 1 && hf upload me/x out")}, "HF_TOKEN"),
        (
            {
                "script": "from transformers import TrainingArguments as T\nT(push_to_hub=True)\n",
                "packages": ("transformers",),
            },
            "HF_TOKEN",
        ),
        ({"command": ("echo", "a", "&&", "echo", "b")}, "no shell"),
        ({"command": ("cat", "p.md"), "image": "busybox", "files": {"p.md": "x"}}, "/workspace"),
        ({"command": ("true",), "schedule": "*/5 * * * *"}, "may take 30m and the next can come after 5m"),
        ({"command": ("true",), "schedule": "@hourly", "timeout": "30m", "attempts": 3}, "may take 1h30m"),
    ],
)
def test_what_will_disappoint_is_said_once(arguments, part):
    sentences = said(**arguments)
    assert len(sentences) == 1
    assert part in sentences[0]
    assert sentences[0].endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": ("python", "-c", "print(1)")},
        AGENT,
        {
            **AGENT,
            "python": "3.13",
            "command": ("fast-agent", "go", "-p=p.md", "--results=r.json"),
            "files": {"p.md": "x"},
        },
        {"script": HEADER},
        {**AGENT, "command": ("fast-agent", "serve", "--transport", "http")},
        {"command": ("sh", "-c", "echo 'fast-agent go'; grep push_to_hub x")},
        {"script": "# push_to_hub would need a token\nprint(1)\n"},
        {"script": "import torch", "packages": ("torch",)},
        {"script": "import torch", "image": "pytorch/pytorch:2.6.0"},
        {"script": "import beside, pkg.x, json\nfrom . import y\n", "files": {"beside.py": "", "pkg/x.py": ""}},
        {"script": "try:\n    import torch\nexcept ImportError:\n    torch = None\n"},
        {"script": "import re\nre.compile('\\\\d')\nx = '\\d'\n"},
        {"script": PUSH, "secrets": ("HF_TOKEN",)},
        {"command": ("sh", "-c", "a", "&&"), "schedule": "@daily"},
        {"command": ("cat", "/workspace/p.md"), "image": "busybox", "files": {"p.md": "x"}},
        {"command": ("true",), "schedule": "*/5 * * * *", "concurrency": True},
        {"command": ("true",), "schedule": "@hourly", "timeout": "1h"},
    ],
)
def test_what_is_well_meant_is_left_alone(arguments):
    assert said(**arguments) == ()


def test_the_default_timeout_is_said_where_it_surprises():
    assert any("30m" in sentence for sentence in said(timeout_given=False, command=("true",), flavor="a10g-small"))
    assert said(timeout_given=False, command=("true",), flavor="cpu-upgrade") == ()
    assert said(timeout_given=True, command=("true",), flavor="a10g-small") == ()


def test_advice_on_a_hostile_script_is_bounded():
    for script in ("(" * 5_000, "import " + ", ".join(f"m{i}" for i in range(3_000)), "x = '\\0\0'", "\x0c" * 9 + "x"):
        sentences = said(script=script)
        assert sum(map(len, sentences)) < 400


def test_a_project_or_a_broken_header_may_install_what_we_cannot_see():
    project = "[project]\nname = 'a'\nversion = '1'\n"
    assert said(command=("a.py",), files={"a.py": "import torch", "pyproject.toml": project}) == ()
    assert said(script="# /// script\n# dependencies = [\n# ///\nimport torch\n") == ()
