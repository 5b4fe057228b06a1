"""What a fast-agent left behind: its last answer, why it stopped, what went wrong on the way.

The file is what `fast-agent go --results PATH` writes (0.10.48): `{"messages": [{"role", "content", "tool_calls",
"tool_results", "channels", "stop_reason", …}]}`; several models write `PATH` with `-MODEL` before the ending. It is
known by its shape, not by its name. The process's exit status says nothing of the agent's success; `stop_reason` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.display_text import clean, one_line

LARGEST_RESULTS_FILE = 8 * 1024 * 1024
_TEXT_CHARS = 4_000
_ERROR_CHARS = 300
ERRORS_SHOWN = 5
GOOD_ENDS = frozenset({"endTurn", "stopSequence"})
_USAGE = "fast-agent-usage"
_ERROR = "fast-agent-error"
_PROVIDER_ERROR = "fast-agent-provider-error"


@dataclass(frozen=True)
class Usage:
    """Tokens and, where the provider says, dollars, of all calls in the file."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = None


@dataclass(frozen=True)
class AgentAnswer:
    """The end of one agent's conversation.

    Attributes:
        text: The last thing the agent said, cleaned and masked; `text_cut` says how many characters are missing.
        stop_reason: fast-agent's word, e.g. `endTurn`, `error`, `maxTokens`; None if the file has none.
        succeeded: Whether the agent came to an end of its own. A tool that failed on the way does not deny that.
        errors: What the agent or its provider reported as errors, newest last.
        tool_errors: Tool calls that failed: `tool: first line of what it said`.
        tool_calls: How many there were.
        model: As the provider named it, where that is known.
        usage: None where the provider reported none.
        path: The artifact it was read from, for the caller to fill in.
        silent: Whether it ended without a word, a picture or anything else.
    """

    text: str
    stop_reason: str | None
    succeeded: bool
    errors: tuple[str, ...] = ()
    tool_errors: tuple[str, ...] = ()
    tool_calls: int = 0
    model: str | None = None
    usage: Usage | None = None
    text_cut: int = 0
    path: str | None = None
    silent: bool = False


def read(
    data: bytes, *, path: str | None = None, max_chars: int = _TEXT_CHARS, mask: Callable[[str], str] = str
) -> AgentAnswer | None:
    """The answer in a results file's bytes, masked before anything is cut; None if it is not a results file."""
    if len(data) > LARGEST_RESULTS_FILE or b'"messages"' not in data:
        return None
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return of_document(raw, path=path, max_chars=max_chars, mask=mask)


def of_document(
    raw: Any, *, path: str | None = None, max_chars: int = _TEXT_CHARS, mask: Callable[[str], str] = str
) -> AgentAnswer | None:
    """As `read`, of a document that was parsed."""
    messages = raw.get("messages") if isinstance(raw, Mapping) else None
    if not isinstance(messages, list) or not messages or not all(_is_message(message) for message in messages):
        return None
    told = [message for message in messages if not message.get("is_template")] or messages
    return _Conversation(told, mask).answer(path, max_chars)


