"""Output that a job would write where it goes with the container: known by the words, before it is paid for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.spec.workspace import ENVIRONMENT_NAME, MOUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.spec.spec import JobSpec

_OPTION = r"--?(?:[\w-]*(?:output|results?|save|dest|summary|trajectory|export|checkpoint|out)[\w-]*|o)"
_WRITERS = r"(?:save\w*|to_csv|to_json|to_parquet|savefig|makedirs|write_\w+)"
_QUOTE = "['\"]"
_NAMED = re.compile(
    rf"(?:(?:^|[\s,]){_OPTION}(?:=|\s+)|\b(?:output|save|results?)_(?:dir|path|file)\s*=\s*){_QUOTE}?(/[\w./+@-]+)"
)
_SENT = re.compile(rf"(?:(?<![0-9<>&=-])>>?\s*|\btee\s+(?:-a\s+)?){_QUOTE}?(/[\w./+@-]+)")
_WRITTEN = re.compile(
    rf"\bopen\(\s*{_QUOTE}(/[^'\"\n]+){_QUOTE}\s*,\s*{_QUOTE}[wax]|\.{_WRITERS}\(\s*{_QUOTE}(/[^'\"\n]+){_QUOTE}"
)
_HERE = re.compile(
    rf"(?:^|[\s,]){_OPTION}(?:=|\s+)\S|(?<![0-9<>&=-])>>?\s*(?!/dev/|&)[\w.$\"'/]|\btee\s|"
    rf"\bopen\([^)\n]*,\s*{_QUOTE}[wax]|\.{_WRITERS}\("
)
_PASSING = ("/dev/", "/proc/", "/tmp/")  # noqa: S108 - of a file that is meant to pass nothing is said
_MOST = 200_000


def lost_output(spec: JobSpec) -> Iterator[str]:
    """A sentence on output outside every mount, or else on a container job that never names the workspace."""
    text = "\n".join((" ".join(spec.command), *_texts(spec)))[:_MOST]
    mounts = (MOUNT_PATH, *spec.outputs, *(volume.mount_path for volume in spec.volumes if not volume.read_only))
    named = [path for found in _NAMED.finditer(text) if (path := found[1])]
    sent = [path for found in (*_SENT.finditer(text), *_WRITTEN.finditer(text)) for path in found.groups() if path]
    lost = [*named, *(path for path in sent if not path.startswith(_PASSING))]
    if any(not _inside(path, mounts) for path in lost if not path.startswith(_PASSING[:2])):
        yield (
            f"It names an output path outside {MOUNT_PATH} and every volume, which goes with the container: write it "
            f"below {MOUNT_PATH}, or name its folder in outputs, and fetch_results has it."
        )
        return
    if spec.kind == "uv" or spec.schedule is not None or spec.files:
        return
    said = "\n".join((text, *(value for _, value in spec.env)))
    if (
        MOUNT_PATH not in said
        and ENVIRONMENT_NAME not in said
        and not (spec.volumes or spec.outputs)
        and _HERE.search(text)
    ):
        yield (
            f"A container job starts in its image's own folder, which goes with it: write what should stay to "
            f"{MOUNT_PATH} (${ENVIRONMENT_NAME})."
        )


def _texts(spec: JobSpec) -> Iterator[str]:
    for path, data in spec.files:
        if path.endswith((".sh", ".py", "Makefile")):
            yield data.decode(errors="replace")


def _inside(path: str, mounts: tuple[str, ...]) -> bool:
    return any(path == mount or path.startswith(mount.rstrip("/") + "/") for mount in mounts)
