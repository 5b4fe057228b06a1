"""Figures that a job left, known by their shape: evaluations, training, batches, or plain names with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from jobs.display_text import one_line

_MOST = 24
_NAME_CHARS = 80
_TEXT_CHARS = 60
_FAILED_ROWS = "failed_rows"
_BATCH = frozenset({"processed_rows", _FAILED_ROWS})


def read(raw: Any, mask: Callable[[str], str] = str) -> dict[str, Any] | None:
    """The figures in a JSON document, a few dozen at most, masked before they are cut; None if it holds none.

    Known are transformers' `trainer_state.json`, lighteval's, lm-eval's and inspect's results, the summary of
    `fast-agent batch run` and of pytest's JSON report, and an object that is names with numbers throughout.
    """
    if not isinstance(raw, Mapping) or not raw:
        return None
    for shape in (_batch, _training, _tests, _evaluation, _flat):
        found = shape(raw, mask)
        if found:
            return found
    return None


def failed_rows(raw: Any) -> tuple[int, int] | None:
    """How many rows of a batch failed, of how many; None where it is no batch's summary."""
    if not isinstance(raw, Mapping) or not raw.keys() >= _BATCH:
        return None
    failed, processed = raw[_FAILED_ROWS], raw["processed_rows"]
    return (failed, processed) if isinstance(failed, int) and isinstance(processed, int) else None


def _batch(raw: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any] | None:
    return _numbers(raw, mask, texts=True) if raw.keys() >= _BATCH else None


def _training(raw: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any] | None:
    history = raw.get("log_history")
    if not isinstance(history, list) or "global_step" not in raw:
        return None
    found = _numbers({key: raw.get(key) for key in ("global_step", "max_steps", "epoch", "best_metric")}, mask)
    for entry in history:
        if isinstance(entry, Mapping):
            found.update(_numbers({key: value for key, value in entry.items() if key not in {"step", "epoch"}}, mask))
    return dict(list(found.items())[:_MOST])


def _evaluation(raw: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any] | None:
    results = raw.get("results")
    if not isinstance(results, Mapping):
        return None
    found: dict[str, Any] = {}
    for task, scores in results.items():
        if isinstance(scores, Mapping):
            found.update(
                {
                    f"{one_line(mask(str(task)), _NAME_CHARS)} {name}": value
                    for name, value in _numbers(scores, mask).items()
                }
            )
    for score in scored if isinstance(scored := results.get("scores"), list) else []:
        found.update(_score(score, mask))
    if not found:
        found = _numbers(results, mask)
    return dict(list(found.items())[:_MOST])


def _score(raw: Any, mask: Callable[[str], str]) -> dict[str, Any]:
    """One score of inspect's: `{"name", "metrics": {"accuracy": {"value"}}}`."""
    kept = raw.get("metrics") if isinstance(raw, Mapping) else None
    if not isinstance(kept, Mapping):
        return {}
    values = {name: one["value"] for name, one in kept.items() if isinstance(one, Mapping) and "value" in one}
    who = one_line(mask(str(raw.get("name") or raw.get("scorer") or "score")), _NAME_CHARS)
    return {f"{who} {name}": value for name, value in _numbers(values, mask).items()}


def _tests(raw: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any] | None:
    """pytest-json-report's summary."""
    summary = raw.get("summary")
    if not isinstance(summary, Mapping) or not raw.keys() & {"exitcode", "tests"}:
        return None
    kept = {name: raw[name] for name in ("exitcode", "duration") if name in raw}
    return _numbers({**summary, **kept}, mask) or None


def _flat(raw: Mapping[str, Any], mask: Callable[[str], str]) -> dict[str, Any] | None:
    numbers = sum(_is_number(value) for value in raw.values())
    plain = all(value is None or isinstance(value, str | bool) or _is_number(value) for value in raw.values())
    return _numbers(raw, mask) if plain and numbers and numbers * 2 >= len(raw) else None


def _numbers(raw: Mapping[str, Any], mask: Callable[[str], str], *, texts: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in raw.items():
        if _is_number(value):
            shown[one_line(mask(str(key)), _NAME_CHARS)] = value
        elif texts and isinstance(value, str):
            shown[one_line(mask(str(key)), _NAME_CHARS)] = one_line(mask(value), _TEXT_CHARS)
        if len(shown) >= _MOST:
            break
    return shown


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
