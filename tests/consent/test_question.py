"""The question: what it says, how it is laid out, and the form it is answered with."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mcp.server.elicitation import render_elicitation_schema

from consent.answering.terminal_size import TerminalSizes
from consent.question import COLUMNS, form, text
from consent.request import ConsentRequest, Fact, Tick, granted

pytestmark = pytest.mark.promise("S6")

SECRETS = (
    Tick("ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY", "from here", kind="secret", required=False),
    Tick("HF_TOKEN", "HF_TOKEN", "from there", kind="secret", required=False),
)
COST = Tick("accept_cost", "Yes, up to $40", "Above the limit", kind="cost", required=True)


def asking(
    *ticks: Tick, digest: str = "ab12" * 16, facts: tuple[Fact, ...] = (Fact("Runs", "true"),)
) -> ConsentRequest:
    return ConsentRequest("submit", digest, "Run this job with 2 secrets?", facts, ticks)


def test_no_line_is_wider_than_clients_show() -> None:
    request = asking(*SECRETS, facts=(Fact("Runs", "python -c " + "x" * 500), Fact("Files", "a b " * 60)))
    assert max(map(len, text(request).splitlines())) <= COLUMNS


def test_the_question_is_the_same_every_time_it_is_built() -> None:
    assert text(asking(*SECRETS)) == text(asking(*SECRETS))
    assert render_elicitation_schema(form(asking(*SECRETS))) == render_elicitation_schema(form(asking(*SECRETS)))


def test_another_spec_shows_another_fingerprint() -> None:
    assert text(asking(*SECRETS)) != text(asking(*SECRETS, digest="ab13" * 16))


def test_every_box_is_empty_to_begin_with() -> None:
    properties = render_elicitation_schema(form(asking(*SECRETS, COST)))["properties"]
    assert {name: box["default"] for name, box in properties.items()} == {
        "ANTHROPIC_API_KEY": False, "HF_TOKEN": False, "accept_cost": False,
    }  # fmt: skip
    assert {box["type"] for box in properties.values()} == {"boolean"}


@pytest.mark.parametrize(
    "content", [{"HF_TOKEN": "yes"}, {"HF_TOKEN": 1}, {"OPENAI_API_KEY": True}, {"HF_TOKEN": None}]
)
def test_an_answer_that_is_not_the_form_is_not_read_as_a_tick(content: dict[str, object]) -> None:
    answer = form(asking(*SECRETS)).model_validate(content)
    assert not answer.is_the_form
    assert answer.ticked() == frozenset()


def test_one_ticked_name_is_a_yes_for_that_name() -> None:
    request = asking(*SECRETS)
    answer = form(request).model_validate({"HF_TOKEN": True})
    assert answer.ticked() == {"HF_TOKEN"}
    assert granted(request, answer.ticked())


def test_nothing_ticked_is_not_a_yes() -> None:
    assert not granted(asking(*SECRETS), frozenset())


def test_a_name_ticked_without_the_required_cost_is_not_a_yes() -> None:
    assert not granted(asking(*SECRETS, COST), frozenset({"HF_TOKEN"}))
    assert granted(asking(*SECRETS, COST), frozenset({"HF_TOKEN", "accept_cost"}))


def test_two_forms_for_two_requests_are_not_mixed_up() -> None:
    first, second = asking(*SECRETS), asking(*SECRETS, digest="cd34" * 16)
    assert form(first).request.digest != form(second).request.digest


def test_a_box_is_a_secrets_because_it_says_so_and_not_because_it_may_stay_empty() -> None:
    mail = Tick("send_mail", "Mail me the end", "Optional", kind="confirm", required=False)
    request = asking(*SECRETS, mail)
    assert request.secret_names == tuple(tick.name for tick in SECRETS)
    assert not granted(request, frozenset({"send_mail"}))
    assert granted(request, frozenset({"send_mail", "HF_TOKEN"}))


class Calls:
    """What of a request's context a room is measured by."""

    def __init__(self, client: str, headers: dict[str, str] | None = None) -> None:
        self.session = SimpleNamespace(client_params=SimpleNamespace(client_info=SimpleNamespace(name=client)))
        self.request = SimpleNamespace(headers=headers) if headers is not None else None


def test_the_room_is_measured_for_fast_agent_in_a_terminal_only() -> None:
    sizes_of = TerminalSizes(lambda: os.terminal_size((80, 24)))
    ask: Any = sizes_of.lines
    assert ask(asking(*SECRETS), "me", Calls("fast-agent-mcp")) == 8
    assert ask(asking(SECRETS[0]), "me", Calls("fast-agent-mcp")) == 13
    assert ask(asking(*SECRETS), "me", Calls("another")) is None
    assert ask(asking(*SECRETS), "me", Calls("fast-agent-mcp", {})) is None
    assert TerminalSizes(lambda: None).lines(asking(*SECRETS), "me", cast("Any", Calls("fast-agent-mcp"))) is None


def test_a_terminal_that_is_resized_while_its_question_is_open_changes_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [os.terminal_size((80, rows)) for rows in (24, 60, 60)]
    sizes_of = TerminalSizes(lambda: sizes.pop(0))
    call: Any = Calls("fast-agent-mcp")
    first = sizes_of.lines(asking(*SECRETS), "me", call)
    monkeypatch.setattr("consent.answering.terminal_size.sealed_state", object)
    assert sizes_of.lines(asking(*SECRETS), "me", call) == first
    monkeypatch.setattr("consent.answering.terminal_size.sealed_state", lambda: None)
    assert sizes_of.lines(asking(*SECRETS), "me", call) != first
