"""Programs that run another program: which of their words are their own. A row a wrapper; add one here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Options that take a value of their own, and how many words stand before the program that is run."""

    values: frozenset[str] = frozenset()
    words: int = 0


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The program that is run, and the wrapper's own options with their values ("" for a flag), in order."""

    rest: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = field(default=())

    def given(self, *names: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.options if name in names)


def _row(values: str = "", words: int = 0) -> Wrapper:
    return Wrapper(frozenset(values.split()), words)


_UV = (
    "--with --with-requirements --with-editable --python -p --directory --project --env-file --extra --no-extra "
    "--group --no-group --only-group --index --default-index --index-url -i --extra-index-url --find-links -f "
    "--cache-dir --package --no-binary-package --no-build-package --refresh-package --reinstall-package "
    "--upgrade-package -P --config-file --config-setting -C --allow-insecure-host --color --index-strategy "
    "--keyring-provider --resolution --prerelease --exclude-newer --link-mode --python-platform -w --from --env "
    "--constraints --overrides --build-constraints -c -b"
)

WRAPPERS: dict[tuple[str, ...], Wrapper] = {
    ("builtin",): _row(),
    ("bunx",): _row("-p --package"),
    ("catchsegv",): _row(),
    ("chronic",): _row(),
    ("chrt",): _row("-T -P -D", 1),
    ("command",): _row(),
    ("conda", "run"): _row("-n --name -p --prefix --cwd"),
    ("coverage", "run"): _row("--source --rcfile --include --omit --context --concurrency --data-file"),
    ("cpulimit",): _row("-l -p -e"),
    ("direnv", "exec"): _row("", 1),
    ("doas",): _row("-u -C"),
    ("docker-entrypoint.sh",): _row(),
    ("doppler", "run"): _row("-p --project -c --config -t --token"),
    ("dotenv", "run"): _row("-f"),
    ("dumb-init",): _row("-r --rewrite"),
    ("entrypoint.sh",): _row(),
    ("exec",): _row("-a"),
    ("firejail",): _row(),
    ("flock",): _row("-w --timeout -E", 1),
    ("gosu",): _row("", 1),
    ("hatch", "run"): _row("-e"),
    ("infisical", "run"): _row("--env --path --projectId --token"),
    ("ionice",): _row("-c -n -p"),
    ("mamba", "run"): _row("-n --name -p --prefix"),
    ("micromamba", "run"): _row("-n --name -p --prefix"),
    ("mpiexec",): _row("-n -np -H --host --hostfile -x"),
    ("mpirun",): _row("-n -np -H --host --hostfile -x --map-by --bind-to"),
    ("nvidia_entrypoint.sh",): _row(),
    ("nice",): _row("-n --adjustment"),
    ("nohup",): _row(),
    ("npm", "exec"): _row("-p --package"),
    ("npx",): _row("-p --package"),
    ("numactl",): _row("-N -m -C --cpunodebind --membind"),
    ("op", "run"): _row("--env-file --account"),
    ("opentelemetry-instrument",): _row("--traces_exporter --metrics_exporter --service_name"),
    ("pdm", "run"): _row("-p --project"),
    ("pipenv", "run"): _row(),
    ("pipx", "run"): _row("--spec --python --index-url --pip-args"),
    ("pnpm", "dlx"): _row("--package"),
    ("pixi", "run"): _row("-e --environment --manifest-path"),
    ("poetry", "run"): _row("-C --directory -P --project"),
    ("prlimit",): _row(),
    ("rye", "run"): _row("--pyproject"),
    ("runuser",): _row("-u -g"),
    ("setarch",): _row("", 1),
    ("setsid",): _row(),
    ("srun",): _row("-n -N -p -t -c --gres --partition --time --ntasks --nodes"),
    ("stdbuf",): _row("-i --input -o --output -e --error"),
    ("strace",): _row("-o -e -p -s"),
    ("su-exec",): _row("", 1),
    ("sudo",): _row("-u --user -g --group -h -p -C -D --chdir"),
    ("systemd-inhibit",): _row(),
    ("taskset",): _row("-p", 1),
    ("time",): _row("-f --format -o --output"),
    ("timeout",): _row("-k --kill-after -s --signal", 1),
    ("tini",): _row("-p -e"),
    ("ts",): _row(),
    ("unbuffer",): _row(),
    ("unshare",): _row(),
    ("uv", "run"): _row(_UV),
    ("uv", "tool", "run"): _row(_UV),
    ("uvx",): _row(_UV),
    ("viztracer",): _row("-o"),
    ("xargs",): _row("-I -n -P -d -L -a -s -E --max-procs --max-args --delimiter --arg-file"),
    ("xvfb-run",): _row("-n --server-num -s --server-args -f -e -w"),
    ("yarn", "dlx"): _row("-p --package"),
}

