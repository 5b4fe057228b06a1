"""Buckets, models, datasets and Spaces mounted into a job, written as `hf jobs run -v` writes them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub_contract.constants import SYSTEM_FOLDERS
from jobs.errors import BadArgument
from jobs.field_text import shows_as_it_is
from jobs.spec.workspace import INPUTS_MOUNT, MOUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_VOLUMES = 20
MAX_OUTPUTS = 8
_LONGEST = 1_000
_KINDS = frozenset({"bucket", "model", "dataset", "space"})
_FORM = "hf://[buckets|models|datasets|spaces]/OWNER/NAME[/PATH]:/MOUNT[:ro|:rw]"
_HINT = f"Write it as {_FORM}, for example hf://datasets/OWNER/NAME:/data:ro."


@dataclass(frozen=True, slots=True, order=True)
class VolumeSpec:
    """One mount. `type` is `bucket`, `model`, `dataset` or `space`; only a bucket can be written to."""

    mount_path: str
    type: str
    source: str
    path: str | None
    revision: str | None
    read_only: bool

    @property
    def uri(self) -> str:
        """The mount as `hf jobs run -v` takes it, with its access always said."""
        revision = f"@{self.revision}" if self.revision else ""
        path = f"/{self.path}" if self.path else ""
        return f"hf://{self.type}s/{self.source}{revision}{path}:{self.mount_path}:{'ro' if self.read_only else 'rw'}"

    def payload(self) -> dict[str, object]:
        """The volume as the hub's API takes it; see `huggingface_hub.Volume.to_dict`."""
        body: dict[str, object] = {"type": self.type, "source": self.source, "mountPath": self.mount_path}
        if self.revision is not None:
            body["revision"] = self.revision
        body["readOnly"] = self.read_only
        if self.path is not None:
            body["path"] = self.path
        return body


def parse(text: str, *, field: str = "volumes") -> VolumeSpec:
    """Read one `hf://…:/mount[:ro|:rw]`, by the Hub client's own grammar.

    Raises:
        BadArgument: With `field`, for a local folder, a malformed mount, or a place that is the system's or ours.
    """
    if not isinstance(text, str) or not shows_as_it_is(text) or len(text) > _LONGEST:
        raise BadArgument(f"`{field}` has an entry that is not one line of plain text.", hint=_HINT, field=field)
    if not text.startswith("hf://"):
        raise BadArgument(
            f"`{field}` takes only what is on the Hub, and an entry does not begin with hf://.",
            hint=f"Small local files go into `files`; for a folder, upload it to a bucket. {_HINT}",
            field=field,
        )
    from huggingface_hub.errors import HfUriError
    from huggingface_hub.utils import parse_hf_mount  # type: ignore[attr-defined]  # exported, but not typed so

    try:
        mount = parse_hf_mount(text)
    except HfUriError:
        raise BadArgument(f"`{field}` has an entry that is not a mount.", hint=_HINT, field=field) from None
    source = mount.source
    if source.type not in _KINDS:
        raise BadArgument(f"`{field}` has an entry of a kind that cannot be mounted.", hint=_HINT, field=field)
    if source.type != "bucket" and mount.read_only is False:
        raise BadArgument(
            f"`{field}` asks to write to a repository, and only buckets can be written to.",
            hint="End it with :ro, or mount a bucket for what the job writes.",
            field=field,
        )
    return VolumeSpec(
        mount_path=check_mount_path(mount.mount_path, field=field),
        type=source.type,
        source=source.id,
        path=_check_inner_path(source.path_in_repo, field=field),
        revision=source.revision,
        read_only=source.type != "bucket" or bool(mount.read_only),
    )


def stored(raw: object) -> tuple[VolumeSpec, ...]:
    """The mounts that a hub has stored, sorted by where they are mounted.

    Raises:
        ValueError: For a mount of which this could not tell everything.
    """
    if not isinstance(raw, list):
        raise ValueError("not a list of mounts")  # noqa: TRY004 - whatever the hub says is data
    return tuple(sorted(map(_stored, raw), key=lambda mount: mount.mount_path))


