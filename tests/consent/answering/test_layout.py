"""The page tells what decides before it shows the program, as the question in a form does, and then everything."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from consent.answering.layout import questions
from consent.ledger import Approval
from tests.consent.wording.test_dangers import DANGEROUS, HARMLESS, asked_of

pytestmark = pytest.mark.promise("S6")


def shown(case: dict[str, Any]) -> tuple[str, str]:
    """The page of one question: what stands above the first program text or the full table, and what stands below."""
    asked = Approval("q-1", "d" * 64, "caller", asked_of(**case), "pending", frozenset(), 100.0, 900.0)
    page = questions([asked], "token", 200.0)
    article = page[page.index("<article") : page.index("</article>")]
    first = re.search(r"<h3>", article)
    assert first is not None
    return html.unescape(article[: first.start()]), html.unescape(article[first.start() :])


@pytest.mark.parametrize("case", DANGEROUS)
def test_a_danger_stands_above_the_program(case: str) -> None:
    asked, word = DANGEROUS[case]
    above, below = shown(asked)
    warnings = re.findall(r'<p class="warning">(.*?)</p>', above, flags=re.DOTALL)
    assert any(word in warning for warning in warnings), above
    assert 'name="say" value="yes"' in below


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_harmless_has_no_warning_on_the_page(case: str) -> None:
    above, below = shown(HARMLESS[case])
    assert 'class="warning"' not in above + below
    assert "OPENAI_API_KEY" in above