TEXT_RUNNERS = frozenset(
    {"parallel", "watch", "tmux", "screen", "ssh", "concurrently", "hyperfine", "entr", "su", "script"}
)
"""Programs that hand a word of theirs to a shell, as a whole line."""

SETTLES: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {
    ("wandb", "disabled"): (("WANDB_MODE", "disabled"),),
    ("wandb", "offline"): (("WANDB_MODE", "offline"),),
    ("wandb", "off"): (("WANDB_MODE", "offline"),),
}
"""Programs after which those that follow behave as if these variables were set."""

# Python programs that start a script or a module, which follows options of their own.
LAUNCHERS: tuple[tuple[str, ...], ...] = (
    ("accelerate", "launch"),
    ("accelerate.commands.launch",),
    ("torchrun",),
    ("torch.distributed.run",),
    ("torch.distributed.launch",),
    ("deepspeed",),
    ("streamlit", "run"),
    ("chainlit", "run"),
    ("marimo", "run"),
    ("marimo", "edit"),
    ("modal", "run"),
    ("ray", "job", "submit"),
    ("horovodrun",),
    ("ipython",),
    ("papermill",),
    ("jupyter", "nbconvert"),
    ("jupyter", "execute"),
    ("nbconvert",),
    ("py-spy", "record"),
    ("scalene",),
    ("kernprof",),
    ("memray", "run"),
    ("cProfile",),
    ("pdb",),
    ("runpy",),
    ("ddtrace-run",),
    ("newrelic-admin", "run-program"),
    ("opensloth",),
)


def unwrap(words: Sequence[str]) -> Unwrapped | None:
    """What a wrapper runs, or None when the first words are no wrapper's. The rest may be empty."""
    names = (words[0].rpartition("/")[2].partition("@")[0], *words[1:3])
    for length in (3, 2, 1):
        if wrapper := WRAPPERS.get(tuple(names[:length])):
            return _unwrapped(words[length:], wrapper)
        if length == 2 and names[0] == "uv" and len(words) > 1 and words[1].startswith("-"):  # noqa: PLR2004 - uv and its option
            return _behind_global_options(words)
    return None


def _behind_global_options(words: Sequence[str]) -> Unwrapped | None:
    """`uv --offline run …`, `uv --directory X run …`."""
    at = next((place for place, word in enumerate(words) if word in {"run", "tool"}), None)
    if at is None:
        return None
    inner = unwrap(("uv", *words[at:]))
    before = _unwrapped((*words[1:at], "--"), WRAPPERS["uv", "run"])
    return inner and Unwrapped(inner.rest, (*before.options, *inner.options))


def _unwrapped(words: Sequence[str], wrapper: Wrapper) -> Unwrapped:
    options: list[tuple[str, str]] = []
    at = 0
    left = wrapper.words
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            at += left
            break
        if not word.startswith("-") or word == "-":
            if left:
                left -= 1
                continue
            at -= 1
            break
        name, equals, value = word.partition("=")
        if equals:
            options.append((name, value))
        elif name in wrapper.values:
            options.append((name, words[at] if at < len(words) else ""))
            at += 1
        elif not word.startswith("--") and word[:2] in wrapper.values:
            options.append((word[:2], word[2:]))
        else:
            options.append((name, ""))
    return Unwrapped(tuple(words[at:]), tuple(options))


def after_shell_options(words: Sequence[str]) -> tuple[list[str], bool]:
    """What follows a shell's options, and whether it is the text that it runs (`-c`)."""
    at = 2 if words[0].endswith("busybox") else 1
    is_text = False
    while at < len(words) and words[at][:1] in {"-", "+"} and words[at] != "-":
        option = words[at]
        at += 1
        if option == "--":
            break
        if option.startswith("--"):
            at += option in {"--rcfile", "--init-file"}
            continue
        at += bool(set(option) & {"o", "O"})
        is_text = is_text or "c" in option
        if "s" in option:
            return [], False
    return list(words[at:]), is_text


def printed(words: Sequence[str], stdin: str | None) -> str | None:
    """What a program that only prints prints."""
    name, rest = words[0].rpartition("/")[2], list(words[1:])
    if name in {"cat", "tee"}:
        return stdin if name == "tee" or not rest or rest[0] == "-" else None
    while rest and rest[0] in {"-e", "-n", "-ne", "-en", "-E", "--"}:
        rest = rest[1:]
    text = " ".join(rest)
    return text.replace("\\n", "\n") + ("" if name == "printf" else "\n")
