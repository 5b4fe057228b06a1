"""The vault: names in, values at the last moment, and no other way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keyring
import keyring.backend
import pytest

from jobs.errors import BadArgument, SecretInArgument, SecretRefused, SecretUnavailable
from jobs.secrets.names import name_says_secret
from jobs.secrets.vault import Vault, is_maskable

pytestmark = pytest.mark.promise("S8")

VALUE = "Zq7-throwaway-Xy9"
OTHER = "Other-4f9a-value"
TOKEN = "hf_" + "aB3" * 12


class FileKeyring(keyring.backend.KeyringBackend):
    """A keyring as a plug-in brings it: entries in a JSON file."""

    priority = 1  # type: ignore[assignment] # keyring declares a property and documents a class attribute

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _entries(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps(self._entries() | {f"{service}/{username}": password}))


@pytest.fixture
def ring(tmp_path: Path):
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring(tmp_path / "ring.json"))
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def vault(tmp_path: Path, environ: dict[str, str] | None = None, **more) -> Vault:
    return Vault(environ={"HOME": str(tmp_path / "home"), **(environ or {})}, **({"use_keyring": False} | more))


def login(tmp_path: Path, token: str) -> None:
    store = tmp_path / "home" / ".cache" / "huggingface"
    store.mkdir(parents=True)
    (store / "token").write_text(token + "\n")


def test_each_source_is_asked_in_order(tmp_path: Path, ring) -> None:
    ring.set_password("hf-jobs-mcp", "HF_TOKEN", "from-keyring")
    box = vault(tmp_path, use_keyring=True)
    assert box.look("HF_TOKEN").source == "keyring"
    login(tmp_path, TOKEN)
    assert box.look("HF_TOKEN").source == "hf auth login"
    box = vault(tmp_path, {"HF_TOKEN": VALUE}, use_keyring=True)
    assert box.look("HF_TOKEN").source == "environment"
    file = tmp_path / "secrets.env"
    file.write_text(f"HF_TOKEN={OTHER}\n")
    box = vault(tmp_path, {"HF_TOKEN": VALUE}, secrets_file=file, use_keyring=True)
    assert box.look("HF_TOKEN").source == "secrets file"
    assert box.take(["HF_TOKEN"])["HF_TOKEN"].reveal() == OTHER


def test_looking_never_shows_a_value(tmp_path: Path) -> None:
    seen = vault(tmp_path, {"API_KEY": VALUE}).look("API_KEY")
    assert (seen.available, seen.source, seen.maskable) == (True, "environment", True)
    assert VALUE not in repr(seen)


def test_an_absent_name_is_absent(tmp_path: Path) -> None:
    seen = vault(tmp_path).look("API_KEY")
    assert (seen.available, seen.source) == (False, None)


@pytest.mark.parametrize("value", ["", "  ", "${API_KEY}", "$API_KEY", "${OTHER_NAME}"])
def test_an_unset_or_unexpanded_variable_counts_as_absent(tmp_path: Path, value: str) -> None:
    box = vault(tmp_path, {"API_KEY": value})
    assert not box.look("API_KEY").available
    with pytest.raises(SecretUnavailable):
        box.take(["API_KEY"])


def test_a_secrets_file_is_read_anew_and_never_expanded(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    box = vault(tmp_path, {"HOME_KEY": "x"}, secrets_file=file)
    assert not box.look("API_KEY").available
    file.write_text("export API_KEY='pa$$ ${HOME_KEY} word'\n")
    assert box.take(["API_KEY"])["API_KEY"].reveal() == "pa$$ ${HOME_KEY} word"


def test_all_missing_names_are_named_and_nothing_is_taken(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable) as refused:
        vault(tmp_path, {"API_KEY": VALUE}).take(["API_KEY", "ONE_KEY", "TWO_KEY"])
    assert "ONE_KEY, TWO_KEY" in refused.value.message
    assert "API_KEY" not in refused.value.message
    assert VALUE not in repr(refused.value.as_dict())


@pytest.mark.parametrize(
    "entry", [f"API_KEY={VALUE}", "A=b", TOKEN, "AKIA" + "ABCD2345" * 2, "ghp_" + "a1B2" * 9, f"HF_TOKEN={TOKEN}"]
)
def test_a_value_instead_of_a_name_is_refused_and_not_repeated(tmp_path: Path, entry: str) -> None:
    with pytest.raises(SecretInArgument) as refused:
        vault(tmp_path).check(entry)
    assert refused.value.field == "secrets"
    assert entry not in repr(refused.value.as_dict())
    assert entry.partition("=")[2] not in refused.value.message or "=" not in entry or entry == "A=b"


@pytest.mark.parametrize(
    "name", ["hf_token", "", " HF_TOKEN", "HF_TOKEN\n", "1KEY", "HF-TOKEN", "$HF_TOKEN", "É_KEY", "A" * 129]
)
def test_what_is_no_name_is_refused_without_repeating_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArgument) as refused:
        vault(tmp_path).check(name)
    assert not name.strip() or name not in refused.value.message


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "PYTHONPATH",
        "BASH_ENV",
        "HF_JOBS_MCP_HTTP_TOKEN",
        "HF_ENDPOINT",
        "JOB_ID",
        "HTTPS_PROXY",
    ],
)
def test_names_that_steer_programs_are_never_secrets(tmp_path: Path, name: str) -> None:
    box = vault(tmp_path, {name: VALUE}, allowed=[name])
    with pytest.raises(SecretRefused):
        box.check(name)
    with pytest.raises(SecretRefused):
        box.take([name])


def test_an_operators_list_keeps_every_other_name_out(tmp_path: Path) -> None:
    box = vault(tmp_path, {"API_KEY": VALUE, "HF_TOKEN": TOKEN}, allowed=["HF_TOKEN"])
    box.check("HF_TOKEN")
    with pytest.raises(SecretRefused) as refused:
        box.take(["API_KEY"])
    assert "HF_TOKEN" in (refused.value.hint or "")


def test_known_values_are_those_that_can_be_enumerated(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text(f"PLAIN_NAME={OTHER}\n")
    login(tmp_path, TOKEN)
    box = vault(
        tmp_path, {"API_KEY": VALUE, "DEBUG": "1", "MODE": "production-value", "PATH": "/usr/bin"}, secrets_file=file
    )
    assert box.known() == {"PLAIN_NAME": OTHER, "API_KEY": VALUE, "HF_TOKEN": TOKEN}


@pytest.mark.parametrize(
    ("name", "value"),
    [("DB_PASSWORD", "postgres"), ("FEATURE_KEY", "TRUE"), ("MAX_TOKENS", "4096"), ("TOKEN_PATH", "abc-123-def"), ("SSH_KEY", "~/.ssh/id"),
     ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"), ("MONKEY", "abc-123-def"), ("TOKEN_URL", "https://example.org/x")],
)  # fmt: skip
def test_plain_values_are_not_masked_unasked(tmp_path: Path, name: str, value: str) -> None:
    assert vault(tmp_path, {name: value}).known() == {}


def test_a_plain_value_is_known_once_it_was_named_as_a_secret(tmp_path: Path) -> None:
    box = vault(tmp_path, {"DB_PASSWORD": "postgres"})
    box.look("DB_PASSWORD")
    assert box.known() == {"DB_PASSWORD": "postgres"}


def test_a_keyring_value_is_known_once_it_was_taken(tmp_path: Path, ring) -> None:
    ring.set_password("hf-jobs-mcp", "API_KEY", VALUE)
    box = vault(tmp_path, use_keyring=True)
    assert box.known() == {}
    box.take(["API_KEY"])
    assert box.masker().mask(f"<{VALUE}>") == "<***API_KEY***>"


def test_a_learned_value_is_masked_and_never_given_to_a_job(tmp_path: Path) -> None:
    box = vault(tmp_path)
    box.learn("SERVER_TOKEN", VALUE)
    assert box.masker().mask(VALUE) == "***SERVER_TOKEN***"
    with pytest.raises(SecretUnavailable):
        box.take(["SERVER_TOKEN"])


def test_what_start_up_imports_is_light() -> None:
    heavy = "{'keyring', 'dotenv', 'huggingface_hub', 'ahocorasick_rs', 'yaml', 'unicodedata', 'anyio', 'pydantic'}"
    code = f"import sys, jobs.masking.masker, jobs.secrets.vault, jobs.secrets.scan, jobs.secrets.secret_value; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_two_tokens_of_one_name_are_both_masked(tmp_path: Path) -> None:
    login(tmp_path, "hf_" + "old" * 12)
    masker = vault(tmp_path, {"HF_TOKEN": TOKEN}).masker()
    assert masker.mask(f"{TOKEN} hf_{'old' * 12}") == "***HF_TOKEN*** ***HF_TOKEN (hf auth login)***"


def test_a_value_behind_another_of_its_name_is_masked_too(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    file.write_text(f"API_KEY={OTHER}\n")
    masker = vault(tmp_path, {"API_KEY": VALUE}, secrets_file=file).masker()
    assert masker.mask(f"{OTHER} {VALUE}") == "***API_KEY*** ***API_KEY (environment)***"


def test_the_masker_is_rebuilt_only_when_values_change(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    box = vault(tmp_path, {"API_KEY": VALUE}, secrets_file=file)
    first = box.masker()
    assert box.masker() is first
    file.write_text(f"NEW_SECRET={OTHER}\n")
    assert box.masker().mask(f"{OTHER} {VALUE}") == "***NEW_SECRET*** ***API_KEY***"


def test_a_value_is_masked_from_the_moment_it_is_learned_logged_in_or_looked_at(tmp_path: Path) -> None:
    box = vault(tmp_path, {"PLAIN_NAME": OTHER})
    assert box.masker().mask(f"{VALUE} {OTHER}") == f"{VALUE} {OTHER}"
    box.learn("BEARER", VALUE)
    assert box.masker().mask(VALUE) == "***BEARER***"
    box.look("PLAIN_NAME")
    assert box.masker().mask(OTHER) == "***PLAIN_NAME***"
    login(tmp_path, TOKEN)
    assert box.masker().mask(TOKEN) == "***HF_TOKEN***"


def test_a_vault_shows_no_value(tmp_path: Path) -> None:
    box = vault(tmp_path, {"API_KEY": VALUE})
    taken = box.take(["API_KEY"])
    assert VALUE not in repr((box, taken, box.masker()))


@pytest.mark.parametrize(("value", "maskable"), [("12345", False), ("123456", True), ('a" "b', False), ("é" * 3, True)])
def test_short_values_are_reported_as_unmaskable(tmp_path: Path, value: str, maskable: bool) -> None:
    assert is_maskable(value) is maskable
    assert vault(tmp_path, {"API_KEY": value}).look("API_KEY").maskable is maskable


@pytest.mark.parametrize(
    "name", ["HF_TOKEN", "OPENAI_API_KEY", "GITHUB_PAT", "DB_PASSWORD", "APIKEY", "AWS_SECRET_ACCESS_KEY", "my_token"]
)
def test_a_name_may_say_secret(name: str) -> None:
    assert name_says_secret(name)


def test_a_jobs_names_are_recalled_from_every_source(tmp_path: Path, ring) -> None:
    file = tmp_path / "secrets.env"
    file.write_text(f"WEBHOOK={VALUE}\n")
    ring.set_password("hf-jobs-mcp", "WEBHOOK", OTHER)
    later = vault(tmp_path, {"PLAIN": "swordfish"}, secrets_file=file, use_keyring=True)
    assert later.masker().mask(f"{OTHER} swordfish") == f"{OTHER} swordfish"
    assert later.recall(["WEBHOOK", "PLAIN", "PATH"])
    assert later.masker().found(f"{VALUE} {OTHER} swordfish") == ["PLAIN", "WEBHOOK", "WEBHOOK (keyring)"]


def test_names_once_attached_are_recalled_after_a_restart(tmp_path: Path, ring) -> None:
    names = tmp_path / "state" / "secret-names"
    ring.set_password("hf-jobs-mcp", "RING_VALUE", VALUE)
    vault(tmp_path, {"WEBHOOK": OTHER}, use_keyring=True, names_file=names).take(["WEBHOOK", "RING_VALUE"])
    assert names.read_text().split() == ["RING_VALUE", "WEBHOOK"]
    assert names.stat().st_mode & 0o777 == 0o600
    later = vault(tmp_path, {"WEBHOOK": OTHER}, use_keyring=True, names_file=names)
    assert later.masker().found(OTHER) == ["WEBHOOK"]
    assert later.recall([])
    assert later.masker().found(VALUE) == ["RING_VALUE"]


def test_a_value_that_was_replaced_while_we_ran_is_masked_still(tmp_path: Path, ring) -> None:
    ring.set_password("hf-jobs-mcp", "RING_VALUE", VALUE)
    own = vault(tmp_path, use_keyring=True)
    own.take(["RING_VALUE"])
    ring.set_password("hf-jobs-mcp", "RING_VALUE", OTHER)
    own.recall(["RING_VALUE"])
    assert own.masker().found(f"{VALUE} {OTHER}") == ["RING_VALUE", "RING_VALUE (earlier)"]


class BrokenKeyring(FileKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise ZeroDivisionError


def test_a_keyring_that_breaks_is_as_good_as_absent_and_asked_again(tmp_path: Path, ring) -> None:
    keyring.set_keyring(BrokenKeyring(tmp_path / "ring.json"))
    own = vault(tmp_path, use_keyring=True)
    assert not own.look("RING_VALUE").available
    assert not own.recall(["RING_VALUE"])


@pytest.mark.parametrize("first", ["keyring", "secrets file"])
def test_two_names_of_one_value_are_both_masked_in_pieces(tmp_path: Path, ring, first: str) -> None:
    """Only one of them is told where the value stands; what a job left is masked whichever of them it has."""
    names = ("ONE_API_KEY", "TWO_API_KEY", "MANY")
    value = "q7Zr9KxW2mTb8LpV4nYcH6sDfG3jRtE5wQaU1oPi"
    filed = tmp_path / "secrets.env"
    filed.write_text("".join(f"{name}={value}\n" for name in names if first == "secrets file"))
    for name in names:
        if first == "keyring":
            ring.set_password("hf-jobs-mcp", name, value)
    own = vault(tmp_path, secrets_file=filed, use_keyring=True)
    for name in names:
        own.recall([name])
    for name in names:
        shown = own.masker([name]).mask(f"Bearer {value[:22]}")
        assert value[:22] not in shown, name
        assert own.masker().mask(f"Bearer {value[:22]}") == f"Bearer {value[:22]}"
