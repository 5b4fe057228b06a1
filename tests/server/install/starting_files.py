"""The files that a client may have before this server is installed into it, and how the client reads them after."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from server.install.clients import Client

KINDS = ("none", "empty", "comments", "another", "broken")

#: By format and kind: the text, with OTHER for the way to the map of servers. A broken one breaks on line 3.
_JSON = {
    "comments": '// mine\n{\n    // before\n    "theme": "dark", /* kept */\n    "last": [1, 2] // after\n}\n// end\n',
    "another": '{\n\t"theme": "dark",\n\t"KEY": {\n\t\t"other": {"command": "x", "env": {"TOKEN": "abc"}}\n\t}\n}\n',
    "broken": '{\n  "theme": "dark",\n  "KEY": {,}\n}\n',
}
_TOML = {
    "comments": '# mine\nmodel = "o"  # kept\n\n[tui]\n# inside\ntheme = "dark"\n# end\n',
    "another": 'model = "o"\n\n[KEY.other]\ncommand = "x"\nargs = ["a",\n  "b"]\n\n# about tui\n[tui]\ntheme = "dark"',
    "broken": 'model = "o"\n[KEY.other]\ncommand = \nargs = []\n',
}
_YAML = {
    "comments": "# mine\ntheme: dark  # kept\n\n# about list\nlist:\n- 1\n- 2\n# end\n",
    "another": 'theme: dark\nKEY:\n    # about other\n    other:\n      cmd: x\n      env: {TOKEN: "abc"}\n\n# end\nlast: 1\n',
    "broken": "theme: dark\nlist: [1,\nother: }\n",
}
_TEXTS = {"json": _JSON, "toml": _TOML, "yaml": _YAML}


def starting_file(client: Client, kind: str) -> bytes | None:
    """The bytes of the file; None for no file."""
    if kind in {"none", "empty"}:
        return None if kind == "none" else b""
    text = _TEXTS[client.format][kind]
    if client.key == ("mcp", "servers") and kind == "another":
        text = "theme: dark\nmcp:\n    # about servers\n    KEY:\n        # about other\n        other: {command: x}\n\n# end\nlast: 1\n"
    return text.replace("KEY", client.key[-1]).encode()


def as_the_client_reads(client: Client, path: Path) -> Any:
    """The data by an independent reader: the standard library's, or PyYAML's."""
    text = path.read_bytes().decode("utf-8-sig")
    if client.format == "toml":
        return tomllib.loads(text)
    if client.format == "yaml":
        return yaml.safe_load(text)
    # YAML reads JSON, so what is left to take away are comments, outside of strings.
    bare = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or "", text, flags=re.DOTALL)
    return yaml.safe_load(bare.replace("\t", "  "))


def servers(client: Client, data: Any) -> Any:
    """The map of servers."""
    for name in client.key:
        data = data[name]
    return data
