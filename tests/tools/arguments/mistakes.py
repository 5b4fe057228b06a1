"""Fifty and more mistakes that models make, and what comes of each: `docs/mistakes.md` is written from this table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Mistake:
    """A call, and either what its arguments become (`meant`) or how it is refused (`code` and words of the hint)."""

    tool: str
    arguments: dict[str, Any]
    meant: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    hint: str = ""


RUN: dict[str, Any] = {"image": "python:3.12", "command": ["true"]}
GO = ["fast-agent", "go", "--model", "sonnet", "--message", "Run cloud summary"]
JOB, ID = "submit_job", "0123456789abcdef01234567"

MISTAKES = [
    # One text where a list belongs.
    Mistake(JOB, {"image": "python:3.12", "command": "python -c 'print(6*7)'"}, {"command": ["python", "-c", "print(6*7)"]}),
    Mistake(JOB, {"image": "python:3.12", "command": '["echo", "hi"]'}, {"command": ["echo", "hi"]}),
    Mistake(JOB, {"image": "python:3.12", "command": "echo a && echo b"}, {"command": ["sh", "-c", "echo a && echo b"]}),
    Mistake(JOB, {"image": "python:3.12", "command": "echo $HOME"}, {"command": ["sh", "-c", "echo $HOME"]}),
    Mistake(JOB, {"image": "python:3.12", "command": "echo 'a;b' '$HOME'"}, {"command": ["echo", "a;b", "$HOME"]}),
    Mistake(JOB, {"command": ["train.py"], "packages": "torch"}, {"packages": ["torch"]}),
    Mistake(JOB, {"command": ["train.py"], "packages": "torch, transformers>=4"}, {"packages": ["torch", "transformers>=4"]}),
    Mistake(JOB, {**RUN, "secrets": "HF_TOKEN"}, {"secrets": ["HF_TOKEN"]}),
    Mistake(JOB, {**RUN, "secrets": "HF_TOKEN, OPENAI_API_KEY"}, {"secrets": ["HF_TOKEN", "OPENAI_API_KEY"]}),
    Mistake(JOB, {**RUN, "volumes": "hf://buckets/me/b:/data"}, {"volumes": ["hf://buckets/me/b:/data"]}),
    Mistake(JOB, {**RUN, "expose": 8000}, {"expose": [8000]}),
    Mistake("plan_secrets", {"models": "sonnet, kimi"}, {"models": ["sonnet", "kimi"]}),
    Mistake("fetch_results", {"job_id": ID, "artifacts": "*.json"}, {"artifacts": ["*.json"]}),
    # Maps and lists of another shape.
    Mistake(JOB, {**RUN, "secrets": {"HF_TOKEN": None}}, {"secrets": ["HF_TOKEN"]}),
    Mistake(JOB, {**RUN, "secrets": {"HF_TOKEN": "$HF_TOKEN"}}, {"secrets": ["HF_TOKEN"]}),
    Mistake(JOB, {**RUN, "secrets": {"HF_TOKEN": "not-a-name-1234"}}, code="secret_in_argument", hint="names alone"),
    Mistake(JOB, {**RUN, "secrets": [{"name": "HF_TOKEN"}]}, {"secrets": ["HF_TOKEN"]}),
    Mistake(JOB, {**RUN, "env": ["AA=1", "BB=x=y"]}, {"env": {"AA": "1", "BB": "x=y"}}),
    Mistake(JOB, {**RUN, "env": [{"name": "AA", "value": "1"}]}, {"env": {"AA": "1"}}),
    Mistake(JOB, {**RUN, "env": {"AA": 7, "BB": 0.5, "CC": True}}, {"env": {"AA": "7", "BB": "0.5", "CC": "true"}}),
    Mistake(JOB, {**RUN, "labels": {"run": 3}}, {"labels": {"run": "3"}}),
    Mistake(JOB, {"command": ["x.py"], "python": 3.13}, {"python": "3.13"}),
    Mistake(JOB, {"command": ["x.py"], "python": 3.1}, {"python": "3.10"}),
    # Another spelling.
    Mistake(JOB, {**RUN, "flavor": "CPU_Basic"}, {"flavor": "cpu-basic"}),
    Mistake("schedule_job", {**RUN, "schedule": "daily"}, {"schedule": "@daily"}),
    Mistake("schedule_job", {**RUN, "schedule": "@Hourly"}, {"schedule": "@hourly"}),
    Mistake("job_status", {"job_id": f"https://huggingface.co/jobs/me/{ID}"}, {"job_id": f"me/{ID}"}),
    Mistake("job_status", {"job_id": [f"http://127.0.0.1:4711/jobs/local/{ID}"]}, {"job_id": [f"local/{ID}"]}),
    Mistake("job_status", {"job_id": ID, "wait_seconds": 600}, {"wait_seconds": 45}),
    Mistake("job_status", {"job_id": ID, "wait_seconds": "120"}, {"wait_seconds": 45}),
    # Another name.
    Mistake(JOB, {**RUN, "gpu": "a10g-small"}, {"flavor": "a10g-small"}),
    Mistake(JOB, {**RUN, "hardware": "T4-small"}, {"flavor": "t4-small"}),
    Mistake(JOB, {**RUN, "gpu": True}, code="unknown_argument", hint="flavor"),
    Mistake(JOB, {**RUN, "gpu": "t4-small", "flavor": "cpu-basic"}, code="unknown_argument", hint="flavor"),
    Mistake("schedule_job", {**RUN, "cron": "0 9 * * 1"}, {"schedule": "0 9 * * 1"}),
    Mistake(JOB, {"command": ["x.py"], "dependencies": ["torch"]}, {"packages": ["torch"]}),
    Mistake(JOB, {"command": ["x.py"], "with": "torch"}, {"packages": ["torch"]}),
    Mistake(JOB, {"command": ["x.py"], "with_deps": ["torch"]}, {"packages": ["torch"]}),
    Mistake(JOB, {"docker_image": "python:3.12", "command": ["true"]}, {"image": "python:3.12"}),
    Mistake(JOB, {"image": "python:3.12", "command": ["echo"], "args": ["hi", "there"]}, {"command": ["echo", "hi", "there"]}),
    Mistake(JOB, {"image": "python:3.12", "args": ["hi"]}, code="unknown_argument", hint="command"),
    Mistake(JOB, {**RUN, "timeout_seconds": 3600}, {"timeout": 3600}),
    Mistake(JOB, {**RUN, "detach": True}, {"command": ["true"]}),
    Mistake("schedule_job", {**RUN, "schedule": "@daily", "timezone": "UTC"}, {"schedule": "@daily"}),
    Mistake("schedule_job", {**RUN, "schedule": "@daily", "timezone": "Europe/Berlin"}, code="unknown_argument", hint="UTC only"),
    Mistake("job_status", {"id": ID}, {"job_id": ID}),
    Mistake("job_status", {"status": "RUNNING"}, {"stage": "RUNNING"}),
    Mistake("fetch_results", {"id": ID, "tail": 50}, {"job_id": ID, "lines": 50}),
    Mistake("fetch_results", {"job_id": ID, "grep": "error"}, {"search": "error"}),
    Mistake("manage_schedule", {"schedule_id": ID, "action": "suspend"}, {"scheduled_job_id": ID}),
    Mistake(JOB, {**RUN, "retries": 2, "wombat": 1}, code="unknown_argument", hint="attempts"),
    Mistake(JOB, {**RUN, "token": "x"}, code="unknown_argument", hint="NAME"),
    Mistake(JOB, {**RUN, "gpu_type": "t4-small"}, {"flavor": "t4-small"}),
    Mistake(JOB, {**RUN, "dryRun": True}, {"dry_run": True}),
    Mistake(JOB, {"dockerImage": "python:3.12", "command": ["true"]}, {"image": "python:3.12"}),
    Mistake(JOB, {"image": "python:3.12", "command": [["python", "-V"]]}, {"command": ["python", "-V"]}),
    Mistake(JOB, {"image": "python:3.12", "command": ["sleep", 5]}, {"command": ["sleep", "5"]}),
    Mistake(JOB, {"image": "python:3.12", "command": ["cd", "/a b", "&&", "ls"]}, {"command": ["sh", "-c", "cd '/a b' && ls"]}),
    Mistake(JOB, {"command": ["x.py"], "files": [{"path": "x.py", "content": "print()"}]}, {"files": {"x.py": "print()"}}),
    Mistake(JOB, {"command": ["x.py"], "files": {"x.py": {"content": "print()"}}}, {"files": {"x.py": "print()"}}),
    Mistake(JOB, {**RUN, "volumes": {"/data": "hf://buckets/me/b"}}, {"volumes": ["hf://buckets/me/b:/data"]}),
    Mistake(JOB, {**RUN, "volumes": [{"source": "hf://buckets/me/b", "target": "/data"}]}, {"volumes": ["hf://buckets/me/b:/data"]}),
    Mistake("schedule_job", {**RUN, "schedule": "@midnight"}, {"schedule": "@daily"}),
    Mistake("manage_job", {"job_id": ID, "action": "stop"}, {"action": "cancel"}),
    Mistake("manage_job", {"job_id": ID, "action": "Cancel"}, {"action": "cancel"}),
    Mistake("manage_job", {"job_id": ID, "action": "restart"}, {"action": "rerun"}),
    Mistake("manage_schedule", {"scheduled_job_id": ID, "action": "pause"}, {"action": "suspend"}),
    Mistake("manage_schedule", {"scheduled_job_id": ID, "action": "run"}, {"action": "trigger"}),
    Mistake("manage_schedule", {"scheduled_job_id": ID, "action": "remove"}, {"action": "delete"}),
    Mistake("manage_job", {"job_id": ID, "action": "delete"}, code="bad_argument", hint="'cancel'"),
    Mistake("manage_job", {"job_id": ID, "cancel": True}, code="unknown_argument", hint="`action`"),
    Mistake(JOB, {**RUN, "schedule": "@daily"}, code="unknown_argument", hint="schedule_job"),
    Mistake("schedule_job", {**RUN, "every": "hour"}, code="unknown_argument", hint="`schedule`"),
    Mistake(JOB, {**RUN, "workdir": "/app"}, code="unknown_argument", hint="cd /app"),
    Mistake(JOB, {**RUN, "entrypoint": ["python"]}, code="unknown_argument", hint="`command`"),
    Mistake(JOB, {**RUN, "max_retries": 2}, code="unknown_argument", hint="`attempts`"),
    Mistake(JOB, {**RUN, "memory": "16Gi"}, code="unknown_argument", hint="list_hardware"),
    Mistake(JOB, {**RUN, "wait": True}, code="unknown_argument", hint="job_status"),
    Mistake(JOB, {**RUN, "model": "sonnet"}, code="unknown_argument", hint="--model"),
    Mistake(JOB, {"script": "print(1)", "script_args": ["--n"]}, code="unknown_argument", hint="`files`"),
    Mistake("fetch_results", {"job_id": ID, "path": "result.json"}, code="unknown_argument", hint="`artifacts`"),
    # Pasted command lines.
    Mistake(
        JOB, {"command": ["hf", "jobs", "uv", "run", "--python", "3.13", "--with", "fast-agent-mcp", "-s", "HF_TOKEN", "--", *GO]},
        {"command": GO, "packages": ["fast-agent-mcp"], "python": "3.13", "secrets": ["HF_TOKEN"]},
    ),
    Mistake(
        JOB, {"command": "hf jobs run --flavor t4-small --timeout 2h -e AA=1 -d python:3.12 python -c 'print(1)'"},
        {"command": ["python", "-c", "print(1)"], "image": "python:3.12", "flavor": "t4-small", "timeout": "2h", "env": {"AA": "1"}},
    ),
    Mistake(
        "schedule_job", {"command": ["hf", "jobs", "scheduled", "uv", "run", "@daily", "--with", "fast-agent-mcp", *GO]},
        {"schedule": "@daily", "packages": ["fast-agent-mcp"], "command": GO},
    ),
    Mistake(
        JOB, {"command": ["uv", "run", "--python", "3.13", "--with", "fast-agent-mcp", "--", *GO]},
        {"command": GO, "packages": ["fast-agent-mcp"], "python": "3.13"},
    ),
    Mistake(JOB, {"command": "uvx fast-agent-mcp@latest go --model sonnet"}, {"command": ["fast-agent", "go", "--model", "sonnet"], "packages": ["fast-agent-mcp"]}),
    Mistake(JOB, {"command": "hf jobs uv run -s HF_TOKEN=abc123 x.py"}, code="secret_in_argument", hint="name alone"),
    Mistake(JOB, {"command": "hf jobs uv run --env-file .env x.py"}, code="bad_argument", hint="`env`"),
    Mistake(JOB, {"command": "hf jobs uv run --frobnicate x.py"}, code="bad_argument", hint="packages (--with)"),
    Mistake(JOB, {"command": "hf jobs uv run https://example.com/x.py"}, code="bad_argument", hint="`script`"),
    Mistake(JOB, {"command": f"hf jobs logs {ID}"}, code="bad_argument", hint="fetch_results"),
    Mistake(JOB, {"command": "hf jobs scheduled run @daily python:3.12 true"}, code="bad_argument", hint="schedule_job"),
    Mistake(JOB, {"command": "hf jobs run --flavor t4-small python:3.12 true", "flavor": "cpu-basic"}, code="bad_argument", hint="once"),
]  # fmt: skip
