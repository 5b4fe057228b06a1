"""Run as a program: the real server with one hole drilled into it, to prove that the adversary finds it.

`ADVERSARY_HOLE` names the hole. "sandbox" and "money" are settings of the world's and need nothing here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hf_jobs_mcp import main, open_rooms


def drill(hole: str) -> None:
    """Take one protection away."""
    open_rooms()
    if hole == "masking":
        from jobs.masking.masker import Masker

        Masker.mask = lambda self, text: text  # type: ignore[method-assign]
        Masker.mask_json = lambda self, value: value  # type: ignore[method-assign]
    if hole == "ticks":
        from consent import gate
        from consent.question import Answer

        gate.granted = lambda *_: True  # type: ignore[attr-defined]
        Answer.ticked = lambda self: frozenset(self.request.secret_names)  # type: ignore[method-assign]
    if hole == "single use":
        from consent.ledger import Ledger

        spend = Ledger.spend

        def again(self: Ledger, key: str, *given: Any, **more: Any) -> Any:
            self._spent_again = getattr(self, "_spent_again", 0) + 1  # type: ignore[attr-defined]
            return spend(self, f"{key}-{self._spent_again}", *given, **more)  # type: ignore[attr-defined]

        Ledger.spend = again  # type: ignore[method-assign]
        Ledger.spent = lambda self, key: None  # type: ignore[method-assign]
    if hole == "bytes":
        from jobs.spec import wrapper
        from tools import guarded, submission

        async def nobody(*_: Any) -> frozenset[str]:
            return frozenset()

        for text in ("ONCE", "EACH_RUN"):
            compared = '|| no "the file $2 is not the one that was approved"'
            assert compared in getattr(wrapper, text)
            setattr(wrapper, text, getattr(wrapper, text).replace(compared, "|| :"))
        submission.run_by_others = guarded.run_by_others = nobody
    if hole == "channel":
        from consent.audit import Audit

        Audit(Path(os.environ["HF_JOBS_MCP_HOME"]) / "audit.jsonl").note("answered", by="terminal", answer="yes")


if __name__ == "__main__":
    for name in filter(None, [os.environ.get("ADVERSARY_HOLE", "")]):
        drill(name)
    main()
