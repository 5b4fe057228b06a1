"""Run as a program: the real server with its traces written to a file and, when told so, with holes drilled in it.

`CANARY_TRACES` names the file. `CANARY_HOLE` names doors whose masking is taken away, to prove that the canary sings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from hf_jobs_mcp import main, open_rooms


def write_traces(path: Path) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=path.open("a", buffering=1))))
    trace.set_tracer_provider(provider)


def drill(door: str) -> None:
    """Take the masking of one door away."""
    open_rooms()
    if door == "replies":
        from jobs.masking.masker import Masker

        Masker.mask = lambda self, text: text  # type: ignore[method-assign]
        Masker.mask_json = lambda self, value: value  # type: ignore[method-assign]
    if door == "files":
        from consent.audit import Audit

        noted = Audit.note

        def note(self: Audit, event: str, **facts: Any) -> None:
            noted(Audit(self.path), event, environment=os.environ["CANARY_KEY"], **facts)

        Audit.note = note  # type: ignore[method-assign]
    if door == "traces":
        from consent.gate import Gate

        asked = Gate.ask

        async def ask(self: Gate, *given: Any, **named: Any) -> Any:
            trace.get_current_span().set_attribute("environment", os.environ["CANARY_KEY"])
            return await asked(self, *given, **named)

        Gate.ask = ask  # type: ignore[method-assign]
    if door == "stderr":
        from consent.gate import Gate

        recorded = Gate.record

        async def record(self: Gate, *given: Any, **named: Any) -> None:
            os.write(2, f"submitted with {os.environ['CANARY_KEY']}\n".encode())
            await recorded(self, *given, **named)

        Gate.record = record  # type: ignore[method-assign]


if __name__ == "__main__":
    write_traces(Path(os.environ["CANARY_TRACES"]))
    for hole in os.environ.get("CANARY_HOLE", "").split():
        drill(hole)
    main()
