"""The Hub's Jobs and buckets API in brief: what its answers hold and what it takes, by its OpenAPI of August 2026.

A shape is a type, a pattern, a set of words, a list of one shape, a dictionary of fields (``name?`` may be absent), or
a tuple of shapes one of which fits. `Rest` beside fields lets any other field be, each of its own shape.
"""

from __future__ import annotations

import re
from typing import Any

Shape = Any
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ID = re.compile(r"[0-9a-f]{24}")
NUMBER = (int, float)
TEXTS = {"*": str}
NOTHING = type(None)
STAGE = {"COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING"}

ACCOUNT = {"id": ID, "name": str, "type": {"user", "org"}, "avatarUrl": str}
INITIATOR = (ACCOUNT, {"type": {"scheduled-job", "duplicated-job", "webhook"}, "id": str})
EXPOSE = {"ports": [int], "portsPublic?": [int]}
VOLUME = {"type": str, "source": str, "mountPath": str, "path?": str, "readOnly?": bool, "revision?": str}
SPEC = {
    "dockerImage?": str,
    "spaceId?": str,
    "command?": [str],
    "arguments?": [str],
    "environment": TEXTS,
    "secrets?": [str],
    "flavor": str,
    "timeout?": NUMBER,
    "retry?": NUMBER,
    "labels?": TEXTS,
    "volumes?": [VOLUME],
    "expose?": EXPOSE,
    "arch?": str,
}
STATUS = {
    "stage": STAGE,
    "message": (str, NOTHING),
    "cancelReason?": str,
    "failureCount?": NUMBER,
    "exposeUrls?": [str],
    "sshUrl?": str,
}
JOB = {
    **SPEC,
    "type": {"job"},
    "id": str,
    "createdAt": ISO,
    "startedAt?": ISO,
    "finishedAt?": ISO,
    "createdBy": {"id": str, "name": str},
    "owner": ACCOUNT,
    "initiator?": INITIATOR,
    "status": STATUS,
    "durations?": {"schedulingSecs?": NUMBER, "runningSecs?": NUMBER, "totalSecs?": NUMBER},
}
SCHEDULED_JOB = {
    "type": {"scheduled-job"},
    "id": str,
    "createdAt": ISO,
    "jobSpec": SPEC,
    "schedule": str,
    "suspend": bool,
    "suspendReason?": str,
    "concurrency": bool,
    "status": {"lastJob": ({"id": str, "at": ISO}, NOTHING), "nextJobRunAt": ISO},
    "owner": ACCOUNT,
    "initiator?": ACCOUNT,
}
ACCELERATOR = {
    "type": {"gpu", "neuron"},
    "model": str,
    "quantity": str,
    "vram": str,
    "manufacturer": {"Nvidia", "AWS"},
}
HARDWARE = {
    "name": str,
    "prettyName": str,
    "cpu": str,
    "ram": str,
    "ephemeralStorage": str,
    "accelerator": (ACCELERATOR, NOTHING),
    "unitCostMicroUSD": NUMBER,
    "unitCostUSD": NUMBER,
    "unitLabel": str,
}
COUNT = {"count": NUMBER}
PERMITTED = {"namespace": {"id": str, "name": str}, "user": {"id": str, "name": str}}
CALLER = {
    "type": {"user"},
    "id": str,
    "name": str,
    "fullname": str,
    "avatarUrl": str,
    "isPro": bool,
    "auth": {"type": str},
}
ORGANISATION = {"type": {"org"}, "id": str, "name": str, "fullname": str, "avatarUrl": str}
WHOAMI = {**CALLER, "orgs": [{**ORGANISATION, "*": object}], "auth": {"type": str, "*": object}, "*": object}
BUCKET = {
    "id": str,
    "author": str,
    "createdAt": ISO,
    "updatedAt": ISO,
    "size": NUMBER,
    "totalFiles": NUMBER,
    "repoType": {"bucket"},
    "cdnRegions": [{"provider": str, "region": str}],
    "private": bool,
    "visibility?": {"private", "public"},
}
CREATED = {"url": str, "name": str, "id": str}
FILE = {"type": {"file"}, "path": str, "uploadedAt": ISO, "size": int, "xetHash": str, "mtime?": ISO}
ENTRY = (FILE, {"type": {"directory"}, "path": str, "uploadedAt": ISO})
BATCH = {"success": bool, "processed": int, "succeeded": int, "failed": [{"path": str, "error": str}]}
XET_TOKEN = {"casUrl": str, "exp": NUMBER, "accessToken": str}
XET_FILE = {"hash": str, "refreshUrl": str, "reconstructionUrl": str, "etag": str, "size": NUMBER, "contentType?": str}
ERROR = {"error": str}

