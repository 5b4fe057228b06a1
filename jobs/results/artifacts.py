"""What a job left in its workspace: listed, told from its inputs, read in part or saved in whole."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from jobs.display_text import clean
from jobs.errors import BadArgument, NotFound
from jobs.logs.matches import size
from jobs.masking.masked_file import move_masked
from jobs.results import agent_answer
from jobs.spec.workspace import MANIFEST, Workspace, of_job, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jobs.client.buckets import BucketFile
    from jobs.client.client import HubClient
    from jobs.client.models import Job
    from jobs.masking.masker import Masker
    from jobs.results.agent_answer import AgentAnswer

MOST_LISTED = 40
LISTED_BYTES = 3_000
INLINE_BYTES = 2_000
INLINE_TOTAL = 3_000
ANSWER_CHARS = 3_000
IMAGE_BYTES = 1_000_000
_SCANNED = 2_000
_LONGEST_GLOB = 200
_MASK_MARGIN = 2_048
_ROW_BYTES = 100
_TELLING_BYTES = 256
_LEAST_BYTES = 100
_COMPARED_BYTES = 256 * 1024
_RESULT_FILES = 8
_MANIFEST_BYTES = 1 << 20
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_NOISE = (".fast-agent/*", ".venv/*", "__pycache__/*", "*/__pycache__/*", ".cache/*", ".git/*", "*.pyc", "uv.lock.tmp")


@dataclass(frozen=True)
class Artifact:
    """A file in a workspace.

    Attributes:
        path: Below the workspace's folder.
        size: In bytes.
        hash: The store's content hash.
        changed_input: Whether it is an input the job has written over.
        guarded: Whether a secret's value could be in it: then neither its hash nor a small one's size is told.
    """

    path: str
    size: int
    hash: str | None = None
    changed_input: bool = False
    image: str | None = None
    guarded: bool = False

    @property
    def told_size(self) -> int | None:
        """Its size, but of a file so small that it tells a value's length."""
        return None if self.guarded and self.size <= _TELLING_BYTES else self.size


@dataclass(frozen=True)
class Inline:
    """An artifact's content as a reply carries it.

    Attributes:
        path: Below the workspace's folder.
        text: Its text, cleaned and masked, or None.
        json: Its JSON, masked, where the whole of it is small; then `text` is None.
        image: `(mime type, base64)` of a whole small image.
        cut: Bytes that are not here.
    """

    path: str
    text: str | None = None
    json: Any = None
    image: tuple[str, str] | None = None
    cut: int = 0


@dataclass(frozen=True)
class Listing:
    """The outputs in a workspace, by path; `inputs` says how many files in it are unchanged inputs."""

    workspace: Workspace | None
    files: tuple[Artifact, ...] = ()
    inputs: int = 0

    @property
    def shown(self) -> tuple[Artifact, ...]:
        """Those that a reply lists: `MOST_LISTED`, in about `LISTED_BYTES`."""
        shown: list[Artifact] = []
        room = LISTED_BYTES
        for file in self.files[:MOST_LISTED]:
            room -= size(file.path) + _ROW_BYTES
            if room < 0 and shown:
                break
            shown.append(file)
        return tuple(shown)

    @property
    def more(self) -> int:
        """How many a reply does not list."""
        return len(self.files) - len(self.shown)


async def listing(hub: HubClient, job: Job, globs: Sequence[str] = ()) -> Listing:
    """The job's outputs, by path, those that match one of `globs` if any are given.

    A job without a workspace of ours has none. A glob that names an input lists it too. Raises HubError, BadArgument.
    """
    workspace = of_job(job)
    if workspace is None:
        return Listing(None)
    patterns = [_check_glob(glob) for glob in globs]
    prefix = workspace.folder + "/"
    inputs = await _inputs(hub, workspace)
    found: list[Artifact] = []
    unchanged = 0
    for file in await hub.buckets.tree(workspace.bucket, workspace.folder, limit=_SCANNED):
        path = file.path.removeprefix(prefix)
        if path == MANIFEST or not _matches(path, patterns or ["*"]) or (not patterns and _matches(path, _NOISE)):
            continue
        changed = path in inputs and await _changed(hub, workspace, job, file, inputs[path])
        if path in inputs and not changed and not patterns:
            unchanged += 1
            continue
        image = _IMAGES.get(PurePosixPath(path).suffix.lower())
        digest = None if job.secrets else file.xet_hash
        found.append(Artifact(path, file.size, digest, changed, image, guarded=bool(job.secrets)))
    found.sort(key=lambda file: file.path)
    return Listing(workspace, tuple(found), unchanged)


