"""The table of MCP clients: where each keeps its servers, in which format, and what an entry looks like there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.install.launch import Launch

#: The name of the entry.
SERVER = "hf-jobs"
#: The one variable that every client is asked to hand on: the account that jobs run under.
TOKEN = "HF_TOKEN"  # noqa: S105 - a name
_INPUT = "hf-jobs-token"

Format = Literal["json", "toml", "yaml"]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """The machine as a client sees it: a platform as ``sys.platform`` says it, a home, a working folder, variables."""

    platform: str
    home: Path
    folder: Path
    environ: Mapping[str, str]

    def fill(self, template: str) -> Path | None:
        """A path from a template of the table; None where a variable that it needs is not set."""
        unix = self.environ.get("XDG_CONFIG_HOME") or str(self.home / ".config")
        roaming = self.environ.get("APPDATA") or str(self.home / "AppData" / "Roaming")
        support = str(self.home / "Library" / "Application Support")
        words = {
            "home": str(self.home),
            "folder": str(self.folder),
            "config": {"win32": roaming, "darwin": support}.get(self.platform, unix),
            "dotconfig": roaming if self.platform == "win32" else unix,
        }
        missing = [name for name in _WORD.findall(template) if not words.get(name) and not self.environ.get(name)]
        if missing:
            return None
        filled = _WORD.sub(lambda found: words.get(found[1]) or self.environ[found[1]], template)
        return self.folder / PurePath(filled)


@dataclass(frozen=True)
class Client:
    """One client.

    Attributes:
        name: What a person types.
        title: What the client calls itself.
        format: How its file is written. ``json`` is read with comments and trailing commas.
        files: Where the file may be, the first that exists; else the first that can be named is made.
        windows: The same on Windows, where it differs.
        key: The way to the map of servers.
        style: The shape of an entry.
        reference: How a value of the person's environment is named, with ``NAME`` in it; None: it offers no such thing.
        comments: Whether the client itself reads comments in its file.
        new: The file that is made where none is there and no variable names one.
        signs: Folders or files that tell that the client is on this machine.
        then: What makes the client read its file again.
    """

    name: str
    title: str
    format: Format
    files: tuple[str, ...]
    key: Key
    style: Literal["plain", "typed", "inputs", "codex", "goose"] = "plain"
    reference: str | None = None
    windows: tuple[str, ...] = ()
    comments: bool = True
    new: str = ""
    signs: tuple[str, ...] = ()
    then: str = "Restart it."

    def templates(self, place: Place) -> tuple[str, ...]:
        return self.windows if self.windows and place.platform == "win32" else self.files

    def file(self, place: Place) -> Path:
        """The file to write: the first that is there, else the first that can be."""
        paths = [path for template in self.templates(place) if (path := place.fill(template)) is not None]
        there = next((path for path in paths if path.exists()), None)
        moved = place.fill(self.templates(place)[0])
        return there or moved or (place.fill(self.new) if self.new else None) or paths[0]

    def is_here(self, place: Place) -> bool:
        """Whether anything on this machine says that the client is used."""
        signs = [place.fill(sign) for sign in (*self.signs, *self.templates(place))]
        return any(sign is not None and sign.exists() for sign in signs)

    def entry(self, launch: Launch) -> dict[str, Any]:
        """What the client is to keep about this server; no value of a secret is in it."""
        env = dict(launch.env)
        if self.reference is not None:
            env[TOKEN] = self.reference.replace("NAME", TOKEN)
        started: dict[str, Any] = {"command": launch.command, "args": list(launch.args)}
        if self.style == "goose":
            return {
                "enabled": True, "type": "stdio", "name": SERVER, "description": "Hugging Face Jobs",
                "cmd": launch.command, "args": list(launch.args), "envs": env, "timeout": 300,
            }  # fmt: skip
        if self.style in {"typed", "inputs"}:
            started = {"type": "stdio", **started}
        if self.style == "codex":
            started["env_vars"] = [TOKEN]
        if env:
            started["env"] = env
        return started

    def changes(self, launch: Launch) -> list[tuple[Key, Any]]:
        """What is set in the file, each as a key and a value; a key's last part ``#ID`` is an item of a list."""
        made: list[tuple[Key, Any]] = [((*self.key, SERVER), self.entry(launch))]
        if self.style == "inputs":
            made.append((("inputs", f"#{_INPUT}"), secret_input()))
        return made