def _stored(raw: object) -> VolumeSpec:
    if not isinstance(raw, dict):
        raise ValueError("not a mount")  # noqa: TRY004 - as above
    told = {key: value for key, value in raw.items() if value is not None}
    kind, read_only = told.pop("type", "model"), told.pop("readOnly", None)
    texts = {key: told.pop(key, None) for key in ("source", "mountPath", "path", "revision")}
    odd = told or kind not in _KINDS or not (read_only is None or isinstance(read_only, bool))
    if odd or not all(text is None or isinstance(text, str) for text in texts.values()) or not texts["source"]:
        raise ValueError("a mount of another kind")
    return VolumeSpec(
        mount_path=texts["mountPath"] or "",
        type=kind,
        source=texts["source"],
        path=texts["path"],
        revision=texts["revision"],
        read_only=kind != "bucket" if read_only is None else read_only,
    )


def parse_all(texts: Iterable[str], *, field: str = "volumes") -> tuple[VolumeSpec, ...]:
    """All mounts, sorted by where they are mounted; no two in the same place."""
    volumes = tuple(sorted(parse(text, field=field) for text in texts))
    if len(volumes) > MAX_VOLUMES:
        raise BadArgument(f"`{field}` has more than {MAX_VOLUMES} entries.", hint="Mount a parent folder.", field=field)
    if len({volume.mount_path for volume in volumes}) != len(volumes):
        raise BadArgument(f"`{field}` has two entries at one mount path.", hint="Give each its own path.", field=field)
    return volumes


def check_outputs(paths: Iterable[str], volumes: Iterable[str], *, workspace: bool, scheduled: bool) -> tuple[str, ...]:
    """Further folders of a job that are kept in its workspace, sorted; none in another and none where a volume is.

    Raises:
        BadArgument: Also for a schedule, whose mounts are the same for every run: no two runs may share a folder.
    """
    field = "outputs"
    given = tuple(paths)
    if not all(shows_as_it_is(path) and len(path) <= _LONGEST for path in given):
        raise BadArgument(
            f"`{field}` has an entry that is not one line of plain text.", hint="Use one like /output.", field=field
        )
    kept = tuple(sorted({check_mount_path(path, field=field) for path in given}))
    if kept and scheduled:
        raise BadArgument(
            "`outputs` is not for schedules: each run has a folder of its own.",
            hint="Write into the working folder, which is $HF_JOB_WORKSPACE.",
            field=field,
        )
    if kept and not workspace:
        raise BadArgument(
            "`outputs` are kept in the workspace, and `workspace` is false.",
            hint="Leave `workspace` out.",
            field=field,
        )
    if len(kept) > MAX_OUTPUTS:
        raise BadArgument(f"`outputs` has more than {MAX_OUTPUTS} folders.", hint="Name their parent.", field=field)
    mounted = [*kept, *(mount.mount_path for mount in parse_all(volumes))]
    for path in kept:
        if any(_within(path, other) or _within(other, path) for other in mounted if other is not path):
            raise BadArgument(
                "`outputs` has a folder that lies in another one, or where a volume is mounted.",
                hint="Name only the outer one; a bucket mounted read-write keeps what is written to it.",
                field=field,
            )
    return kept


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/")


def check_mount_path(path: str, *, field: str = "volumes") -> str:
    """An absolute, plain path that is neither the system's nor the workspace's, without a slash at the end."""
    tidy = posixpath.normpath(path)
    if not path.startswith("/") or path.startswith("//") or tidy != (path.rstrip("/") or "/") or ":" in path:
        raise BadArgument(
            f"`{field}` has a mount path that is not a plain absolute one.",
            hint="Use one like /data, without `..`, `//` or a colon.",
            field=field,
        )
    if tidy == "/" or any(tidy == place or tidy.startswith(f"{place}/") for place in SYSTEM_FOLDERS):
        raise BadArgument(
            f"`{field}` would cover a folder of the system.", hint="Mount it at a path like /data.", field=field
        )
    if any(tidy == own or tidy.startswith(f"{own}/") for own in (MOUNT_PATH, INPUTS_MOUNT)):
        raise BadArgument(
            f"`{field}` mounts at {MOUNT_PATH} or {INPUTS_MOUNT}, which are the job's own.",
            hint="Mount it at another path, for example /data.",
            field=field,
        )
    return tidy


def _check_inner_path(path: str | None, *, field: str) -> str | None:
    tidy = (path or "").strip("/")
    if any(part in {"", ".", ".."} for part in tidy.split("/")) and tidy:
        raise BadArgument(
            f"`{field}` has a path that climbs out of its repository or bucket.",
            hint="Use a path without `..` and empty parts.",
            field=field,
        )
    return tidy or None
