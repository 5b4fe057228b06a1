"""Where secret values come from, and which names may have one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hub_contract.command_line import command
from jobs.errors import SecretRefused, SecretUnavailable
from jobs.secrets.maskers import Maskers
from jobs.secrets.names import is_name, name_says_secret, refuse_bad_name, steers_programs, too_plain_to_mask
from jobs.secrets.remembered import RememberedNames
from jobs.secrets.secret_value import Secret
from jobs.secrets.stored import KEYRING_SERVICE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from jobs.masking.masker import Masker
    from jobs.secrets.stored import StoredSecrets

SHORTEST_MASKABLE = 6
_HINTED = 3

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Availability:
    """Whether a name has a value here and where from; never the value.

    `maskable` is False when a value is there but too short, or too plain, to be masked in what comes back.
    """

    name: str
    available: bool
    source: str | None
    maskable: bool


class Vault:
    """Finds values by name: secrets file, environment, `hf auth login` store (HF_TOKEN only), keyring, stored file.

    They are asked in this order.

    The keyring and the login store may ask the system and block: call `look` and `take` in a worker thread.
    A value that is empty, or still a placeholder such as `${NAME}`, counts as absent.

    Args:
        allowed: Names an operator permits; empty permits any that is not refused outright.
        secrets_file: A dotenv file, read anew at each call, never expanded.
        environ: The environment to read; by default this process's own, as it is when the vault is made.
        use_keyring: Whether to ask the system keyring (service `hf-jobs-mcp`, user name = the secret's name).
        stored: What ``hf-jobs-mcp secrets set`` stored where there is no keyring; read anew at each call.
        names_file: Where the names that were ever attached are kept, and no value; None keeps none.
    """

    def __init__(
        self,
        allowed: Collection[str] = (),
        secrets_file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        use_keyring: bool = True,
        *,
        stored: StoredSecrets | None = None,
        names_file: Path | None = None,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._secrets_file = secrets_file
        self._own_environment = environ is None
        self._environ = _as_hf_reads(os.environ if environ is None else environ)
        self._use_keyring = use_keyring
        self._stored = stored
        self._remembered = RememberedNames(names_file)
        self._touched: set[str] = set()
        self._from_keyring: dict[str, Secret] = {}
        self._earlier: dict[str, list[Secret]] = {}
        self._born = datetime.now(UTC)
        self._learned: dict[str, Secret] = {}
        self._maskers = Maskers()

    def check(self, name: str, *, field: str = "secrets") -> None:
        """Refuse what cannot be a job's secret.

        Raises:
            SecretInArgument: A value, or NAME=value, stands where a name belongs; it is not repeated.
            BadArgument: Not an environment-variable name in capitals.
            SecretRefused: A name that steers processes, or one the operator's list does not hold.
        """
        refuse_bad_name(name, field)
        if self._allowed and name not in self._allowed:
            raise SecretRefused(
                f"{name} is not on the operator's list of secrets.",
                hint=f"Permitted: {', '.join(sorted(self._allowed))}. The list is HF_JOBS_MCP_SECRETS.",
                field=field,
            )

    def look(self, name: str) -> Availability:
        """Say whether and where a value is, without giving it. Raises nothing."""
        found = self._find(name)
        if found is None:
            return Availability(name, available=False, source=None, maskable=True)
        self._touched.add(name)
        value, source = found
        return Availability(name, available=True, source=source, maskable=is_maskable(value))

    def take(self, names: Iterable[str]) -> dict[str, Secret]:
        """The values, at the moment of sending.

        Raises:
            SecretUnavailable: Some have no value; all of those are named, and nothing is returned.
            SecretRefused, BadArgument, SecretInArgument: As `check`.
        """
        taken: dict[str, Secret] = {}
        missing: list[str] = []
        for name in sorted(set(names)):
            self.check(name)
            found = self._find(name, fresh=True)
            if found is None:
                missing.append(name)
                continue
            self._touched.add(name)
            self._note(name, found[0])
            taken[name] = Secret(name, found[0])
        if missing:
            raise SecretUnavailable(
                f"No value for {', '.join(missing)}.",
                hint=how_to_provide(missing),
                field="secrets",
            )
        self._remembered.add(taken)
        return taken

    def recall(self, names: Iterable[str]) -> bool:
        """Have every value of `names`, and of all names ever attached, masked from now on, wherever it lies.

        A job's names come from the hub; those that steer programs are left out, whoever says that they are secret.
        Asks the keyring anew and blocks. False when the keyring could not say, so that it is worth asking again.
        """
        asked = {name for name in (*names, *self._remembered.read()) if not steers_programs(name)}
        self._touched |= asked
        said = True
        for name in sorted(asked):
            said = self._ask_keyring(name) and said
            for value, _ in self._everywhere(name):
                self._note(name, value)
        return said

    def doubts(self, names: Iterable[str], created_at: datetime | None) -> list[str]:
        """What of a job's secrets may stand unmasked in what it left, a few words for each name.

        A value that was changed since the job was made is not kept anywhere, so it cannot be masked. What was attached
        or recalled while this process ran is; of an older job only what its source's own time says is certain.
        """
        told: list[str] = []
        for name in sorted(set(names)):
            found = next(self._everywhere(name), None)
            if found is None and name not in self._earlier:
                told.append(f"{name}: no value here now")
            elif found is not None and not is_maskable(found[0]):
                told.append(f"{name}: too short")
            elif found is not None and self._may_have_changed(found[1], created_at):
                told.append(f"{name}: only its present value is masked")
        return told

    def _may_have_changed(self, source: str, created_at: datetime | None) -> bool:
        if created_at is None or created_at >= self._born:
            return False
        stored = self._stored.path if self._stored is not None else None
        path = {"secrets file": self._secrets_file, "hf auth login": self._login_path, "stored file": stored}.get(
            source
        )
        stamp = _stamp(path)
        return stamp is None or stamp[0] > created_at.timestamp() * 1e9

    def _note(self, name: str, value: str) -> None:
        """Keep `value` masked under `name` for as long as this process lives, also when it is replaced meanwhile."""
        kept = self._earlier.setdefault(name, [])
        if all(secret.reveal() != value for secret in kept):
            kept.append(Secret(name, value))

    def known(self) -> dict[str, str]:
        """Every value that can be enumerated, by name, for masking and scanning; it goes nowhere else.

        The secrets file, environment variables whose name says secret and whose value is not a plain word, number
        or path, the login store, what was learned, and every name looked at, taken, recalled or ever attached.
        Blocks for files only; the keyring is asked by `look`, `take` and `recall`.
        """
        values: dict[str, str] = {}
        filed = self._file_values()
        for source, found in (
            ("secrets file", filed.items()),
            ("environment", self._environment_secrets()),
            ("hf auth login", [("HF_TOKEN", token)] if (token := self._login_token()) else []),
            ("stored file", self._stored_values().items()),
            ("learned", [(name, secret.reveal()) for name, secret in self._learned.items()]),
        ):
            for name, value in found:
                if values.setdefault(name, value) != value:
                    values[f"{name} ({source})"] = value
        for name in sorted(self._touched | self._remembered.read()):
            for value, source in self._ever(name, filed):
                if value not in values.values() and values.setdefault(name, value) != value:
                    label = f"{name} ({source})"
                    count = 2
                    while values.setdefault(label, value) != value:
                        label, count = f"{name} ({source} {count})", count + 1
        return values

    def _held_by(self) -> dict[str, frozenset[str]]:
        """Each value that a name looked at, taken or recalled has, and all such names: two may have the same."""
        filed = self._file_values()
        held: dict[str, frozenset[str]] = {}
        for name in self._touched | self._remembered.read():
            for value, _ in self._ever(name, filed):
                held[value] = held.get(value, frozenset()) | {name}
        return held

    def learn(self, name: str, value: str) -> None:
        """Mask `value` from now on under `name`, such as a token made at start; it never becomes a job's secret."""
        self._learned[name] = Secret(name, value)

    def masker(self, names: Collection[str] = ()) -> Masker:
        """A masker of all known values, rebuilt only when they change; every message asks for it.

        The values of `names` are masked in pieces too: for what a job left that has them. Whoever chooses a text freely
        learns from it only whether a guess of a whole value is right.
        """
        return self._maskers.of(names, self._sources, self.known, self._held_by)

    def _sources(self) -> tuple[object, ...]:
        """What `known` depends on: it gives the same values for as long as this is the same."""
        return (
            frozenset(self._touched),
            tuple(self._learned.values()),
            tuple(map(len, self._earlier.values())),
            tuple(map(id, self._from_keyring.values())),
            _stamp(self._secrets_file),
            _stamp(self._login_path),
            _stamp(self._stored.path if self._stored is not None else None),
            _stamp(self._remembered.path),
        )

    def _find(self, name: str, *, fresh: bool = False) -> tuple[str, str] | None:
        if value := self._file_values().get(name):
            return value, "secrets file"
        if value := _present(self._environ.get(name)):
            return value, "environment"
        if name == "HF_TOKEN" and (value := self._login_token(fresh=fresh)):
            return value, "hf auth login"
        if self._use_keyring and is_name(name) and (value := self._keyring_value(name, fresh=fresh)):
            return value, "keyring"
        if value := self._stored_values().get(name):
            return value, "stored file"
        return None

    def _stored_values(self) -> dict[str, str]:
        return {} if self._stored is None else self._stored.values()

    def _everywhere(self, name: str, filed: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
        """Each value that `name` has in any source, as far as is known without asking the keyring; the first counts."""
        if value := (self._file_values() if filed is None else filed).get(name):
            yield value, "secrets file"
        if value := _present(self._environ.get(name)):
            yield value, "environment"
        if name == "HF_TOKEN" and (value := self._login_token()):
            yield value, "hf auth login"
        if name in self._from_keyring:
            yield self._from_keyring[name].reveal(), "keyring"
        if value := self._stored_values().get(name):
            yield value, "stored file"

    def _ever(self, name: str, filed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """As `_everywhere`, and the values it had while this process ran."""
        yield from self._everywhere(name, filed)
        yield from ((secret.reveal(), "earlier") for secret in self._earlier.get(name, ()))

    def _file_values(self) -> dict[str, str]:
        if self._secrets_file is None or not self._secrets_file.is_file():
            return {}
        from dotenv import dotenv_values

        values = dotenv_values(self._secrets_file, interpolate=False)
        return {name: present for name, value in values.items() if (present := _present(value))}

    def _environment_secrets(self) -> Iterator[tuple[str, str]]:
        for name, value in self._environ.items():
            if name in self._touched or (name_says_secret(name) and not too_plain_to_mask(value)):
                present = _present(value)
                if present:
                    yield name, present

    def _login_token(self, *, fresh: bool = False) -> str | None:
        """The token `hf auth login` stored; `fresh` lets the library renew one about to expire."""
        if fresh and self._own_environment:
            from huggingface_hub import get_token

            if token := _present(get_token()):
                return token
        try:
            return _present(self._login_path.read_text(encoding="utf-8").replace("\n", "").replace("\r", ""))
        except (OSError, UnicodeDecodeError):
            return None

    @cached_property
    def _login_path(self) -> Path:
        cache = self._environ.get("XDG_CACHE_HOME") or Path(self._environ.get("HOME") or Path.home()) / ".cache"
        home = Path(self._environ.get("HF_HOME") or Path(cache) / "huggingface")
        return Path(self._environ.get("HF_TOKEN_PATH") or home / "token").expanduser()

    def _keyring_value(self, name: str, *, fresh: bool) -> str | None:
        if fresh or name not in self._from_keyring:
            self._ask_keyring(name)
        found = self._from_keyring.get(name)
        return found.reveal() if found is not None else None

    def _ask_keyring(self, name: str) -> bool:
        """Look `name` up in the keyring; False when there is one and it would not say."""
        if not self._use_keyring or not is_name(name):
            return True
        import keyring
        from keyring.errors import NoKeyringError

        try:
            value = _present(keyring.get_password(KEYRING_SERVICE, name))
        except NoKeyringError:
            return True
        except Exception:  # noqa: BLE001 - locked, the desktop is gone, a plug-in that does not load: absent for now
            return False
        known = self._from_keyring.get(name)
        if value is None:
            self._from_keyring.pop(name, None)
        elif known is None or known.reveal() != value:
            self._from_keyring[name] = Secret(name, value)
        return True


def how_to_provide(names: Collection[str]) -> str:
    """What the user does so that values for `names` are here: the command, and the line for the client's file.

    Clients hand a server only the variables that their configuration names: what is in the user's shell is not here.
    """
    several = len(names) > 1
    commands = " and ".join(f"`{command('secrets', 'set', name)}`" for name in list(names)[:_HINTED])
    lines = ", ".join(f"`{name}: ${{{name}}}`" for name in list(names)[:_HINTED])
    return (
        f"{'They are' if several else 'It is'} not in this server's environment. The user runs {commands} in a "
        f"terminal, or adds {lines} under `env:` of this server in "
        "the client's configuration (fast-agent.yaml) and restarts it"
        + (", or runs `hf auth login`." if "HF_TOKEN" in names else ".")
    )


def is_maskable(value: str) -> bool:
    """Whether a value can be found in text without wrecking it: six characters that carry it, at least."""
    from jobs.masking.encodings import skeleton

    return len(skeleton(value.encode(errors="surrogatepass"))) >= SHORTEST_MASKABLE


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """When a file was last written, and its size; None where there is none."""
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _as_hf_reads(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment with ``HF_TOKEN`` as the ``hf`` command reads it: by its old name too, without line breaks."""
    read = dict(environ)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := _present(read.get(name)):
            read["HF_TOKEN"] = token.replace("\r", "").replace("\n", "").strip()
            break
    return read


def _present(value: str | None) -> str | None:
    return value if value and value.strip() and not _PLACEHOLDER.fullmatch(value.strip()) else None
