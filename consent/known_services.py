"""What secrets can do, which addresses are their services' own, and which hosts need no warning."""

from __future__ import annotations

import re

#: What a name lets its holder do in the person's name.
POWERS = {
    **dict.fromkeys(
        ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HUGGINGFACE_API_KEY", "HUGGINGFACEHUB_API_TOKEN"),
        "write, start jobs and spend in your name",
    ),
    **dict.fromkeys(("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN"), "change your repositories"),
    **dict.fromkeys(("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "use your AWS account and spend"),
    **dict.fromkeys(("PYPI_TOKEN", "UV_PUBLISH_TOKEN", "TWINE_PASSWORD", "NPM_TOKEN"), "publish packages as you"),
    **dict.fromkeys(("AZURE_CLIENT_SECRET", "GOOGLE_APPLICATION_CREDENTIALS"), "use your cloud account and spend"),
    **dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_API_KEY"), "move money"),
    **dict.fromkeys(("SLACK_BOT_TOKEN", "SLACK_TOKEN", "DISCORD_TOKEN", "TELEGRAM_BOT_TOKEN"), "write as you"),
}

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
