"""Raw values are known by what they are; what only looks like one passes."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Any

import pytest

from jobs.errors import SecretInArgument
from jobs.secrets.raw_values import raw_by_form, raw_by_name
from jobs.secrets.scan import named_in, refuse_values
from tests.jobs.secrets.raw_corpus import HARMLESS, SECRETS

pytestmark = pytest.mark.promise("S9")

HEX = hashlib.sha1(b"x").hexdigest()
LONG = base64.b64encode(hashlib.sha512(b"y").digest()).decode()
PEM = "-----BEGIN PRIVATE " + "KEY-----\n" + LONG[:64] + "\n" + LONG[:64] + "\n-----END PRIVATE KEY-----"

RAW_PAIRS = [
    ("WANDB_API_KEY", HEX),
    ("DB_PASSWORD", "Tr0ub4dor&3xyz"),
    ("AWS_SECRET_ACCESS_KEY", LONG[:40]),
    ("MY_TOKEN", str(uuid.UUID(int=77123456789012345678901234567890))),
    ("api_key", "live-9f8a7b6c5d4e"),
    ("SMTP_PASS", "hunter2-hunter2"),
    ("--api-key", "k3yk3yk3yk3y-91"),
]
PLAIN_PAIRS = [
    ("OPENAI_API_KEY", "EMPTY"),
    ("API_KEY", "none"),
    ("API_KEY", "test"),
    ("API_KEY", "not-needed"),
    ("API_KEY", "your_api_key_here"),
    ("API_KEY", "<your key>"),
    ("HF_TOKEN", "$HF_TOKEN"),
    ("HF_TOKEN", "${HF_TOKEN}"),
    ("MAX_TOKENS", "4096-8192"),
    ("MAX_NEW_TOKENS", "16384000"),
    ("TOKENIZER", "meta-llama/Llama-3.1-8B"),
    ("TOKENIZERS_PARALLELISM", "false"),
    ("PRIMARY_KEY", "id_2026_000123"),
    ("EOS_TOKEN", "im_end_2026_11"),
    ("COMMIT", HEX),
    ("SECRET_NAME", "prod-db-2026-11"),
    ("TOKEN_PATH", "/run/secrets/token1"),
    ("PUBLIC_KEY", "ssh-ed25519-AAAAC3"),
    ("RUN_ID", str(uuid.UUID(int=5))),
    ("API_KEY_FILE", "key-2026.json"),
    ("CACHE_KEY", "v2-linux-2026-03-01"),
]
RAW_TEXTS = [
    f"export WANDB_API_KEY={HEX} ; python t.py",
    f"wandb login {HEX}",
    f"wandb login --relogin {HEX}",
    f"import wandb\nwandb.login(key='{HEX}')",
    "git clone https://me:s3cr3tpassw0rd@github.com/a/b",
    "x @ git+https://user:pa55-word@github.com/x/y",
    "--index-url=https://bob:indexpass99@pypi.example/simple",
    "postgresql://app:Tr0ub4dor3@db.example.com:5432/app",
    "mongodb+srv://u:p4ssw0rdX@cluster0.example.net/?retryWrites=true",
    "redis://:9f8a7b6c5d@cache.example.com:6379/0",
    "curl -u user:Tr0ub4dor3 https://example.com",
    "curl -H 'Authorization: Bearer 9f8a7b6c5d4e3f2a1b' https://example.com",
    'curl -H "Authorization: Basic dXNlcjpwYXNzd29yZDEyMw==" https://example.com',
    "password = 'Tr0ub4dor&3xyz'",
    'client = Client(api_key="live9f8a7b6c5d4e3f2a")',
    '{"api_key": "9f8a7b6c5d4e3f2a1b0c"}',
    "openai:\n  api_key: live9f8a7b6c5d4e3f2a1b\n",
    f"AWS_SECRET_ACCESS_KEY={LONG[:40]}",
    PEM,
    PEM.replace("\n", "\\n"),
    "SG." + "aB3" * 7 + "x." + "aB3" * 14 + "y",
    "https://hooks.slack.com/services/T0ABCDEFG/B0ABCDEFG/" + "aB3" * 8,
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + LONG[:86] + "==",
    "sshpass -p Pa55word! ssh host",
    "tool --token 9f8a7b6c5d4e3f2a1b",
]
PLAIN_TEXTS = [
    f"git checkout {HEX}",
    f"image@sha256:{hashlib.sha256(b'i').hexdigest()}",
    f"pkg==1 --hash=sha256:{hashlib.sha256(b'p').hexdigest()}",
    f'<img src="data:image/png;base64,{LONG * 20}">',
    f"run_id = '{uuid.UUID(int=99)}'",
    f'PNG = "{LONG * 4}"',
    "api_key = os.environ['OPENAI_API_KEY']",
    "client = OpenAI(base_url='http://localhost:8000/v1', api_key='EMPTY')",
    "client = OpenAI(api_key=os.getenv('ROUTER_KEY_2026'))",
    'curl -H "Authorization: Bearer $HF_TOKEN" https://example.com',
    "curl -H 'Authorization: Bearer ${HF_TOKEN_2026}' https://example.com",
    "headers = {'Authorization': f'Bearer {token}'}",
    "git clone https://x-access-token:$GITHUB_TOKEN@github.com/a/b",
    "git clone https://oauth2:${TOKEN}@gitlab.com/a/b",
    "url = f'https://{user}:{password}@host/x'",
    "postgresql://postgres:postgres@localhost:5432/test",
    "postgres://user:password@host/db",
    "tokenizer = AutoTokenizer.from_pretrained('meta-llama/Llama-3.1-8B-Instruct')",
    "eos_token = '<|im_end|>'\npad_token_id = 151643",
    "password = getpass.getpass('Password 1234: ')",
    "token = config.token_of(request1234)",
    "rows.sort(key=lambda row: row['score2026'])",
    "sort_key = 'created_at_2026_11'",
    "secrets = ['HF_TOKEN', 'WANDB_API_KEY']",
    "hf upload me/x out --token $HF_TOKEN",
    "python train.py --max-tokens 4096 --tokenizer meta-llama/Llama-3.1-8B",
    "python train.py --token-file /run/secrets/hf1",
    "if '-----BEGIN PRIVATE KEY-----' in text: raise ValueError",
    "-----BEGIN CERTIFICATE-----\n" + LONG[:64],
    "export WANDB_API_KEY=xxxxxxxxxxxxxxxxxxxxxxxx",
    "api_key: YOUR_API_KEY_HERE",
    "OPENAI_API_KEY=sk-...",
    "# Set API_KEY=your-key-1234567890 first",
    "wandb login $WANDB_API_KEY",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ" + LONG,
    "assert checksum == 'd41d8cd98f00b204e9800998ecf8427e'",
    "https://user@host.example/path",
    "token_type_ids=encoded2026.token_type_ids",
    "secret = secrets.token_urlsafe(32)",
    'login(token=os.environ["HF_TOKEN"])',
]


@pytest.mark.parametrize(("name", "value"), RAW_PAIRS)
def test_a_value_beside_a_name_that_says_secret_is_raw(name: str, value: str) -> None:
    assert raw_by_name(name, value)


@pytest.mark.parametrize(("name", "value"), PLAIN_PAIRS)
def test_a_plain_value_passes_whatever_its_name(name: str, value: str) -> None:
    assert not raw_by_name(name, value)


@pytest.mark.parametrize("text", RAW_TEXTS)
def test_a_value_is_known_by_its_form_in_a_text(text: str) -> None:
    assert raw_by_form(text)


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_what_only_looks_like_one_passes(text: str) -> None:
    assert raw_by_form(text) is None


@pytest.mark.parametrize("text", RAW_TEXTS)
def test_a_refusal_names_the_field_and_never_the_value(text: str) -> None:
    with pytest.raises(SecretInArgument) as refused:
        refuse_values({"command[2]": text}, {})
    assert refused.value.field == "command[2]"
    assert text not in repr(refused.value.as_dict())


def test_a_pair_is_refused_by_its_place() -> None:
    with pytest.raises(SecretInArgument) as refused:
        refuse_values({}, {}, named=[("env (entry 1)", "DB_PASSWORD", "Tr0ub4dor&3xyz")])
    assert refused.value.field == "env (entry 1)"
    assert "Tr0ub4dor" not in repr(refused.value.as_dict())


def judge(placed: dict[str, Any]) -> None:
    """Look at a made-up job as a submission is looked at."""
    command, env, labels = placed.get("cmd", []), placed.get("env", {}), placed.get("labels", {})
    fields = {f"command[{at}]": word for at, word in enumerate(command)}
    fields |= {f"env.{name}": value for name, value in env.items()}
    fields |= {f"labels.{name}": value for name, value in labels.items()}
    fields |= {
        place: placed[key] for key, place in (("text", "files (entry 1)"), ("pkg", "packages[0]")) if key in placed
    }
    refuse_values(fields, {}, named=named_in(command, env=env, labels=labels))


@pytest.mark.parametrize("case", SECRETS)
def test_a_services_own_form_of_secret_is_refused_wherever_it_stands(case: str) -> None:
    with pytest.raises(SecretInArgument) as refused:
        judge(SECRETS[case])
    values = [*SECRETS[case].get("env", {}).values(), *SECRETS[case].get("labels", {}).values()]
    assert not any(value in repr(refused.value.as_dict()) for value in values)


@pytest.mark.parametrize("case", HARMLESS)
def test_a_harmless_look_alike_passes_wherever_it_stands(case: str) -> None:
    judge(HARMLESS[case])
