"""The question: what it says, how it is laid out, and the form it is answered with."""

from __future__ import annotations

import pytest
from mcp.server.elicitation import render_elicitation_schema

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