def secret_input() -> dict[str, Any]:
    """VS Code's way to ask for a value once and keep it encrypted."""
    return {
        "type": "promptString",
        "id": _INPUT,
        "description": "Hugging Face token (leave empty for `hf auth login`'s, or for the local hub)",
        "password": True,
    }


_WORD = re.compile(r"\{(\w+)\}")

CLIENTS: tuple[Client, ...] = (
    Client(
        "claude-desktop", "Claude Desktop", "json", ("{config}/Claude/claude_desktop_config.json",), ("mcpServers",),
        comments=False, signs=("{config}/Claude", "/Applications/Claude.app"), then="Quit and start it again.",
    ),
    Client(
        "claude-code", "Claude Code", "json", ("{CLAUDE_CONFIG_DIR}/.claude.json", "{home}/.claude.json"),
        ("mcpServers",), "typed", "${NAME:-}", comments=False, signs=("{home}/.claude",),
        then="Start it anew; /mcp shows the server.",
    ),
    Client(
        "cursor", "Cursor", "json", ("{home}/.cursor/mcp.json",), ("mcpServers",), "typed", "${env:NAME}",
        signs=("{home}/.cursor",),
    ),
    Client(
        "vscode", "VS Code", "json", ("{config}/Code/User/mcp.json",), ("servers",), "inputs", f"${{input:{_INPUT}}}",
        signs=("{config}/Code",), then="It asks for the token when it starts the server.",
    ),
    Client(
        "fast-agent", "fast-agent", "yaml",
        (
            "{FAST_AGENT_HOME}/fast-agent.yaml",
            "{FAST_AGENT_HOME}/fastagent.config.yaml",
            "{folder}/.fast-agent/fast-agent.yaml",
            "{folder}/.fast-agent/fastagent.config.yaml",
            "{folder}/fast-agent.yaml",
            "{folder}/fastagent.config.yaml",
        ),
        ("mcp", "servers"), "plain", "${NAME}", new="{folder}/fast-agent.yaml",
        then="Name the server: `fast-agent go --servers hf-jobs`.",
    ),
    Client(
        "codex", "Codex", "toml", ("{CODEX_HOME}/config.toml", "{home}/.codex/config.toml"), ("mcp_servers",), "codex",
        signs=("{home}/.codex",), then="Start it anew; /mcp shows the server.",
    ),
    Client(
        "goose", "Goose", "yaml", ("{dotconfig}/goose/config.yaml",), ("extensions",), "goose",
        windows=("{dotconfig}/Block/goose/config/config.yaml",), signs=("{dotconfig}/goose",),
        then="Start a new session.",
    ),
    Client(
        "windsurf", "Windsurf", "json", ("{home}/.codeium/windsurf/mcp_config.json",), ("mcpServers",), "plain",
        "${env:NAME}", signs=("{home}/.codeium/windsurf",), then="Press refresh in its MCP panel.",
    ),
    Client(
        "zed", "Zed", "json", ("{home}/.config/zed/settings.json",), ("context_servers",),
        windows=("{dotconfig}/Zed/settings.json",), signs=("{home}/.config/zed",), then="It reads the file by itself.",
    ),
    Client(
        "lm-studio", "LM Studio", "json", ("{home}/.lmstudio/mcp.json", "{home}/.cache/lm-studio/mcp.json"),
        ("mcpServers",), comments=False, signs=("{home}/.lmstudio",), then="It reads the file by itself.",
    ),
)  # fmt: skip


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def named(word: str) -> Client | None:
    """The client that a person means, however they space it; ``claude`` alone is nobody."""
    return next((one for one in CLIENTS if _plain(word) in {_plain(one.name), _plain(one.title)}), None)