async def inline(
    hub: HubClient,
    listed: Listing,
    files: Iterable[Artifact],
    *,
    mask: Callable[[str], str] = str,
    each: int = INLINE_BYTES,
    total: int = INLINE_TOTAL,
) -> list[Inline]:
    """The contents of text, JSON and image artifacts, `each` bytes of each and `total` in all; others are left out.

    Images do not count against `total`; the first one comes whole if it is at most `IMAGE_BYTES`.
    Raises HubError.
    """
    if listed.workspace is None:
        return []
    shown: list[Inline] = []
    listable = set(listed.shown)
    for file in files:
        if file not in listable:
            continue
        if file.image:
            if file.size <= IMAGE_BYTES and not any(content.image for content in shown):
                data = await _read(hub, listed.workspace, file.path, IMAGE_BYTES)
                shown.append(Inline(file.path, image=(file.image, base64.b64encode(data).decode())))
            continue
        room = min(each, total)
        if room <= _LEAST_BYTES:
            break
        content = _content(file, await _read(hub, listed.workspace, file.path, room + _MASK_MARGIN), room, mask)
        if content is not None:
            shown.append(content)
            total -= size(content.text if content.json is None else content.json)
    return shown


async def answers(hub: HubClient, job: Job, listed: Listing, *, mask: Callable[[str], str] = str) -> list[AgentAnswer]:
    """The answers of the fast-agents in the job, one for each results file; empty if it ran none.

    The file that `--results` names and its `-MODEL` kin are tried first, then other small JSON files. Raises HubError.
    """
    if listed.workspace is None:
        return []
    named = agent_answer.results_path(job.command)
    wanted = [
        file for file in listed.files if file.size <= agent_answer.LARGEST_RESULTS_FILE and _may_be_results(file, named)
    ]
    if not wanted and agent_answer.is_fast_agent(job.command):
        wanted = [
            file
            for file in listed.files
            if file.path.endswith(".json") and file.size <= agent_answer.LARGEST_RESULTS_FILE
        ]
    found: list[AgentAnswer] = []
    chars = ANSWER_CHARS // max(1, min(len(wanted), _RESULT_FILES))
    for file in wanted[:_RESULT_FILES]:
        data = await _read(hub, listed.workspace, file.path, agent_answer.LARGEST_RESULTS_FILE)
        answer = agent_answer.read(data, path=file.path, mask=mask, max_chars=chars)
        if answer is not None:
            found.append(answer)
    return found


async def save(
    hub: HubClient,
    listed: Listing,
    files: Sequence[Artifact],
    folder: Path,
    allowed: Sequence[Path],
    *,
    masker: Masker | None = None,
) -> list[Path]:
    """Download artifacts below `folder`, which must lie in one of the `allowed` folders; nothing there is overwritten.

    What `masker` knows is masked on the way, in names as in contents; until then the files are in a folder that only
    their owner can enter.

    Raises:
        BadArgument: With `save_to`, if the folder is not allowed or a file is there already.
        HubError.
    """
    if listed.workspace is None or not files:
        return []
    root = check_folder(folder, allowed)
    targets: list[tuple[str, Path]] = []
    for file, path in zip(files, _masked_paths([file.path for file in files], masker), strict=True):
        target = (root / PurePosixPath(path)).resolve()
        if not target.is_relative_to(root):
            raise BadArgument("An artifact's path leads out of its folder; it is not saved.", field="artifacts")
        if target.exists():
            raise BadArgument("A file of that name is there already.", hint="Choose an empty folder.", field="save_to")
        targets.append((f"{listed.workspace.folder}/{file.path}", target))
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".arriving-", dir=root) as arriving:
        arrived = [Path(arriving) / str(number) for number in range(len(targets))]
        sources = [source for source, _ in targets]
        await hub.buckets.download(listed.workspace.bucket, list(zip(sources, arrived, strict=True)))
        for source, (_, target) in zip(arrived, targets, strict=True):
            await anyio.to_thread.run_sync(move_masked, source, target, masker)
    return [target for _, target in targets]


