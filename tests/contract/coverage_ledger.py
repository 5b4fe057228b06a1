"""Which test covers what, what is unsupported and why, and the table of both."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.contract import findings, surface

T = TypeVar("T", bound=Callable[..., object])

TABLE = Path(__file__).parents[2] / "local_hub" / "COVERAGE.md"

#: Commands that the local hub does not do, and why.
UNSUPPORTED = {
    "hf jobs ssh": "A local job has no SSH server; `--ssh` is refused.",
}

#: Options that it refuses with this reason; `test_api_jobs` tries each of them.
REFUSED = {
    "`--ssh`": "A local job has no SSH server.",
    "`-v hf://org/model:/data`": "Buckets and local folders can be mounted; models, datasets and Spaces are not here.",
}

_HEAD = """# What the local hub covers

Made by the contract suite, `tests/contract/`, which drives the real `hf` command and the real `HfApi` against a hub
started for the test. The lists of commands and methods are read from the installed `huggingface_hub`; one that is
neither covered nor listed as unsupported fails the suite. To make this page again after a change:
`python -m tests.contract.coverage_ledger`.

The suite passes with jobs as processes and, where Podman is, with jobs in containers:
`HF_JOBS_MCP_TEST_RUNNER=container python -m pytest tests/contract/test_hf_*.py tests/contract/test_api_*.py`.
"""


def covers(*names: str) -> Callable[[T], T]:
    """Declare what a test covers. The `contract` fixture fails the test if it does not really call it."""

    def mark(test: T) -> T:
        test.__dict__["covers"] = names
        return test

    return mark


def declared() -> dict[str, list[str]]:
    """Return for every covered name the tests that declare it, read from the test files."""
    found: dict[str, list[str]] = {}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "covers":
                    for argument in mark.args:
                        found.setdefault(ast.literal_eval(argument), []).append(node.name)
    return found


def uncovered(names: set[str]) -> set[str]:
    """Return those of `names` that no test covers and that are not listed as unsupported."""
    return names - set(declared()) - set(UNSUPPORTED)


def unknown() -> set[str]:
    """Return the names that are declared or listed, and that the installed library does not have."""
    return {*declared(), *UNSUPPORTED} - set(surface.commands()) - surface.methods()


def table() -> str:
    """Return the page that is committed as `TABLE`."""
    from huggingface_hub import __version__

    lines = [_HEAD, f"Made with `huggingface_hub` {__version__}."]
    for title, names in (("Commands", surface.commands()), ("Methods of `HfApi`", surface.methods())):
        lines += ["", f"## {title}", "", "| name | covered | by |", "|---|---|---|"]
        for name in sorted(names):
            tests = declared().get(name, [])
            by = UNSUPPORTED.get(name) or "<br>".join(test.removeprefix("test_").replace("_", " ") for test in tests)
            covered = "unsupported" if name in UNSUPPORTED else "yes" if tests else "no"
            lines.append(f"| `{name}` | {covered} | {by} |")
    lines += ["", "## Options that are refused", "", "| option | reason |", "|---|---|"]
    lines += [f"| {option} | {reason} |" for option, reason in REFUSED.items()]
    lines += ["", "## What was found to differ, and where it is held", "", *findings.table()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table())
