"""Where each client keeps its file, by platform and by the variables that move it."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.install.clients import CLIENTS, Place

BY_NAME = {client.name: client for client in CLIENTS}


@pytest.mark.parametrize(
    ("name", "linux", "darwin", "win32"),
    [
        ("claude-desktop", ".config/Claude", "Library/Application Support/Claude", "AppData/Roaming/Claude"),
        ("vscode", ".config/Code/User", "Library/Application Support/Code/User", "AppData/Roaming/Code/User"),
        ("goose", ".config/goose", ".config/goose", "AppData/Roaming/Block/goose/config"),
        ("zed", ".config/zed", ".config/zed", "AppData/Roaming/Zed"),
        ("codex", ".codex", ".codex", ".codex"),
    ],
)
def test_a_client_is_looked_for_where_its_platform_has_it(name: str, linux: str, darwin: str, win32: str) -> None:
    home = Path("/nobody")
    for platform, folder in {"linux": linux, "darwin": darwin, "win32": win32}.items():
        assert BY_NAME[name].file(Place(platform, home, home, {})).parent == home / folder


def test_variables_move_a_file(tmp_path: Path) -> None:
    moved = {
        name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "FAST_AGENT_HOME")
    }
    place = Place("linux", Path("/nobody"), Path("/nowhere"), moved)
    for name, variable in {
        "goose": "XDG_CONFIG_HOME", "claude-code": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME", "fast-agent": "FAST_AGENT_HOME",
    }.items():  # fmt: skip
        assert BY_NAME[name].file(place).is_relative_to(tmp_path / variable)


def test_the_file_that_is_there_is_taken_before_one_that_could_be(tmp_path: Path) -> None:
    place = Place("linux", tmp_path, tmp_path, {})
    assert BY_NAME["fast-agent"].file(place) == tmp_path / "fast-agent.yaml"
    (tmp_path / ".fast-agent").mkdir()
    (tmp_path / "fast-agent.yaml").write_text("")
    there = tmp_path / ".fast-agent" / "fast-agent.yaml"
    there.write_text("")
    assert BY_NAME["fast-agent"].file(place) == there
    assert BY_NAME["fast-agent"].is_here(place)
    assert not BY_NAME["zed"].is_here(place)
