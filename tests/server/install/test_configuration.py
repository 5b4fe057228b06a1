"""Odd files: each is changed so that its client reads what it read before and the entry, or is refused and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.errors import ConfigurationRefused
from server.install.clients import CLIENTS, SERVER
from server.install.configuration import with_entry, without_entry
from server.install.launch import Launch
from tests.server.install.starting_files import as_the_client_reads, servers

BOM = "\ufeff"
LAUNCH = Launch('/a b/"q"/hf-jobs-mcp', ("x: y", "#z"), {"HF_JOBS_MCP_HOME": "/ü #1"})
BY_NAME = {client.name: client for client in CLIENTS}

TAKEN = [
    ("cursor", '{ "a":1, }'),
    ("cursor", '{"mcpServers":{"x":{},},}'),
    ("cursor", '{"mcpServers":null}'),
    ("cursor", '{"mcpServers":{\n/* mine */\n}}'),
    ("cursor", '{"mcpServers":{"hf-jobs":{"command":"old"},"y":{}}}'),
    ("cursor", '{"mcpServers":{"y":{}, "hf-jobs":{"command":"old"}}}'),
    ("cursor", '{"a":1, // mine\n}'),
    ("vscode", '{"inputs":null,"servers":{}}'),
    ("zed", "// only words\n"),
    ("codex", '[mcp_servers]\nx={command="a"}\n[b]\n'),
    ("codex", '[mcp_servers.hf-jobs]\ncommand="o"\n[mcp_servers.hf-jobs.env]\nA="b"\n\n# mine\n[z]\nq=1'),
    ("codex", 'mcp_servers.x.command="a"\n[z]\n'),
    ("fast-agent", "mcp:\n  servers: # mine\n  # too\n"),
    ("fast-agent", "mcp: {servers: {x: {command: a}}}"),
    ("fast-agent", "---\nmcp:\n  targets:\n  - name: x\n"),
    ("fast-agent", '{"mcp": {"servers": {}}}'),
    (
        "fast-agent",
        "mcp:\n    servers:\n        hf-jobs:\n            args: [\n              1]\n        # mine\n        y: {}\n",
    ),
    ("fast-agent", "a: 1\r\nmcp:\r\n  servers:\r\n    x: {}\r\n"),
    ("goose", "extensions: {}\n"),
    ("cursor", BOM + '{\r\n\t"a": 1\r\n}\r\n'),
    ("cursor", '{"mcpServer\\u0073": {"x": {"command": "a"}}}'),
    ("cursor", '{"mcpServers": {"hf\\u002djobs": {"command": "a"}}}'),
    ("cursor", '{"a": "//no comment /*"} // mine'),
    ("vscode", BOM + '{\r\n\t// mine\r\n\t"servers": {"x": {},},\r\n}'),
    ("codex", BOM + 'model = "o"\r\n\t[mcp_servers.x]\r\n\tcommand = "a"\r\n'),
    ("codex", "['mcp_servers' . 'hf-jobs']\ncommand = 'old'\n# mine\n[z]\na=1\n"),
    ("codex", '[mcp_servers.hf-jobs.env]\nA = "b"\n[mcp_servers.hf-jobs]\ncommand = "old"\n'),
    ("goose", BOM + "theme: 1\r\n"),
    ("goose", '"extensions":\n  "hf-jobs": {cmd: old}\n  x: {cmd: a}\n'),
    ("goose", "text: |\n  extensions:\n    none: no\nextensions:\n  x: {cmd: a}\n"),
    ("fast-agent", "%YAML 1.2\n---\ntheme: !!str 1\n"),
    ("fast-agent", "? mcp\n: servers:\n    x: {command: a}\n"),
    ("goose", "  a: 1\n  b: 2\n"),
]
REFUSED = [
    ("cursor", "[]", 1), ("cursor", '{"a":1}x', 1), ("cursor", '{\n"mcpServers": 3}', 2), ("cursor", '{"a":"x\ny"}', 1),
    ("vscode", '{\n"inputs": {}}', 2), ("codex", "a=1\nmcp_servers=3", 2), ("codex", "[mcp_servers]\nhf-jobs={}\n", None),
    ("fast-agent", "mcp:\n- 1", 2), ("fast-agent", "mcp: 3", 1), ("goose", "a: 1\n---\nb: 2\n", 2),
    ("cursor", '{"mcpServers": {"hf-jobs": {}, "x": {},\n"hf-jobs": {}}}', 2), ("cursor", '{"a": 1}\n/* never', 2),
    ("zed", '{"context_servers": {"x": {}},\n\n"context_servers": {"y": {}}}', 3), ("cursor", "# no comment\n{}", 1),
    ("goose", "extensions:\n  x: {cmd: a}\ntheme: 1\nextensions:\n  y: {cmd: b}\n", 4), ("goose", "a:\n\tb: 1\n", 2),
    ("fast-agent", "mcp:\n  servers:\n    hf-jobs: {}\n    hf-jobs: {}\n", 4), ("codex", "[a]\nb=1\n[a]\nb=2\n", 3),
    ("goose", "a: 1\n...\n", None), ("fast-agent", "mcp: &m\n  servers: {}\nb: *m\n", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), TAKEN)
def test_an_odd_file_keeps_what_it_says_and_gets_the_entry(name: str, text: str, tmp_path: Path) -> None:
    client, path = BY_NAME[name], tmp_path / "file"
    path.write_bytes(text.encode())
    with_entry(client, path, client.changes(LAUNCH)).write()
    written = path.read_bytes()
    assert servers(client, as_the_client_reads(client, path))[SERVER] == client.entry(LAUNCH)
    assert text.count("mine") == written.count(b"mine")
    assert (b"\r\n" in written) == ("\r\n" in text)
    assert b"\n" not in written.replace(b"\r\n", b"") or "\r\n" not in text
    again = with_entry(client, path, client.changes(LAUNCH))
    assert again.before == again.after
    without_entry(client, path, client.changes(LAUNCH)).write()
    assert SERVER not in path.read_text()
    assert text.count("mine") == path.read_text().count("mine")
    as_the_client_reads(client, path)


@pytest.mark.parametrize(("name", "text", "line"), REFUSED)
def test_what_cannot_be_changed_safely_is_refused(name: str, text: str, line: int | None, tmp_path: Path) -> None:
    client, path = BY_NAME[name], tmp_path / "file"
    path.write_text(text)
    with pytest.raises(ConfigurationRefused, match=f"line {line}:" if line else "a way that"):
        with_entry(client, path, client.changes(LAUNCH))
    assert path.read_text() == text


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{\n"a": "\xff"}')
    with pytest.raises(ConfigurationRefused, match="line 2"):
        with_entry(BY_NAME["cursor"], path, BY_NAME["cursor"].changes(LAUNCH))


def test_a_file_that_somebody_wrote_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    client, path = BY_NAME["claude-code"], tmp_path / "file"
    path.write_text("{}")
    change = with_entry(client, path, client.changes(LAUNCH))
    path.write_text('{"later": 1}')
    with pytest.raises(ConfigurationRefused):
        change.write()
    assert path.read_text() == '{"later": 1}'
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_file_is_left_alone_also_by_who_may_do_everything(tmp_path: Path) -> None:
    client, path = BY_NAME["cursor"], tmp_path / "file"
    path.write_text("{}")
    change = with_entry(client, path, client.changes(LAUNCH))
    path.chmod(0o444)
    with pytest.raises(ConfigurationRefused, match="read-only"):
        change.write()
    assert path.read_text() == "{}"
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(ConfigurationRefused, match="read-only"):
        with_entry(client, link, client.changes(LAUNCH)).write()
    path.chmod(0o644)
    with_entry(client, link, client.changes(LAUNCH)).write()
    assert link.is_symlink()
    assert SERVER in path.read_text()


def test_a_link_to_nothing_yet_stays_a_link(tmp_path: Path) -> None:
    client, link = BY_NAME["zed"], tmp_path / "link"
    link.symlink_to(tmp_path / "folder" / "file")
    with_entry(client, link, client.changes(LAUNCH)).write()
    assert link.is_symlink()
    assert SERVER in (tmp_path / "folder" / "file").read_text()