class _Conversation:
    def __init__(self, messages: list[Mapping[str, Any]], mask: Callable[[str], str]) -> None:
        self._messages = messages
        self._mask = mask

    def answer(self, path: str | None, max_chars: int) -> AgentAnswer:
        replies = [message for message in self._messages if message.get("role") == "assistant"]
        last = replies[-1] if replies else {}
        reason = last.get("stop_reason")
        stop_reason = one_line(self._mask(reason), 40) if isinstance(reason, str) else None
        text = self._text(last.get("content"))
        unanswered = bool(self._messages[-1].get("tool_results"))
        calls, failures = self._tools()
        errors = [error for message in self._messages for error in self._errors(message)]
        return AgentAnswer(
            text=text[:max_chars],
            text_cut=max(0, len(text) - max_chars),
            stop_reason=stop_reason,
            succeeded=bool(replies) and stop_reason in GOOD_ENDS and not unanswered and not self._errors(last),
            errors=tuple(errors[-ERRORS_SHOWN:]),
            tool_errors=tuple(failures[-ERRORS_SHOWN:]),
            tool_calls=calls,
            model=_model(self._messages, self._mask),
            usage=_usage(self._messages),
            path=path,
            silent=not text and not _blocks(last.get("content")),
        )

    def _text(self, content: Any) -> str:
        blocks = content if isinstance(content, list) else []
        texts = [block.get("text") for block in blocks if isinstance(block, Mapping) and block.get("type") == "text"]
        return self._mask(clean("\n".join(text for text in texts if isinstance(text, str)))).strip()

    def _errors(self, message: Mapping[str, Any]) -> list[str]:
        texts = [text for text in _channel(message, _ERROR) if text.strip()]
        texts += filter(None, map(_provider_error, _channel(message, _PROVIDER_ERROR)))
        return [one_line(self._mask(clean(text)), _ERROR_CHARS) for text in texts]

    def _tools(self) -> tuple[int, list[str]]:
        """How many tool calls there were, and what each failed one said."""
        names: dict[str, str] = {}
        failures: list[str] = []
        for message in self._messages:
            for call_id, call in _items(message.get("tool_calls")):
                params = call.get("params")
                name = (params if isinstance(params, Mapping) else call).get("name")
                names[call_id] = one_line(self._mask(str(name or "tool")), 80)
            for call_id, result in _items(message.get("tool_results")):
                if result.get("isError") is True or result.get("is_error") is True:
                    said = one_line(self._text(result.get("content")), _ERROR_CHARS)
                    name = names.get(call_id, "tool")
                    failures.append(f"{name}: {said}" if said else name)
        return len(names), failures


def _blocks(content: Any) -> bool:
    """Whether something else than text is said."""
    blocks = content if isinstance(content, list) else []
    return any(isinstance(block, Mapping) and block.get("type") != "text" for block in blocks)


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, Mapping)
        and message.get("role") in {"user", "assistant"}
        and isinstance(message.get("content", []), list)
    )


def _items(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return [(str(key), item) for key, item in pairs if isinstance(item, Mapping)]


def _channel(message: Mapping[str, Any], name: str) -> list[str]:
    channels = message.get("channels")
    blocks = channels.get(name) if isinstance(channels, Mapping) else None
    return [
        block["text"]
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, Mapping) and isinstance(block.get("text"), str)
    ]


def _provider_error(text: str) -> str:
    """`APIStatusError, status 529` from the JSON of a provider's error."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if not isinstance(said, Mapping):
        return text
    parts = [str(said["error_type"])] if said.get("error_type") else []
    return ", ".join(parts + ([f"status {said['status']}"] if said.get("status") else []))


def _attempts(messages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for message in messages:
        for text in _channel(message, _USAGE):
            try:
                report = json.loads(text)
            except ValueError:
                continue
            attempts = report.get("provider_attempts") if isinstance(report, Mapping) else None
            found += [attempt for attempt in (attempts or []) if isinstance(attempt, Mapping)]
    return found


def _model(messages: list[Mapping[str, Any]], mask: Callable[[str], str]) -> str | None:
    models = [attempt.get("model") for attempt in _attempts(messages)]
    return next((one_line(mask(model), 100) for model in reversed(models) if isinstance(model, str)), None)


def _usage(messages: list[Mapping[str, Any]]) -> Usage | None:
    attempts = _attempts(messages)
    if not attempts:
        return None
    costs = [attempt.get("cost_usd") for attempt in attempts]
    known = [float(cost) for cost in costs if isinstance(cost, int | float)]
    return Usage(
        prompt_tokens=sum(_total(attempt, "prompt") for attempt in attempts),
        completion_tokens=sum(_total(attempt, "completion") for attempt in attempts),
        cost_usd=round(sum(known), 6) if known and len(known) == len(costs) else None,
    )


def _total(attempt: Mapping[str, Any], side: str) -> int:
    part = attempt.get(side)
    total = part.get("total") if isinstance(part, Mapping) else None
    return total if isinstance(total, int) else 0