def _masked_paths(paths: Sequence[str], masker: Masker | None) -> list[str]:
    """Where files are saved: their own paths, with `_NAME_` in the place of a value; no two become the same."""
    if masker is None:
        return list(paths)
    shown = [path if (masked := masker.mask(path)) == path else masked.replace("***", "_") for path in paths]
    taken = set(paths)
    for number, path in enumerate(shown):
        if path == paths[number]:
            continue
        place, count = PurePosixPath(path), 1
        while shown[number] in taken:
            count += 1
            shown[number] = str(place.with_name(f"{place.stem} ({count}){place.suffix}"))
        taken.add(shown[number])
    return shown


def check_folder(folder: Path, allowed: Sequence[Path]) -> Path:
    """`folder`, resolved, if it lies in an allowed one; links are followed first. Raises BadArgument."""
    resolved = folder.expanduser().resolve()
    if not any(resolved.is_relative_to(place.expanduser().resolve()) for place in allowed):
        raise BadArgument(
            "`save_to` is not in a folder where this server may write.",
            hint=f"Allowed: {', '.join(str(place) for place in allowed) or 'none; set HF_JOBS_MCP_SAVE_TO'}",
            field="save_to",
        )
    return resolved


async def _inputs(hub: HubClient, workspace: Workspace) -> dict[str, tuple[str, int]]:
    try:
        return read_manifest(
            await hub.buckets.read(workspace.bucket, workspace.manifest_path, max_bytes=_MANIFEST_BYTES)
        )
    except NotFound:
        return {}


async def _changed(hub: HubClient, workspace: Workspace, job: Job, file: BucketFile, given: tuple[str, int]) -> bool:
    """Whether the job has written over an input: its bytes tell where it was touched after the start."""
    digest, size = given
    if file.size != size:
        return True
    if size > _COMPARED_BYTES or (file.mtime and job.started_at and file.mtime < job.started_at):
        return False
    data = await hub.buckets.read(workspace.bucket, file.path, max_bytes=size + 1)
    return hashlib.sha256(data).hexdigest() != digest


async def _read(hub: HubClient, workspace: Workspace, path: str, limit: int) -> bytes:
    return await hub.buckets.read(workspace.bucket, f"{workspace.folder}/{path}", max_bytes=limit)


def _content(file: Artifact, data: bytes, room: int, mask: Callable[[str], str]) -> Inline | None:
    """A text artifact's beginning, masked before it is cut; None for anything that is not text."""
    if b"\0" in data:
        return None
    whole = len(data) >= file.size
    text = data.decode(errors="replace")
    if text[:-1].count("\ufffd") > data.count("\ufffd".encode()):
        return None
    shown = mask(clean(text))
    if whole and file.path.endswith(".json"):
        with suppress(ValueError, RecursionError):
            value = json.loads(shown)
            if size(value) <= room:
                return Inline(file.path, json=value)
    kept = shown if whole else shown[:-_MASK_MARGIN]
    if size(kept) > room:
        kept = kept[:room]
        while size(kept) > room:
            kept = kept[: len(kept) * room // size(kept)]
    return Inline(file.path, text=kept, cut=max(0, file.size - len(kept.encode())) if len(kept) < len(shown) else 0)


def _may_be_results(file: Artifact, named: str | None) -> bool:
    if not named:
        return False
    want = PurePosixPath(named)
    have = PurePosixPath(file.path)
    return have.suffix == want.suffix and (have.stem == want.stem or have.stem.startswith(want.stem + "-"))


def _check_glob(glob: str) -> str:
    if not glob or len(glob) > _LONGEST_GLOB or ".." in glob.split("/") or "\0" in glob:
        raise BadArgument("An artifact pattern is a path or a glob such as *.json.", field="artifacts")
    return glob.removeprefix("./").lstrip("/")


def _matches(path: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(path, glob) or fnmatchcase(path, glob + "/*") for glob in globs)
