"""Runs `hf …` lines, a JSON list on standard input, through the real `hf` in one process; prints the ids of what they made.

A POSIX shell takes each line apart, as it would for a person.
"""

import contextlib
import io
import json
import re
import subprocess
import sys

from huggingface_hub.cli import hf as command_line


def words(line: str) -> list[str]:
    printed = subprocess.run(
        ["sh", "-c", f"""set -- {line}; for word; do printf '%s\\0' "$word"; done"""], capture_output=True, check=True
    )
    return printed.stdout.decode().split("\0")[:-1]


def run(line: str) -> str:
    sys.argv = words(line)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command_line.main()
        except SystemExit as ended:
            if ended.code:
                raise AssertionError(f"{line}\n{err.getvalue()}") from None
    found = re.search(r"\bid[=: ]+([0-9a-f]{24})", out.getvalue())
    assert found, f"{line}\n{out.getvalue()}{err.getvalue()}"
    return found[1]


sys.stdout.write(json.dumps([run(line) for line in json.load(sys.stdin)]))
