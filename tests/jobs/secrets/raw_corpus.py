"""Made-up secrets in the forms that services give them, and what only looks like one: by where each stands in a job."""

# ruff: noqa: C408 - made-up values, a shape a line

from __future__ import annotations

import base64
import random
import string
from typing import Any

R = random.Random(7)


def alnum(n: int, among: str = string.ascii_letters + string.digits) -> str:
    return "".join(R.choice(among) for _ in range(n))


def hexs(n: int) -> str:
    return alnum(n, "0123456789abcdef")


def up(n: int) -> str:
    return alnum(n, string.ascii_uppercase + "234567")


def b64(n: int) -> str:
    return base64.b64encode(R.randbytes(n)).decode()


def u64(n: int) -> str:
    return base64.urlsafe_b64encode(R.randbytes(n)).decode().rstrip("=")


jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJ" + u64(40) + "." + u64(32)
SECRETS: dict[str, dict[str, Any]] = {
    "hf env": dict(env={"X": "hf_" + alnum(34)}),
    "openai proj file": dict(text="OPENAI='sk-proj-" + alnum(48) + "_" + alnum(60) + "'"),
    "openai legacy": dict(text="k='sk-" + alnum(48) + "'"),
    "anthropic": dict(cmd=["tool", "sk-ant-api03-" + alnum(60) + "-" + alnum(30) + "AA"]),
    "google AIza": dict(text="key = 'AIza" + alnum(35) + "'"),
    "google new AQ": dict(env={"GEMINI_API_KEY": "AQ." + u64(36)}),
    "groq": dict(text="gsk_" + alnum(52)),
    "mistral 32 env": dict(env={"MISTRAL_API_KEY": alnum(32)}),
    "cohere 40 env": dict(env={"CO_API_KEY": alnum(40)}),
    "deepseek sk-32hex": dict(text="DEEPSEEK=sk-" + hexs(32)),
    "together 64hex": dict(cmd=["sh", "-c", "TOGETHER_API_KEY=" + hexs(64) + " python x.py"]),
    "together tgp": dict(text="x='tgp_v1_" + alnum(43) + "'"),
    "fireworks fw_": dict(text="x='fw_" + alnum(24) + "'"),
    "perplexity": dict(text="pplx-" + alnum(48)),
    "replicate": dict(text="r8_" + alnum(37)),
    "wandb 40 hex cmd": dict(cmd=["wandb", "login", hexs(40)]),
    "wandb login sh": dict(cmd=["sh", "-c", "wandb login --relogin " + hexs(40)]),
    "wandb in py": dict(text="import os\nos.environ['WANDB_API_KEY'] = '" + hexs(40) + "'"),
    "wandb env dict": dict(text="env = {'WANDB_API_KEY': '" + hexs(40) + "'}"),
    "wandb .netrc": dict(text="machine api.wandb.ai\n  login user\n  password " + hexs(40) + "\n"),
    "netrc one line": dict(text="machine github.com login me password " + alnum(20)),
    "aws id": dict(text="AKIA" + up(16)),
    "aws secret": dict(text="aws_secret_access_key = " + alnum(40, string.ascii_letters + string.digits + "/+")),
    "aws cfg": dict(text="[default]\naws_secret_access_key=" + b64(30)),
    "gcp sa json": dict(
        text='{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\n'
        + b64(600)
        + '\\n-----END PRIVATE KEY-----\\n"}'
    ),
    "azure conn": dict(
        env={
            "CONN": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey="
            + b64(64)
            + ";EndpointSuffix=core.windows.net"
        }
    ),
    "azure sas url": dict(
        cmd=[
            "azcopy",
            "https://acc.blob.core.windows.net/c/f?sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2026-01-01&sig="
            + b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        ]
    ),
    "azure openai key 32hex": dict(env={"AZURE_OPENAI_API_KEY": hexs(32)}),
    "azure openai 84": dict(text="api_key='" + alnum(84) + "'"),
    "azure client secret": dict(env={"AZURE_CLIENT_SECRET": alnum(3) + "8Q~" + alnum(34)}),
    "aad ~ in text": dict(text="x = '" + alnum(3) + "8Q~" + alnum(31) + "'"),
    "s3 presigned": dict(
        cmd=[
            "curl",
            "https://b.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA"
            + up(16)
            + "%2F20260101&X-Amz-Signature="
            + hexs(64),
        ]
    ),
    "s3 presigned asia": dict(
        text="https://b.s3.amazonaws.com/x?X-Amz-Security-Token="
        + b64(200).replace("/", "%2F")
        + "&X-Amz-Signature="
        + hexs(64)
    ),
    "gcs signed": dict(text="https://storage.googleapis.com/b/o?X-Goog-Signature=" + hexs(256)),
    "github ghp": dict(text="ghp_" + alnum(36)),
    "github in url user": dict(cmd=["git", "clone", "https://ghp_" + alnum(36) + "@github.com/a/b"]),
    "github old 40hex url": dict(cmd=["git", "clone", "https://" + hexs(40) + "@github.com/a/b"]),
    "github x-access": dict(pkg="x @ git+https://x-access-token:" + alnum(40) + "@github.com/a/b"),
    "gitlab": dict(text="glpat-" + alnum(20)),
    "gitlab deploy": dict(text="gldt-" + alnum(20)),
    "gitlab ci url": dict(cmd=["git", "clone", "https://gitlab-ci-token:" + alnum(20) + "@gitlab.com/a/b"]),
    "bitbucket app pw": dict(cmd=["git", "clone", "https://me:ATBB" + alnum(32) + "@bitbucket.org/a/b"]),
    "slack xoxb": dict(text="xoxb-" + alnum(11, "0123456789") + "-" + alnum(12, "0123456789") + "-" + alnum(24)),
    "slack webhook": dict(cmd=["curl", "https://hooks.slack.com/services/T" + up(8) + "/B" + up(8) + "/" + alnum(24)]),
    "discord bot": dict(text="M" + alnum(23) + "." + alnum(6) + "." + alnum(38)),
    "telegram": dict(
        cmd=["curl", "https://api.telegram.org/bot" + alnum(10, "123456789") + ":AA" + alnum(33) + "/sendMessage"]
    ),
    "stripe": dict(text="sk_" + "live_" + alnum(24)),
    "stripe test": dict(text="sk_" + "test_" + alnum(24)),
    "twilio": dict(env={"TWILIO_AUTH_TOKEN": hexs(32)}),
    "sendgrid": dict(text="SG." + alnum(22) + "." + alnum(43)),
    "jwt env": dict(env={"X": jwt}),
    "jwt header": dict(cmd=["curl", "-H", "Authorization: Bearer " + jwt]),
    "pem ec": dict(text="-----BEGIN EC PRIVATE KEY-----\n" + b64(90) + "\n"),
    "openssh": dict(
        text="-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt\n"
    ),
    "pgp": dict(text="-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF" + b64(60)),
    "postgres": dict(env={"URL": "postgresql://app:" + alnum(14) + "@db.prod.example.com/app"}),
    "mysql+pymysql": dict(text="create_engine('mysql+pymysql://root:" + alnum(12) + "@10.2.3.4/x')"),
    "redis": dict(env={"CACHE": "rediss://default:" + alnum(20) + "@eu1.upstash.io:6379"}),
    "amqp": dict(text="amqps://u:" + alnum(32) + "@x.rmq.cloudamqp.com/u"),
    "odbc": dict(env={"CS": "Server=tcp:x.database.windows.net;Uid=sa;Pwd=" + alnum(12) + "!;Encrypt=yes"}),
    "jdbc": dict(text="jdbc:postgresql://h/db?user=a&password=" + alnum(12)),
    "dsn key=val": dict(text="psycopg2.connect('host=h dbname=d user=u password=" + alnum(12) + "')"),
    "sentry": dict(env={"SENTRY_DSN": "https://" + hexs(32) + "@o123.ingest.sentry.io/456"}),
    "index url": dict(
        cmd=["uv", "run", "--index-url", "https://__token__:" + alnum(30) + "@pkgs.dev.azure.com/simple", "x"]
    ),
    "index url user-only token": dict(env={"UV_INDEX_URL": "https://" + alnum(40) + "@pypi.fury.io/me/"}),
    "pypi": dict(text="pypi-AgEIcHlwaS5vcmcC" + u64(60)),
    "npmrc": dict(text="//registry.npmjs.org/:_authToken=npm_" + alnum(36)),
    "npmrc uuid": dict(text="//npm.pkg.example/:_authToken=a1b2c3d4-e5f6-4711-8899-" + hexs(12)),
    "docker auth": dict(text='{"auths":{"ghcr.io":{"auth":"' + b64(45) + '"}}}'),
    "label": dict(labels={"api_key": alnum(24)}),
    "opt": dict(cmd=["tool", "--hf-token", alnum(30)]),
    "opt=": dict(cmd=["tool", "--api_key=" + alnum(30)]),
    "opt short -k": dict(cmd=["curl", "-u", "bob:" + alnum(12), "https://x"]),
    "curl header x-api-key": dict(cmd=["curl", "-H", "x-api-key: " + alnum(32), "https://x"]),
    "curl header PRIVATE-TOKEN": dict(cmd=["curl", "--header", "PRIVATE-TOKEN: " + alnum(20)]),
    "url query key": dict(cmd=["curl", "https://api.example.com/v1?api_key=" + alnum(32)]),
    "url query token": dict(text="requests.get('https://x.io/a?access_token=" + alnum(40) + "')"),
    "dotenv": dict(text="DB_PASS=" + alnum(12) + "\n"),
    "yaml pw": dict(text="smtp:\n  password: " + alnum(10) + "!\n"),
    "toml": dict(text='[x]\npassword = "' + alnum(12) + '"\n'),
    "json nested": dict(text='{"openai": {"apiKey": "' + alnum(40) + '"}}'),
    "js camel": dict(text="const accessToken = '" + alnum(40) + "'"),
    "py kw": dict(text="Client(secret_key='" + alnum(32) + "')"),
    "docker env": dict(text="ENV API_TOKEN " + alnum(32)),
    "k8s secret": dict(text="kind: Secret\ndata:\n  password: " + b64(15)),
    "kaggle json": dict(text='{"username":"me","key":"' + hexs(32) + '"}'),
    "modal": dict(text="ak-" + alnum(22) + " as-" + alnum(22)),
    "notion": dict(text="secret_" + alnum(43)),
    "notion ntn": dict(text="ntn_" + alnum(46)),
    "airtable": dict(text="pat" + alnum(14) + "." + hexs(64)),
    "linear": dict(text="lin_api_" + alnum(40)),
    "databricks": dict(text="dapi" + hexs(32)),
    "doppler": dict(text="dp.pt." + alnum(43)),
    "vault": dict(text="hvs." + alnum(90)),
    "cloudflare": dict(env={"CF_API_TOKEN": alnum(40)}),
    "langsmith": dict(text="lsv2_pt_" + hexs(32) + "_" + hexs(10)),
    "pinecone": dict(text="pcsk_" + alnum(6) + "_" + alnum(63)),
    "qdrant uuid": dict(env={"QDRANT_API_KEY": "a1b2c3d4-e5f6-4711-8899-" + hexs(12)}),
    "mapbox": dict(text="sk.eyJ1Ijoi" + alnum(30) + "." + alnum(22)),
    "grafana": dict(text="glsa_" + alnum(32) + "_" + hexs(8)),
    "newrelic": dict(text="NRAK-" + up(27)),
    "datadog": dict(env={"DD_API_KEY": hexs(32)}),
    "huggingface oauth": dict(text="hf_oauth_" + alnum(40)),
    "dockerhub": dict(text="dckr_pat_" + alnum(27)),
    "heroku HRKU": dict(text="HRKU-" + alnum(58)),
    "digitalocean": dict(text="dop_v1_" + hexs(64)),
    "age": dict(text="AGE-SECRET-KEY-1" + up(58)),
    "openrouter": dict(text="sk-or-v1-" + hexs(64)),
    "elevenlabs": dict(text="sk_" + hexs(48)),
    "xai": dict(text="xai-" + alnum(80)),
    "cerebras": dict(text="csk-" + alnum(48, string.ascii_lowercase + string.digits)),
    "nvidia": dict(text="nvapi-" + alnum(64)),
    "firecrawl": dict(text="fc-" + hexs(32)),
    "e2b": dict(text="e2b_" + hexs(40)),
    "exa uuid env": dict(env={"EXA_API_KEY": "a1b2c3d4-e5f6-4711-8899-" + hexs(12)}),
    "serper hex env": dict(env={"SERPER_API_KEY": hexs(40)}),
    "brave": dict(env={"BRAVE_API_KEY": "BSA" + alnum(28)}),
    "jina": dict(text="jina_" + alnum(60)),
    "voyage": dict(text="pa-" + alnum(43)),
    "supabase": dict(text="sbp_" + hexs(40)),
    "figma": dict(text="figd_" + alnum(40)),
    "ngrok": dict(cmd=["ngrok", "config", "add-authtoken", "2" + alnum(26) + "_" + alnum(21)]),
    "hf login": dict(cmd=["hf", "auth", "login", "--token", "hf_" + alnum(34)]),
    "ssh pass": dict(cmd=["sh", "-c", "sshpass -p '" + alnum(10) + "!' ssh h"]),
    "mysql -p": dict(cmd=["mysql", "-uroot", "-p" + alnum(12), "db"]),
    "PGPASSWORD": dict(cmd=["sh", "-c", "PGPASSWORD=" + alnum(12) + " psql"]),
    "export in sh": dict(text="export ANTHROPIC_AUTH_TOKEN=" + alnum(32)),
    "b64 of key": dict(
        text="printf " + base64.b64encode(("sk-ant-api03-" + alnum(60)).encode()).decode() + " | base64 -d"
    ),
}
HARMLESS: dict[str, dict[str, Any]] = {
    "commit": dict(cmd=["git", "checkout", hexs(40)]),
    "git pkg commit": dict(pkg=f"x @ git+https://github.com/a/b@{hexs(40)}"),
    "sha req": dict(text="numpy==2.0 \\\n --hash=sha256:" + hexs(64) + " \\\n --hash=sha256:" + hexs(64)),
    "uuid": dict(env={"RUN_ID": "a1b2c3d4-e5f6-4711-8899-" + hexs(12)}),
    "session id": dict(env={"SESSION_ID": alnum(32)}),
    "etag": dict(text='{"etag":"' + hexs(32) + '"}'),
    "digest": dict(cmd=["docker", "pull", "ghcr.io/a/b@sha256:" + hexs(64)]),
    "b64 img": dict(text="<img src='data:image/png;base64," + b64(3000) + "'>"),
    "b64 py": dict(text="PNG = '" + b64(900) + "'"),
    "ipynb output": dict(
        text='{"cells":[{"outputs":[{"data":{"image/png":"' + b64(3000) + '"}}],"cell_type":"code","source":["x"]}]}'
    ),
    "revision": dict(text="AutoModel.from_pretrained('a/b', revision='" + hexs(40) + "')"),
    "cron": dict(text="17 3 * * 1-5 /usr/bin/run --all"),
    "long path": dict(env={"DATA": "/mnt/data/projects/2026-11/experiment-42/" + alnum(30)}),
    "s3 path": dict(cmd=["aws", "s3", "cp", "s3://bucket/runs/" + hexs(32) + "/model.bin", "."]),
    "uv.lock": dict(
        text='[[package]]\nname = "x"\nsdist = { url = "https://files.pythonhosted.org/packages/aa/bb/'
        + hexs(60)
        + '/x-1.tar.gz", hash = "sha256:'
        + hexs(64)
        + '", size = 5 }'
    ),
    "package-lock": dict(text='{"integrity":"sha512-' + b64(64) + '"}'),
    "poetry hash": dict(text='files = [{file = "x.whl", hash = "sha256:' + hexs(64) + '"}]'),
    "content-hash": dict(text='content-hash = "' + hexs(64) + '"'),
    "ssh pub": dict(text="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + alnum(43) + " me@x"),
    "cert": dict(text="-----BEGIN CERTIFICATE-----\n" + b64(400)),
    "pubkey pem": dict(text="-----BEGIN PUBLIC KEY-----\n" + b64(200)),
    "wandb run id": dict(cmd=["wandb", "sync", "wandb/run-20250101_101010-" + alnum(8)]),
    "wandb artifact": dict(text="run.use_artifact('me/p/model:v12')"),
    "token count": dict(env={"MAX_TOKENS": "131072", "TOKEN_BUDGET": "250000"}),
    "tokenizer": dict(env={"TOKENIZER": "Qwen/Qwen3-0.6B", "TOKENIZERS_PARALLELISM": "false"}),
    "eos": dict(text="eos_token='<|endoftext|>'; pad_token='<|pad_2|>'"),
    "special tokens json": dict(
        text='{"bos_token":"<s>","eos_token":"</s>","additional_special_tokens":["<extra_id_99>"]}'
    ),
    "added tokens": dict(text='{"added_tokens_decoder":{"128009":{"content":"<|eot_id|>"}}}'),
    "token ids": dict(text="pad_token_id: 151643\neos_token_id: [151645, 151643]"),
    "keyframes": dict(text="keyframe = 'frame000123abc'"),
    "cache key": dict(text="cache_key = f'{name}-v2-2026'"),
    "cache key yaml": dict(text="key: pip-${{ runner.os }}-${{ hashFiles('requirements.txt') }}"),
    "cache key plain": dict(text="    key: linux-py311-deps-2026-11-01"),
    "sort key": dict(text="sorted(x, key='created2026')"),
    "json keys": dict(text='{"key": "user_2026_profile", "value": 1}'),
    "redis key": dict(text="r.set(key='session:1234:abc', value=1)"),
    "s3 key": dict(text="s3.put_object(Bucket='b', Key='runs/2026/11/25/output-001.json')"),
    "kms key id": dict(text="kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab"),
    "primary key": dict(text="primary_key = 'user_id_2026'"),
    "password prompt": dict(text="password: '{{ vault_password_2026 }}'"),
    "py env": dict(text="password = os.environ['DB_PASSWORD_2026']"),
    "ghs actions": dict(text="token: ${{ secrets.GITHUB_TOKEN }}"),
    "placeholder": dict(text="HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxx"),
    "placeholder2": dict(env={"OPENAI_API_KEY": "sk-your-key-here"}),
    "placeholder3": dict(text="OPENAI_API_KEY=sk-1234...abcd"),
    "dummy": dict(env={"OPENAI_API_KEY": "dummy-key"}),
    "dummy num": dict(env={"OPENAI_API_KEY": "sk-no-key-required"}),
    "EMPTY": dict(cmd=["vllm", "serve", "m", "--api-key", "EMPTY"]),
    "token-abc123": dict(cmd=["vllm", "serve", "m", "--api-key", "token-abc123"]),
    "ollama": dict(text="OpenAI(base_url='http://localhost:11434/v1', api_key='ollama')"),
    "lm-studio": dict(text="OpenAI(base_url='http://localhost:1234/v1', api_key='lm-studio')"),
    "url userless": dict(cmd=["git", "clone", "https://github.com/huggingface/transformers"]),
    "ssh git": dict(pkg="x @ git+ssh://git@github.com/a/b@v1.2.3"),
    "email in url": dict(text="https://medium.com/@some_author_name_2026/a-post-1a2b3c4d5e6f"),
    "npm scope url": dict(text="https://unpkg.com/@scope/package@1.2.3/dist/x.js"),
    "local pg": dict(env={"DB": "postgresql://postgres:postgres@localhost:5432/postgres"}),
    "pg var": dict(text="postgresql://$USER:$PGPASSWORD@db.example.com/x"),
    "md5": dict(text="md5 = 'd41d8cd98f00b204e9800998ecf8427e'"),
    "model names": dict(cmd=["vllm", "serve", "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8"]),
    "gguf": dict(cmd=["llama-server", "-hf", "bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M"]),
    "date stamp": dict(env={"RUN": "exp-2026-11-25T10-20-30Z-a1b2c3"}),
    "seed hex": dict(env={"SEED": "0xdeadbeefcafebabe"}),
    "ipv6": dict(env={"MASTER_ADDR": "2001:0db8:85a3:0000:0000:8a2e:0370:7334"}),
    "hw": dict(env={"CUDA_VISIBLE_DEVICES": "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"}),
    "label sha": dict(labels={"commit": hexs(40), "image": hexs(12)}),
    "label keyname": dict(labels={"dataset-key": "v2-2026-11"}),
    "arxiv": dict(text="see https://arxiv.org/abs/2401.12345v2 doi 10.1145/3292500.3330701"),
    "eth addr": dict(text="contract = '0x" + hexs(40) + "'"),
    "dna": dict(text="ACGTACGTTAGC" * 30),
    "smiles": dict(text="CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O"),
    "minified js": dict(text="!function(e,t){var n=t[1234];e.exports=n}(a,b);tokenType=3;n.key='a1b2'"),
    "proto": dict(text="message Token { string secret_name = 1; }"),
    "sql": dict(text="SELECT api_key_hash FROM users WHERE password_hash = '$2b$12$" + alnum(53) + "'"),
    "terraform": dict(text='secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod-AbCdEf"'),
    "k8s ref": dict(text="valueFrom:\n  secretKeyRef:\n    name: my-secret-2026\n    key: api-key-v2"),
    "secretName": dict(text="secretName: tls-cert-2026-prod"),
    "hash fn": dict(text="token_hash = hashlib.sha256(b'x1').hexdigest()"),
    "password rules": dict(text="assert len(password) >= 12, 'password: at least 12 characters, 1 digit'"),
    "csrf": dict(text="<input name='csrf_token' value='{{ csrf_token1 }}'>"),
    "llm prompt": dict(text="Explain what an API key (such as sk-...) is and why password123 is bad."),
    "prompt pw": dict(cmd=["fast-agent", "go", "-m", "Write a regex for a password: 8 chars, 1 digit, e.g. Passw0rd"]),
    "jupyter": dict(cmd=["jupyter", "lab", "--NotebookApp.token=''"]),
    "bcrypt": dict(text="hash: $2y$10$" + alnum(53)),
    "test fixture": dict(text="def test_token(): assert parse('token=abc123') == 'abc123'"),
    "openapi": dict(text="securitySchemes:\n  apiKey:\n    type: apiKey\n    in: header\n    name: X-API-Key-2"),
    "tokens list": dict(text="tokens = ['hello12','world34','foo56bar']"),
    "wordpiece": dict(text='{"vocab":{"##token12":1,"key_99":2}}'),
    "lora key": dict(text="state_dict_key='base_model.model.layers.0.self_attn.q_proj.weight'"),
    "attn key": dict(text="key_states2 = key_layer_3.view(bsz1)"),
    "public key": dict(env={"LANGFUSE_PUBLIC_KEY": "pk-lf-a1b2c3d4-e5f6-4711-8899-" + hexs(12)}),
    "aws id name": dict(env={"AWS_PROFILE": "prod-2026", "AWS_REGION": "eu-west-1"}),
    "key file": dict(cmd=["ssh", "-i", "~/.ssh/id_ed25519_2026", "h"]),
    "KEY=path": dict(env={"SSH_KEY_PATH": "/run/secrets/id_ed25519"}),
    "signature py": dict(text="sig = inspect.signature(fn2); url='https://x.example/?sig=abc'"),
    "sas doc": dict(text="https://acc.blob.core.windows.net/c?sv=2022-11-02&sig=<signature>"),
    "lock yarn": dict(
        text='resolved "https://registry.yarnpkg.com/x/-/x-1.0.0.tgz#' + hexs(40) + '"\n  integrity sha512-' + b64(64)
    ),
    "go.sum": dict(text="golang.org/x/net v0.1.0 h1:" + b64(32)),
    "cargo": dict(text='checksum = "' + hexs(64) + '"'),
    "csv": dict(text="id,token\n1,hello12345world\n2,foo98765bar\n"),
    "safetensors idx": dict(
        text='{"weight_map":{"model.layers.0.mlp.down_proj.weight":"model-00001-of-00004.safetensors"}}'
    ),
    "hf cache": dict(text="models--Qwen--Qwen3-0.6B/snapshots/" + hexs(40) + "/config.json"),
    "blob": dict(text="blobs/" + hexs(64)),
    "oid lfs": dict(text="version https://git-lfs.github.com/spec/v1\noid sha256:" + hexs(64) + "\nsize 123"),
}
