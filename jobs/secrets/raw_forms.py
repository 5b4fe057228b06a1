"""What raw secret values look like in a text, by service and by how they are handed over. A row each; add one here."""

# ruff: noqa: E501 - a shape a line reads best as it stands

from __future__ import annotations

import re

CREDENTIALS_IN_URL = re.compile(r"""[a-z0-9]://([^\s/:@"'<>`|\\]{0,100}):([^\s/@"'<>`|\\]{3,200})@([\w.\[\]-]+)""")
TOKEN_IN_URL = re.compile(r"""[a-z0-9]://([A-Za-z0-9_-]{20,200})@[\w.-]+""")
SIGNED_URL = re.compile(
    r"""(?i)[?&](?:sig|signature|x-(?:amz|goog|ms|oss)-signature)=(?=[A-Za-z+/%_-]{0,200}\d)[A-Za-z0-9+/%=_-]{32,}|/bot\d{8,10}:AA[\w-]{33}"""
)
SECRET_IN_QUERY = re.compile(
    r"""(?i)[?&](?:[a-z]{1,20}[_-])?(?:api_?-?key|token|password|secret)=([A-Za-z0-9._~%+/=-]{16,300})"""
)
LOCAL = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|db|postgres|redis|mysql|mongo|rabbitmq)")
PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n|\\r){1,4}[A-Za-z0-9+/=:, \s\\-]{40}"
)
SHAPES = re.compile(
    r"""(?x)(?<![A-Za-z0-9_/+-])(?:
    SG\.[\w-]{22}\.[\w-]{43} | [sr]k_(?:live|test)_[A-Za-z0-9]{20,} | whsec_[A-Za-z0-9]{24,} | dckr_pat_[\w-]{20,}
    | nvapi-[\w-]{40,} | tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,} | e2b_[0-9a-f]{40} | r8_[A-Za-z0-9]{36,}
    | pplx-[A-Za-z0-9]{40,} | csk-[a-z0-9]{40,} | AGE-SECRET-KEY-1[A-Z0-9]{50,} | dop_v1_[0-9a-f]{64}
    | lin_api_[A-Za-z0-9]{32,} | ntn_[A-Za-z0-9]{40,} | xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{40,} | wandb_v1_[A-Za-z0-9_]{40,}
    | (?:bot)?\d{8,10}:AA[\w-]{33} | shpat_[a-f0-9]{32} | sbp_[a-f0-9]{40} | fc-[0-9a-f]{32} | figd_[\w-]{40,}
    | tgp_v1_[\w-]{40,} | fw_[A-Za-z0-9]{22,}(?![\w-]) | gl(?:dt|rt|ptt|soat|cbt|agent|oas|ft|imt)-[\w-]{20,}
    | ATBB[A-Za-z0-9]{24,} | ATATT3[\w=-]{50,} | [MNO][A-Za-z\d_-]{22,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])
    | secret_[A-Za-z0-9]{43}(?!\w) | pat[A-Za-z0-9]{14}\.[0-9a-f]{64} | dapi[0-9a-f]{32}(?!\w)
    | dp\.(?:pt|st|ct|sa|scim)\.[A-Za-z0-9]{40,} | hv[sbr]\.[\w-]{24,} | lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,}
    | pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,} | sk\.eyJ[\w-]{10,}\.[\w-]{20,} | glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}
    | glc_eyJ[\w=-]{40,} | NRAK-[A-Z0-9]{27} | HRKU-[\w-]{36,} | sk_[0-9a-f]{48}(?!\w) | jina_[\w-]{50,}
    | pa-(?=[\w-]{0,40}\d)[\w-]{43}(?![\w-]) | AQ\.[\w-]{40,} | [A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}
    | a[ks]-(?=[A-Za-z]{0,21}\d)(?=[a-z0-9]{0,21}[A-Z])[A-Za-z0-9]{22}(?![\w-]) | sk-lf-[0-9a-f]{8}-[0-9a-f-]{27}
    | rpa_[A-Z0-9]{40,} | cog_[A-Za-z0-9]{40,} | apify_api_[A-Za-z0-9]{30,} | key-[0-9a-f]{32}(?!\w)
    | AccountKey=[A-Za-z0-9+/]{80,}={0,2} | SharedAccessKey=[A-Za-z0-9+/]{40,}={0,2}
    | https://hooks\.slack\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}
    | https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{50,}
    )"""
)
SIGN_INS = (
    ("wandb", re.compile(r"""\bwandb\s{1,4}login\s{1,4}(?:--\w{1,20}(?:=\S{1,80})?\s{1,4}){0,4}["']?([0-9a-f]{40})\b""")),
    ("authorization", re.compile(r"""(?i)authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|token|basic)\s{1,3}([A-Za-z0-9._~+/=-]{12,200})""")),
    ("curl", re.compile(r"""\bcurl\b[^\n|;]{0,120}?\s(?:-u|--user)[= ]?["']?[^\s:"'$]{1,80}:([^\s"'@]{4,100})""")),
    ("--", re.compile(r"""--(?:[a-z]{1,20}-){0,2}(?:api-key|token|password|secret|access-key)[= ]["']?([^\s"']{8,200})""")),
    ("sshpass", re.compile(r"""\bsshpass\s{1,3}-p\s{0,3}["']?([^\s"']{4,100})""")),
    ("login(", re.compile(r"""\blogin\(\s{0,20}(?:key=|token=)?["']([A-Za-z0-9_.-]{20,200})["']""")),
    ("machine", re.compile(r"""\bmachine\s{1,3}\S{1,200}\s{1,8}(?:login\s{1,3}\S{1,200}\s{1,8})?password\s{1,3}(\S{8,300})""")),
    ("-p", re.compile(r"""\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]{0,120}?\s-p([^\s"']{8,100})""")),
    ("authtoken", re.compile(r"""\b(?:add-)?authtoken\s{1,3}["']?([A-Za-z0-9_]{30,100})""")),
    ("auth", re.compile(r"""["']auth["']\s{0,3}:\s{0,3}["']([A-Za-z0-9+/=]{20,400})["']""")),
    ("username", re.compile(r"""["']username["']\s{0,3}:\s{0,3}["'][^"']{1,80}["'],\s{0,9}["']key["']\s{0,3}:\s{0,3}["']([0-9a-f]{32})["']""")),
    ("env ", re.compile(r"""(?i)(?:^|\n)\s{0,8}(?:ENV|ARG|setenv|setx|set\s+-\w{0,3}x)\s{1,3}\w{0,60}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)\w{0,20}\s{1,3}["']?([^\s"'=]{12,300})""")),
)  # fmt: skip
"""A word without which the row matches nothing, and the expression whose group is the value."""
