"""The ``hf-jobs-mcp`` command line: which command was asked for, and where it is carried out.

Nothing heavy is imported before it is known to be needed: starting the stdio server is what a client waits for.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from server.version import DISTRIBUTION, version

if TYPE_CHECKING:
    from server.app import App
    from server.settings import Settings

#: The exit status of a command that Ctrl-C ended, as shells have it.
INTERRUPTED = 130
_FOLDER = "The state folder is HF_JOBS_MCP_HOME; set it to a folder of yours that can be written."
_LAST_PORT = 65_535
_FLAG = re.compile(r"--?[a-z][a-z-]{0,40}")
_NO_ASKING = "--dangerously-attach-secrets-without-asking-anyone"


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns its exit status: 0 done, 1 failed, 2 not understood or not possible as asked."""
    arguments, rest = _parser().parse_known_args(list(argv)) if argv else (argparse.Namespace(run=_stdio), [])
    if rest:  # What is not understood may be a value that was put in the wrong place, and is not repeated.
        flags = [word.partition("=")[0] for word in rest if _FLAG.fullmatch(word.partition("=")[0])]
        what = ", ".join(flags) or "an argument too many"
        return _refuse(f"not understood: {what}. See: {arguments.program} --help")
    try:
        status = int(arguments.run(arguments))
        _ = sys.stdout.closed or sys.stdout.flush()  # What cannot be written is told here, not at the exit.
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        said = _in_a_sentence(error, arguments)
        if said is None:
            raise
        print(f"{DISTRIBUTION}: {said}", file=sys.stderr)
        return 1
    return status


