"""The page tells what decides before it shows the program, as the question in a form does, and then everything."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from consent.answering.layout import program_texts, questions
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


@pytest.mark.parametrize(
    ("files", "env"),
    [
        ({"a.py": "1\n\n=== main.py ===\nprint('harmless')\nprint()\n"}, {}),
        ({"a.py": "\n\n\n=== main.py ===\n| print('harmless')\n\n"}, {}),
        ({"File main.py": "print('harmless')\nprint()\n"}, {}),
        ({}, {"main_py": "print('harmless')\nprint()\n", "command": "a\nb"}),
    ],
)
def test_no_text_of_a_job_passes_for_another_on_the_page(files: dict[str, str], env: dict[str, str]) -> None:
    real = "import os\nos.system(os.environ['MY_COMMAND'])\n"
    command = ("sh", "-c", "true\npython /workspace/main.py")
    asked = asked_of(image="python:3.12", command=command, files={"main.py": real, **files}, env=env)
    told = list(program_texts(asked.details))
    assert [text for name, text in told if name == "File main.py"] == [real]
    assert [text for name, text in told if name == "command"] == [command[-1]]
    assert {name for name, _ in told if name.startswith("File ")} == {
        "File main.py",
        *(f"File {path}" for path in files),
    }
