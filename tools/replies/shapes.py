"""What replies show of jobs, logs, artifacts, answers and schedules. Absent parts are None and are not sent.

Field names are those of `huggingface_hub.JobInfo` where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from jobs import stage
from jobs.display_text import clean, one_line
from jobs.logs.matches import size
from jobs.spec import cost, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jobs.client.models import Hardware, Job
    from jobs.errors import JobsError
    from jobs.logs.reader import LogSlice
    from jobs.results.agent_answer import AgentAnswer
    from jobs.results.artifacts import Artifact, Listing
    from jobs.results.contents import Inline
    from jobs.results.diagnosis import Diagnosis
    from jobs.results.outcome import Outcome

_MESSAGE_CHARS = 300
_LABELS_SHOWN = 12
_LABELS_BYTES = 400
_EVIDENCE_BYTES = 500
_LABEL_CHARS = 100
_METRICS_BYTES = 1_500
_TEXT_CHARS = 400


class View(BaseModel):
    """The base of all that replies show; built on first use, not while a client waits for the server to start."""

    model_config = ConfigDict(defer_build=True)


class DiagnosisView(View):
    cause: str
    summary: str
    evidence: list[str] | None = None
    suggestion: str | None = None


class JobStatusView(View):
    """A job. While it runs only what changes is shown; `finished` says that it will not run further."""

    id: str
    namespace: str | None = None
    stage: str | None = None
    finished: bool | None = None
    succeeded: bool | None = None
    unchanged: bool | None = None
    message: str | None = None
    running_secs: int | None = None
    scheduling_secs: int | None = None
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    flavor: str | None = None
    cost_usd: float | None = None
    max_cost_usd: float | None = None
    labels: dict[str, str] | None = None
    secrets: list[str] | None = None
    owner: str | None = None
    url: str | None = None
    expose_urls: list[str] | None = None
    workspace: str | None = None
    diagnosis: DiagnosisView | None = None
    error: dict[str, Any] | None = None
    next: str | None = None


class LogView(View):
    lines: list[str]
    first_line: int | None = None
    total_lines: int | None = None
    matches: int | None = None
    cursor: str | None = None
    truncated: bool | None = None
    rest: dict[str, str] | None = None
    note: str | None = None


class ArtifactView(View):
    path: str
    id: str | None = Field(None, description="Fetches it where `path` had to be cleaned")
    size: int | None = None
    hash: str | None = None
    given: bool | None = Field(None, description="An input as it was given")
    changed_input: bool | None = None
    text: str | None = None
    json_: Any = Field(None, serialization_alias="json")
    cut: int | None = None
    note: str | None = Field(None, description="Why its content is not here, or not as its name says")


class AnswerView(View):
    text: str
    stop_reason: str | None = None
    succeeded: bool
    errors: list[str] | None = None
    tool_errors: list[str] | None = None
    tool_calls: int | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    text_cut: int | None = None
    path: str | None = None


def status(
    job: Job,
    hardware: Iterable[Hardware] = (),
    *,
    outcome: Outcome | None = None,
    mask: Callable[[str], str] = str,
    mask_given: Callable[[str], str] = str,
) -> JobStatusView:
    """A job as a poll shows it: a few fields while it runs (≤ 400 bytes), the whole of it once it ended (≤ 1.5 KB).

    `mask` is for what the job left, `mask_given` for what a caller may have chosen.
    """
    ended = stage.finished(job.stage)
    prices = tuple(hardware)
    view = JobStatusView(
        id=job.id,
        namespace=job.namespace,
        stage=one_line(job.stage, 40),
        finished=ended,
        succeeded=outcome.succeeded if outcome else stage.succeeded(job.stage),
        message=message(job, outcome, mask, _MESSAGE_CHARS if ended else 100),
        running_secs=job.durations.running_secs,
        scheduling_secs=job.durations.scheduling_secs if ended or job.started_at is None else None,
        flavor=job.flavor,
        cost_usd=cost.cost_so_far(job, prices) if prices else None,
        max_cost_usd=_max_cost(job, prices),
        expose_urls=[one_line(url, 200) for url in job.status.expose_urls[:3]] or None,
    )
    if not ended:
        return view.model_copy(update={"diagnosis": diagnosis_view(outcome.diagnosis if outcome else None, mask)})
    place = workspace.of_job(job)
    return view.model_copy(
        update={
            "created_at": _instant(job.created_at),
            "started_at": _instant(job.started_at),
            "finished_at": _instant(job.finished_at),
            "labels": labels(job.labels, mask_given),
            "secrets": list(job.secrets[:20]) or None,
            "url": job.url,
            "workspace": place.uri if place else None,
            "expose_urls": None,
            "diagnosis": diagnosis_view(outcome.diagnosis if outcome else None, mask),
        }
    )


def message(
    job: Job, outcome: Outcome | None, mask: Callable[[str], str] = str, limit: int = _MESSAGE_CHARS
) -> str | None:
    """What the stage alone does not say, or else what the hub says; and how often it failed, where that is news."""
    said = (outcome.words if outcome else None) or mask(job.message or "")
    failed = job.status.failure_count or 0
    if failed > (1 if stage.finished(job.stage) else 0):
        said = f"{failed} attempt{'s' if failed > 1 else ''} failed. {said}"
    return one_line(said, limit) or None


def unchanged(job: Job) -> JobStatusView:
    """A job of which nothing changed since the caller looked last, in a few dozen bytes."""
    return JobStatusView(id=job.id, stage=one_line(job.stage, 40), unchanged=True)


def missing(job_id: str, error: JobsError) -> JobStatusView:
    """A job that could not be looked at."""
    return JobStatusView(id=job_id, error=error.as_dict())


def diagnosis_view(found: Diagnosis | None, mask: Callable[[str], str] = str) -> DiagnosisView | None:
    if found is None:
        return None
    return DiagnosisView(
        cause=found.cause,
        summary=mask(found.summary),
        evidence=_evidence(found, mask),
        suggestion=found.suggestion,
    )


def _evidence(found: Diagnosis, mask: Callable[[str], str]) -> list[str] | None:
    """The lines that show the cause, the last of them where there is no room for all."""
    shown: list[str] = []
    room = _EVIDENCE_BYTES
    for line in reversed(found.evidence):
        text = mask(line)
        room -= size(text)
        if room < 0 and shown:
            break
        shown.insert(0, text)
    return shown or None


def log(piece: LogSlice) -> LogView:
    return LogView(
        lines=list(piece.lines),
        first_line=piece.first_line,
        total_lines=piece.total_lines,
        matches=piece.matches,
        cursor=piece.cursor,
        truncated=piece.truncated or None,
        rest=piece.rest,
        note=piece.note,
    )


def artifacts(listed: Listing, contents: Sequence[Inline] = ()) -> list[ArtifactView]:
    """The listing, with the contents that fit."""
    inlined = {content.path: content for content in contents}
    return [_artifact(file, inlined.get(file.path)) for file in listed.shown]


def answer(found: AgentAnswer) -> AnswerView:
    usage = found.usage
    return AnswerView(
        text=found.text,
        stop_reason=found.stop_reason,
        succeeded=found.succeeded,
        errors=list(found.errors) or None,
        tool_errors=list(found.tool_errors) or None,
        tool_calls=found.tool_calls or None,
        model=found.model,
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        cost_usd=usage.cost_usd if usage else None,
        text_cut=found.text_cut or None,
        path=found.path,
    )


def metrics(
    found: Mapping[str, Mapping[str, Any]], mask: Callable[[str], str] = str
) -> dict[str, dict[str, Any]] | None:
    """The figures, file by file, as many as there is room for."""
    shown: dict[str, dict[str, Any]] = {}
    room = _METRICS_BYTES
    for path, figures in found.items():
        kept: dict[str, Any] = {}
        for name, value in figures.items():
            masked = mask(name), mask(value) if isinstance(value, str) else value
            room -= size(masked[0]) + size(masked[1]) + 2
            if room < 0:
                break
            kept[masked[0]] = masked[1]
        if kept:
            shown[path] = kept
    return shown or None


def few(texts: Sequence[str], most: int = 6, room: int = 800) -> list[str] | None:
    """The first of some texts, each on one line, and a word on how many more there are."""
    shown: list[str] = []
    for text in texts[:most]:
        # A path with two blanks side by side is another path with one.
        line = text if _is_one_line(text) else one_line(text, _TEXT_CHARS)
        room -= size(line)
        if room < 0 and shown:
            break
        shown.append(line)
    more = len(texts) - len(shown)
    return [*shown, *([f"... {more} more"] if more else [])] or None


def _is_one_line(text: str) -> bool:
    return len(text) <= _TEXT_CHARS and not set("\n\t") & set(text) and clean(text) == text


def labels(given: Any, mask: Callable[[str], str] = str) -> dict[str, str] | None:
    """The caller's labels, bounded; ours is left out."""
    shown: dict[str, str] = {}
    room = _LABELS_BYTES
    for key, value in list(given.items())[:_LABELS_SHOWN]:
        name, text = one_line(mask(key), _LABEL_CHARS), one_line(mask(value), _LABEL_CHARS)
        room -= size(name) + size(text)
        if key != workspace.LABEL and room >= 0:
            shown[name] = text
    return shown or None


def _artifact(file: Artifact, content: Inline | None) -> ArtifactView:
    return ArtifactView(
        path=file.shown,
        id=file.id,
        size=file.told_size,
        hash=file.hash,
        given=file.given or None,
        changed_input=file.changed_input or None,
        text=content.text if content else None,
        json_=content.json if content else None,
        cut=(content.cut or None) if content else None,
        note=content.note if content else None,
    )


def _max_cost(job: Job, hardware: Sequence[Hardware]) -> float | None:
    if not hardware or job.timeout_seconds is None or job.flavor is None:
        return None
    price = cost.prices(hardware).get(job.flavor)
    return round(price.usd(job.timeout_seconds, whole_units=True) * ((job.retry or 0) + 1), 6) if price else None


def _instant(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
