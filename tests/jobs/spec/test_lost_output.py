"""Output outside every mount is advised of before it is lost, and ordinary commands are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.planning.advice import advice
from jobs.spec.spec import build
from tests.job_requests import requested

AGENT = ("fast-agent", "go", "-m", "hi", "--results")
PACKAGES = ("fast-agent-mcp",)


def said(**arguments: Any) -> str:
    spec = build(requested(**arguments), hub="http://127.0.0.1:1", namespace="local")
    return " ".join(advice(spec))


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": (*AGENT, "/tmp/x/result.json"), "packages": PACKAGES},
        {"command": ("fast-agent", "go", "-m", "hi", "--results=/output/r.json"), "packages": PACKAGES},
        {"command": ("python", "a.py", "--output_dir", "/output"), "image": "busybox"},
        {"command": ("sh", "-c", "date > /output/now.txt"), "image": "busybox"},
        {"command": ("bash", "run.sh"), "files": {"run.sh": "tool --out-file /data/x"}},
        {"script": "open('/output/x.json', 'w').write('1')"},
        {"script": "class A: pass\nA().save_pretrained('/data/model')"},
    ],
)
def test_output_outside_every_mount_is_advised_of(arguments: dict[str, Any]) -> None:
    assert "outside /workspace" in said(**arguments)


@pytest.mark.parametrize(
    "command",
    [("python", "-c", "open('result.json', 'w').write('1')"), ("sh", "-c", "date > now.txt"), ("tool", "-o", "x.bin")],
)
def test_a_container_job_that_writes_into_its_own_folder_is_advised_of(command: tuple[str, ...]) -> None:
    assert "$HF_JOB_WORKSPACE" in said(command=command, image="busybox")


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": (*AGENT, "/workspace/r.json"), "packages": PACKAGES},
        {"command": (*AGENT, "r.json"), "packages": PACKAGES},
        {"command": ("sh", "-c", "date > /workspace/now.txt"), "image": "busybox"},
        {"command": ("sh", "-c", 'date > "$HF_JOB_WORKSPACE/now"'), "image": "busybox"},
        {"command": ("sh", "-c", "date > /dev/null 2>&1; test 3 -gt 2"), "image": "busybox"},
        {"command": ("echo", "hello"), "image": "busybox"},
        {"command": ("tool", "--output", "/out/x"), "image": "busybox", "volumes": ("hf://buckets/local/b:/out",)},
        {"script": "open('/tmp/scratch', 'w')"},
    ],
)
def test_what_stays_or_is_meant_to_pass_is_left_alone(arguments: dict[str, Any]) -> None:
    assert said(**arguments) == ""
