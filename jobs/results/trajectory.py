"""An agent's run as an ATIF trajectory: what `fast-agent go --trajectory-output` and other harnesses write.

Read as version 1.8 has it: `{"schema_version": "ATIF-v…", "agent", "steps": [{"source", "message", "tool_calls",
"observation", "metrics", "extra"}], "final_metrics"}`. Why the agent stopped stands in fast-agent's `extra` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jobs.display_text import clean, one_line
from jobs.results.agent_answer import ERRORS_SHOWN, GOOD_ENDS, AgentAnswer, Usage

_ERROR_CHARS = 300
_FORM = "ATIF-"


def is_trajectory(raw: Any) -> bool:
    return (
        isinstance(raw, Mapping)
        and str(raw.get("schema_version", "")).startswith(_FORM)
        and isinstance(raw.get("steps"), list)
        and all(isinstance(step, Mapping) for step in raw["steps"])
    )


def read(raw: Mapping[str, Any], *, path: str | None, max_chars: int, mask: Callable[[str], str]) -> AgentAnswer:
    """The end of the run in a document that `is_trajectory` knows; without a last word of the agent's it failed."""
    steps: list[Mapping[str, Any]] = raw["steps"]
    said = [step for step in steps if step.get("source") == "agent"]
    last = said[-1] if said else {}
    extra = _mapping(last.get("extra"))
    reason = _reason(extra.get("stop_reason"), mask)
    text = mask(clean(_text(last.get("message")))).strip()
    errors = [one_line(mask(clean(_problem(_mapping(step.get("extra"))))), _ERROR_CHARS) for step in said]
    calls = [call for step in said for call in _list(step.get("tool_calls"))]
    # A run that ends with a person's turn was never answered.
    ended = bool(said) and steps[-1] is last and not errors[-1]
    return AgentAnswer(
        text=text[:max_chars],
        text_cut=max(0, len(text) - max_chars),
        stop_reason=reason,
        succeeded=ended and (reason in GOOD_ENDS if reason else not _list(last.get("tool_calls")) and bool(text)),
        errors=tuple([error for error in errors if error][-ERRORS_SHOWN:]),
        tool_errors=tuple(_tool_errors(said, calls, mask)[-ERRORS_SHOWN:]),
        tool_calls=len(calls),
        model=_model(raw, said, mask),
        usage=_usage(_mapping(raw.get("final_metrics"))),
        path=path,
        silent=not text and not _list(last.get("message")),
    )


def _reason(value: Any, mask: Callable[[str], str]) -> str | None:
    """`endTurn` from `endTurn`, `end_turn` or `LlmStopReason.END_TURN`."""
    if not isinstance(value, str) or not value:
        return None
    word = one_line(mask(value).rpartition(".")[2], 40)
    if "_" not in word and not word.isupper():
        return word
    first, *rest = word.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def _problem(extra: Mapping[str, Any]) -> str:
    found = extra.get("provider_error") or extra.get("error")
    if isinstance(found, Mapping):
        parts = [str(found[key]) for key in ("error_type", "type", "message", "status") if found.get(key)]
        return ", ".join(parts) or "error"
    return found if isinstance(found, str) else ""


def _tool_errors(
    steps: list[Mapping[str, Any]], calls: list[Mapping[str, Any]], mask: Callable[[str], str]
) -> list[str]:
    names = {
        str(call.get("tool_call_id")): one_line(mask(str(call.get("function_name") or "tool")), 80) for call in calls
    }
    failures: list[str] = []
    for step in steps:
        for result in _list(_mapping(step.get("observation")).get("results")):
            if _mapping(result.get("extra")).get("is_error") is True:
                said = one_line(mask(clean(_text(result.get("content")))), _ERROR_CHARS)
                name = names.get(str(result.get("source_call_id")), "tool")
                failures.append(f"{name}: {said}" if said else name)
    return failures


def _model(raw: Mapping[str, Any], steps: list[Mapping[str, Any]], mask: Callable[[str], str]) -> str | None:
    named = [step.get("model_name") for step in reversed(steps)] + [_mapping(raw.get("agent")).get("model_name")]
    return next((one_line(mask(name), 100) for name in named if isinstance(name, str) and name), None)


def _usage(metrics: Mapping[str, Any]) -> Usage | None:
    prompt, completion = metrics.get("total_prompt_tokens"), metrics.get("total_completion_tokens")
    cost = metrics.get("total_cost_usd")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return Usage(prompt, completion, round(float(cost), 6) if isinstance(cost, int | float) else None)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in _list(content) if isinstance(part.get("text"), str))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
