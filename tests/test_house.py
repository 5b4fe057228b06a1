"""The house keeps its shape: imports go one way, modules stay small, the wheel shares nothing generic."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hf_jobs_mcp", "server", "tools", "consent", "jobs", "local_hub", "hub_contract")
LONGEST = 400
FULLEST = 20


def run(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=110, check=False, **more)  # type: ignore[call-overload,no-any-return]


def test_imports_go_one_way() -> None:
    done = run(Path(sys.executable).with_name("lint-imports"), "--no-cache", cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"Contracts: [4-9] kept, 0 broken", done.stdout)


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_is_longer_than_a_person_reads(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}


@pytest.mark.parametrize("room", ROOMS)
def test_no_folder_holds_more_modules_than_a_table_of_contents(room: str) -> None:
    folders = {path.parent for path in (ROOT / room).rglob("*.py")}
    full = {
        str(folder.relative_to(ROOT)): count for folder in folders if (count := len([*folder.glob("*.py")])) > FULLEST
    }
    assert full == {}


def test_the_import_contract_names_every_sub_room() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for room in ("jobs", "local_hub"):
        (floors,) = [one for one in contracts if one.get("containers") == [room]]
        named = {name for floor in floors["layers"] for name in re.split(r" [|:] ", floor)}
        assert named == {
            path.stem for path in (ROOT / room).iterdir() if path.stem not in {"__init__", "__pycache__"}
            and (path.suffix == ".py" or (path / "__init__.py").exists())
        }  # fmt: skip
        assert floors["exhaustive"] is True


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []


def test_what_the_sdk_does_not_document_is_used_in_one_module() -> None:
    inner = re.compile(
        r"_lowlevel_server|session\._connection|mcpserver\.utilities|build_resolver_plans\b.*import|UnexpectedToolError$"
    )
    users = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if any(inner.search(line) and "tools.sdk_internals" not in line for line in path.read_text().splitlines())
    }
    assert users == {"tools/sdk_internals.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from uv import find_uv_bin

    folder = tmp_path_factory.mktemp("wheel")
    done = run(find_uv_bin(), "build", "--wheel", "--out-dir", folder, ROOT)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_what_is_uploaded_passes_the_indexs_own_check(tmp_path: Path) -> None:
    """The source archive, and the wheel that is built from it, by the real twine."""
    from uv import find_uv_bin

    here = run(find_uv_bin(), "tool", "run", "twine", "--version", cwd=tmp_path)
    if here.returncode != 0:
        pytest.skip("twine cannot be fetched")
    built = run(find_uv_bin(), "build", "--quiet", "--out-dir", tmp_path / "dist", ROOT)
    assert built.returncode == 0, built.stderr
    files = sorted((tmp_path / "dist").glob("hf_jobs_mcp-*"))
    assert [path.suffix for path in files] == [".whl", ".gz"]
    done = run(find_uv_bin(), "tool", "run", "twine", "check", "--strict", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


def test_the_wheel_drops_no_generic_package(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"hf_jobs_mcp"}


def test_the_wheel_serves_among_strangers_of_the_same_names(wheel: Path, tmp_path: Path) -> None:
    from uv import find_uv_bin

    home = tmp_path / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    done = run(find_uv_bin(), "pip", "install", "--quiet", "--python", python, wheel)
    assert done.returncode == 0, done.stderr
    strangers = tmp_path / "strangers"
    for name in (*ROOMS[1:], "tests"):
        (strangers / name).mkdir(parents=True)
        (strangers / name / "__init__.py").write_text("raise SystemExit('a stranger was imported')\n")
        (strangers / name / "cli.py").write_text("raise SystemExit('a stranger was imported')\n")
    env = {
        **os.environ,
        "PYTHONPATH": str(strangers),
        "HF_JOBS_MCP_HOME": str(tmp_path / "home"),
        "HF_JOBS_MCP_HUB": "local",
    }
    listed = (
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
        '"clientInfo":{"name":"t","version":"0"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
        '{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n'
        '{"jsonrpc":"2.0","id":3,"method":"skills/list"}\n'
    )
    for command in ([home / "bin" / "hf-jobs-mcp"], [python, "-m", "hf_jobs_mcp"]):
        process = subprocess.Popen(
            [*map(str, command)],
            cwd=strangers,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(listed)
            process.stdin.flush()
            lines = [process.stdout.readline() for _ in range(3)]
            process.stdin.close()
            assert '"submit_job"' in "".join(lines)
            assert "skill://hf-jobs/SKILL.md" in "".join(lines)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            if process.stderr is not None:
                process.stderr.close()
