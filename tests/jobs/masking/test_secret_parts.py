"""What of a structured secret is a secret by itself, and what is not."""

from __future__ import annotations

import base64
import json

import pytest

from jobs.masking.masker import Masker
from jobs.masking.secret_parts import parts_of

pytestmark = pytest.mark.promise("S10")

BODY = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBK", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "x7Q9zK3m=="]
PEM = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(BODY) + "\n-----END PRIVATE KEY-----\n"
ACCOUNT = json.dumps(
    {
        "type": "service_account", "project_id": "canary-project", "private_key_id": "0a1b2c3d4e5f60718293",
        "private_key": PEM, "client_email": "bot@canary-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token", "universe_domain": "googleapis.com",
    }
)  # fmt: skip
KUBECONFIG = f"""apiVersion: v1
kind: Config
current-context: prod
clusters:
- cluster:
    server: https://10.1.2.3:6443
  name: production-cluster
users:
- name: admin
  user:
    token: kube.T0ken99abc
    client-key-data: {base64.b64encode(PEM.encode()).decode()}
"""


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (ACCOUNT, [PEM.strip(), *BODY, "0a1b2c3d4e5f60718293"]),
        (base64.b64encode(ACCOUNT.encode()).decode(), [PEM.strip(), *BODY]),
        (KUBECONFIG, ["kube.T0ken99abc", PEM, *BODY]),
        (PEM, BODY),
        ("postgres://app_reader:s3cr3t%2FPW9x@db.int.example:5432/x", ["s3cr3t%2FPW9x", "s3cr3t/PW9x", "app_reader", "db.int.example"]),
        ("postgresql+asyncpg://a:swordfish@h.int.example/x", ["swordfish", "h.int.example"]),
        ("redis://:r3disPw99@cache.int.example:6379/0", ["r3disPw99", "cache.int.example"]),
        ("https://abc123def456@o1.ingest.example/4", ["abc123def456"]),
        ("https://hooks.example/services/T00/B00/XXxx1234abcd5678", ["XXxx1234abcd5678"]),
        ("https://h.example/a?sig=Ab9%2Fx8Y7&v=2", ["Ab9/x8Y7"]),
        ("A_KEY=abc123xyz\nexport DB_PASSWORD='swordfish'\nX=9f8e7d6c5b4a", ["abc123xyz", "swordfish", "9f8e7d6c5b4a"]),
        ("[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPx\nregion = eu-west-1", ["wJalrXUtnFEMI/K7MDENG+bPx"]),
        ("bot:swordfish", ["swordfish"]),
        ("alpha1tok99,beta2tok88", ["alpha1tok99", "beta2tok88"]),
        ("host=db user=app password=hunter2secret dbname=prod", ["hunter2secret"]),
        ("DefaultEndpointsProtocol=https;AccountKey=abc123DEF456==;EndpointSuffix=core.windows.net", ["abc123DEF456=="]),
        ("Bearer abcDEF123456", ["abcDEF123456"]),
        (json.dumps({"auths": {"r.example": {"auth": base64.b64encode(b"bob:passw0rd9").decode()}}}), ["passw0rd9"]),
        ("h.example:5432:db:me:pgpass99x", ["pgpass99x"]),
    ],
)  # fmt: skip
def test_each_secret_part_is_masked_alone(value: str, parts: list[str]) -> None:
    masker = Masker({"NAME": value})
    for part in parts:
        masked = masker.mask(f"it is [{part}], see?")
        assert part.strip() not in masked
        assert "***NAME***" in masked
        assert masked.startswith("it is [")


HARMLESS = [
    "type: service_account in canary-project, see https://oauth2.googleapis.com/token at googleapis.com",
    "kind: Config, cluster production-cluster, admin, prod, https://10.1.2.3:6443",
    "postgres:16 on localhost:5432, database postgres of the user postgres; password=password",
    "region eu-west-1, python:3.12-slim, LOG_LEVEL=verbose true false 8080 2026-01-02",
    "https core.windows.net dbname=prod AccountName",
    "user guest of rabbitmq at https://hooks.example/services/",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_public_in_them_stays(text: str) -> None:
    known = [
        ACCOUNT, KUBECONFIG, "postgresql://postgres:postgres@localhost:5432/postgres", "amqp://guest:guest@localhost//",
        "LOG_LEVEL=verbose\nREGION=eu-west-1\nIMAGE=python:3.12-slim\nDEBUG=true\nPORT=8080\nSINCE=2026-01-02\nTOKEN=x9f8e7d6c5",
        "DefaultEndpointsProtocol=https;AccountKey=abc123DEF456==;EndpointSuffix=core.windows.net",
        "host=db user=app password=hunter2secret dbname=prod", "https://hooks.example/services/T00/B00/XXxx1234abcd5678",
    ]  # fmt: skip
    assert Masker({f"S{number}": value for number, value in enumerate(known)}).mask(text) == text


@pytest.mark.parametrize(
    "value", ["swordfish", "correct horse battery staple", "", "hunter2", "a,b", "[1,2", "{", "://@"]
)
def test_what_has_no_structure_has_no_parts(value: str) -> None:
    assert parts_of(value) == []


def test_a_host_may_stand_in_an_argument() -> None:
    masker = Masker({"DATABASE_URL": "postgres://app_reader:s3cr3tPW9x@db.int.example/x"})
    assert masker.found("db.int.example app_reader") == []
    assert masker.found("s3cr3tPW9x") == ["DATABASE_URL"]
