"""One table of every tool and every action: what is guarded goes through the gate, and what is new is put in here."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, get_args

import pytest
from mcp.server.mcpserver.tools import Tool

from tests.consent.attacks.conftest import Arguments
from tests.consent.attacks.wire import Attacker, made, outcome
from tools import all_tools, guarded

pytestmark = pytest.mark.promise("S1")

ROOT = Path(__file__).resolve().parents[3]
#: Tool → the actions that attach or reuse secrets, cost money or open a port ("" where a tool has but one action).
GUARDED = {
    "submit_job": {""},
    "schedule_job": {""},
    "manage_job": {"rerun"},
    "manage_schedule": {"trigger", "resume", "reschedule"},
}
UNGUARDED = {
    "plan_secrets": {""},
    "job_status": {""},
    "fetch_results": {""},
    "list_hardware": {""},
    "manage_job": {"cancel", "label"},
    "manage_schedule": {"list", "suspend", "label", "delete"},
}
#: What makes something run on a hub.
SENDING = {"submit", "schedule", "duplicate", "run_schedule", "resume_schedule", "reschedule", "rerun", "trigger"}
SENDS_FROM = {"tools/submit_job.py", "tools/schedule_job.py", "tools/manage_job.py", "tools/manage_schedule.py"}


def actions(tool: Tool) -> set[str]:
    field = tool.fn_metadata.arg_model.model_fields.get("action")
    return set(get_args(field.annotation)) if field is not None else {""}


def test_every_tool_and_every_action_is_classified() -> None:
    known = {name: GUARDED.get(name, set()) | UNGUARDED.get(name, set()) for name in {*GUARDED, *UNGUARDED}}
    assert {tool.name: actions(tool) for tool in all_tools()} == known
    assert not any(GUARDED[name] & UNGUARDED.get(name, set()) for name in GUARDED)


def test_a_tool_asks_if_and_only_if_it_is_guarded() -> None:
    assert {tool.name for tool in all_tools() if tool.resolved_params} == set(GUARDED)


def test_nothing_but_the_guarded_tools_reaches_what_sends() -> None:
    found = set()
    for room in ("tools", "server", "consent"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                called = node.func if isinstance(node, ast.Call) else None
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                owner = ast.unparse(called.value) if isinstance(called, ast.Attribute) else ""
                if name in SENDING and (not owner or "hub" in owner):
                    found.add(str(path.relative_to(ROOT)))
    assert found == SENDS_FROM


def calls_in(node: ast.AST) -> set[str]:
    names = (ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call))
    return {name.rpartition(".")[2] for name in names}


@pytest.mark.parametrize("path", sorted(SENDS_FROM))
def test_each_of_them_sends_only_from_within_the_one_guarded_flow(path: str) -> None:
    """What sends is written in a function that `_describe` defines and hands over; the tool never calls it itself."""
    module = sys.modules[path.removesuffix(".py").replace("/", ".")]
    tree = ast.parse(inspect.getsource(module))
    sending = {node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and calls_in(node) & SENDING}
    assert sending == {"_describe"}
    (describe,) = (node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name == "_describe")
    inner = [node for node in describe.body if isinstance(node, ast.AsyncFunctionDef)]
    assert calls_in(describe) & SENDING == {name for node in inner for name in calls_in(node)} & SENDING
    assert "_describe" not in {name for node in tree.body for name in calls_in(node)}
    asks = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("guarded.")
    ]
    assert {"guarded.ask", "guarded.perform"} <= {ast.unparse(node.func) for node in asks}


def test_the_guarded_flow_consumes_a_yes_before_it_sends() -> None:
    body = ast.parse(inspect.getsource(guarded.perform))
    lines = {
        ast.unparse(call.func).rpartition(".")[2]: call.lineno for call in ast.walk(body) if isinstance(call, ast.Call)
    }
    assert lines["consume"] < lines["send"]
    assert "ask" in calls_in(ast.parse(inspect.getsource(guarded.ask)))


def test_every_guarded_action_waits_for_a_person(
    modern_line: Any, job: Arguments, nothing_new: Callable[[], AbstractContextManager[None]]
) -> None:
    """What is guarded, called by a client that cannot ask, comes back with a pending approval and does nothing."""
    asks, silent = Attacker(modern_line, "modern", name="maker"), Attacker(modern_line, "modern", {}, "cannot ask")
    asked = asks.ask("submit_job", job())
    done = made(asks.tick_all(asked))
    wanted = asks.ask("schedule_job", job(schedule="@yearly", suspend=True))
    scheduled = made(asks.tick_all(wanted))
    calls: dict[tuple[str, str], dict[str, Any]] = {
        ("submit_job", ""): job(labels={"n": "1"}),
        ("schedule_job", ""): job(labels={"n": "1"}, schedule="@yearly"),
        ("manage_job", "rerun"): {"job_id": done, "action": "rerun"},
        **{
            ("manage_schedule", action): {"scheduled_job_id": scheduled, "action": action, "schedule": "@monthly"}
            for action in GUARDED["manage_schedule"]
        },
    }
    assert {(tool, action) for tool, of in GUARDED.items() for action in of} == set(calls)
    with nothing_new():
        for (tool, action), arguments in calls.items():
            assert outcome(silent.call(tool, arguments)) == "waits", (tool, action)
    listed = silent.call("manage_schedule", {"action": "list"})["result"]["structuredContent"]["schedules"]
    (kept,) = [item for item in listed if item["id"] == scheduled]
    assert (kept["schedule"], kept["suspend"]) == ("@yearly", True)
    assert len(listed) == 1


@pytest.mark.parametrize("action", sorted(GUARDED["manage_schedule"]))
def test_every_stored_action_names_what_it_reuses(modern_line: Any, job: Arguments, action: str) -> None:
    client = Attacker(modern_line, "modern", name="maker")
    question = client.ask("schedule_job", job(schedule="@yearly", suspend=True, env={"MODE": "x"}))
    scheduled = made(client.tick_all(question))
    asked = client.ask("manage_schedule", {"scheduled_job_id": scheduled, "action": action, "schedule": "@monthly"})
    for word in ("API_KEY", "python:3.12", "MODE", "jobs-artifacts", "All of it"):
        assert word in asked.message
    assert outcome(client.answer(asked, {"confirm": False})) == "consent_not_given"
    assert outcome(client.answer(asked, {"confirm": True})) == "consent_spent"
    client.call("manage_schedule", {"scheduled_job_id": scheduled, "action": "delete"})
