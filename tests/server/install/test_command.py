"""``hf-jobs-mcp install`` as a person runs it: every client, every starting file, there and back."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp.client import Client as McpClient
from mcp.client.stdio import StdioServerParameters, stdio_client

from server.cli import main
from server.install.clients import CLIENTS, SERVER, Client, Place
from tests.mcp_session import SERVER as PROGRAM
from tests.server.install.starting_files import KINDS, as_the_client_reads, servers, starting_file

BY_NAME = {client.name: client for client in CLIENTS}
every_client = pytest.mark.parametrize("client", CLIENTS, ids=list(BY_NAME))


@pytest.fixture(name="machine")
def fixture_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A person's machine of their own: an empty home, a project folder, a state folder, none of our variables."""
    for name in ("XDG_CONFIG_HOME", "APPDATA", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "FAST_AGENT_HOME", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for folder in ("me", "project", "state"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("HF_JOBS_MCP_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path / "project")
    return Place(sys.platform, tmp_path / "me", tmp_path / "project", {})


def start_with(client: Client, machine: Place, data: bytes | None) -> Path:
    path = client.file(machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    if data is not None:
        path.write_bytes(data)
    return path


def lost(before: bytes, path: Path) -> list[str]:
    """Lines of the person's own that are not there any more; a comma may have come."""
    text = path.read_text().replace(",", "")
    return [line for line in before.decode().splitlines() if line.strip().replace(",", "") not in text]


@every_client
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "broken"])
def test_an_entry_is_written_beside_what_is_there_and_undone_to_the_byte(
    client: Client, kind: str, machine: Place
) -> None:
    before = starting_file(client, kind)
    path = start_with(client, machine, before)
    assert main(["install", client.name, "--yes"]) == 0
    written = as_the_client_reads(client, path)
    entry = servers(client, written)[SERVER]
    command = entry.get("command") or entry["cmd"]
    assert Path(command).is_absolute()
    assert (entry.get("env") or entry["envs"])["HF_JOBS_MCP_HOME"] == str(machine.home.parent / "state")
    if before:
        assert lost(before, path) == []
        assert written.get("theme") == "dark" or written["tui"]["theme"] == "dark"
    if kind == "another":
        assert set(servers(client, written)) == {"other", SERVER}
    assert main(["install", client.name, "--undo", "--yes"]) == 0
    assert (path.read_bytes() if path.exists() else None) == before
    assert not list((machine.home.parent / "state").rglob("*.note.json"))


@every_client
def test_a_broken_file_is_refused_with_its_line_and_left_alone(
    client: Client, machine: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = starting_file(client, "broken")
    path = start_with(client, machine, before)
    assert main(["install", client.name, "--yes"]) == 1
    said = capsys.readouterr().err
    assert f"{path}, line 3: this is not" in said
    assert "nothing was written" in said
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@every_client
@pytest.mark.parametrize("kind", ["none", "comments", "another"])
def test_what_the_person_changed_since_stays_when_the_entry_goes(client: Client, kind: str, machine: Place) -> None:
    path = start_with(client, machine, starting_file(client, kind))
    assert main(["install", client.name, "--yes"]) == 0
    mark = {"json": "// added later", "toml": "# added later", "yaml": "# added later"}[client.format]
    path.write_text(path.read_text() + mark + "\n")
    assert main(["install", client.name, "--undo", "--yes"]) == 0
    text = path.read_text()
    assert mark in text
    assert SERVER not in text
    assert lost(starting_file(client, kind) or b"", path) == []
    as_the_client_reads(client, path)


@every_client
def test_a_second_install_changes_nothing_and_an_old_entry_is_replaced(
    client: Client, machine: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = starting_file(client, "another")
    path = start_with(client, machine, before)
    assert main(["install", client.name, "--yes"]) == 0
    once = path.read_bytes()
    assert main(["install", client.name, "--yes"]) == 0
    assert path.read_bytes() == once
    assert "already" in capsys.readouterr().out
    monkeypatch.setattr(sys, "executable", "/elsewhere/bin/python")
    assert main(["install", client.name, "--yes"]) == 0
    assert "/elsewhere/bin/python" in path.read_text()
    assert set(servers(client, as_the_client_reads(client, path))) == {"other", SERVER}
    assert main(["install", client.name, "--undo", "--yes"]) == 0
    assert path.read_bytes() == before


def test_the_change_is_shown_without_other_servers_values_and_a_no_writes_nothing(
    machine: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = BY_NAME["cursor"]
    before = b'{"mcpServers": {"other": {"command": "x", "env": {"TOKEN": "very-secret-value"}}}}'
    path = start_with(client, machine, before)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main(["install", "cursor"]) == 0
    said = capsys.readouterr().out
    assert "hf-jobs" in said
    assert "very-secret-value" not in said
    assert "nothing was written" in said
    assert path.read_bytes() == before
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["install", "cursor"]) == 0
    assert path.read_bytes() == before


@every_client
def test_no_value_of_a_token_is_written(client: Client, machine: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_thisIsTheValueOfATokenOfMine")
    path = start_with(client, machine, None)
    assert main(["install", client.name, "--yes"]) == 0
    assert "thisIsTheValue" not in path.read_text()


def test_vs_code_asks_for_the_token_itself_and_keeps_other_inputs(machine: Place) -> None:
    client = BY_NAME["vscode"]
    path = start_with(
        client, machine, b'{\n  "inputs": [\n    {"id": "mine", "type": "promptString"}\n  ],\n  "servers": {}\n}\n'
    )
    assert main(["install", "vscode", "--yes"]) == 0
    written = json.loads(path.read_text())
    asked = {one["id"]: one for one in written["inputs"]}
    assert set(asked) == {"mine", "hf-jobs-token"}
    assert asked["hf-jobs-token"]["password"] is True
    assert written["servers"][SERVER]["env"]["HF_TOKEN"] == "${input:hf-jobs-token}"


def test_all_takes_what_is_there_goes_past_a_broken_one_and_says_so(
    machine: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    cursor = start_with(BY_NAME["cursor"], machine, b"{")
    goose = start_with(BY_NAME["goose"], machine, b"a: 1\n")
    assert main(["install", "--all", "--yes"]) == 1
    told = capsys.readouterr()
    assert f"{cursor}, line 1" in told.err
    assert SERVER in goose.read_text()
    assert not BY_NAME["zed"].file(machine).exists()
    assert main(["install", "--json"]) == 0
    states = {row["client"]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert states["cursor"] == "broken file"
    assert states["goose"] == "installed"
    assert states["zed"] == "not found"
    assert main(["install", "--all", "--undo", "--yes"]) == 0
    assert goose.read_bytes() == b"a: 1\n"


def test_a_link_stays_a_link_and_the_files_mode_stays(machine: Place) -> None:
    client = BY_NAME["zed"]
    path = client.file(machine)
    path.parent.mkdir(parents=True)
    real = machine.home / "dotfiles.json"
    real.write_text("{}")
    real.chmod(0o640)
    path.symlink_to(real)
    assert main(["install", "zed", "--yes"]) == 0
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert SERVER in real.read_text()
    assert main(["install", "zed", "--undo", "--yes"]) == 0
    assert path.is_symlink()
    assert real.read_text() == "{}"


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["nosuchclient"], "not known"),
        (["cursor", "--all"], "--all"),
        (["--undo"], "--undo needs"),
        (["cursor", "zed", "--file", "x.json"], "one client"),
        (["cursor", "--print", "--undo"], "only one"),
        (["cursor", "--json"], "--json"),
    ],
)
def test_what_means_nothing_is_refused(
    words: list[str], about: str, machine: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["install", *words]) == 2
    assert about in capsys.readouterr().err
    assert not list(machine.home.rglob("*.json"))


@pytest.mark.parametrize("title", ["Claude Desktop", "VS Code", "lmstudio", "LM-Studio", "Fast Agent"])
def test_a_client_is_known_however_its_name_is_written(title: str, machine: Place) -> None:
    assert main(["install", title, "--print"]) == 0


def test_a_clients_file_of_a_project_can_be_named(machine: Place) -> None:
    assert main(["install", "vscode", "--file", ".vscode/mcp.json", "--yes"]) == 0
    assert SERVER in json.loads((machine.folder / ".vscode/mcp.json").read_text())["servers"]


def test_the_written_command_starts_the_server_with_nothing_else_in_its_environment(machine: Place) -> None:
    done = subprocess.run(
        [*PROGRAM, "install", "claude-desktop", "--yes"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "hf auth login" in done.stdout
    entry = json.loads(BY_NAME["claude-desktop"].file(machine).read_text())["mcpServers"][SERVER]
    env = {"PATH": "/usr/bin:/bin", "HF_HOME": str(machine.home), **entry["env"]}
    told = StdioServerParameters(command=entry["command"], args=entry["args"], cwd="/", env=env)

    async def tools() -> set[str]:
        async with McpClient(stdio_client(told)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert "submit_job" in anyio.run(tools)