def _in_a_sentence(error: Exception, arguments: argparse.Namespace) -> str | None:
    """What a person is told of a failure that can be foreseen; None for one that only a traceback explains."""
    from sqlite3 import Error as DatabaseError

    from jobs.errors import JobsError

    if isinstance(error, JobsError):
        return f"{error.message} {error.hint or ''}".strip()
    if isinstance(error, OSError):
        if error.filename is None:
            return f"{error.strerror or 'Something cannot be read or written'}."
        ours = Path(str(error.filename)).absolute().is_relative_to(_settings(arguments).home.absolute())
        return f"{error.filename}: {error.strerror or 'it cannot be used'}. {_FOLDER if ours else ''}".rstrip()
    if isinstance(error, DatabaseError):
        return f"The record of questions cannot be read or written ({error}). {_FOLDER}"
    return None


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in a sentence and where the help is; what was typed may be a secret, and is not repeated."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.set_defaults(program=self.prog)
        self.typed: str | None = None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        self.typed = str(value)
        super()._check_value(action, value)

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"ignored explicit argument .*", "takes no value", message, flags=re.DOTALL)
        refused = re.match(r"(.*?)invalid choice: .*\(choose from (.*)\)\Z", message, re.DOTALL)
        if refused:
            from difflib import get_close_matches

            known = re.sub(r"['\"]", "", refused[2])
            near = get_close_matches(self.typed or "", known.split(", "), 1)
            nearest = f"Did you mean {near[0]}? " if near else ""
            message = f"{refused[1]}it is none of those it can be. {nearest}Known: {known}"
        self.exit(2, f"{DISTRIBUTION}: {message}. See: {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=DISTRIBUTION,
        description="MCP server for Hugging Face Jobs. Without a command it serves MCP over stdio.",
        epilog="Start with: hf-jobs-mcp demo. Settings come from flags, then HF_JOBS_MCP_* variables; see the README.",
    )
    parser.add_argument("--version", action="version", version=f"{DISTRIBUTION} {version()}")
    parser.set_defaults(run=_stdio)
    _settings_flags(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve MCP over stdio, or over HTTP with --http")
    _settings_flags(serve)
    serve.add_argument("--http", action="store_true", help="Streamable HTTP at /mcp instead of stdio")
    serve.add_argument("--host", help="with --http: address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=_port, help="with --http: port to listen on (default: 8765)")
    serve.add_argument(
        "--insecure-no-auth", action="store_true", help="with --http: no token; loopback only, for protocol test suites"
    )
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="the main job, start to finish, on the local hub, narrated")
    demo.add_argument("--agent", action="store_true", help="run a real fast-agent in the job")
    demo.set_defaults(run=_demo)

    _hub_parser(commands)

    approve = commands.add_parser("approve", help="answer a question that waits for a person")
    approve.add_argument("id", nargs="?", help="the question's id; without it the waiting ones are listed")
    approve.add_argument("--browser", action="store_true", help="on a page, instead of in the terminal")
    approve.add_argument("--json", action="store_true", help="list what waits, for a program")
    approve.set_defaults(run=_approve)

    _secrets_parser(commands)

    _install_parser(commands)

    audit = commands.add_parser("audit", help="what was asked, answered and submitted on this machine")
    audit.add_argument(
        "id", nargs="?", help="all of one submission: the id of its job, or the fingerprint of its question"
    )
    audit.add_argument("--json", action="store_true", help="every event, one JSON object a line")
    audit.set_defaults(run=_audit)

    doctor = commands.add_parser("doctor", help="what works, what does not, and what to do about it")
    doctor.add_argument("--json", action="store_true", help="for a program")
    doctor.set_defaults(run=_doctor)
    return parser


def _port(text: str) -> int:
    """A port's number; 0 lets the system choose."""
    if not (text.isascii() and text.isdecimal() and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _settings_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hub", default=argparse.SUPPRESS, help="auto, local, huggingface, or a URL")
    parser.add_argument("--namespace", default=argparse.SUPPRESS, help="user or organisation that owns the jobs")
    parser.add_argument("--secrets-file", default=argparse.SUPPRESS, help="dotenv file of secret values")
    parser.add_argument(
        _NO_ASKING, dest="attach_without_asking", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def _hub_parser(commands: Any) -> None:
    hub = commands.add_parser("hub", help="the local hub: start, stop, status, run, env, open, clean")
    actions = hub.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, words in {
        "start": "start it, or say that it runs",
        "stop": "stop it; running jobs go on and are found again",
        "status": "say whether it runs, and where",
        "run": "run it in the foreground",
        "env": 'print variables for the shell: eval "$(hf-jobs-mcp hub env)"',
        "open": "open its pages in the browser",
        "clean": "say what it keeps and nobody needs any more, and free it after a yes",
    }.items():
        action = actions.add_parser(name, help=words)
        action.set_defaults(run=_hub, action=name)
        if name == "status":
            action.add_argument("--json", action="store_true", help="pid, endpoint, version, jobs")
        if name == "clean":
            action.add_argument("--results", action="store_true", help="the workspaces of ended jobs too")
            action.add_argument("--yes", "-y", action="store_true", help="free it without asking")
            action.add_argument("--json", action="store_true", help="for a program; frees nothing without --yes")
        if name in {"run", "start"}:
            action.add_argument("--runner", choices=["process", "container"], default=argparse.SUPPRESS)
        if name == "open":
            action.add_argument("job", nargs="?", help="a job's or a schedule's id; the list of jobs without it")


def _secrets_parser(commands: Any) -> None:
    secrets = commands.add_parser("secrets", help="values that jobs may be given: set, list, unset")
    actions = secrets.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, words in {
        "set": "keep a value, from a prompt or a pipe: hf-jobs-mcp secrets set OPENAI_API_KEY < key.txt",
        "list": "names that are stored, and where; never a value",
        "unset": "forget a value",
    }.items():
        action = actions.add_parser(name, help=words, description=words)
        action.set_defaults(run=_secrets, action=name)
        if name == "list":
            action.add_argument("--json", action="store_true", help="for a program")
        else:
            action.add_argument("name", metavar="NAME", help="an environment variable's name")


def _install_parser(commands: Any) -> None:
    install = commands.add_parser(
        "install",
        help="put this server into a client's configuration, or take it out",
        description="Put this server into the configuration of MCP clients: see the change, say yes, done.",
        epilog="Without a client it says which are here. Examples: hf-jobs-mcp install cursor; "
        "hf-jobs-mcp install vscode --file .vscode/mcp.json; hf-jobs-mcp install --all --undo.",
    )
    install.add_argument("clients", nargs="*", metavar="CLIENT", help="claude-desktop, claude-code, cursor, vscode, …")
    install.add_argument("--all", action="store_true", help="every client that is on this machine")
    install.add_argument("--yes", "-y", action="store_true", help="write without asking")
    install.add_argument("--undo", action="store_true", help="bring back what was there before")
    install.add_argument("--print", action="store_true", help="only show the entry, to paste it yourself")
    install.add_argument("--file", type=Path, metavar="PATH", help="this file, instead of the client's own")
    install.add_argument("--json", action="store_true", help="which clients are here, for a program")
    install.set_defaults(run=_install)


def _interruptible() -> None:
    """From here on an interrupt is the command's own, to say or undo something."""
    import signal

    # The launcher's own handler, which is told by its name: this room does not know the launcher.
    if getattr(signal.getsignal(signal.SIGINT), "__module__", None) == "hf_jobs_mcp":
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _settings(arguments: argparse.Namespace) -> Settings:
    from pydantic import ValidationError

    from server.settings import Settings, from_environment

    given = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    try:
        return from_environment(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        reason = first["msg"].removeprefix("Value error, ")
        print(f"hf-jobs-mcp: HF_JOBS_MCP_{name.upper()} (or --{name.replace('_', '-')}): {reason}", file=sys.stderr)
        raise SystemExit(2) from None


def _stdio(arguments: argparse.Namespace) -> int:
    if sys.stdin.isatty():
        print(
            f"{DISTRIBUTION} is an MCP server over stdio, for a client to start. Try `{DISTRIBUTION} demo`, or "
            f"`{DISTRIBUTION} --help`. Ctrl-C ends it.",
            file=sys.stderr,
        )
    return _run(arguments, lambda app, _: _until_stdin_closes(app), stdio=True)


def _serve(arguments: argparse.Namespace) -> int:
    if not arguments.http:
        alone = {"--host": arguments.host, "--port": arguments.port, "--insecure-no-auth": arguments.insecure_no_auth}
        given = [flag for flag, value in alone.items() if value is not None and value is not False]
        if given:
            return _refuse(f"serve {' '.join(given)} means something with --http only. Add --http.")
        return _stdio(arguments)
    from server.http import serve_http

    port = 8765 if arguments.port is None else arguments.port
    return _run(
        arguments,
        lambda app, settings: serve_http(
            app, settings, host=arguments.host or "127.0.0.1", port=port, no_auth=arguments.insecure_no_auth
        ),
    )


def _refuse(sentence: str) -> int:
    print(f"{DISTRIBUTION}: {sentence}", file=sys.stderr)
    return 2


async def _until_stdin_closes(app: App) -> int:
    import anyio

    async with anyio.create_task_group() as group:
        group.start_soon(_end_at_once_when_interrupted, app)
        await app.server.run_stdio_async()
        group.cancel_scope.cancel()
    return 0


async def _end_at_once_when_interrupted(app: App) -> None:
    """A thread waits for stdin and cannot be called back, so an interrupt ends the process and not only this task."""
    import signal

    import anyio

    with anyio.open_signal_receiver(signal.SIGINT) as interrupts:
        async for _ in interrupts:
            with anyio.move_on_after(1, shield=True):
                await app.close()
            os._exit(INTERRUPTED)


def _run(
    arguments: argparse.Namespace, transport: Callable[[App, Settings], Awaitable[int]], *, stdio: bool = False
) -> int:
    """Assemble the server and run it. Nothing is garbage while modules load, so the collector waits until after."""
    gc.disable()
    settings = _settings(arguments)
    import anyio

    from server.sdk_loading import sparing

    with sparing() if stdio else nullcontext():
        from server.app import assemble

    async def run() -> int:
        with sparing() if stdio else nullcontext():
            app = assemble(settings)
        gc.freeze()
        gc.enable()
        try:
            return await transport(app, settings)
        finally:
            with anyio.CancelScope(shield=True):
                await app.close()

    _interruptible()
    return anyio.run(run)


def _demo(arguments: argparse.Namespace) -> int:
    from server.demo import demo

    settings = _settings(arguments)
    _interruptible()
    return demo(settings, agent=arguments.agent)


def _hub(arguments: argparse.Namespace) -> int:
    from server.hub_commands import run

    settings = _settings(arguments)
    _interruptible()
    return run(settings, arguments)


def _secrets(arguments: argparse.Namespace) -> int:
    from server.secrets_commands import run

    settings = _settings(arguments)
    _interruptible()
    return run(settings, arguments)


def _install(arguments: argparse.Namespace) -> int:
    given = [flag for flag in ("yes", "undo", "print", "file") if getattr(arguments, flag)]
    if given and not (arguments.clients or arguments.all):
        return _refuse(f"install --{given[0]} needs a client's name, or --all.")
    if arguments.json and (arguments.clients or arguments.all):
        return _refuse("install --json says which clients are here; it takes no client.")
    if arguments.print and arguments.undo:
        return _refuse("install --print shows an entry and --undo takes it out; only one of them.")
    from server.install.command import run

    settings = _settings(arguments)
    _interruptible()
    return run(settings, arguments)


def _approve(arguments: argparse.Namespace) -> int:
    if arguments.json and (arguments.id or arguments.browser):
        return _refuse("approve --json lists what waits; it takes no id and no --browser.")
    from consent.answering.terminal import approve

    home = _settings(arguments).home
    _interruptible()
    return approve(home, arguments.id, browser=arguments.browser, as_json=arguments.json)


def _audit(arguments: argparse.Namespace) -> int:
    from server.audit.command import show

    if arguments.json and arguments.id:
        return _refuse("audit --json is the whole record; it takes no id.")
    settings = _settings(arguments)
    _interruptible()
    return show(settings, arguments.id, as_json=arguments.json)


def _doctor(arguments: argparse.Namespace) -> int:
    from server.doctor.report import examine
    from server.settings import Settings

    given = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    _interruptible()
    return examine(given, as_json=arguments.json)
