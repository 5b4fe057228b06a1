"""What secrets can do, which addresses are their services' own, and which hosts need no warning."""

from __future__ import annotations

import re

_CAN = {
    "write, start jobs and spend in your name": "HF_PAT (HF|HUGGING_?FACE(_?HUB)?)_*_(TOKEN|KEY)",
    "change your repositories": "(GITHUB|GH|GITLAB|BITBUCKET|GITEA|CODEBERG)_*_(TOKEN|PAT|KEY|PASSWORD)",
    "use your AWS account and spend": "AWS_*_(SECRET_ACCESS_KEY|SECRET_KEY|SESSION_TOKEN)",
    "use your cloud account and spend": """
        (AZURE|ARM)_*_CLIENT_SECRET (AZURE|GOOGLE|GCP|GCLOUD|GCS)_*_CREDENTIALS GCP_SA_KEY SERVICE_ACCOUNT_KEY
        (AZURE_STORAGE|CLOUDFLARE|CF|VERCEL|NETLIFY|FLY|HEROKU|DIGITALOCEAN|HCLOUD|LINODE|RUNPOD|MODAL|LAMBDA|VASTAI)_*_(TOKEN|KEY|SECRET)
        (SCW|OVH|R2|B2|MINIO|PULUMI|TF)_*_(TOKEN|KEY|SECRET)
    """,
    "publish packages as you": """
        (PYPI|UV_PUBLISH|TWINE|NPM|NODE_AUTH|CARGO_REGISTRY|RUBYGEMS)_*_(TOKEN|PASSWORD|KEY)
        (DOCKER|DOCKERHUB|GHCR|QUAY)_*_(TOKEN|PASSWORD|KEY)
    """,
    "move money": "(STRIPE|PAYPAL|SQUARE|ADYEN|PLAID|COINBASE|BINANCE|KRAKEN|WISE)_*_(TOKEN|KEY|SECRET)",
    "write as you": """
        (SLACK|DISCORD|TELEGRAM|TWITTER|X_API|BLUESKY|MASTODON|LINKEDIN|REDDIT|TEAMS|WHATSAPP)_*_(TOKEN|KEY|SECRET|WEBHOOK|URL)
        (SENDGRID|MAILGUN|RESEND|POSTMARK|TWILIO|SMTP|IMAP|GMAIL|EMAIL)_*_(TOKEN|KEY|SECRET|PASSWORD)
        (NOTION|LINEAR|JIRA|ATLASSIAN|CONFLUENCE|AIRTABLE|ASANA|TRELLO|HUBSPOT|SALESFORCE)_*_(TOKEN|KEY|SECRET)
    """,
    "sign in as you": "SSH_*_KEY DEPLOY_KEY KUBECONFIG KUBE_TOKEN VAULT_TOKEN OP_SERVICE_ACCOUNT_TOKEN GPG_PRIVATE_KEY",
    "change your database": """
        (DATABASE|DB|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|MONGO|MONGODB|REDIS|SNOWFLAKE|CLICKHOUSE)_*_?(URL|URI|DSN|PASSWORD)
        (SUPABASE|NEON)_*_(URL|KEY|TOKEN|PASSWORD) CONNECTION_STRING
    """,
}
"""What holders of secrets can do in the person's name, by the names they have; `_*_` may be anything or nothing."""

_POWERS = tuple(
    (re.compile(rf"(?:.*_)?(?:{'|'.join(names.replace('_*_', '_(?:.*_)?').split())})(?:_.*)?"), can)
    for can, names in _CAN.items()
)


def power(name: str) -> str | None:
    """What a secret of this name lets its holder do in the person's name, wherever in the name the service stands."""
    return next((can for pattern, can in _POWERS if pattern.fullmatch(name)), None)


#: Services that jobs are expected to reach; each stands for its subdomains too.
KNOWN_HOSTS = frozenset(
    """
    huggingface.co hf.co pypi.org pythonhosted.org python.org pytorch.org nvidia.com openai.com anthropic.com
    generativelanguage.googleapis.com aiplatform.googleapis.com api.groq.com api.mistral.ai api.cohere.com api.cohere.ai
    api.deepseek.com openrouter.ai api.together.xyz api.x.ai api.fireworks.ai api.perplexity.ai dashscope.aliyuncs.com
    api.wandb.ai wandb.ai kaggle.com api.tavily.com api.smith.langchain.com json-schema.org apache.org w3.org
    docs.astral.sh astral.sh
    """.split()  # noqa: SIM905 - reads best as running text
)

_SERVICE = re.compile(r"_?(?:API_?)?(?:BASE_?UR[LI]|BASE|ENDPOINT(?:_URL)?|UR[LI]|HOST|PROXY)$")
_KEY = re.compile(
    r"_?(?:API_?)?(?:KEY|TOKEN|SECRET|PASSWORD|SECRET_ACCESS_KEY|ACCESS_KEY_ID|ACCESS_KEY|SESSION_TOKEN|HUB_TOKEN)$"
)


def keys_of(address: str, secret: str) -> bool:
    """Whether `address` is the variable that says where the service of the key `secret` is."""
    service, key = _SERVICE.sub("", address), _KEY.sub("", secret)
    return bool(service) and (service == key or service.startswith(f"{key}_") or key.startswith(f"{service}_"))


def service_of(secret: str) -> str:
    """The service that the name of a key says, in small letters: ``openai`` for ``OPENAI_API_KEY``."""
    return _KEY.sub("", secret).lower()
