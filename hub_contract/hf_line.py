"""The `hf jobs run` or `hf jobs scheduled run` line that makes the same job, secrets by name, and what it lacks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 6_000
"""Characters of a line that is shown; a longer one is a text in a command, and nobody reads it in a line."""

_SPACE = "hf.co/spaces/"
#: A value that `--env NAME=VALUE`, which is read as a line of a dotenv file, takes as it stands.
_PLAIN = re.compile(r"[\w.,:/@%+=-]*", re.ASCII)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\t": "\\t"})
_KNOWN = frozenset(
    {
        "command", "arguments", "environment", "secrets", "flavor", "timeout", "timeoutSeconds", "attempts", "retry",
        "labels", "volumes", "expose", "network", "resourceGroupId", "dockerImage", "spaceId",
    }
)  # fmt: skip


@dataclass(frozen=True)
class HfLine:
    """A line for a POSIX shell.

    Attributes:
        text: The line. `hf` takes the value of each secret from its own environment.
        lacks: In words, what the job has and the command has not.
    """

    text: str
    lacks: tuple[str, ...] = ()

    def told(self, *first: str) -> dict[str, Any]:
        """Plain data for a reply or a record, with the lines to run `first`; a line too long to be read is left out."""
        if len(self.text) > LONGEST:
            return {"lacks": [f"The line has {len(self.text):,} characters: too many to be shown."]}
        parts = {"first": list(first), "line": self.text, "lacks": list(self.lacks)}
        return {name: part for name, part in parts.items() if part}


def hf_line(
    spec: Mapping[str, Any],
    namespace: str,
    *,
    schedule: str | None = None,
    suspend: bool = False,
    concurrency: bool = False,
) -> HfLine | None:
    """The line for a job's spec as it is sent to `POST /api/jobs/{namespace}`, or as a hub keeps it.

    None for a job without an image or a command, which `hf` does not take.
    """
    image = spec.get("dockerImage") or (f"{_SPACE}{spec['spaceId']}" if spec.get("spaceId") else "")
    command = [*(spec.get("command") or ()), *(spec.get("arguments") or ())]
    if not image or not command:
        return None
    lacks: list[str] = []
    words = ["hf", "jobs", *(["scheduled"] if schedule else []), "run"]
    if not schedule:
        words.append("--detach")
    words += [f"--namespace={namespace}", *_options(spec, lacks, scheduled=schedule is not None)]
    if schedule:
        words += [*(["--suspend"] if suspend else []), *(["--concurrency"] if concurrency else [])]
    if "name" not in (spec.get("labels") or {}):
        lacks.append("No name: hf gives a job without one a name of its own.")
    unknown = sorted(key for key, value in spec.items() if key not in _KNOWN and value)
    lacks += [f"{key}: hf has no option for it." for key in unknown]
    # After `--` nothing is an option of hf's any more.
    words += ["--", *([schedule] if schedule else []), image, *command]
    return HfLine(shlex.join(words), tuple(lacks))


def _options(spec: Mapping[str, Any], lacks: list[str], *, scheduled: bool) -> Iterator[str]:
    if spec.get("flavor"):
        yield f"--flavor={spec['flavor']}"
    seconds = spec.get("timeoutSeconds") or spec.get("timeout")
    if seconds:
        yield f"--timeout={seconds}"
    attempts = spec.get("attempts") or (spec.get("retry") or 0) + 1
    if attempts > 1:
        yield f"--attempts={attempts}"
    for name, value in (spec.get("environment") or {}).items():
        if (written := _variable(value)) is None:
            lacks.append(f"env {name}: its value has a line break or a character that hf does not read.")
        else:
            yield f"--env={name}={written}"
    yield from (f"--secrets={name}" for name in spec.get("secrets") or ())
    yield from _labels(spec.get("labels") or {})
    for volume in spec.get("volumes") or ():
        yield f"--volume={_volume(volume)}"
    expose = spec.get("expose") or {}
    public = expose.get("portsPublic") or []
    yield from (f"--expose={port}" for port in expose.get("ports") or () if port not in public)
    yield from (f"--expose-public={port}" for port in public)
    network = spec.get("network") or {}
    if network.get("group") and scheduled:
        lacks.append("network: hf jobs scheduled run has no option for it.")
    elif network.get("group"):
        yield f"--network-group={network['group']}"
        yield from (f"--network-alias={name}" for name in network.get("aliases") or ())
    if spec.get("resourceGroupId"):
        yield f"--resource-group-id={spec['resourceGroupId']}"


def _labels(labels: Mapping[str, str]) -> Iterator[str]:
    for key, value in labels.items():
        yield f"--name={value}" if key == "name" else f"--label={key}={value}"


def _variable(value: str) -> str | None:
    """A value in the words of a dotenv file; None for what its parser cannot give back."""
    if _PLAIN.fullmatch(value):
        return value
    written = f'"{value.translate(_ESCAPES)}"'
    return written if len(written.splitlines()) == 1 else None


def _volume(volume: Mapping[str, Any]) -> str:
    kind, source = volume.get("type") or "model", volume["source"]
    revision = f"@{volume['revision']}" if volume.get("revision") else ""
    path = f"/{volume['path'].strip('/')}" if volume.get("path") else ""
    only = volume.get("readOnly")
    read_only = kind != "bucket" if only is None else only
    return f"hf://{kind}s/{source}{revision}{path}:{volume['mountPath']}:{'ro' if read_only else 'rw'}"
