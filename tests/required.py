"""What must not be skipped: a program that was installed for the tests and is then not used is a failure."""

from __future__ import annotations

import os

import pytest

#: Words with commas; a test that is skipped for a reason that holds one of them fails the run.
VARIABLE = "HF_JOBS_MCP_TEST_REQUIRE"


class Required:
    """Counts what ran, and the skips that the surroundings promised not to need."""

    def __init__(self, words: str) -> None:
        self._words = [word.strip().lower() for word in words.split(",") if word.strip()]
        self._broken: dict[str, str] = {}
        self.ran = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self.ran += 1
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            if any(word in reason.lower() for word in self._words):
                self._broken[report.nodeid] = reason

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._broken:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for test, reason in self._broken.items():
            terminalreporter.write_line(f"REQUIRED, but skipped: {test}: {reason}", red=True)


def register(config: pytest.Config) -> None:
    """Watch the skips of this run, in the process that reports them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Required(os.environ.get(VARIABLE, "")), "required")
