"""A home with a hub, servers over both transports, and attackers of both eras, shared by all attacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consent.ledger import Ledger
from local_hub.process.daemon import read_state
from tests.consent.attacks.wire import ERAS, FORMS, Attacker, Http, Stdio
from tests.mcp_session import environment, http_server

VALUES = {"API_KEY": "tango-9931-foxtrot-whisky", "OTHER_KEY": "quebec-5520-lima-november"}
Meet = Callable[..., Attacker]
Arguments = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def env(home: Path) -> dict[str, str]:
    return environment(home, **VALUES)


@pytest.fixture(scope="session")
def url(env: dict[str, str]) -> Iterator[str]:
    with http_server(env) as address:
        yield address


@pytest.fixture(scope="session")
def modern_line(env: dict[str, str]) -> Iterator[Stdio]:
    """In the modern era every request speaks for itself, so one process serves all attackers."""
    line = Stdio(env)
    yield line
    line.close()


@pytest.fixture(params=("stdio", "http"))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def legacy_lines(env: dict[str, str]) -> Iterator[Callable[..., Attacker]]:
    """In the legacy era a process knows one client; each sort of client gets one process."""
    known: dict[str, Attacker] = {}

    def meet(capabilities: dict[str, Any], name: str) -> Attacker:
        key = f"{capabilities} {name}"
        if key not in known:
            known[key] = Attacker(Stdio(env), "legacy", capabilities, name).hello()
        return known[key]

    yield meet
    for attacker in known.values():
        attacker.line.close()  # type: ignore[attr-defined]


@pytest.fixture
def meet(transport: str, modern_line: Stdio, url: str, legacy_lines: Callable[..., Attacker]) -> Iterator[Meet]:
    """Makes an attacker of an era, over the transport of the test."""
    opened: list[Http] = []

    def make(era: str, *, capabilities: dict[str, Any] | None = None, name: str = "attacker") -> Attacker:
        said = dict(FORMS) if capabilities is None else capabilities
        if transport == "http":
            opened.append(Http(url))
            return Attacker(opened[-1], era, said, name).hello()
        if era == "modern":
            return Attacker(modern_line, era, said, name, _numbers=_all_numbers)
        return legacy_lines(said, name)

    yield make
    for line in opened:
        line.close()


_all_numbers = itertools.count(5000)
_names = itertools.count()


@pytest.fixture
def job() -> Arguments:
    """Arguments of a job that no other test sends."""
    name = f"attack-{next(_names)}"

    def arguments(**more: Any) -> dict[str, Any]:
        return {"image": "python:3.12", "command": ["true"], "secrets": ["API_KEY"], "name": name, **more}

    return arguments


def jobs(home: Path) -> list[dict[str, Any]]:
    """All jobs of the home's hub, newest first, as the hub tells them."""
    state = read_state(home)
    if state is None:
        return []
    reply = httpx2.get(f"{state.endpoint}/api/jobs/local", headers={"Authorization": f"Bearer {state.token}"})
    reply.raise_for_status()
    return list(reply.json())


@pytest.fixture
def nothing_new(home: Path) -> Callable[[], AbstractContextManager[None]]:
    """Fails when a job exists at the end that did not at the beginning."""

    @contextmanager
    def check() -> Iterator[None]:
        before = {job["id"] for job in jobs(home)}
        yield
        assert {job["id"] for job in jobs(home)} == before

    return check


@pytest.fixture
def named(home: Path) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    """The jobs that were made from these arguments."""
    return lambda arguments: [one for one in jobs(home) if (one.get("labels") or {}).get("name") == arguments["name"]]


@pytest.fixture(autouse=True)
def _no_question_is_left(home: Path) -> None:
    """Only so many questions may wait at once; each test begins with none."""
    ledger = Ledger(home / "consent.sqlite3")
    for approval in ledger.pending():
        ledger.answer(approval.id, None)
        ledger.dismiss(approval.id)
    ledger.close()