#: Every flavor a job may name.
FLAVORS = [
    "cpu-basic",
    "cpu-upgrade",
    "cpu-performance",
    "cpu-xl",
    "sprx8",
    "zero-a10g",
    "t4-small",
    "t4-medium",
    "l4x1",
    "l4x4",
    "l40sx1",
    "l40sx4",
    "l40sx8",
    "a10g-small",
    "a10g-large",
    "a10g-largex2",
    "a10g-largex4",
    "a100-large",
    "a100x4",
    "a100x8",
    "h200",
    "h200x2",
    "h200x4",
    "h200x8",
    "rtx-pro-6000",
    "rtx-pro-6000x2",
    "rtx-pro-6000x4",
    "rtx-pro-6000x8",
    "inf2x6",
]

#: Fields of a job's body as the Hub takes them and refuses them.
TAKEN: dict[str, list[Any]] = {
    "labels": [{"model": "Qwen3-0.6B"}, {"a.b-c_d": ""}, {"k" * 100: "v" * 100}],
    "environment": [{"AB": "1"}, {"a_b9": ""}],
    "secrets": [{"A": "value"}, {"ab_C": "value"}],
    "command": [["true"], ["sh", "-c", " "]],
    "arguments": [[], ["", "x"]],
    "flavor": [*FLAVORS],
    "timeoutSeconds": [None, 60],
    "attempts": [1, 11],
    "expose": [{"ports": [1, 65535]}, {"ports": list(range(8000, 8020)), "portsPublic": [8000]}],
}
REFUSED: dict[str, list[Any]] = {
    "labels": [{"": "v"}, {"a b": "v"}, {"a": "ü"}, {"a": "v" * 101}, {"k" * 101: "v"}, {"a": "v\n"}, {"a/b": "c"}],
    "environment": [{"_X": "1"}, {"A": "1"}, {"1A": "1"}, {"A-B": "1"}, {"": "1"}, {"AB\n": "1"}],
    "secrets": [{"_S": "v"}, {"1": "v"}, {"A.B": "v"}, {"": "v"}],
    "command": [[], [""], ["printf", "%s", ""]],
    "flavor": ["", "gpu-t4-small", None],
    "volumes": [[], [{"type": "bucket", "source": "local/witness"}], [{"source": "local/witness", "mountPath": "/d"}]],
    "attempts": [0, 1.5],
    "expose": [{}, {"ports": [0]}, {"ports": list(range(8000, 8021))}],
}
SCHEDULES_TAKEN = (
    "@hourly",
    "0 9 * * 1",
    "*/5 * * * *",
    "0 0 1-5 * *",
    "0 0 1,15 * 1,2,3",
    "0 0 12 * * 1",
    "5/15 * * * *",
    "30 0 12 * * 1 2099",
    "0 0 12 1 1 * */2",
    "0 0 12 1 1 * 2030,2031",
)
SCHEDULES_REFUSED = (
    "0 9 * * MON-FRI",
    "0 9 * * mon",
    "0 9 1 JAN *",
    "0 9 * * 1-3,5",
    "0 9 * * 1,3-5",
    "0 9 L * *",
    "0 9 * * 1#1",
    "0-9/3 * * * *",
    "@midnight",
    "* * * *",
    "",
)


def differences(found: Any, shape: Shape, at: str = "") -> list[str]:
    """Say where an answer is not of its shape; nothing when it is."""
    match shape:
        case tuple():
            tries = [differences(found, one, at) for one in shape]
            return [] if [] in tries else min(tries, key=len)
        case list() if isinstance(found, list):
            return [one for index, item in enumerate(found) for one in differences(item, shape[0], f"{at}[{index}]")]
        case dict() if isinstance(found, dict):
            return _fields(found, shape, at)
        case re.Pattern():
            right = isinstance(found, str) and bool(shape.fullmatch(found))
        case set():
            right = found in shape
        case type():
            right = isinstance(found, shape) and (shape in {bool, object} or not isinstance(found, bool))
        case _:
            right = False
    return [] if right else [f"{at}: {type(found).__name__}, or not of its form"]


def _fields(found: dict[str, Any], shape: dict[str, Shape], at: str) -> list[str]:
    known = {name.rstrip("?"): one for name, one in shape.items() if name != "*"}
    needed = {name for name in shape if not name.endswith("?") and name != "*"}
    told = [f"{at}.{name}: missing" for name in sorted(needed - found.keys())]
    for name, value in found.items():
        if name in known:
            told += differences(value, known[name], f"{at}.{name}")
        elif "*" in shape:
            told += differences(value, shape["*"], f"{at}.{name}")
        else:
            told.append(f"{at}.{name}: the Hub has no such field")
    return told
