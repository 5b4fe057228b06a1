"""What a fast-agent call reads has to be among the files, whatever the option and however the call is wrapped."""

from __future__ import annotations

import pytest

from jobs.commands.missing_files import check_files
from jobs.errors import BadArgument

OPTIONS = [
    *("go --card cards/a.md", "go --agent-cards=folder", "go --card-tool tools", "go --prompt-file p.md", "go -p p.md"),
    *("go --instruction i.md", "go -i i.md", "go --config-path c.yaml", "go -c c.yaml", "go --json-schema s.json"),
    *("go --attach x.png", "go --pack ./pack", "batch run --input in.jsonl", "batch run -i in.jsonl"),
    *("batch run --agent-card a.md", "batch run --template t.md", "batch run --vars-json v.json", "serve --card a.md"),
]
WRAPPINGS = [
    "fast-agent {}",
    "fast-agent-mcp {}",
    "uvx fast-agent-mcp@latest {}",
    "timeout 60 fast-agent {}",
    "env A=1 fast-agent {}",
    "sh -c 'set -e; mkdir -p out; exec fast-agent {}'",
    'bash -lc "cd /workspace && fast-agent {} | tee log"',
    "sh run.sh fast-agent {}",
]  # fmt: skip


def check(line: str, files: dict[str, bytes] | None = None, cwd: str | None = "/workspace") -> None:
    import shlex

    placed = {"run.sh": b'exec "$@"', "make.py": b"", **(files or {})}
    check_files(shlex.split(line), placed, env={}, installed=True, cwd=cwd)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_missing_file_is_refused_by_its_option(wrapping: str, option: str) -> None:
    with pytest.raises(BadArgument) as refused:
        check(wrapping.format(option))
    assert refused.value.field == "files"
    path = option.replace("=", " ").split()[-1]
    assert path not in refused.value.message
    check(wrapping.format(option), {path.removeprefix("./"): b""})
    check(wrapping.format(option), {f"{path.removeprefix('./')}/deeper/x.md": b""})


@pytest.mark.parametrize(
    "line",
    [
        "fast-agent go --card hf://me/x/a.md",
        "fast-agent go --card /mnt/cards",
        "fast-agent go --pack research",
        "fast-agent go --message '--card cards/a.md'",
        "sh -c 'python make.py && fast-agent batch run -i in.jsonl -o o.jsonl'",
        "sh -c 'hf download me/cards --local-dir cards && fast-agent go --card cards'",
        "sh -c 'echo hi > p.md && fast-agent go -p p.md'",
        "sh -c 'cat > p.md <<EOF\nhi\nEOF\nfast-agent go -p p.md'",
        "sh -c 'fast-agent go -p $PROMPT'",
        "sh -c 'cd /elsewhere && fast-agent go -p p.md'",
        "echo fast-agent go -p p.md",
    ],
)
def test_what_may_be_there_is_not_refused(line: str) -> None:
    check(line)


def test_where_a_container_starts_only_the_image_knows() -> None:
    check("fast-agent go -p p.md", cwd=None)
    with pytest.raises(BadArgument):
        check("fast-agent go -p /workspace/p.md", cwd=None)


def test_fast_agent_that_nothing_installs_is_refused_in_every_wrapping() -> None:
    for command in (["fast-agent", "go"], ["sh", "-c", "exec fast-agent go"], ["timeout", "9", "fast-agent-mcp", "go"]):
        with pytest.raises(BadArgument) as refused:
            check_files(command, {}, env={}, installed=False, cwd="/workspace")
        assert refused.value.field == "packages"
    for command in (["uvx", "fast-agent-mcp", "go"], ["sh", "-c", "pip install fast-agent-mcp && fast-agent go"]):
        check_files(command, {}, env={}, installed=False, cwd="/workspace")


SCRIPTS = ["python gone.py", "python -u gone.py", "sh gone.sh", "bash -eux gone.sh", "uv run gone.py", "./gone.sh"]
LAUNCHED = [
    "accelerate launch gone.py",
    "torchrun --nproc-per-node 2 gone.py",
    "python -m torch.distributed.run gone.py",
]
AROUND = [
    "{}",
    "timeout 60 {}",
    "env A=1 {}",
    "sh -c 'set -e; mkdir -p out; {} | tee log'",
    'bash -lc "cd /workspace && {}"',
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("script", [*SCRIPTS, *LAUNCHED])
def test_a_missing_script_is_refused_in_every_wrapping(script: str, around: str) -> None:
    name = next(word for word in script.split() if "gone" in word).removeprefix("./")
    with pytest.raises(BadArgument) as refused:
        check(around.format(script))
    assert refused.value.field == "command"
    assert "gone" not in refused.value.message
    check(around.format(script), {name: b""})


@pytest.mark.parametrize(
    "line",
    [
        "python /opt/app/gone.py",
        "python https://example.com/gone.py",
        "python -c 'print(1)' gone.py",
        "docker-entrypoint.sh serve",
        "cat gone.py",
        "sh -c 'git clone https://example.com/x && python gone.py'",
        "sh -c 'python make.py; python gone.py'",
        "sh -c '[ -f gone.py ] && python gone.py'",
        "sh -c 'echo \"print(1)\" > gone.py; python gone.py'",
        "sh -c 'cd $WHERE && python gone.py'",
    ],
)
def test_a_script_that_may_be_there_is_not_refused(line: str) -> None:
    check(line)


@pytest.mark.parametrize("around", AROUND[:4])
@pytest.mark.parametrize("call", ["python make.py", "sh run.sh true", "./run.sh true", "fast-agent go -p p.md"])
def test_a_container_job_does_not_start_among_its_files(call: str, around: str) -> None:
    placed = {"p.md": b"hi"}
    check(around.format(call), placed)
    with pytest.raises(BadArgument) as refused:
        check(around.format(call), placed, cwd=None)
    assert "image's own folder" in refused.value.message
    check(f"sh -c 'cd /workspace && {call}'", placed, cwd=None)
    check("python app.py", cwd=None)
