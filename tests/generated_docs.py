"""The pages of docs/ that are written from the code. Run it to bring them up to date."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from consent.describe import Description, request
from consent.question import text
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from server.install.clients import CLIENTS, SERVER, secret_input
from server.install.configuration import with_entry
from server.install.launch import Launch
from server.settings import Settings
from tests.jobs.planning import corpus
from tests.tools.arguments.mistakes import MISTAKES
from tools import all_tools

README = Path(__file__).resolve().parent.parent / "README.md"
OPENS = "<!-- The question, by `python -m tests.generated_docs`. -->\n```text\n"
CLOSES = "\n```\n"
CLICK_OPENS = "<!-- One click, by `python -m tests.generated_docs`. -->\n"
CLICK_CLOSES = "<!-- End of one click. -->\n"
DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Written by `python -m tests.generated_docs`; a test compares. -->\n"
FLAG_ONLY = {"attach_without_asking"}


def _code(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`".replace("|", "\\|")


def mistakes_page() -> str:
    rows = []
    for one in MISTAKES:
        becomes = ", ".join(f"`{name}` = {_code(value)}" for name, value in one.meant.items())
        refused = f"refused: `{one.code}`, which names {one.hint.replace('|', chr(92) + '|')}" if one.code else ""
        rows.append(f"| `{one.tool}` | {_code(one.arguments)} | {becomes or refused} |")
    return (
        f"# Mistakes that models make\n\n{NOTE}\n"
        "What is certain is taken for what it means, and the reply says so in `understood`. What is not is refused, "
        "with the right argument by name. A value is never repeated.\n\n"
        "| tool | arguments as they came | what comes of it |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def planning_page() -> str:
    rows, misses = [], []
    for title, cases in corpus.ALL:
        figures = corpus.Figures.of(cases())
        rows.append(f"| {title} | {figures.cases} | {figures.names} | {figures.precision:.3f} | {figures.recall:.3f} |")
        misses += [f"- {title}, {miss}" for miss in figures.misses]
    return (
        f"# How well plan_secrets plans\n\n{NOTE}\n"
        "Precision and recall of the names that are more than optional, over the texts in `tests/jobs/planning/corpus`. "
        "What libraries ask for was seen by running them without the name, with no network: `python bench/asked.py "
        "--python ENV/bin/python` does it again in an environment of yours.\n\n"
        "| what | cases | names | precision | recall |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "The held-out texts were written when the tables stood, and read once before anything was mended. Then it was "
        f"{corpus.AT_FIRST} What was missed then is found now: it is no longer held out, and the next ones have to be "
        "written anew.\n\n## Misses\n\n" + ("\n".join(misses) or "None in these texts.") + "\n\n"
        "Known outside them: lancedb's `get_registry().get(\"openai\")`, `docker build --secret env=NAME`, a key of fast-agent's "
        "model overlays (told as probable only), and the file that GOOGLE_APPLICATION_CREDENTIALS names, which has to be in the "
        "job too. A notebook that has DefaultAzureCredential as its other way is told AZURE_CLIENT_SECRET as probable.\n"
    )


def settings_page() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        if name in FLAG_ONLY:
            continue
        default = "a state folder of the user's" if name == "home" else _default(field.default)
        rows.append(f"| `HF_JOBS_MCP_{name.upper()}` | {_described(name)} | {default} |")
    return (
        f"# Settings\n\n{NOTE}\nFlags first, then these variables, then the defaults. A literal `${{NAME}}`, as some "
        "clients pass on, counts as not given. Lists are written with commas.\n\n"
        "| variable | meaning | default |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _described(name: str) -> str:
    """The docstring under a field, which pydantic does not keep."""
    import ast
    import inspect

    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    for before, after in zip(body.body, body.body[1:], strict=False):
        named = isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and before.target.id == name
        if named and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            return " ".join(str(after.value.value).split()).replace("``", "`").replace("|", "\\|")
    if name == "namespace":
        return "User or organisation that owns the jobs."
    raise AssertionError(f"server/settings.py says nothing of {name}")


def _default(value: object) -> str:
    return "" if value in (None, ()) else f"`{value}`"


def tools_page() -> str:
    parts = [f"# Tools\n\n{NOTE}"]
    for tool in all_tools():
        parts.append(f"\n## `{tool.name}`\n\n{tool.description}\n")
        rows = [_argument(name, schema, tool.parameters) for name, schema in tool.parameters["properties"].items()]
        parts.append("| argument | type | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
        fields = (tool.output_schema or {}).get("properties", {})
        parts.append("Comes back: " + ", ".join(f"`{name}`" for name in fields) + ".\n")
    return "\n".join(parts)


def _argument(name: str, schema: dict[str, Any], whole: dict[str, Any]) -> str:
    needed = " (required)" if name in whole.get("required", []) else ""
    return f"| `{name}`{needed} | {_kind(schema)} | {schema.get('description', '').replace('|', chr(92) + '|')} |"


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{item}`" for item in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(item) for item in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return f"map of names to {_kind(schema.get('additionalProperties') or {})}"
    return str(schema.get("type", "any"))


def question() -> str:
    """The question a person sees, from the code that puts it."""
    names = ["sonnet", "Run cloud summary"]
    wanted = JobRequest(
        command=("fast-agent", "go", "--model", names[0], "--message", names[1], "--results", "result.json"),
        packages=("fast-agent-mcp",), python="3.13", timeout="20m", secrets=("ANTHROPIC_API_KEY",), name="cloud-summary",
    )  # fmt: skip
    spec = build(wanted, hub="https://huggingface.co", namespace="you", flavors=["cpu-basic"])
    told = Description(
        action="submit", spec=spec, digest=spec.digest, hub_name="huggingface", max_cost_usd=0.0033,
        sources={"ANTHROPIC_API_KEY": "keyring"},
    )  # fmt: skip
    return text(request(told))


def clients_page() -> str:
    launch = Launch("/path/to/hf-jobs-mcp")
    head = (
        f"# Clients\n\n{NOTE}\n`hf-jobs-mcp install CLIENT` finds the file, shows the change, asks, and writes in one step; "
        "what the file was is kept in the state folder, and `--undo` brings it back. `--yes` does not ask, `--print` only "
        "shows, `--all` takes every client that is found, `--file PATH` names the file. Comments stay. A broken file is "
        "refused with its line. No token is ever written: it is named where the client offers that, else `hf auth login` "
        "once is enough.\n"
    )
    parts = [head]
    for client in CLIENTS:
        paths = ", ".join(f"`{path}`" for path in client.files)
        paths += f"; on Windows `{client.windows[0]}`" if client.windows else ""
        entry = with_entry(client, Path("no such file"), client.changes(launch)).after or b""
        parts.append(f"\n## {client.title}: `{client.name}`\n\n{paths}\n\n```{client.format}\n{entry.decode()}```\n")
    return "".join(parts) + (
        "\n`{config}` is `~/.config` on Linux, `~/Library/Application Support` on macOS and `%APPDATA%` on Windows; "
        "`{dotconfig}` is `~/.config` on macOS too; `{folder}` is where you are; other names in capitals are variables. "
        "The first file that exists is taken.\n"
    )


def one_click() -> str:
    """Links that put the server into VS Code and Cursor, run by uvx."""
    launch = Launch("uvx", ("hf-jobs-mcp",))
    made = {client.name: client.entry(launch) for client in CLIENTS}
    code = urlencode(
        {"name": SERVER, "config": _small(made["vscode"]), "inputs": _small([secret_input()])}, quote_via=quote
    )
    cursor = urlencode({"name": SERVER, "config": b64encode(_small(made["cursor"]).encode()).decode()}, quote_via=quote)
    return (
        f"[Install in VS Code](https://insiders.vscode.dev/redirect/mcp/install?{code}) · "
        f"[Install in Cursor](https://cursor.com/en/install-mcp?{cursor}) · "
    )


def _small(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def readme() -> str:
    """The README with the question and the links in their places."""
    before, _, rest = README.read_text().partition(OPENS)
    _, _, after = rest.partition(CLOSES)
    top, _, rest = before.partition(CLICK_OPENS)
    _, _, under = rest.partition(CLICK_CLOSES)
    return f"{top}{CLICK_OPENS}{one_click()}\n{CLICK_CLOSES}{under}{OPENS}{question()}{CLOSES}{after}"


PAGES = {
    "clients.md": clients_page,
    "mistakes.md": mistakes_page,
    "planning.md": planning_page,
    "settings.md": settings_page,
    "tools.md": tools_page,
}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (DOCS / file).write_text(page())
    README.write_text(readme())
